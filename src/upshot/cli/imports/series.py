"""``upshot import series``."""

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import json_or, line, lines
from upshot.core.errors import InvalidInput
from upshot.core.units import counted, one_or_many

if TYPE_CHECKING:
    from upshot.api.series import SeriesValue

__all__ = ["series"]

_SHOWN_DAYS = 5
_DAY_NAMES = ("day", "date", "ds", "datum")


def series(
    file: Path,
    *,
    day: str = "",
    value: str = "",
    name: str = "",
    title: str = "",
    dimension: tuple[str, ...] = (),
    where: tuple[str, ...] = (),
    format: Literal["count", "money", "number", "duration"] = "number",  # noqa: A002 - the option's name
    direction: Literal["up", "down", "none"] = "up",
    worth: float | None = None,
    metric_only: bool = False,
    common: Common | None = None,
) -> None:
    """Import a daily series from CSV; it becomes a metric, and an outcome that launches are measured on.

    Days are the file's own: an instant stands for its day where it is midnight as it is written, and is refused
    otherwise, for it would be the day of some zone.

    Importing a longer file later adds the new days; a day that is kept already stays, and differences are told.

    Args:
        file: The file, compressed with gzip or not.
        day: The column with the day, as YYYY-MM-DD. Default: guessed.
        value: The column with the value. Default: guessed.
        name: What to call the series and its metric. Default: the value's column.
        title: What people call it.
        dimension: A column that tells values of one day apart; may be repeated.
        where: Only rows with this, such as package=datasette; may be repeated.
        format: How values are shown: count, money, number or duration.
        direction: Which way is better: up, down or none.
        worth: What one unit is worth, in the workspace's currency.
        metric_only: Make no outcome of it, so that launches of which nothing was expected are not measured on it.
        common: The options of every command.
    """
    from upshot.api.series import SERIES_IMPORT, SeriesImport

    common = common or Common()
    header, rows = _rows(file)
    day = day or _guess_day(header)
    kept = _kept(header, rows, where)
    value = value or _guess_value(header, kept, day, dimension)
    for column in (day, value, *dimension):
        _place(header, column)
    request = SeriesImport(
        name=name or value,
        values=tuple(_values(header, kept, day, value, dimension)),
        title=title,
        format=format,
        direction=direction,
        worth=worth,
        outcome=not metric_only,
    )
    with open_workspace(common) as workspace:
        done = workspace.call(SERIES_IMPORT, request)
    if json_or(common, done):
        return
    line(
        f"{done.metric}: {counted(done.stored, 'value')} stored, {done.known:,} known already; "
        f"{done.first} to {done.last}."
    )
    if done.missing:
        shown = ", ".join(str(day) for day in done.missing[:_SHOWN_DAYS])
        more = f" and {len(done.missing) - _SHOWN_DAYS} more" if len(done.missing) > _SHOWN_DAYS else ""
        days = counted(len(done.missing), "day has", "days have")
        them = one_or_many(len(done.missing), "It counts", "They count")
        line(f"{days} no value: {shown}{more}. {them} as missing, not as zero.")
    if done.revised:
        line("Values that differ from those kept; the kept ones stay:")
        lines(f"  {text}" for text in done.revised)


def _rows(file: Path) -> tuple[list[str], list[list[str]]]:
    try:
        raw = file.expanduser().read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}.", hint="Name a CSV file in UTF-8.") from None
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:10_000], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    found = [row for row in csv.reader(io.StringIO(text), dialect) if row]
    if len(found) < 2:
        raise InvalidInput(f"{file} holds no rows.", hint="Its first line names the columns.")
    return found[0], found[1:]


def _place(header: Sequence[str], column: str) -> int:
    from upshot.core.errors import NotFound

    if column not in header:
        raise NotFound("column", column, header, hint=f"The file has {', '.join(header)}.")
    return header.index(column)


def _kept(header: Sequence[str], rows: list[list[str]], where: tuple[str, ...]) -> list[list[str]]:
    for condition in where:
        column, sign, wanted = condition.partition("=")
        if not sign:
            raise InvalidInput(f"{condition!r} is not a condition.", hint="Write it as package=datasette.")
        place = _place(header, column.strip())
        rows = [row for row in rows if place < len(row) and row[place] == wanted.strip()]
    if not rows:
        raise InvalidInput("No row is left.", hint=f"Look at --where {' --where '.join(where)}.")
    return rows


def _guess_day(header: Sequence[str]) -> str:
    found = next((column for column in header if column.casefold() in _DAY_NAMES), None)
    if found is None:
        raise InvalidInput(
            "No column is called day or date.", hint=f"Name it with --day; there are {', '.join(header)}."
        )
    return found


def _guess_value(header: Sequence[str], rows: list[list[str]], day: str, dimension: tuple[str, ...]) -> str:
    def numeric(place: int) -> bool:
        try:
            return all(float(row[place]) is not None for row in rows[:200] if row[place] != "")
        except (ValueError, IndexError):
            return False

    found = [c for i, c in enumerate(header) if c != day and c not in dimension and numeric(i)]
    if len(found) != 1:
        said = f"{len(found)} columns hold numbers" if found else "No column holds numbers"
        raise InvalidInput(f"{said}.", hint=f"Name the one that is meant with --value; there are {', '.join(header)}.")
    return found[0]


def _values(
    header: Sequence[str], rows: list[list[str]], day: str, value: str, dimension: tuple[str, ...]
) -> "Iterator[SeriesValue]":
    from upshot.api.series import SeriesValue

    at_day, at_value = _place(header, day), _place(header, value)
    places = {column: _place(header, column) for column in dimension}
    for number, row in enumerate(rows, start=2):
        if len(row) <= max(at_day, at_value, *places.values(), 0) or row[at_value].strip() == "":
            continue
        try:
            amount = float(row[at_value])
        except ValueError as error:
            raise InvalidInput(f"Row {number} cannot be read: {error}.", hint="Values are plain numbers.") from None
        named = {column: row[place] for column, place in places.items()}
        yield SeriesValue(_day(row[at_day].strip(), number), amount, named)


def _day(text: str, row: int) -> date:
    from upshot.core.instants import read_epoch, read_instant

    instant = read_instant(text, ZoneInfo("UTC"))
    if instant is not None and instant.time() == time():
        return instant.date()
    if instant is not None or read_epoch(text) is not None:
        raise InvalidInput(
            f"Row {row} holds an instant, {text!r}, and a series holds days.",
            hint="Give one value a day as YYYY-MM-DD; `upshot import events` takes instants to the workspace's days.",
        )
    raise InvalidInput(f"Row {row} cannot be read: {text!r} is not a day.", hint="Days are YYYY-MM-DD.")
