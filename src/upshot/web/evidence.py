"""Effects, verdicts and grades as pages show them."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from upshot.answers.pictures import Words
from upshot.catalog.verdict import Effect, Grade, Interval, VerdictWord
from upshot.charts import period_label
from upshot.core.time import Grain
from upshot.core.units import format_interval

__all__ = [
    "GRADES",
    "IntervalBar",
    "day_words",
    "interval_bar",
    "interval_words",
    "reach_of",
    "round_money",
    "short_day",
    "tone_of",
    "window_words",
]

Tone = Literal["good", "bad", "warn", "plain"]
_TONES: dict[VerdictWord, Tone] = {
    VerdictWord.IMPROVED: "good",
    VerdictWord.HARMED: "bad",
    VerdictWord.MIXED: "warn",
}
GRADES = {
    Grade.A: "A: randomised and healthy",
    Grade.B: "B: strong quasi-experiment that passed its checks",
    Grade.C: "C: weaker quasi-experiment that passed its checks",
    Grade.D: "D: description, not a measurement",
    Grade.U: "U: not measurable yet, or not at all",
}
"""What each grade of evidence means."""
_WIDTH = 120.0
_WITHOUT_CENTS_FROM = 100
_INSET = 3.0


class IntervalBar(msgspec.Struct, frozen=True):
    """An interval drawn on a line with zero on it; x positions from 0 to ``width``."""

    width: float
    zero: float
    value: float
    low: float
    high: float
    tone: Tone


def tone_of(word: VerdictWord | None) -> Tone:
    """How a verdict is coloured; grey for what says neither good nor bad."""
    return "plain" if word is None else _TONES.get(word, "plain")


def interval_words(interval: Interval | None) -> str:
    """A relative effect with its interval; a dash for none.

    >>> interval_words(Interval(0.15, 0.121, 0.18))
    '+15.0% (+12.1% to +18.0%)'
    """
    if interval is None:
        return "–"
    return format_interval(interval.value, interval.low, interval.high)


def round_money(value: float, currency: str) -> str:
    """An amount where cents say nothing: whole units from 100 on.

    >>> round_money(-1234.5, "EUR"), round_money(12.5, "EUR")
    ('−€1,234', '€12.50')
    """
    words = Words("money", currency)
    if abs(value) < _WITHOUT_CENTS_FROM:
        return words.write(value)
    return f"{'−' if value < 0 else ''}{words.axis.sign}{abs(value):,.0f}"


def interval_bar(interval: Interval | None, reach: float, direction: str = "up") -> IntervalBar | None:
    """The bar of one interval; ``reach`` is what lies at both ends of the line, so that bars can be compared."""
    if interval is None or not reach > 0:
        return None

    def place(x: float) -> float:
        inside = min(max(x / reach, -1.0), 1.0)
        return round(_WIDTH / 2 + inside * (_WIDTH / 2 - _INSET), 2)

    rises = interval.low > 0
    clear = rises or interval.high < 0
    tone: Tone = "plain" if not clear or direction == "none" else "good" if rises == (direction == "up") else "bad"
    return IntervalBar(_WIDTH, place(0.0), place(interval.value), place(interval.low), place(interval.high), tone)


def reach_of(intervals: Iterable[Interval | None]) -> float:
    """What the bars of these intervals need on each side; outlying ends are cut off, so that the others can be read."""
    ends = sorted(max(abs(i.low), abs(i.high)) for i in intervals if i is not None)
    if not ends:
        return 0.0
    usual = ends[int(0.8 * (len(ends) - 1))]
    return min(ends[-1], 2.5 * usual)


def window_words(effect: Effect) -> str:
    """The days that an effect is over."""
    return f"{day_words(effect.first_day)} to {day_words(effect.last_day)}"


def short_day(day: date | None) -> str:
    """A day without its weekday; a dash for none.

    >>> short_day(date(2026, 8, 4))
    '4 Aug 2026'
    """
    return "–" if day is None else f"{day.day} {day:%b} {day.year}"


def day_words(day: date | None) -> str:
    """A day; a dash for none."""
    return "–" if day is None else period_label(day, Grain.DAY)
