"""The first rows of a file: what its columns are called, what they hold, and how they are separated."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from upshot.collect.imports.characters import check_characters
from upshot.collect.imports.files import ByteSource, CutShort, SourceFile
from upshot.collect.imports.pieces import LONGEST_RECORD, TextPiece, record_end, records
from upshot.collect.imports.spaces import are_columns
from upshot.core.errors import InvalidInput
from upshot.engines.bulk import FileColumn, ValueType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from upshot.engines.bulk import BulkLoader

__all__ = ["INSIDE", "TextSample", "excerpt", "more_values", "separated_by_spaces", "text_sample"]

csv.field_size_limit(LONGEST_RECORD)

INSIDE = "inside of an object"
"""What a dotted name is declared to be, that reaches into an object of a JSON record."""

_SAMPLE_BYTES = 4 << 20
_STEP_BYTES = 64 << 10
_SAMPLE_ROWS = 20_000
_LOOK_FURTHER_BYTES = 512 << 20
_SHOWN_CHARACTERS = 60
_DELIMITERS = (",", ";", "\t", "|")
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?([eE][+-]?\d+)?|-?\.\d+")
_BOOLEANS = {"true", "false"}


@dataclass(frozen=True, slots=True)
class TextSample:
    """The first rows.

    Attributes:
        columns: In the file's order, names unique without regard to case; in jsonl, keys in order of appearance.
        rows: Values as text, None where missing or empty; objects and lists as JSON.
        delimiter: What separates the columns; empty in jsonl and Parquet.
        renamed: For each name that the header has more than once, what the later columns are called here.
        header_is_data: Whether the first row looks like values rather than names.
        total_rows: Where the file says it.
    """

    columns: tuple[FileColumn, ...]
    rows: tuple[tuple[str | None, ...], ...]
    delimiter: str = ""
    renamed: tuple[tuple[str, str], ...] = ()
    header_is_data: bool = False
    total_rows: int | None = None

    def values(self, name: str) -> list[str]:
        """What a column holds, without what is missing."""
        index = next(i for i, column in enumerate(self.columns) if column.name == name)
        return [value for row in self.rows if (value := row[index]) is not None]

    def examples(self, name: str, most: int) -> tuple[str, ...]:
        """The first different values of a column, as they can be shown: not without end."""
        return tuple(excerpt(value) for value in islice(dict.fromkeys(self.values(name)), most))


def excerpt(value: str) -> str:
    """How a value begins, and how long it is where that is not all of it.

    >>> excerpt("short"), excerpt("x" * 1_000_000)[55:]
    ('short', 'xxxxx… (1,000,000 characters)')
    """
    return value if len(value) <= _SHOWN_CHARACTERS else f"{value[:_SHOWN_CHARACTERS]}… ({len(value):,} characters)"


def text_sample(file: SourceFile, delimiter: str, loader: BulkLoader, *, most_bytes: int = _SAMPLE_BYTES) -> TextSample:
    """The first rows of a file.

    Args:
        file: The file.
        delimiter: What separates its columns, or empty to find out.
        loader: Reads what describes itself.
        most_bytes: How much text to look at.

    Raises:
        InvalidInput: There is nothing in it, or it is not what it should be.
    """
    if file.format == "parquet":
        sample = loader.sample_parquet(file.path, _SAMPLE_ROWS)
        return TextSample(sample.columns, sample.rows, total_rows=sample.total_rows)
    text = _head(file, most_bytes)
    if not text.strip():
        raise InvalidInput(f"{file.path.name} is empty.", hint="There is nothing to import.")
    check_characters(file.path.name, text, file.encoding)
    if file.format == "jsonl":
        return _jsonl(file, text)
    return _csv(text, delimiter or ("\t" if file.tabs else _separator(text)))


def separated_by_spaces(file: SourceFile) -> bool:
    """Whether runs of spaces separate the columns of a file of which nobody said what does.

    Raises:
        InvalidInput: There is no line in it.
    """
    return file.format == "csv" and not file.tabs and are_columns(_head(file, _SAMPLE_BYTES))


def _head(file: SourceFile, most_bytes: int) -> bytes:
    source = ByteSource(file)
    text, part = b"", b" "
    try:
        while part and len(text) < most_bytes:
            part = source.read(_STEP_BYTES)
            text += part
    except CutShort:
        if not text:
            raise
        # The import will say so, after what can be read.
    finally:
        source.close()
    if part and text:
        text = text[: text.rfind(b"\n") + 1]
        if not text:
            raise InvalidInput(f"The first line of {file.path.name} has no end.", hint="Is it text, one row a line?")
    first = next(records(io.BytesIO(text).read, b"", piece_bytes=len(text) + 1), None)
    return first.text if isinstance(first, TextPiece) else b""


def _split(text: bytes, delimiter: str) -> Iterator[list[str]]:
    """Records as lists of fields, as far as they can be read; those that cannot are left to the import."""
    at, separator = 0, delimiter.encode()
    while at < len(text):
        end = record_end(text, at, separator, whole=True)
        if not end:
            return
        raw = text[at:end]
        at = end
        if not raw.strip():
            continue
        try:
            yield next(csv.reader(io.StringIO(raw.decode(), newline=""), delimiter=delimiter, strict=True))
        except (csv.Error, ValueError):
            continue


def _separator(text: bytes) -> str:
    """The separator with which the first rows have most columns, all the same number; a comma where none has."""
    best, most = ",", 1
    for candidate in _DELIMITERS:
        widths = {len(row) for row in islice(_split(text, candidate), 100)}
        if len(widths) == 1 and (width := widths.pop()) > most:
            best, most = candidate, width
    if most > 1:
        return best
    header = text.split(b"\n", 1)[0].decode("utf-8", "replace")
    return max(_DELIMITERS, key=header.count)


def _csv(text: bytes, delimiter: str) -> TextSample:
    rows = islice(_split(text, delimiter), _SAMPLE_ROWS + 1)
    header = next(rows, None)
    if header is None:
        raise InvalidInput("The first line cannot be read as the names of columns.", hint="Is the file CSV in UTF-8?")
    names, renamed = _unique(header)
    kept = tuple(tuple(value or None for value in row) for row in rows if len(row) == len(names))
    columns = tuple(FileColumn(name, _type([row[i] for row in kept])) for i, name in enumerate(names))
    looks_like_data = all(_NUMBER.fullmatch(name) or name == "" for name in header)
    return TextSample(columns, kept, delimiter, renamed, looks_like_data)


def _unique(header: Sequence[str]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    names: list[str] = []
    taken: set[str] = set()
    renamed: list[tuple[str, str]] = []
    for position, given in enumerate(header, start=1):
        name = given.strip() or f"column_{position}"
        number = 1
        unique = name
        while unique.casefold() in taken:
            number += 1
            unique = f"{name}_{number}"
        if unique != name:
            renamed.append((name, unique))
        taken.add(unique.casefold())
        names.append(unique)
    return names, tuple(renamed)


def _type(values: Sequence[str | None]) -> ValueType:
    """The type that every value has; text where there are none."""
    known = [value for value in values if value is not None]
    if not known:
        return "text"
    if all(_INTEGER.fullmatch(value) for value in known):
        return "integer"
    if all(_NUMBER.fullmatch(value) for value in known):
        return "number"
    return "boolean" if all(value.lower() in _BOOLEANS for value in known) else "text"


def _jsonl(file: SourceFile, text: bytes) -> TextSample:
    if text.lstrip().startswith(b"["):
        raise InvalidInput(
            f"{file.path.name} holds one JSON array.", hint="Write one object on each line (jq -c '.[]' does it)."
        )
    found: list[dict[str, object]] = []
    for line in islice(text.split(b"\n"), _SAMPLE_ROWS):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            found.append(record)
    if not found:
        raise InvalidInput(
            f"{file.path.name} has no JSON object in its first lines.", hint="Is it JSON Lines, one object a line?"
        )
    flat = [_flattened(record) for record in found]
    names = list(dict.fromkeys(name for record in flat for name in record))
    columns = tuple(
        FileColumn(name, _json_type([record.get(name) for record in flat]), _declared(name, found)) for name in names
    )
    rows = tuple(tuple(_json_text(record.get(name)) for name in names) for record in flat)
    return TextSample(columns, rows)


def _flattened(record: dict[str, object]) -> dict[str, object]:
    """The record with the fields of its objects beside them, under dotted names."""
    inner = {
        f"{name}.{field}": value
        for name, fields in record.items()
        if isinstance(fields, dict)
        for field, value in fields.items()
    }
    return {**inner, **record}


def _declared(name: str, found: Sequence[dict[str, object]]) -> str:
    return "" if any(name in record for record in found) else INSIDE


def _json_type(values: Sequence[object]) -> ValueType:
    known = [value for value in values if value is not None]
    kinds = {type(value) for value in known}
    if kinds <= {dict, list} and kinds:
        return "nested"
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "integer"
    return "number" if kinds and kinds <= {int, float} else "text"


def _json_text(value: object) -> str | None:
    match value:
        case None | "":
            return None
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def more_values(file: SourceFile, sample: TextSample, name: str) -> Iterator[str]:
    """The values of a column through the rest of a file of text, up to half a gigabyte of it."""
    index = next(i for i, column in enumerate(sample.columns) if column.name == name)
    source = ByteSource(file)
    read = 0
    header = True
    try:
        for piece in records(source.read, sample.delimiter.encode(), piece_bytes=_SAMPLE_BYTES):
            if isinstance(piece, TextPiece):
                read += len(piece.text)
                for row in _split(piece.text, sample.delimiter):
                    if len(row) == len(sample.columns) and not header:
                        yield row[index]
                    header = False
            if read > _LOOK_FURTHER_BYTES:
                return
    except CutShort:
        return
    finally:
        source.close()
