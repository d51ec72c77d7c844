"""``upshot init``."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from upshot.cli.common import Common
from upshot.cli.output import json_or, line

__all__ = ["init"]


class _Made(msgspec.Struct, frozen=True):
    folder: str
    name: str
    time_zone: str
    currency: str


def init(
    folder: Path | None = None,
    /,
    *,
    name: str = "",
    time_zone: Annotated[str | None, Parameter(name=("--time-zone", "--timezone"))] = None,
    currency: str | None = None,
    common: Common | None = None,
) -> None:
    """Make a workspace: a folder with settings, an empty event store and an empty catalog.

    Args:
        folder: The folder, made if there is none; by default that of --workspace.
        name: What pages call the workspace; the folder's name when empty.
        time_zone: IANA zone whose local days are counted, such as Europe/Berlin. It stays for good. Default: UTC.
        currency: ISO 4217 code of the money that metrics are in. Default: USD.
        common: The options of every command.
    """
    import os

    from upshot.core.settings import WorkspaceSettings, load_settings
    from upshot.workspace.initialise import initialise

    common = common or Common()
    target = common.folder if folder is None else folder.expanduser().absolute()
    loaded = load_settings(None, os.environ)
    default = loaded.settings.workspace
    wanted = WorkspaceSettings(
        name or default.name or target.name, time_zone or default.time_zone, currency or default.currency
    )
    initialise(target, wanted, loaded)
    made = _Made(str(target), wanted.name, wanted.time_zone, wanted.currency)
    if not json_or(common, made):
        option = "" if target == Path.cwd() else f" --workspace {target}"
        line(f"Made the workspace {wanted.name!r} in {target}; days of {wanted.time_zone}, money in {wanted.currency}.")
        line(f"Next: upshot import events FILE --timestamp COLUMN --distinct-id COLUMN --event NAME{option}")
