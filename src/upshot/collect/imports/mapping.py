"""What a person says about a file, what was made of it, and where an import stands."""

from __future__ import annotations

from typing import Literal

import msgspec
import yaml

from upshot.core.errors import InvalidInput
from upshot.core.problems import Problem
from upshot.core.suggest import did_you_mean, nearest

__all__ = ["NOBODY", "ROLES", "Column", "Mapping", "Preview", "Status", "read_mapping"]

NOBODY = "-"
"""As ``distinct_id`` or ``time_of_day``: there is no such column."""

ROLES = ("timestamp", "time_of_day", "distinct_id", "event_column", "event_id", "session_id")
"""The fields that name one column each."""


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which column is what. Empty strings are guessed, and the guess is shown; columns not named become properties.

    Attributes:
        timestamp: The column of the instant.
        time_of_day: The column of the time, where ``timestamp`` holds only the day; "-" says that there is none.
        distinct_id: The column of who did it; "-" says that there is none.
        event: A constant name of the events.
        event_column: The column of the name.
        event_id: The column of the events' own ids.
        session_id: The column of the session.
        timezone: The IANA zone of timestamps that carry no offset.
        timestamp_format: ``iso``, ``epoch_s``, ``epoch_ms``, ``epoch_us``, or a strptime format (``%d/%m/%Y %H:%M``).
        groups: Group type → column.
        source: Names the origin in the store; equal rows of one source are one event.
        format: csv, tsv, jsonl or parquet.
        delimiter: What separates the columns of csv: a character, ``tab``, or ``spaces`` for runs of them.
        encoding: utf-8, latin-1 or windows-1252; UTF-8 where nothing is said.
        ignore: Columns that are left out.
        numbers: Column of text → how it writes numbers, by an example such as ``1.234,56 €``; ``text`` for none.
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


class Column(msgspec.Struct, frozen=True):
    """A column of the file: its type, its role (``property`` when not named), and some values."""

    name: str
    type: str
    role: str
    examples: tuple[str, ...]


class Preview(msgspec.Struct, frozen=True):
    """What an import would do, with the mapping made complete.

    Attributes:
        mapping: With all guesses in their places.
        guessed: The fields that nobody said.
        columns: In the file's order.
        problems: Why it cannot run, and what to look at.
        files: What the paths and patterns stand for.
    """

    mapping: Mapping
    guessed: tuple[str, ...]
    columns: tuple[Column, ...]
    problems: tuple[Problem, ...]
    files: tuple[str, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Problems without which it could run."""
        return tuple(problem for problem in self.problems if problem.level == "error")


class Status(msgspec.Struct, frozen=True):
    """Where an import stands; ``rows`` = stored + duplicates + rejected at any time.

    ``fraction`` (0 to 1) is of the bytes of the files, of rows where they are known; null before anything is known.
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
    mapping: Mapping
    message: str = ""
    hint: str = ""


def read_mapping(text: str, *, where: str = "the mapping") -> Mapping:
    """A mapping from YAML.

    Raises:
        InvalidInput: It is not YAML, or has a field that mappings do not have.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidInput(f"{where} is not YAML: {' '.join(str(error).split())}") from error
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise InvalidInput(f"{where} is not a list of fields.", hint="Write for example: timestamp: InvoiceDate")
    for name in content:
        if name not in Mapping.__struct_fields__:
            close = nearest(str(name), Mapping.__struct_fields__)
            advice = did_you_mean(close[:1]) or f"There are {', '.join(Mapping.__struct_fields__)}."
            raise InvalidInput(f"{where} has no field {str(name)!r}.", hint=advice)
    try:
        return msgspec.convert(content, Mapping)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{where} cannot be used: {error}.") from error
