"""Files by path or pattern, what they are, and their bytes without compression."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from upshot.collect.imports.characters import ENCODINGS, check_encoding
from upshot.collect.imports.spaces import SpacesAsTabs
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.suggest import did_you_mean, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upshot.engines.bulk import Format

__all__ = ["ByteSource", "CutShort", "SourceFile", "expand", "look_at"]

_FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_COMPRESSED = {".gz", ".gzip", ".zst", ".zstd"}
_GZIP, _ZSTD, _PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
_OTHER_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_OTHER_FORMATS = {b"PK\x03\x04": "a ZIP archive (or an Excel file)", b"\xd0\xcf\x11\xe0": "an Excel file"}


_STEP_BYTES = 64 << 10
_MAGIC = set("*?[")


class CutShort(InvalidInput):
    """A compressed file ends before its end, or is damaged from some place on."""

    code = "cut_short"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to import.

    Attributes:
        path: Absolute.
        format: Its format; tab-separated text is csv.
        compression: ``gzip``, ``zstd`` or empty; seen from its first bytes, whatever its name.
        size: In bytes, as it lies on the disk.
        tabs: Whether its name says that tabs separate its columns.
        encoding: Of its characters, as it was said; empty where nothing was.
        spaces: Whether runs of spaces separate its columns; they are read as tabs.
    """

    path: Path
    format: Format
    compression: str
    size: int
    tabs: bool
    encoding: str = ""
    spaces: bool = False

    @property
    def fingerprint(self) -> str:
        """Differs when the file was changed."""
        return f"{self.size}/{self.path.stat().st_mtime_ns}"


def expand(paths: Iterable[str]) -> tuple[Path, ...]:
    """Files that paths and patterns stand for, sorted within each pattern, each once.

    Raises:
        InvalidInput: None are given.
        NotFound: A path is not there, or a pattern meets nothing.
    """
    found: dict[Path, None] = {}
    for given in paths:
        path = Path(given)
        if path.is_file():
            found[path.resolve()] = None
            continue
        if path.is_dir():
            raise InvalidInput(f"{given} is a folder.", hint=f"Name its files, for example '{given}/*.csv'.")
        hits = _matching(given)
        if not hits and not _MAGIC & set(given):
            raise NotFound("file", given, _neighbours(path), hint="Check the path.")
        if not hits:
            raise InvalidInput(f"No file matches {given!r}.", hint="Check the pattern; put it in quotes in a shell.")
        found.update(dict.fromkeys(hits))
    if not found:
        raise InvalidInput("No file is named.", hint="Name at least one file to import.")
    return tuple(found)


def _matching(pattern: str) -> list[Path]:
    if not _MAGIC & set(pattern):
        return []
    path = Path(pattern).absolute()
    fixed = next(parent for parent in path.parents if not _MAGIC & set(str(parent)))
    return sorted(hit.resolve() for hit in fixed.glob(str(path.relative_to(fixed))) if hit.is_file())


def _neighbours(path: Path) -> list[str]:
    folder = path.absolute().parent
    return [str(path.parent / sibling.name) for sibling in folder.iterdir()] if folder.is_dir() else []


def look_at(path: Path, declared: str = "", encoding: str = "") -> SourceFile:
    """What a file is, from its name and its first bytes.

    Args:
        path: The file.
        declared: csv, tsv, jsonl, parquet, or empty.
        encoding: One of ``ENCODINGS``, or empty.

    Raises:
        InvalidInput: It is empty or unreadable, or its format is unknown or none that can be imported.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
        size = path.stat().st_size
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    if not head:
        raise InvalidInput(f"{path.name} is empty.", hint="There is nothing to import.")
    compression = "gzip" if head[:2] == _GZIP else "zstd" if head == _ZSTD else ""
    form, tabs = _format(path, declared, head)
    check_encoding(encoding)
    if encoding and form == "parquet":
        raise InvalidInput(f"{path.name} is Parquet, which has no encoding to say.", hint="Leave the encoding out.")
    return SourceFile(path, form, compression, size, tabs, encoding)


def _format(path: Path, declared: str, head: bytes) -> tuple[Format, bool]:
    if head[:2] in _OTHER_ENCODINGS:
        raise InvalidInput(
            f"{path.name} is text in {_OTHER_ENCODINGS[head[:2]]}.", hint="Save it as UTF-8 and import it again."
        )
    if head in _OTHER_FORMATS:
        raise InvalidInput(f"{path.name} is {_OTHER_FORMATS[head]}.", hint="Save it as CSV and import that.")
    if declared:
        known = {"csv": "csv", "tsv": "csv", "jsonl": "jsonl", "parquet": "parquet"}
        if declared not in known:
            close = nearest(declared, known)
            raise InvalidInput(
                f"There is no format named {declared!r}.",
                hint=did_you_mean(close[:1]) or f"There are {', '.join(known)}.",
            )
        return _FORMATS[f".{declared}"], declared == "tsv"
    if head == _PARQUET:
        return "parquet", False
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in _COMPRESSED]
    suffix = suffixes[-1] if suffixes else ""
    if suffix not in _FORMATS:
        raise InvalidInput(
            f"The name of {path.name} does not say what format it has.",
            hint="Say it with the format: csv, tsv, jsonl or parquet.",
        )
    return _FORMATS[suffix], suffix in {".tsv", ".tab"}


class ByteSource:
    """The bytes of a file, without compression and as UTF-8, forwards only.

    ``fraction`` says how far it has been read, of the bytes on the disk.
    """

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._raw: BinaryIO = file.path.open("rb")
        self._stream = self._decompressed()
        self._codec = ENCODINGS[file.encoding or "utf-8"]
        self._told = SpacesAsTabs(self._decoded).read if file.spaces else self._decoded

    def _decompressed(self) -> BinaryIO | gzip.GzipFile:
        match self._file.compression:
            case "gzip":
                return gzip.GzipFile(fileobj=self._raw)
            case "zstd":
                # A third of a second to import, so only where it is needed.
                import pyarrow as pa

                reader: BinaryIO = io.BufferedReader(pa.CompressedInputStream(self._raw, "zstd"))
                return reader
            case _:
                return self._raw

    def read(self, size: int) -> bytes:
        """About ``size`` bytes; empty at the end.

        What has no character in the file's encoding stays a byte that is no UTF-8.

        Raises:
            CutShort: The compressed bytes end too early or make no sense.
        """
        return self._told(size)

    def _decoded(self, size: int) -> bytes:
        # In small steps: what a damaged stream gave before its end is lost with the step in which it ends.
        parts: list[bytes] = []
        try:
            while size > 0 and (part := self._stream.read(min(size, _STEP_BYTES))):
                parts.append(part)
                size -= len(part)
        except (EOFError, zlib.error, OSError) as error:
            raise CutShort(
                f"{self._file.path.name} is cut short or damaged ({self._file.compression}: {error}).",
                hint="Fetch the file again and import it again: what was stored from it is recognised.",
            ) from error
        read = b"".join(parts)
        if not self._codec or read.isascii():
            return read
        return read.decode(self._codec, "surrogateescape").encode("utf-8", "surrogateescape")

    @property
    def fraction(self) -> float:
        """From 0 to 1."""
        return min(self._raw.tell() / self._file.size, 1.0) if self._file.size else 1.0

    def close(self) -> None:
        """Let go of the file."""
        self._raw.close()
