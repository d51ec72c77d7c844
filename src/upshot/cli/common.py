"""The options that every command takes, and the way from a command to the workspace."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

if TYPE_CHECKING:
    from upshot.api.operation import Caller
    from upshot.core.settings import LoadedSettings

__all__ = ["Common", "loaded_settings", "open_workspace"]

_GROUP = Group("Options of every command", sort_key=100)


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """The options that every command takes.

    Attributes:
        workspace: The workspace's folder.
        json: Print JSON for programs instead of tables for people.
    """

    workspace: Annotated[Path, Parameter(env_var="UPSHOT_WORKSPACE", group=_GROUP, show_default=False)] = Path()
    json: Annotated[bool, Parameter(negative="", group=_GROUP)] = False

    @property
    def folder(self) -> Path:
        """The workspace's folder, absolute."""
        return self.workspace.expanduser().absolute()


def loaded_settings(common: Common, flags: Mapping[str, object] | None = None) -> "LoadedSettings":
    """The settings of the command's workspace; ``flags`` by key win."""
    from upshot.core.settings import load_settings

    return load_settings(common.folder, os.environ, flags)


@contextmanager
def open_workspace(common: Common) -> "Iterator[Caller]":
    """The command's workspace: through its server while one runs, opened by this process otherwise."""
    from upshot.api.operation import LOCAL_OWNER
    from upshot.workspace.connect import connect

    with connect(common.folder, loaded_settings(common), LOCAL_OWNER) as workspace:
        yield workspace
