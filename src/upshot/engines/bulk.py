"""Loading whole files: what every engine that can do so offers, and the values that cross to it.

A file is loaded in pieces. ``stage`` reads a piece next to the store and waits for nobody; ``commit`` moves it into the
store in one transaction together with the progress of the import, so that what was interrupted goes on where it was.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

from upshot.core.errors import UserError
from upshot.engines.amounts import AmountForm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

__all__ = [
    "BulkLoader",
    "Complaint",
    "FileColumn",
    "Format",
    "ImportRecord",
    "ImportState",
    "Piece",
    "Reading",
    "RejectedRow",
    "Sample",
    "Staged",
    "UnreadablePiece",
    "ValueType",
]

Format: TypeAlias = Literal["csv", "jsonl", "parquet"]
ValueType: TypeAlias = Literal["text", "integer", "number", "boolean", "instant", "nested"]
ImportState: TypeAlias = Literal["running", "done", "failed", "interrupted"]


class UnreadablePiece(UserError):
    """The engine cannot read a piece as the format that it should be."""

    code = "unreadable"


class FileColumn(msgspec.Struct, frozen=True):
    """A column of a file; ``declared`` is the type in the file's own words, empty where all is text."""

    name: str
    type: ValueType
    declared: str = ""


class Reading(msgspec.Struct, frozen=True):
    """How rows of a file become events; nothing in it is left to guess.

    Attributes:
        format: The format; tab-separated text is csv with a tab.
        source: Names the origin in event ids and in the store.
        timestamp: The column of the instant; in jsonl a dotted path may reach into objects.
        time_of_day: The column of the time, where ``timestamp`` holds the day; ``time_format`` reads both, with a space
            between and without the day's midnight. Empty where one column holds it all.
        time_format: ``iso``, ``epoch_s``, ``epoch_ms``, ``epoch_us``, ``native``, or a strptime format.
        timezone: The IANA zone of instants that carry no offset.
        event: The constant name of the events, or empty when ``event_column`` says it.
        columns: All columns, in the file's order; names are unique without regard to case. Empty for jsonl.
        groups: Group type → column.
        ignore: Columns that are left out.
        nested_properties: The column whose fields become properties of their own, or empty.
        amounts: Columns of text that are read as numbers, and how they are written; what is no such amount stays text.
    """

    format: Format
    source: str
    timestamp: str
    time_format: str
    timezone: str
    event: str = ""
    event_column: str = ""
    distinct_id: str = ""
    event_id: str = ""
    session_id: str = ""
    groups: dict[str, str] = {}
    ignore: tuple[str, ...] = ()
    columns: tuple[FileColumn, ...] = ()
    delimiter: str = ","
    nested_properties: str = ""
    amounts: dict[str, AmountForm] = {}
    time_of_day: str = ""

    @property
    def roles(self) -> frozenset[str]:
        """The columns that are something else than a property."""
        named = (self.timestamp, self.time_of_day, self.event_column, self.distinct_id, self.event_id, self.session_id)
        return frozenset(name for name in (*named, *self.groups.values(), *self.ignore) if name)


class Piece(msgspec.Struct, frozen=True):
    """A part of a file: complete records as UTF-8 text without a header, or rows of a Parquet file by number."""

    text: bytes = b""
    file: str = ""
    first_row: int = 0
    rows: int = 0


class Staged(msgspec.Struct, frozen=True):
    """A piece that was read. ``rejected`` rows of its ``rows`` cannot become events."""

    table: str
    rows: int
    rejected: int


class Complaint(msgspec.Struct, frozen=True):
    """Why a row of a staged piece cannot become an event; ``row`` counts from 0 in the piece."""

    row: int
    reason: str
    raw: str = ""


class RejectedRow(msgspec.Struct, frozen=True):
    """A row that cannot become an event; ``line`` counts from 1 (rows, in formats without lines)."""

    file: str
    line: int
    reason: str
    raw: str


class ImportRecord(msgspec.Struct, frozen=True):
    """Where an import stands, as it is kept in the store; ``mapping`` and ``progress`` are JSON text."""

    import_id: str
    state: ImportState
    mapping: str
    progress: str
    started_at: datetime
    rows: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    total_rows: int | None = None
    rejects_file: str = ""
    message: str = ""
    hint: str = ""


class Sample(msgspec.Struct, frozen=True):
    """The first rows of a file that describes itself; values are text, as they would be shown."""

    columns: tuple[FileColumn, ...]
    rows: tuple[tuple[str | None, ...], ...]
    total_rows: int


class BulkLoader(Protocol):
    """The loader of one import. It is used from one thread; its commits wait their turn with every other change.

    Raises:
        StoreFull: From ``save`` and from the future of ``commit``: the disk has no room, nothing of the piece is kept.
    """

    def find(self, import_id: str) -> ImportRecord | None:
        """What is known of an import."""
        ...

    def unfinished(self) -> list[ImportRecord]:
        """The imports that are neither done nor failed, oldest first."""
        ...

    def save(self, record: ImportRecord) -> None:
        """Keep where an import stands, durably. Counts are left as they are: they grow by ``commit`` only."""
        ...

    def sample_parquet(self, file: Path, limit: int) -> Sample:
        """Columns and first rows of a Parquet file.

        Raises:
            UnreadablePiece: It is not one, or is damaged.
        """
        ...

    def next_file(self) -> None:
        """Begin to count equal rows anew."""
        ...

    def stage(self, reading: Reading, piece: Piece, *, numbered: bool = False, replay: bool = False) -> Staged:
        """Read a piece.

        Args:
            reading: How rows become events.
            piece: What to read.
            numbered: Keep the rows' numbers, so that ``complaints`` can name them.
            replay: An earlier run has committed the piece: only count its rows, so that equal ones to come are told
                apart as they would have been.

        Raises:
            UnreadablePiece: The engine cannot make rows of it.
        """
        ...

    def complaints(self, staged: Staged) -> list[Complaint]:
        """The rows of a numbered piece that cannot become events, in order."""
        ...

    def forget(self, staged: Staged) -> None:
        """Drop a piece that is not to be committed, as if it had not been read."""
        ...

    def drop(self, staged: Staged) -> None:
        """Let go of a piece that was committed, now or by an earlier run."""
        ...

    def commit(
        self, import_id: str, staged: Staged | None, rejects: Sequence[RejectedRow], progress: str
    ) -> Future[ImportRecord]:
        """Keep the piece's events and rejects in one transaction with the progress and counts of the import.

        Returns:
            The import as it stands then. ``rows`` has grown by stored, duplicates and ``rejects``.
        """
        ...

    def rejected_rows(self, import_id: str) -> Iterator[RejectedRow]:
        """All rejects of an import, in the order in which they were found."""
        ...

    def close(self) -> None:
        """Let go of what was staged."""
        ...
