"""The study of a launch that nobody declared one for: made from what its authors expected.

Primary metric: that of the first expectation that was sealed before the launch, else of the first one, which is marked
late. Without any expectation: the metric of the outputs' objective, else the only outcome that is declared. Readings:
every 30 days up to ``within_days``, and on it. Smallest effect: half of the expected range's end that is nearer to zero
where that is relative, else 2 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from upshot.catalog.kinds import Expectation, Study
from upshot.catalog.verdict import Seal
from upshot.studies.inputs import Sealed

__all__ = ["USUAL_DAYS", "Stated", "chosen_expectation", "default_readings", "default_study", "smallest_effect_of"]

USUAL_DAYS = 28
"""The reading of a launch of which nothing was expected: four whole weeks after it."""
_EVERY_DAYS = 30
_SMALLEST = 0.02
_LEAST = 0.001


@dataclass(frozen=True, slots=True)
class Stated:
    """An expectation of one of a launch's outputs with its seal; None while it is not sealed."""

    output: str
    expectation: Expectation
    seal: Seal | None

    def late(self, launched_at: datetime) -> bool:
        """Whether it was stated after the launch."""
        return self.seal is None or self.seal.sealed_at > launched_at

    def sealed(self, launched_at: datetime) -> Sealed | None:
        """As it enters a study's inputs."""
        if self.seal is None:
            return None
        return Sealed(
            output=self.output,
            expectation=self.expectation.text,
            sealed_at=self.seal.sealed_at,
            late=self.late(launched_at),
        )


def chosen_expectation(stated: Sequence[Stated], launched_at: datetime, metric: str = "") -> Stated | None:
    """The expectation that a study tests: the first that is not late, else the first; of ``metric`` where given."""
    fitting = [each for each in stated if not metric or each.expectation.metric == metric]
    return next((each for each in fitting if not each.late(launched_at)), fitting[0] if fitting else None)


def default_readings(launch_day: date, within_days: int) -> tuple[date, ...]:
    """Every 30 days after the launch up to ``within_days``, and then.

    >>> [str(day) for day in default_readings(date(2026, 1, 1), 45)]
    ['2026-01-31', '2026-02-15']
    """
    steps = {*range(_EVERY_DAYS, within_days + 1, _EVERY_DAYS), within_days}
    return tuple(launch_day + timedelta(days=step) for step in sorted(steps))


def smallest_effect_of(expectation: Expectation | None) -> float:
    """The smallest relative effect that matters, where nobody declared one.

    >>> from upshot.catalog.kinds import parse_expectation
    >>> smallest_effect_of(parse_expectation("sales +10% (6%..14%) within 30d"))
    0.03
    """
    if expectation is None or not expectation.relative or expectation.low is None or expectation.high is None:
        return _SMALLEST
    if expectation.low <= 0 <= expectation.high:
        return _SMALLEST
    return max(_LEAST, min(abs(expectation.low), abs(expectation.high)) / 2)


def default_study(launch: str, launch_day: date, stated: Stated | None, metric: str = "") -> Study | None:
    """The study made for a launch; None where nothing says what it should have moved.

    Args:
        launch: The launch's name.
        launch_day: Its local day.
        stated: The expectation that it tests.
        metric: What to measure where nothing was expected.
    """
    if stated is not None:
        return Study(
            name=launch,
            launch=launch,
            primary=stated.expectation.metric,
            readings=default_readings(launch_day, stated.expectation.within_days),
            smallest_effect=smallest_effect_of(stated.expectation),
        )
    if not metric:
        return None
    return Study(name=launch, launch=launch, primary=metric, readings=(launch_day + timedelta(days=USUAL_DAYS),))
