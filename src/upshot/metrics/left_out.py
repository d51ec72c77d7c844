"""What a sum or a mean leaves out: values that are there and are no numbers."""

from collections.abc import Iterator

from upshot.metrics.ad_hoc import count_of
from upshot.metrics.definition import Expression, Field, Filter, Metric, Op, Scope, Selection
from upshot.metrics.expression import names_in

__all__ = ["counts_left_out", "properties_in", "selections_left_out"]


def properties_in(value: Expression | None) -> frozenset[str]:
    """The properties that an expression reads."""
    return frozenset() if value is None else frozenset(names_in(value))


def selections_left_out(metric: Metric) -> Iterator[tuple[str, Selection]]:
    """For each property whose values the metric adds up, the events of the metric whose value is no number."""
    if metric.is_a.any_value:
        return
    for name in sorted(properties_in(metric.value)):
        no_number = Filter(Field(Scope.EVENT, name), Op.IS_NO_NUMBER, ())
        yield name, Selection(metric.selection.events, (*metric.selection.where, no_number))


def counts_left_out(metric: Metric) -> dict[str, Metric]:
    """For each such property of the metric and of its parts, the metric that counts the events left out."""
    found = {name: count for part in metric.parts for name, count in counts_left_out(part).items()}
    own = {name: count_of(f"{name} is no number", selection) for name, selection in selections_left_out(metric)}
    return found | own
