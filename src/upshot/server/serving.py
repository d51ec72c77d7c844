"""Running a server over a workspace: where it listens, how it is found, and how it stops."""

import asyncio
import contextlib
import gc
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, TypeAlias

import uvicorn

from upshot.core.errors import InvalidInput
from upshot.server.patience import PatientProtocol
from upshot.workspace.local import LocalWorkspace
from upshot.workspace.lockfile import ServerLock, remove_lock, write_lock

__all__ = ["AsgiApp", "bind", "is_loopback", "serve"]

# the ASGI specification's own types: messages are open mappings
_Message: TypeAlias = MutableMapping[str, Any]
AsgiApp: TypeAlias = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]
]
_GRACE_SECONDS = 1
_SWITCH_SECONDS = 0.0005


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bind(workspace: LocalWorkspace, host: str, port: int) -> socket.socket:
    """A listening socket at ``host`` and ``port`` (0: a free one).

    Raises:
        InvalidInput: The address is taken or not this machine's, or is open to others while the workspace has no
            access entries.
    """
    if not is_loopback(host) and workspace.is_open:
        raise InvalidInput(
            f"Listening on {host} would let everybody in, as the workspace has no access entries.",
            hint="Add one first: `upshot access add NAME --role owner`; or listen on 127.0.0.1.",
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InvalidInput(
            f"Cannot listen on {host} port {port}: {error.strerror or error}.", hint="Choose another with --port."
        ) from None
    return listener


def serve(workspace: LocalWorkspace, app: AsgiApp, listener: socket.socket, announce: Callable[[str], None]) -> None:
    """Serve ``app`` on ``listener`` until SIGTERM or Ctrl-C; the main thread only.

    Commands find the server by its lock file while it runs. Open streams do not keep it: the workspace's ``closing``
    is set at the signal, and what still runs a second later is cancelled.

    Args:
        workspace: Whose server this is.
        app: Answers the requests.
        listener: From ``bind``.
        announce: Called with the address once requests are answered.
    """
    address = _address(listener)
    lock = ServerLock(os.getpid(), address, workspace.server_token, datetime.now(UTC), version("upshot"))

    def ready() -> None:
        write_lock(workspace.folder, lock)
        announce(address)

    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        log_level=workspace.settings.server.log_level,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    workspace.resources.store.warm_up()
    # What is loaded by now stays: to look through all of it for garbage held every request up for 30 to 115 ms.
    gc.collect()
    gc.freeze()
    # The writer's thread needs the interpreter for moments only, and should not wait long for each of them.
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        _Server(config, workspace, ready).run(sockets=[listener])
    finally:
        gc.unfreeze()
        remove_lock(workspace.folder, pid=lock.pid)
        listener.close()


class _Server(uvicorn.Server):
    """Uvicorn's server that says when it is ready and lets the workspace know when it stops."""

    def __init__(self, config: uvicorn.Config, workspace: LocalWorkspace, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._workspace = workspace
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal without raising it again, so that the workspace is closed in order."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._stop, name)
        try:
            yield
        finally:
            for name in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(name)

    def _stop(self, name: signal.Signals) -> None:
        self.force_exit = self.should_exit and name is signal.SIGINT
        self.should_exit = True
        self._workspace.begin_closing()


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"
