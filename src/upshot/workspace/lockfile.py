"""The file by which commands find the server that holds a workspace: ``.upshot/server.json``, mode 0600.

The event store's own lock decides who holds the store; this file only says where to ask instead.
"""

import os
import secrets
from datetime import datetime
from pathlib import Path

import msgspec

__all__ = ["LOCK_FILE", "ServerLock", "process_lives", "read_lock", "remove_lock", "write_lock"]

LOCK_FILE = Path(".upshot") / "server.json"
_OWNER_ONLY = 0o600
_FOLDER_OWNER_ONLY = 0o700


class ServerLock(msgspec.Struct, frozen=True):
    """A running server: its process, where it listens, and the token that makes a command its owner."""

    pid: int
    address: str
    token: str
    started_at: datetime
    version: str


def write_lock(folder: Path, lock: ServerLock) -> None:
    """Say that a server runs; the file appears whole or not at all."""
    path = folder / LOCK_FILE
    path.parent.mkdir(mode=_FOLDER_OWNER_ONLY, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(lock))
    fresh.replace(path)


def read_lock(folder: Path) -> ServerLock | None:
    """What the file says; None when there is none, or when it is not whole."""
    try:
        return msgspec.json.decode((folder / LOCK_FILE).read_bytes(), type=ServerLock)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def remove_lock(folder: Path, *, pid: int) -> None:
    """Take the file away if it speaks of the process ``pid``, or of none."""
    lock = read_lock(folder)
    if lock is None or lock.pid == pid:
        (folder / LOCK_FILE).unlink(missing_ok=True)


def process_lives(pid: int) -> bool:
    """Whether a process of that id runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
