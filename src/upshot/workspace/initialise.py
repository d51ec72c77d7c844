"""Making a workspace: a folder, its settings, its empty stores, the ready-made metrics."""

from pathlib import Path

import msgspec

from upshot.api.operation import LOCAL_OWNER
from upshot.core.errors import InvalidInput
from upshot.core.money import currency
from upshot.core.settings import SETTINGS_FILE, LoadedSettings, WorkspaceSettings
from upshot.core.time import zone
from upshot.metrics.library import library
from upshot.metrics.library_web import web_library
from upshot.workspace.operations.metrics import store_metrics
from upshot.workspace.resources import STORE_FILE, TIME_ZONE, Resources

__all__ = ["fill_catalog", "initialise"]

_FOLDER_MODE = 0o700


def initialise(folder: Path, wanted: WorkspaceSettings, loaded: LoadedSettings) -> None:
    """Make the workspace in ``folder``, which may exist and hold other things.

    Args:
        folder: Where, absolute.
        wanted: Name, time zone and currency; the time zone stays for good.
        loaded: The settings of the environment.

    Raises:
        InvalidInput: There is a workspace already, or the folder cannot be written.
        NotFound: No such time zone or currency.
    """
    zone(wanted.time_zone)
    currency(wanted.currency)
    if (folder / SETTINGS_FILE).exists() or (folder / STORE_FILE).exists():
        raise InvalidInput(
            f"{folder} is a workspace already.", hint="Use it with --workspace, or choose another folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".upshot").mkdir(mode=_FOLDER_MODE, exist_ok=True)
        (folder / "metrics").mkdir(exist_ok=True)
        (folder / SETTINGS_FILE).write_text(_toml(wanted), encoding="utf-8")
    except OSError as error:
        raise InvalidInput(
            f"{folder} cannot be made: {error.strerror or error}.", hint="Choose another folder."
        ) from None
    settings = msgspec.structs.replace(loaded.settings, workspace=wanted)
    try:
        resources = Resources.open(folder, LoadedSettings(settings, loaded.origins))
    except BaseException:
        (folder / SETTINGS_FILE).unlink(missing_ok=True)
        raise
    try:
        fill_catalog(resources)
    finally:
        resources.close()


def fill_catalog(resources: Resources) -> None:
    """Give a catalog that is new what every workspace begins with: the ready-made metrics, and its time zone fixed."""
    store_metrics(resources, (*library(), *web_library()), source="library", by=LOCAL_OWNER.name)
    resources.catalog.set_property(TIME_ZONE, resources.zone.key)


def _toml(wanted: WorkspaceSettings) -> str:
    rows = "".join(
        f"{name} = {msgspec.json.encode(getattr(wanted, name)).decode()}\n" for name in wanted.__struct_fields__
    )
    return f"# Settings of this workspace; `upshot settings` lists all of them.\n[workspace]\n{rows}"
