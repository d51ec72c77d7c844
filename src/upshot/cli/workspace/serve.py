"""``upshot serve``."""

import msgspec

from upshot.cli.common import Common, loaded_settings
from upshot.cli.output import line

__all__ = ["APPLICATION", "announce", "serve"]

APPLICATION = "upshot.web.app:create_app"
"""Where the pages are, by import path: the rooms cli and web stand on one floor and do not import each other."""


class _Serving(msgspec.Struct, frozen=True):
    address: str


def serve(
    *,
    host: str | None = None,
    port: int | None = None,
    common: Common | None = None,
) -> None:
    """Serve the workspace's pages and its API until Ctrl-C or SIGTERM. Commands then go through the server.

    Args:
        host: Address to listen on (setting server.host). Beyond loopback it takes an access entry.
        port: Port to listen on (setting server.port); 0 takes a free one.
        common: The options of every command.
    """
    from pkgutil import resolve_name

    from upshot.core.errors import WorkspaceLocked
    from upshot.server import serving
    from upshot.server.scheduler import Scheduler
    from upshot.workspace.connect import running_server
    from upshot.workspace.local import LocalWorkspace

    common = common or Common()
    loaded = loaded_settings(common, {"server.host": host, "server.port": port})
    other = running_server(common.folder)
    if other is not None:
        raise WorkspaceLocked(
            f"A server runs on this workspace already, at {other.address} (process {other.pid}).",
            hint="Use that one, or stop it first.",
        )
    with LocalWorkspace.open(common.folder, loaded) as workspace:
        listener = serving.bind(workspace, loaded.settings.server.host, loaded.settings.server.port)
        app: serving.AsgiApp = resolve_name(APPLICATION)(workspace, loaded.settings)
        with Scheduler(workspace):
            serving.serve(workspace, app, listener, lambda address: announce(common, workspace.resources.name, address))


def announce(common: Common, name: str, address: str) -> None:
    """Say where the server is, once it answers."""
    import sys

    if common.json:
        line(msgspec.json.encode(_Serving(address)).decode())
    else:
        line(f"{name} is at {address} (Ctrl-C stops it)")
    sys.stdout.flush()
