"""Which facts a declared metric needs beyond counts by unit, day and event, and what the store must keep for them."""

import hashlib
from typing import TYPE_CHECKING

import msgspec

from upshot.metrics.definition import Expression, Field, Metric, Scope, Selection
from upshot.metrics.left_out import selections_left_out

if TYPE_CHECKING:
    from ibis.expr.types import Table

    from upshot.metrics.dialect import Dialect

__all__ = ["Measure", "is_measurable", "measure_table", "measure_tables", "measures_of"]

_EVENT_FIELD = Field(Scope.COLUMN, "event")


class Measure(msgspec.Struct, frozen=True):
    """A count of matching events, and the total of a value over those that have it, for each unit and day.

    Without ``value``, every matching event counts and the total is 0; with it, events whose value is null do not count.
    """

    selection: Selection
    value: Expression | None = None

    @property
    def hash(self) -> str:
        """SHA-256 of what decides the numbers, 64 hexadecimal digits."""
        essence = msgspec.json.encode(["measure", 1, self.selection.canonical(), self.value])
        return hashlib.sha256(essence).hexdigest()


def is_measurable(selection: Selection) -> bool:
    """Whether it reads only the event itself, so that it can be counted when the event comes in."""
    return all(f.field.scope in (Scope.EVENT, Scope.COLUMN) for f in selection.where)


def measures_of(metric: Metric) -> tuple[Measure, ...]:
    """The measures that make the metric independent of raw events; none where counts by event already do, or none can.

    A distinct count and a conversion read raw events always.
    """
    wanted: list[Measure] = [m for part in metric.parts for m in measures_of(part)]
    if "event" in metric.is_a.keys and not metric.is_a.raw:
        if metric.value is not None:
            wanted.append(Measure(metric.selection, metric.value))
            wanted += [Measure(selection) for _, selection in selections_left_out(metric)]
        else:
            wanted += [measure for selection in metric.selections for measure in _unless_plain(selection)]
    unique = {m.hash: m for m in wanted if is_measurable(m.selection)}
    return tuple(unique.values())


def measure_table(measure: Measure, dialect: "Dialect") -> "Table":
    """The events that the measure counts: ``dialect.events()`` filtered, with a column ``value`` (double) added."""
    from upshot.metrics.compile.events import measured_events

    return measured_events(measure.selection, measure.value, dialect)


def measure_tables(metrics: tuple[Metric, ...], dialect: "Dialect") -> "dict[str, Table]":
    """What the store must keep for these metrics, by hash."""
    unique = {m.hash: m for metric in metrics for m in measures_of(metric)}
    return {key: measure_table(measure, dialect) for key, measure in unique.items()}


def _unless_plain(selection: Selection) -> list[Measure]:
    plain = all(f.field == _EVENT_FIELD for f in selection.where)
    return [] if plain else [Measure(selection)]
