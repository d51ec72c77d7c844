"""The state of a page's address: which days, in which steps, compared with what, which filters and breakdown.

Every state has an address, so that a link shows what its sender saw and Back works. ``range`` names a length that moves
with the data; ``from`` and ``to`` are fixed days.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Literal
from urllib.parse import urlencode

import msgspec

from upshot.charts import range_label
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.time import DayRange, Grain, parse_day

__all__ = ["PRESETS", "Compare", "DataDays", "Usual", "View", "read_view"]

Compare = Literal["none", "previous", "year"]

PRESETS = {"7d": "7 days", "30d": "30 days", "90d": "90 days", "12m": "12 months", "all": "All"}
DEFAULT_PRESET = "30d"
_PRESET_DAYS = {"7d": 7, "30d": 30, "90d": 90}
_COMPARES: tuple[Compare, ...] = ("none", "previous", "year")
_GRAIN_DAYS = ((62, Grain.DAY), (210, Grain.WEEK), (1100, Grain.MONTH), (11_000, Grain.QUARTER))
_STEPS = {Grain.DAY: 1, Grain.WEEK: 7, Grain.MONTH: 28, Grain.QUARTER: 90, Grain.YEAR: 365}
_MOST_POINTS = 1500
_AUTOMATIC = "auto"
"""The step in an address that is chosen from the length where the page's usual one is not."""
_YEAR_MONTHS = 12


class DataDays(msgspec.Struct, frozen=True):
    """The local days that the store has events of, and today; ``first`` and ``last`` are null while it is empty."""

    today: date
    first: date | None
    last: date | None

    @property
    def end(self) -> date:
        """The last day of windows that move: today, or the last day with events where those have stopped."""
        if self.last is None or self.last >= self.today - timedelta(days=1):
            return self.today
        return self.last


class Usual(msgspec.Struct, frozen=True):
    """What a page shows where its address says nothing: ``days`` are fixed ones, and ``preset`` does not count then."""

    preset: str = DEFAULT_PRESET
    by: str = ""
    compare: Compare = "previous"
    days: tuple[date, date] | None = None


class View(msgspec.Struct, frozen=True):
    """The state. ``preset`` is empty when the days are fixed, ``by`` when the step is chosen from the length.

    ``usual`` is what the page shows where its address says nothing.
    """

    path: str
    first: date
    last: date
    grain: Grain
    preset: str = ""
    by: str = ""
    compare: Compare = "previous"
    breakdown: str = ""
    where: tuple[str, ...] = ()
    usual: Usual = Usual()

    @property
    def words(self) -> str:
        """The window in words."""
        return range_label(self.first, self.last)

    @property
    def days(self) -> DayRange:
        """The window."""
        return DayRange.of(self.first, self.last)

    def pairs(self, **changes: object) -> list[tuple[str, str]]:
        """The state as parameters of an address, with ``changes`` applied; what is as by default is left out."""
        state = msgspec.structs.replace(self, **changes)
        usual = self.usual
        pairs: list[tuple[str, str]] = []
        if state.preset and (usual.days is not None or state.preset != usual.preset):
            pairs.append(("range", state.preset))
        if not state.preset and (state.first, state.last) != usual.days:
            pairs += [("from", state.first.isoformat()), ("to", state.last.isoformat())]
        pairs += [("by", state.by or _AUTOMATIC)] if state.by != usual.by else []
        pairs += [("compare", state.compare)] if state.compare != usual.compare else []
        pairs += [("breakdown", state.breakdown)] if state.breakdown else []
        return pairs + [("where", text) for text in state.where]

    def url(self, path: str = "", **changes: object) -> str:
        """The address of this state with ``changes``, at ``path`` or where this view is."""
        query = urlencode(self.pairs(**changes))
        return f"{path or self.path}?{query}" if query else path or self.path

    def without(self, text: str) -> str:
        """The address without the filter ``text``."""
        return self.url(where=tuple(w for w in self.where if w != text))

    def with_filter(self, text: str) -> str:
        """The address with the filter ``text`` too."""
        return self.url(where=(*(w for w in self.where if w != text), text))


def read_view(
    path: str, parameters: Mapping[str, Sequence[str]], days: DataDays, usual: str | Usual = DEFAULT_PRESET
) -> View:
    """The state that an address names.

    Args:
        path: Of the page.
        parameters: Every value of each name in the query.
        days: What windows that move are relative to.
        usual: Taken for what the address does not name; a text names the length of the window.

    Raises:
        InvalidInput: A value is not one of those allowed, or the window has too many points.
        NotFound: No length of that name.
    """
    one = {name: values[-1] for name, values in parameters.items() if values and values[-1]}
    usual = Usual(usual) if isinstance(usual, str) else usual
    fixed = "from" in one or "to" in one
    chosen = "" if fixed else one.get("range", "" if usual.days else usual.preset)
    if not fixed and not chosen and usual.days:
        first, last = usual.days
    elif fixed:
        last = parse_day(one["to"]) if "to" in one else days.end
        first = parse_day(one["from"]) if "from" in one else last - timedelta(days=29)
    else:
        first, last = _preset_days(chosen, days)
    by = one.get("by", usual.by).replace(_AUTOMATIC, "")
    return View(
        path=path,
        first=first,
        last=last,
        grain=_grain(by, first, last),
        preset=chosen,
        by=by,
        compare=_compare(one.get("compare", usual.compare)),
        breakdown=one.get("breakdown", "").strip(),
        where=tuple(dict.fromkeys(text.strip() for text in parameters.get("where", ()) if text.strip())),
        usual=usual,
    )


def _preset_days(preset: str, days: DataDays) -> tuple[date, date]:
    end = days.end
    if preset == "all":
        return min(days.first or end, end), end
    if preset == "12m":
        months = end.year * _YEAR_MONTHS + end.month - _YEAR_MONTHS
        return date(months // _YEAR_MONTHS, months % _YEAR_MONTHS + 1, 1), end
    if preset not in _PRESET_DAYS:
        raise NotFound("range", preset, PRESETS, hint=f"Use one of {', '.join(PRESETS)}, or from and to.")
    return end - timedelta(days=_PRESET_DAYS[preset] - 1), end


def _grain(by: str, first: date, last: date) -> Grain:
    length = DayRange.asked(first, last).days
    if not by:
        return next((grain for most, grain in _GRAIN_DAYS if length <= most), Grain.YEAR)
    if by not in set(Grain):
        raise InvalidInput(f"{by!r} is not a step.", hint=f"Use one of {', '.join(Grain)}.")
    grain = Grain(by)
    if length // _STEPS[grain] > _MOST_POINTS:
        raise InvalidInput(
            f"{length:,} days by {grain} are more points than a page can show.", hint="Choose a longer step."
        )
    return grain


def _compare(text: str) -> Compare:
    for known in _COMPARES:
        if text == known:
            return known
    raise InvalidInput(f"{text!r} is not a comparison.", hint="Use none, previous or year.")
