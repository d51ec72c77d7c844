"""Imports of files."""

from typing import Literal

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.state import Nothing
from upshot.core.problems import Problem

__all__ = [
    "IMPORT_LIST",
    "IMPORT_PREVIEW",
    "IMPORT_RESUME",
    "IMPORT_START",
    "IMPORT_STATUS",
    "ImportColumn",
    "ImportId",
    "ImportList",
    "ImportMapping",
    "ImportPreview",
    "ImportRequest",
    "ImportStatus",
]


class ImportMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which column is what. Empty strings are guessed, and the guess is shown; columns not named become properties.

    ``event`` is a constant name; ``event_column`` a column; one of them is needed. ``timezone`` is the zone of
    timestamps that carry no offset; ``timestamp_format`` is iso, epoch_s, epoch_ms, epoch_us or a strptime pattern.
    ``time_of_day`` is the column of the time where ``timestamp`` holds only the day; ``-`` says that days are meant.
    A ``distinct_id`` of ``-`` says that no column tells who.
    ``format`` is csv, tsv, jsonl or parquet; ``delimiter`` for csv (``spaces`` for runs of them); ``encoding`` is
    utf-8, latin-1 or windows-1252. ``numbers`` says by an example how a column of text writes numbers (``1,234.56`` or
    ``1.234,56``), or ``text``.
    """

    timestamp: str = ""
    time_of_day: str = ""
    distinct_id: str = ""
    event: str = ""
    event_column: str = ""
    event_id: str = ""
    session_id: str = ""
    timezone: str = ""
    timestamp_format: str = ""
    groups: dict[str, str] = {}
    source: str = ""
    format: str = ""
    delimiter: str = ""
    encoding: str = ""
    ignore: tuple[str, ...] = ()
    numbers: dict[str, str] = {}


class ImportRequest(msgspec.Struct, frozen=True):
    """Absolute paths of files on the machine that holds the workspace."""

    paths: tuple[str, ...]
    mapping: ImportMapping = ImportMapping()
    dry_run: bool = False


class ImportColumn(msgspec.Struct, frozen=True):
    """A column of the file: its type, its role (``property`` when not named), and some values."""

    name: str
    type: str
    role: str
    examples: tuple[str, ...]


class ImportPreview(msgspec.Struct, frozen=True):
    """What the import would do, with the mapping made complete.

    A dry run also reads the first rows: ``tried_rows`` of them, of which ``rejected_rows`` could not become events; the
    reasons are among the problems.
    """

    mapping: ImportMapping
    guessed: tuple[str, ...]
    columns: tuple[ImportColumn, ...]
    problems: tuple[Problem, ...]
    files: tuple[str, ...]
    tried_rows: int = 0
    rejected_rows: int = 0


class ImportId(msgspec.Struct, frozen=True):
    """Which import."""

    id: str


class ImportStatus(msgspec.Struct, frozen=True):
    """Where an import stands.

    ``rows`` = stored + duplicates + rejected when it is done; ``total_rows`` and ``fraction`` are null where unknown.
    """

    id: str
    state: Literal["running", "done", "failed", "interrupted"]
    rows: int
    stored: int
    duplicates: int
    rejected: int
    fraction: float | None
    total_rows: int | None
    rejects_file: str
    mapping: ImportMapping
    message: str = ""
    hint: str = ""


class ImportList(msgspec.Struct, frozen=True):
    """The imports that run, oldest first."""

    imports: tuple[ImportStatus, ...]


IMPORT_PREVIEW = Operation("import.preview", Permission.ADMIN, ImportRequest, ImportPreview)
IMPORT_START = Operation("import.start", Permission.ADMIN, ImportRequest, ImportId, changes=True)
IMPORT_STATUS = Operation("import.status", Permission.READ, ImportId, ImportStatus)
IMPORT_LIST = Operation("import.list", Permission.READ, Nothing, ImportList)
IMPORT_RESUME = Operation(
    "import.resume",
    Permission.ADMIN,
    Nothing,
    ImportList,
    changes=True,
    changed=lambda answer: bool(answer.imports),
)
