"""What is shown: a saved metric, or a measure of an event, as a word in the address and as a definition.

``metric:revenue``, ``events:purchase``, ``persons:purchase``, ``days:purchase``, ``sum:purchase:amount``. A part that
holds a colon or a percent sign writes it as ``%3A`` and ``%25``; every event is ``*``.
"""

from collections.abc import Iterable

import msgspec

from upshot.api.metrics import MetricView
from upshot.core.errors import InvalidInput
from upshot.core.ids import slug
from upshot.core.problems import Problem
from upshot.metrics.ad_hoc import measure_of
from upshot.metrics.arithmetic import parse_expression
from upshot.metrics.definition import EVERY_EVENT, Metric, Selection
from upshot.metrics.kinds import MEASURES

__all__ = ["METRIC", "Thing", "metric_name", "named_thing", "read_thing"]

METRIC = "metric"
"""What stands before the name of a saved metric; before an event's stands one of ``MEASURES``."""


class Thing(msgspec.Struct, frozen=True):
    """One thing to show. ``name`` is the metric's or the event's; ``value`` the property or arithmetic over it."""

    measure: str
    name: str
    value: str = ""

    @property
    def word(self) -> str:
        """As it stands in an address."""
        return ":".join((self.measure, _escaped(self.name), *((_escaped(self.value),) if self.value else ())))

    @property
    def saved(self) -> bool:
        """Whether it is a metric of the catalog."""
        return self.measure == METRIC

    @property
    def title(self) -> str:
        """In words; of a saved metric its name.

        >>> Thing("sum", "purchase", "amount").title, Thing("persons", "*").title
        ('Sum of amount of purchase', 'Persons with any event')
        """
        if self.saved:
            return self.name
        _, measure = MEASURES[self.measure]
        every = self.name == EVERY_EVENT
        if every and measure.of_every:
            return measure.of_every
        return measure.title.format(event="any event" if every else self.name, value=self.value)

    def metric(self, title: str = "") -> Metric:
        """The definition of what is not saved.

        Raises:
            InvalidInput: The value is no property and no arithmetic.
        """
        value = None
        if _needs_value(self.measure):
            parsed = parse_expression(self.value)
            if isinstance(parsed, Problem):
                raise InvalidInput(parsed.message, hint="Write a property such as amount, or price * quantity.")
            value = parsed
        selection = Selection(() if self.name == EVERY_EVENT else (self.name,))
        return measure_of(self.measure, metric_name(self.title), title or self.title, selection, value)


def metric_name(title: str) -> str:
    """A name for a metric with that title.

    >>> metric_name("Sum of price × 2 of Käufe"), metric_name("7 days")
    ('sum_of_price_2_of_kaufe', 'metric_7_days')
    """
    plain = slug(title, joint="_", kept="_", most=80)
    return plain if plain[0].isalpha() else f"metric_{plain}"


def read_thing(word: str) -> Thing:
    """The thing that a word of an address names.

    Raises:
        InvalidInput: It names none.
    """
    measure, *parts = (_plain(part) for part in word.split(":"))
    fits = len(parts) == (2 if _needs_value(measure) else 1) and all(parts)
    if (measure != METRIC and measure not in MEASURES) or not fits:
        raise InvalidInput(
            f"{word!r} names nothing to show.",
            hint="Write metric:NAME, events:EVENT, persons:EVENT or sum:EVENT:VALUE.",
        )
    return Thing(measure, *parts)


def named_thing(text: str, measure: str, value: str, metrics: Iterable[MetricView]) -> Thing:
    """What a form means: a metric by title or name where no measure of events is chosen, otherwise an event.

    Raises:
        InvalidInput: The measure needs a property, and none was named.
    """
    if not measure:
        folded = text.casefold()
        for metric in metrics:
            if folded in (metric.title.casefold(), metric.name.casefold()):
                return Thing(METRIC, metric.name)
        measure = "events"
    if measure not in MEASURES:
        raise InvalidInput(f"{measure!r} is no measure.", hint=f"Use one of {', '.join(MEASURES)}.")
    if _needs_value(measure) and not value:
        raise InvalidInput(f"{MEASURES[measure][1].label}: of which one?", hint="Name a property, such as amount.")
    return Thing(measure, text, value if _needs_value(measure) else "")


def _needs_value(measure: str) -> bool:
    return measure in MEASURES and "value" in MEASURES[measure][0].kind.needed


def _escaped(part: str) -> str:
    return part.replace("%", "%25").replace(":", "%3A")


def _plain(part: str) -> str:
    return part.replace("%3A", ":").replace("%25", "%")
