"""A table of what was shipped: CSV with a row for each output, and for each launch where it says when.

Columns are recognised by their names, or named; a name may also be a pattern such as ``{package} {tag}``.
"""

import csv
import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from upshot.catalog.kinds import Cost, Launch, Output, OutputKind, Owners, check_name, parse_expectation
from upshot.core.errors import InvalidInput
from upshot.core.ids import slug
from upshot.core.instants import read_instant
from upshot.core.suggest import did_you_mean, nearest
from upshot.outputs.found import Found, Remark

__all__ = ["FIELDS", "guessed_columns", "read_table"]

FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "id", "key", "slug"),
    "title": ("title", "summary", "subject", "feature", "output"),
    "description": ("description", "details", "notes"),
    "kind": ("kind", "type"),
    "objective": ("objective", "goal"),
    "team": ("team", "squad"),
    "usage": ("usage", "usage_metric"),
    "owner": ("owner", "assignee", "product_owner"),
    "cost_days": ("cost_days", "days", "person_days", "effort_days"),
    "cost_money": ("cost_money", "money", "spend"),
    "expects": ("expects", "expectation", "expected"),
    "at": ("at", "launched_at", "released_at", "shipped_at", "launch", "launched", "released", "shipped", "date"),
    "launch": ("launch_name",),
    "ref": ("ref", "tag", "ticket", "issue", "pull_request"),
    "link": ("link", "url"),
}
"""What a column can be, with the names by which it is recognised."""
_PLACE = re.compile(r"\{([^{}]*)\}")
_BIGGEST = 1 << 24
_MOST_ROWS = 200_000


@dataclass(slots=True)
class _Rows:
    """What has been read so far, by name."""

    outputs: dict[str, Output]
    launches: dict[str, Launch]
    lines: dict[str, int]
    remarks: list[Remark]


def read_table(path: Path, zone: ZoneInfo, columns: Mapping[str, str] | None = None) -> Found:
    """The outputs and launches of a CSV file, compressed with gzip or not.

    Args:
        path: The file.
        zone: In which clocks without offset are read; a day alone is its midnight.
        columns: Field to column, or to a pattern of columns; the others are recognised by their names.

    Raises:
        InvalidInput: The file cannot be read, or no column gives a name or a title.
    """
    rows = _read(path)
    header = next(rows, None)
    if header is None:
        raise InvalidInput(f"{path} is empty.", hint="Its first line names the columns.")
    wanted = _columns(header[1], columns or {})
    if not {"name", "title"} & wanted.keys():
        raise InvalidInput(
            f"No column of {path.name} gives a name or a title. It has {', '.join(header[1])}.",
            hint='Name one with --column, such as title=Summary or title="{package} {tag}".',
        )
    found = _Rows({}, {}, {}, [])
    for line, values in rows:
        where = f"{path.name}:{line}"
        if len(values) != len(header[1]):
            said = f"The row has {len(values)} columns; there are {len(header[1])}."
            found.remarks.append(Remark(where, said))
            continue
        row = dict(zip(header[1], values, strict=True))
        fields = {field: _value(pattern, row) for field, pattern in wanted.items()}
        _take(found, {field: value for field, value in fields.items() if value}, where, line, zone)
        if len(found.lines) > _MOST_ROWS:
            raise InvalidInput(f"{path} has more than {_MOST_ROWS:,} outputs.", hint="Divide it.")
    return Found(tuple(found.outputs.values()), tuple(found.launches.values()), tuple(found.remarks))


def guessed_columns(header: Iterable[str]) -> dict[str, str]:
    """Which column is what, by its name.

    >>> guessed_columns(["Summary", "Released at", "Colour"])
    {'title': 'Summary', 'at': 'Released at'}
    """
    by_word = {re.sub(r"[^a-z0-9]+", "_", column.casefold()).strip("_"): column for column in header}
    found = {}
    for field, words in FIELDS.items():
        word = next((word for word in words if word in by_word), None)
        if word is not None:
            found[field] = by_word.pop(word)
    return found


def _columns(header: list[str], asked: Mapping[str, str]) -> dict[str, str]:
    """Field to pattern: what was asked for, and what is recognised of the other columns."""
    patterns: dict[str, str] = {}
    for field, written in asked.items():
        if field not in FIELDS:
            close = nearest(field, FIELDS) or tuple(FIELDS)
            raise InvalidInput(f"An output has no field {field!r}.", hint=did_you_mean(close))
        patterns[field] = written if "{" in written else f"{{{written}}}"
        for column in _PLACE.findall(patterns[field]):
            if column not in header:
                close = nearest(column, header) or tuple(header)
                raise InvalidInput(f"There is no column {column!r}.", hint=f"There are {', '.join(close)}.")
    rest = [column for column in header if column not in asked.values()]
    return {**{field: f"{{{column}}}" for field, column in guessed_columns(rest).items()}, **patterns}


