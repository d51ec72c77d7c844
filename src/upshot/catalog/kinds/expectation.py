"""What the authors of an output said beforehand that it would do, in one line that people can write anywhere.

``subscriptions +5% (1%..9%) within 30d``: the metric, the change, the range that holds the true effect with a chance of
80 %, and by when. A change with a percent sign is relative; one without is in the metric's own unit.
"""

import hashlib
import re

import msgspec

from upshot.core.errors import InvalidInput
from upshot.core.units import counted, typographic

__all__ = ["RANGE_LEVEL", "Expectation", "parse_expectation"]

RANGE_LEVEL = 0.8
_NUMBER = r"[+\-−]?\d+(?:\.\d+)?"
_LINE = re.compile(
    rf"""\s*(?P<metric>[A-Za-z_][A-Za-z0-9_-]*)
    \s+(?P<change>{_NUMBER})\s*(?P<percent>%)?
    (?:\s*\(\s*(?P<low>{_NUMBER})\s*%?\s*(?:\.\.|…|to)\s*(?P<high>{_NUMBER})\s*%?\s*\))?
    \s+within\s+(?P<count>\d{{1,4}})\s*(?P<unit>d|days?|w|weeks?|months?)\s*""",
    re.VERBOSE,
)
_DAYS = {"d": 1, "w": 7, "m": 30}
_EXAMPLE = "Write it as: new_subscriptions +5% (1%..9%) within 30d."
_LONGEST_DAYS = 1_100


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """An expected effect.

    Attributes:
        metric: Of which metric.
        change: Its expected change: a share of what would have been where ``relative`` (0.05 is +5 %), else in the
            metric's unit.
        low: Lower end of the range that holds the true effect with a chance of 80 %; None where none was given.
        high: Upper end.
        within_days: Days after the launch by which the effect is there.
    """

    metric: str
    change: float
    relative: bool
    low: float | None
    high: float | None
    within_days: int

    @property
    def text(self) -> str:
        """The line that gives this expectation.

        >>> parse_expectation("revenue +5% (1..9) within 4w").text
        'revenue +5% (1%..9%) within 28d'
        """
        span = "" if self.low is None or self.high is None else f" ({self._plain(self.low)}..{self._plain(self.high)})"
        sign = "" if self.change < 0 else "+"
        return f"{self.metric} {sign}{self._plain(self.change)}{span} within {self.within_days}d"

    def words(self, title: str) -> str:
        """The same for a reader: ``title`` is the metric's, and days are said as days.

        >>> parse_expectation("revenue +5% (-1..9) within 4w").words("Revenue")
        'Revenue +5% (−1% to 9%) within 28 days'
        """
        span = (
            "" if self.low is None or self.high is None else f" ({self._plain(self.low)} to {self._plain(self.high)})"
        )
        days = counted(self.within_days, "day")
        sign = "" if self.change < 0 else "+"
        return f"{title} {typographic(f'{sign}{self._plain(self.change)}{span}')} within {days}"

    def _plain(self, value: float) -> str:
        return f"{value * 100:.10g}%" if self.relative else f"{value:.10g}"

    def seal(self, output: str) -> str:
        """SHA-256 over the output's name and the expectation, 64 hexadecimal digits."""
        return hashlib.sha256(msgspec.json.encode(["expectation", 1, output, self.text])).hexdigest()


def parse_expectation(line: str) -> Expectation:
    """The expectation that ``line`` states.

    Raises:
        InvalidInput: It states none, its range does not hold its change, or it promises no change.
    """
    found = _LINE.fullmatch(line)
    if found is None:
        raise InvalidInput(f"{line!r} is not an expectation.", hint=_EXAMPLE)
    relative = found["percent"] is not None
    scale = 100.0 if relative else 1.0

    def number(text: str | None) -> float | None:
        return None if text is None else float(text.replace("−", "-")) / scale

    change, low, high = number(found["change"]), number(found["low"]), number(found["high"])
    days = int(found["count"]) * _DAYS[found["unit"][0]]
    if change is None or change == 0:
        raise InvalidInput(f"{line!r} expects no change.", hint="An output that should change nothing is upkeep.")
    if low is not None and high is not None and not low <= change <= high:
        raise InvalidInput(f"The range of {line!r} does not hold its change.", hint=_EXAMPLE)
    if not 1 <= days <= _LONGEST_DAYS:
        raise InvalidInput(f"{line!r} looks {days} days ahead.", hint=f"Name 1 to {_LONGEST_DAYS} days.")
    return Expectation(metric=found["metric"], change=change, relative=relative, low=low, high=high, within_days=days)
