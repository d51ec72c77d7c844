"""The workspace in a folder, whoever holds it: a running server if there is one, this process if there is none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upshot.api.operation import Caller, Principal
from upshot.core.settings import LoadedSettings
from upshot.workspace.lockfile import ServerLock, process_lives, read_lock

__all__ = ["connect", "running_server"]


def running_server(folder: Path) -> ServerLock | None:
    """The server that holds the workspace in ``folder``; None when none does, or when the file about it is stale."""
    lock = read_lock(folder)
    if lock is None or not process_lives(lock.pid):
        return None
    from upshot.api.remote import answers

    return lock if answers(lock.address, lock.token) else None


@contextmanager
def connect(folder: Path, loaded: LoadedSettings, principal: Principal) -> Iterator[Caller]:
    """The workspace in ``folder``, as ``principal`` may use it.

    A running server is asked as its owner, since who can read the lock file can read the workspace.

    Raises:
        NotFound: There is no workspace.
        WorkspaceLocked: Another process holds it that is no server.
    """
    server = running_server(folder)
    if server is not None:
        from upshot.api.remote import RemoteWorkspace

        with RemoteWorkspace(server.address, server.token) as remote:
            yield remote
        return
    from upshot.workspace.local import LocalWorkspace

    with LocalWorkspace.open(folder, loaded) as local:
        yield local.acting_as(principal)
