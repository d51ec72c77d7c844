"""What was promised to be kept and is not in the store's tables yet: records in files beside it, synced.

A file holds records one after the other. A record is a head of 24 bytes and its payload; the head is, big-endian: four
bytes ``UPJ1``, the payload's length (32 bits), the record's number (64 bits), a CRC-32 of number and payload (32 bits,
ISO 3309), and four bytes of zeros. Numbers grow by one from record to record.

A record is one write. It is synced before anybody is told that it is kept, and the next one is written only after that.
So a crash can leave no more behind than one cut record, which nobody was promised. Anything else that cannot be read is
damage, and is said to be.

Files are written again from their start once the store holds all of their records: where a file does not grow, a sync
need not wait for what the file system has to write of other files. Older records that then stand behind the newest one
bear smaller numbers.
"""

from __future__ import annotations

import errno
import os
import struct
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upshot.core.errors import CorruptStore, InternalError, StoreFull

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Journal"]

_HEAD = struct.Struct(">4sIQI4x")
_MARK = b"UPJ1"
_FILE_BYTES = 16 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_HINT = "It was left as it is. Restore it, or move the journal's files away to go on without what they hold."


@dataclass(slots=True)
class _File:
    """One file. ``last`` is the number of its newest record; 0 for none."""

    path: Path
    last: int = 0
    length: int = 0


class Journal:
    """Records beside a store, in files ``<name>.journal-0``, ``-1``, and so on.

    One thread appends; ``forget`` and ``size_bytes`` may be called from others.

    Args:
        store: The store's file; its folder exists.
        applied: The number of the last record that the store holds.
        file_bytes: How long a file gets before the next is written.

    Attributes:
        is_broken: Whether its disk failed, so that it promises nothing any more.
    """

    def __init__(self, store: Path, applied: int, *, file_bytes: int = _FILE_BYTES) -> None:
        self._store = store
        self._file_bytes = file_bytes
        self._guard = threading.Lock()
        self._applied = self._last = applied
        self._files = [_File(path) for path in self._paths()]
        self._current: _File | None = None
        self._handle: int | None = None
        self.is_broken = False

    @property
    def applied(self) -> int:
        """The number of the last record that the store holds."""
        return self._applied

    def recovered(self) -> Iterator[tuple[int, bytes]]:
        """Number and payload of each record that the store does not hold, in order; before the first ``append``.

        Raises:
            CorruptStore: A file is damaged, or one is missing; nothing is changed.
        """
        found: list[tuple[int, bytes, Path]] = []
        for file in self._files:
            records = list(_records(file.path, self._applied))
            file.last = records[-1][0] if records else 0
            found += [(number, payload, file.path) for number, payload in records if number > self._applied]
        for number, payload, path in sorted(found, key=lambda each: each[0]):
            if number != self._last + 1:
                raise CorruptStore(f"{path} holds record {number}; record {self._last + 1} is missing.", hint=_HINT)
            self._last = number
            yield number, payload

    def append(self, payload: bytes) -> int:
        """Keep a record; it survives a crash and power loss when this returns.

        Returns:
            Its number.

        Raises:
            StoreFull: The disk has no room; it is not kept.
            OSError: The disk failed; it is not known whether the record is kept.
            InternalError: The disk failed before, and nothing can be promised any more.
        """
        if self.is_broken:
            raise InternalError("the journal cannot be written since its disk failed")
        number = self._last + 1
        head = _HEAD.pack(_MARK, len(payload), number, _check(number, payload))
        try:
            handle, file = self._open()
            _write(handle, head + payload, file.length)
        except OSError as error:
            # What was written of it stands where the next record will be.
            raise self._said(error) from error
        try:
            os.fdatasync(handle)
        except OSError as error:
            self.is_broken = True  # a second sync would succeed, whatever was lost
            raise self._said(error) from error
        file.length += len(head) + len(payload)
        file.last = self._last = number
        return number

    def forget(self, applied: int) -> None:
        """Let the files be written again of which the store holds every record up to ``applied``."""
        with self._guard:
            self._applied = applied

    def size_bytes(self) -> int:
        """How long the files are."""
        return sum(path.stat().st_size for path in self._paths())

    def close(self) -> None:
        """Let go of the files; when the store holds everything, they are removed."""
        self._end()
        if self._applied == self._last and self._files:
            for path in self._paths():
                path.unlink()
            _sync_folder(self._store.parent)

    def _said(self, error: OSError) -> Exception:
        """What a failure to write means to whoever asked."""
        if error.errno in _FULL:
            return StoreFull(
                f"There is no room left for {self._store}.", hint="Free some space and send the request again."
            )
        return error

    def _paths(self) -> list[Path]:
        begin = f"{self._store.name}.journal-"
        found = (path for path in self._store.parent.iterdir() if path.name.startswith(begin))
        return sorted((path for path in found if path.name.removeprefix(begin).isdecimal()), key=_place)

    def _open(self) -> tuple[int, _File]:
        """Where the next record goes."""
        if self._current is not None and self._current.length >= self._file_bytes:
            self._end()
        if self._current is None or self._handle is None:
            file = self._free() or self._new()
            self._handle = os.open(file.path, os.O_WRONLY)
            self._current = file
            file.length = 0
        return self._handle, self._current

    def _free(self) -> _File | None:
        """A file that may be written from its start."""
        with self._guard:
            return next((file for file in self._files if file.last <= self._applied), None)

    def _new(self) -> _File:
        """A file that was not there, and will be after a loss of power."""
        place = max((_place(path) for path in self._paths()), default=-1) + 1
        path = self._store.with_name(f"{self._store.name}.journal-{place}")
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            _sync_folder(path.parent)
        except OSError:
            path.unlink()
            raise
        file = _File(path)
        self._files.append(file)
        return file

    def _end(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
        self._handle = self._current = None


def _place(path: Path) -> int:
    return int(path.name.rpartition("-")[2])


def _check(number: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(number.to_bytes(8, "big")))


def _write(handle: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(handle, view, at)
        view, at = view[written:], at + written


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _records(path: Path, applied: int) -> Iterator[tuple[int, bytes]]:
    """The records of a file from its start, as far as their numbers follow one another; a cut one ends them.

    Raises:
        CorruptStore: Behind their end stands one that was promised and is not in the store.
    """
    data = path.read_bytes()
    at, last = 0, 0
    while (found := _record(data, at)) is not None and (not last or found[0] == last + 1):
        yield found
        at, last = at + _HEAD.size + len(found[1]), found[0]
    behind = data.find(_MARK, at)
    while behind >= 0:
        found = _record(data, behind)
        if found is not None and found[0] > max(applied, last):
            raise CorruptStore(f"{path} is damaged at byte {at}, before events that were promised.", hint=_HINT)
        behind = data.find(_MARK, behind + 1)


def _record(data: bytes, at: int) -> tuple[int, bytes] | None:
    if len(data) - at < _HEAD.size:
        return None
    mark, length, number, check = _HEAD.unpack_from(data, at)
    payload = data[at + _HEAD.size : at + _HEAD.size + length]
    if mark != _MARK or len(payload) < length or _check(number, payload) != check:
        return None
    return number, payload
