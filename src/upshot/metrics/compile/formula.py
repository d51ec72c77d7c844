"""Arithmetic over metrics: each is counted by itself, and then they meet by period, group or unit."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import ibis
from ibis.expr.types import Table

from upshot.metrics.compile.calendar import Column
from upshot.metrics.compile.query import Route
from upshot.metrics.definition import Metric
from upshot.metrics.expression import Binary, Expression, Negate, Number, Property
from upshot.metrics.linear import Linear
from upshot.metrics.plan import Plan

__all__ = ["Counted", "counted_together", "formula_columns", "sides"]


class Counted(NamedTuple):
    """A part with how it was counted: ``rows`` with ``value`` (double) by the keys."""

    rows: Table
    route: Route
    reason: str


def counted_together(parts: Mapping[str, tuple[Metric, Counted]], keys: Sequence[str]) -> tuple[Plan, Table]:
    """The parts side by side: ``keys`` and a column for each part, under its own name.

    Where a part has no row it is what is absent of it; keys that are null meet, too.
    """
    null = ibis.null("float64")
    tables = [
        found.rows.select(*keys, **{n: found.rows["value"].cast("float64") if n == name else null for n in parts})
        for name, (_, found) in parts.items()
    ]
    both = ibis.union(*tables) if len(tables) > 1 else tables[0]
    rows = both.group_by(list(keys)).agg(**{name: both[name].max() for name in parts})
    filled: dict[str, Column] = {
        name: rows[name] if part.absent is None else rows[name].fill_null(part.absent)
        for name, (part, _) in parts.items()
    }
    routes = [found.route for _, found in parts.values()]
    reasons = dict.fromkeys(found.reason for _, found in parts.values())
    return Plan(max(routes, key=list(Route).index), " ".join(reasons)), rows.select(*keys, **filled)


def formula_columns(metric: Metric, rows: Table) -> dict[str, Column]:
    """``numerator`` and ``denominator`` where the formula is a fraction, otherwise ``value``; leaves are columns."""
    found = metric.arithmetic
    if found.fraction is not None and found.fraction.lower is not None:
        return dict(zip(("numerator", "denominator"), sides(metric, rows), strict=True))
    return {"value": _value(found.expression, rows)}


def sides(metric: Metric, rows: Table) -> list[Column]:
    """The weighted sum that the formula is, or the two that it is a fraction of."""
    fraction = metric.arithmetic.fraction
    assert fraction is not None, "the metric was asked for why it has none"  # noqa: S101
    return [_sum(side, rows) for side in (fraction.upper, fraction.lower) if side is not None]


def _sum(side: Linear, rows: Table) -> Column:
    total: Column = ibis.literal(side.constant, "float64")
    for name, weight in side.weights.items():
        total = total + rows[name] * ibis.literal(weight, "float64")
    return total


def _value(expression: Expression, rows: Table) -> Column:
    match expression:
        case Number(value=constant):
            return ibis.literal(constant, "float64")
        case Property(name=name):
            return rows[name]
        case Negate(operand=operand):
            return -_value(operand, rows)
        case Binary(op=op, left=left, right=right):
            a, b = _value(left, rows), _value(right, rows)
            match op:
                case "+":
                    return a + b
                case "-":
                    return a - b
                case "*":
                    return a * b
                case "/":
                    return a / b.nullif(0.0)
