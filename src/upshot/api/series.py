"""Daily series that some other system keeps: downloads, revenue, tickets, weather."""

from datetime import date
from typing import Literal

import msgspec

from upshot.api.operation import Operation, Permission

__all__ = ["SERIES_IMPORT", "SeriesImport", "SeriesImported", "SeriesValue"]


class SeriesValue(msgspec.Struct, frozen=True):
    """One day's value; ``dimensions`` tell values of one day apart, and those of a day add up."""

    day: date
    value: float
    dimensions: dict[str, str] = {}


class SeriesImport(msgspec.Struct, frozen=True, kw_only=True):
    """Values of one series, which becomes a metric of that name and, with ``outcome``, an outcome.

    A day and its dimensions are kept once: what was imported before stays, and a value that differs from it is named.
    """

    name: str
    values: tuple[SeriesValue, ...]
    title: str = ""
    format: Literal["count", "money", "number", "duration"] = "number"
    direction: Literal["up", "down", "none"] = "up"
    outcome: bool = True
    worth: float | None = None


class SeriesImported(msgspec.Struct, frozen=True, kw_only=True):
    """What the import did. ``revised`` names values that differ from what was kept before, and were left out.

    ``missing`` are days between the first and the last without a value: they count as missing, not as zero.
    """

    metric: str
    stored: int
    known: int
    revised: tuple[str, ...]
    first: date
    last: date
    missing: tuple[date, ...]


SERIES_IMPORT = Operation("series.import", Permission.WRITE, SeriesImport, SeriesImported, changes=True)
