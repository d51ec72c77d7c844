"""In which format a column writes its instants, said only where its values leave no doubt.

``03/04/2011`` is in March or in April; as long as no value settles it, the answer is that it is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["TimeFormat", "carries_offset", "narrowed", "recognise"]

_OFFSET = re.compile(r"(\d ?([Zz]|UTC|GMT)|:[\d.]+ ?[+-]\d\d(:?\d\d)?|:[\d.]+ [A-Z][A-Za-z_]+/[A-Za-z_/+-]+)$")
_ISO = re.compile(
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
    r"([T ]\d{1,2}:\d\d(:\d\d(\.\d{1,9})?)? ?([Zz]|UTC|GMT|[+-]\d\d(:?\d\d)?|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+)?)?"
)
_PATTERNS = {
    "iso": _ISO,
    "epoch_s": re.compile(r"-?\d{9,10}(\.\d+)?"),
    "epoch_ms": re.compile(r"\d{12,13}(\.\d+)?"),
    "epoch_us": re.compile(r"\d{15,16}"),
}
_DAYS_FIRST = ("%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y", "%d-%m-%y")
_MONTHS_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%m-%d-%y")
_DATES = (
    *_DAYS_FIRST,
    *_MONTHS_FIRST,
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%a, %d %b %Y",
    "%Y%m%d",
    "%Y-%m-%d",
    "%Y/%m/%d",
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %H:%M %z", " %H:%M:%S %z")
_STRPTIME = (*(date + time for date, time in product(_DATES, _TIMES)), "%a %b %d %H:%M:%S %Y", "%Y%m%dT%H%M%S%z")
_ENOUGH = 0.5
_PROBED = 50
_MONTHS = 12
_LEADING_NUMBERS = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-]")


@dataclass(frozen=True, slots=True)
class TimeFormat:
    """What the values say.

    Attributes:
        name: ``iso``, ``epoch_…``, a strptime format, or empty when there is none.
        candidates: All formats that the values allow, when they are more than one; ``name`` is empty then.
        share: Of the values, how many the format (or the best candidate) reads.
    """

    name: str
    candidates: tuple[str, ...]
    share: float


def carries_offset(text: str) -> bool:
    """Whether an ISO instant says its offset.

    >>> carries_offset("2024-01-01T10:00:00+02:00"), carries_offset("2024-01-02")
    (True, False)
    """
    return _OFFSET.search(text.strip()) is not None


def recognise(values: Iterable[str]) -> TimeFormat:
    """The format that reads at least half of the values, and more than any other.

    >>> recognise(["13/01/2011 8:26", "01/02/2011 9:00"]).name
    '%d/%m/%Y %H:%M'
    >>> recognise(["03/04/2011"]).candidates
    ('%d/%m/%Y', '%m/%d/%Y')
    """
    distinct = {value.strip() for value in values if value.strip()}
    if not distinct:
        return TimeFormat("", (), 0.0)
    for name, pattern in _PATTERNS.items():
        share = sum(pattern.fullmatch(text) is not None for text in distinct) / len(distinct)
        if share >= _ENOUGH:
            return TimeFormat(name, (), share)
    probe = sorted(distinct)[:: max(1, len(distinct) // _PROBED)]
    alive = [form for form in _STRPTIME if any(_reads(form, text) for text in probe)]
    read = {form: {text for text in distinct if _reads(form, text)} for form in alive}
    best = max(map(len, read.values()), default=0)
    share = best / len(distinct)
    if share < _ENOUGH:
        return TimeFormat("", (), share)
    name = next(form for form in alive if len(read[form]) == best)
    names = (name, *(form for form in alive if form != name and _rivals(read[name], read[form])))
    return TimeFormat(name, (), share) if len(names) == 1 else TimeFormat("", names, share)


def narrowed(candidates: tuple[str, ...], values: Iterable[str]) -> tuple[str, ...]:
    """Those of the ``candidates`` that more values leave: a number above 12 is no month."""
    seen = [match.groups() for value in values if (match := _LEADING_NUMBERS.match(value.strip()))]
    day_first = any(int(first) > _MONTHS for first, _ in seen)
    month_first = any(int(second) > _MONTHS for _, second in seen)
    if day_first == month_first:
        return candidates
    wanted = _DAYS_FIRST if day_first else _MONTHS_FIRST
    return tuple(name for name in candidates if name.startswith(wanted))


def _rivals(best: set[str], other: set[str]) -> bool:
    """Whether the other reads as many, or some that the best does not."""
    return len(other) == len(best) or bool(other - best)


def _reads(form: str, text: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True