def _value(pattern: str, row: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: row.get(found[1], ""), pattern).strip()


def _take(found: _Rows, fields: Mapping[str, str], where: str, line: int, zone: ZoneInfo) -> None:
    try:
        output = _output(fields)
        launch = _launch(fields, output, zone)
    except (ValueError, InvalidInput, msgspec.ValidationError) as error:
        found.remarks.append(Remark(where, f"{str(error).rstrip('.')}."))
        return
    if output.name in found.lines:
        said = f"An output named {output.name!r} is in line {found.lines[output.name]} already."
        found.remarks.append(Remark(where, said))
        return
    if launch is not None and launch.name in found.launches:
        known = found.launches[launch.name]
        if known.at != launch.at:
            said = f"The launch {launch.name!r} has another time in an earlier row ({known.at.isoformat()})."
            found.remarks.append(Remark(where, said))
            return
        launch = msgspec.structs.replace(known, outputs=(*known.outputs, output.name))
    found.lines[output.name] = line
    found.outputs[output.name] = output
    if launch is not None:
        found.launches[launch.name] = launch


def _output(fields: Mapping[str, str]) -> Output:
    name = fields.get("name") or slug(fields.get("title", ""))
    if not fields.get("name") and not fields.get("title"):
        raise InvalidInput("The row has no name and no title.")
    check_name(name)
    days, money = (_amount(fields, key) for key in ("cost_days", "cost_money"))
    expects = [parse_expectation(part).text for part in fields.get("expects", "").split(";") if part.strip()]
    return Output(
        name=name,
        title=fields.get("title", ""),
        description=fields.get("description", ""),
        kind=_kind(fields.get("kind", "")),
        objective=fields.get("objective", ""),
        team=fields.get("team", ""),
        usage=fields.get("usage", ""),
        owners=Owners(product=fields.get("owner", "")),
        cost=None if days is None and money is None else Cost(days=days or 0.0, money=money or 0.0),
        expects=tuple(expects),
        refs=tuple(part.strip() for part in fields.get("ref", "").split(";") if part.strip()),
        link=fields.get("link", ""),
    )


def _launch(fields: Mapping[str, str], output: Output, zone: ZoneInfo) -> Launch | None:
    if "at" not in fields:
        return None
    at = _instant(fields["at"], zone)
    name = fields.get("launch", "")
    return Launch(name=slug(name) if name else output.name, title=name or output.title, at=at, outputs=(output.name,))


def _instant(text: str, zone: ZoneInfo) -> datetime:
    at = read_instant(text, zone)
    if at is None:
        raise InvalidInput(f"{text!r} is not a time; write it as 2026-03-01 or 2026-03-01T09:00:00+01:00.")
    return at


def _kind(text: str) -> OutputKind:
    if text and text.casefold() not in set(OutputKind):
        close = nearest(text, OutputKind) or tuple(OutputKind)
        raise InvalidInput(f"There is no kind of output {text!r}; there are {', '.join(close)}.")
    return OutputKind(text.casefold()) if text else OutputKind.BET


def _amount(fields: Mapping[str, str], key: str) -> float | None:
    text = fields.get(key, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value < float("inf"):
        raise InvalidInput(f"{key} must be a number that is not negative, not {text!r}.")
    return value


def _read(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line in which each begins; empty lines are left out."""
    csv.field_size_limit(_BIGGEST)
    try:
        with _open(path) as file:
            sample = file.readline()
            file.seek(0)
            delimiter = max(",;\t|", key=sample.count)
            line = 1
            for row in (reader := csv.reader(file, delimiter=delimiter, strict=True)):
                if any(value.strip() for value in row):
                    yield line, [value.strip() for value in row]
                line = reader.line_num + 1
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", hint="Name a CSV file in UTF-8.") from None


def _open(path: Path) -> Any:  # Any: two kinds of text files
    place = path.expanduser()
    if place.suffix == ".gz":
        return gzip.open(place, "rt", encoding="utf-8-sig", newline="")
    return place.open(encoding="utf-8-sig", newline="")
