"""What is shown: a saved metric, or a measure of an event, as a word in the address and as a definition.

``metric:revenue``, ``events:purchase``, ``persons:purchase``, ``days:purchase``, ``sum:purchase:amount``. A part that
holds a colon or a percent sign writes it as ``%3A`` and ``%25``; every event is ``*``.
"""

from collections.abc import Iterable
from typing import Literal, TypeAlias, cast, get_args

import msgspec

from upshot.api.metrics import MetricView
from upshot.core.errors import InvalidInput
from upshot.core.ids import slug
from upshot.core.problems import Problem
from upshot.metrics.arithmetic import parse_expression
from upshot.metrics.definition import EVERY_EVENT, Metric, Selection, Shape, Window

__all__ = ["MEASURES", "Measure", "Thing", "metric_name", "named_thing", "read_thing"]

Measure: TypeAlias = Literal["metric", "events", "persons", "days", "sum", "mean", "distinct"]
MEASURES: dict[Measure, str] = {
    "events": "Number of events",
    "persons": "Persons who did it",
    "days": "Days on which persons did it",
    "sum": "Sum of a property",
    "mean": "Mean of a property",
    "distinct": "Distinct values of a property",
}
"""What can be measured of an event, in words."""

_VALUED = ("sum", "mean", "distinct")
_SHAPES = {
    "events": Shape.COUNT,
    "persons": Shape.ACTIVE,
    "days": Shape.ACTIVE,
    "sum": Shape.SUM,
    "mean": Shape.MEAN,
    "distinct": Shape.DISTINCT,
}


class Thing(msgspec.Struct, frozen=True):
    """One thing to show. ``name`` is the metric's or the event's; ``value`` the property or arithmetic over it."""

    measure: Measure
    name: str
    value: str = ""

    @property
    def word(self) -> str:
        """As it stands in an address."""
        return ":".join((self.measure, _escaped(self.name), *((_escaped(self.value),) if self.value else ())))

    @property
    def saved(self) -> bool:
        """Whether it is a metric of the catalog."""
        return self.measure == "metric"

    @property
    def title(self) -> str:
        """In words; of a saved metric its name.

        >>> Thing("sum", "purchase", "amount").title, Thing("persons", "*").title
        ('Sum of amount of purchase', 'Persons with any event')
        """
        event = "any event" if self.name == EVERY_EVENT else self.name
        match self.measure:
            case "metric":
                return self.name
            case "events":
                return "Events" if self.name == EVERY_EVENT else event
            case "persons":
                return f"Persons with {event}"
            case "days":
                return f"Persons with {event}, a day"
            case "sum":
                return f"Sum of {self.value} of {event}"
            case "mean":
                return f"Mean {self.value} of {event}"
            case "distinct":
                return f"Distinct {self.value} of {event}"

    def metric(self, title: str = "") -> Metric:
        """The definition of what is not saved.

        Raises:
            InvalidInput: The value is no property and no arithmetic.
        """
        value = None
        if self.measure in _VALUED:
            parsed = parse_expression(self.value)
            if isinstance(parsed, Problem):
                raise InvalidInput(parsed.message, hint="Write a property such as amount, or price * quantity.")
            value = parsed
        return Metric(
            name=metric_name(self.title),
            title=title or self.title,
            type=_SHAPES[self.measure],
            selection=Selection(() if self.name == EVERY_EVENT else (self.name,)),
            value=value,
            window=Window.DAY if self.measure == "days" else Window.PERIOD,
            format="number" if self.measure in ("sum", "mean") else "count",
        )


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
    fits = len(parts) == (2 if measure in _VALUED else 1) and all(parts)
    if measure not in get_args(Measure) or not fits:
        raise InvalidInput(
            f"{word!r} names nothing to show.",
            hint="Write metric:NAME, events:EVENT, persons:EVENT or sum:EVENT:VALUE.",
        )
    return Thing(cast("Measure", measure), *parts)


def named_thing(text: str, measure: str, value: str, metrics: Iterable[MetricView]) -> Thing:
    """What a form means: a metric by title or name where no measure of events is chosen, otherwise an event.

    Raises:
        InvalidInput: The measure needs a property, and none was named.
    """
    if not measure:
        folded = text.casefold()
        for metric in metrics:
            if folded in (metric.title.casefold(), metric.name.casefold()):
                return Thing("metric", metric.name)
        measure = "events"
    if measure not in MEASURES:
        raise InvalidInput(f"{measure!r} is no measure.", hint=f"Use one of {', '.join(MEASURES)}.")
    if measure in _VALUED and not value:
        raise InvalidInput(f"{MEASURES[measure]}: of which one?", hint="Name a property, such as amount.")
    return Thing(measure, text, value if measure in _VALUED else "")


def _escaped(part: str) -> str:
    return part.replace("%", "%25").replace(":", "%3A")


def _plain(part: str) -> str:
    return part.replace("%3A", ":").replace("%25", "%")
