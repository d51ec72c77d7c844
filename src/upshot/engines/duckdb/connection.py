"""Opening a store's file: one process at a time, nothing unreadable touched, the engine's errors in our words."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from upshot.core.errors import CorruptStore, InvalidInput, SchemaTooNew, StoreFull, UserError, WorkspaceLocked

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Resources", "claim", "is_of_the_data", "open_file", "release", "translate"]

_MEBIBYTE = 1 << 20
_FULL = (
    "No space left",
    "disk is full",
    "not enough space",
    "File too large",
    "could not write all",
    "could not allocate block",
    "max_temp_directory_size",
)
_CORRUPT = ("checksum", "not a valid DuckDB database file", "Could not read enough bytes", "Corrupt", "deserialize")
_NEWER = ("newer version of DuckDB", "newer DuckDB", "unsupported version number", "different version of DuckDB")

_open_here: set[Path] = set()
_open_here_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Resources:
    """What the engine may use.

    Attributes:
        memory_mib: Buffers and sorts together; what does not fit spills beside the file. 0: half of the machine, at
            most 4 GiB.
        threads: 0: one for each core.
    """

    memory_mib: int = 0
    threads: int = 0

    def config(self, file: Path) -> dict[str, str | bool | int | float | list[str]]:
        """The engine's options. No extension is ever downloaded; a checkpoint runs in a commit only at 1 GB of log."""
        memory = self.memory_mib or min(_machine_mib() // 2, 4096)
        options: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory}MiB",
            "temp_directory": f"{file}.tmp",
            "checkpoint_threshold": "1GB",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        if self.threads:
            options["threads"] = str(self.threads)
        return options


def _machine_mib() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEBIBYTE


def claim(file: Path) -> None:
    """Take ``file`` for this process; the engine itself would let one process in twice.

    Raises:
        WorkspaceLocked: It is open in this process already.
    """
    with _open_here_guard:
        if file in _open_here:
            raise WorkspaceLocked(
                f"{file} is open in this process already.", hint="Use the store that is open, or close it first."
            )
        _open_here.add(file)


def release(file: Path) -> None:
    """Give back what ``claim`` took."""
    with _open_here_guard:
        _open_here.discard(file)


def open_file(file: Path, resources: Resources) -> duckdb.DuckDBPyConnection:
    """A connection to ``file``, which is made when it is not there.

    Raises:
        WorkspaceLocked: Another process has it open.
        CorruptStore: It is not what a store should be; it is left as it was.
        SchemaTooNew: A newer engine wrote it.
        StoreFull: The disk has no room for a new one.
        InvalidInput: The folder is not there or not writable.
    """
    if file.exists() and file.stat().st_size == 0:
        raise CorruptStore(
            f"{file} is empty, so the events that it should hold are not there.",
            hint="Restore it from a backup, or delete it to begin with an empty store.",
        )
    try:
        connection = duckdb.connect(str(file), config=resources.config(file))
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        # Cursors inherit it. The bar would be drawn into what a command prints, once a statement takes two seconds.
        connection.execute("SET enable_progress_bar = false")
    except duckdb.Error as error:
        raise translate(error, file) from error
    return connection


def is_of_the_data(error: UserError) -> bool:
    """Whether what was given is at fault, however often it is tried; not the state of the engine or of the disk."""
    cause = error.__cause__
    if not isinstance(error, InvalidInput):
        return False
    return not isinstance(cause, duckdb.Error) or isinstance(
        cause, duckdb.ConversionException | duckdb.InvalidInputException
    )


def translate(error: duckdb.Error, file: Path) -> UserError:
    """The engine's error in our words."""
    text = str(error)
    if "Could not set lock" in text:
        return WorkspaceLocked(
            f"Another process has {file} open.",
            hint="Stop it, or let commands go through the server that runs (they find it by themselves).",
        )
    if any(sign in text for sign in _NEWER):
        return SchemaTooNew(f"{file} was written by a newer engine than this one.", hint="Upgrade Upshot.")
    if any(sign in text for sign in _FULL):
        return StoreFull(f"There is no room left for {file}.", hint="Free some space and send the request again.")
    if any(sign in text for sign in _CORRUPT):
        return CorruptStore(
            f"{file} cannot be read: {text.splitlines()[0]}",
            hint="It was left as it is. Restore it from a backup, or move it away to begin with an empty store.",
        )
    return InvalidInput(f"The store refused: {text.splitlines()[0] if text else type(error).__name__}")
