"""What arithmetic over names comes to: a weighted sum of them, one such sum over another, or neither.

Sums over units add up to the same sum over everybody, and so do both sides of a fraction: such arithmetic can be told
apart by unit, pooled over time, and given an interval.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from upshot.metrics.expression import Binary, Expression, Negate, Number, Property

__all__ = ["Fraction", "Linear", "evaluated", "fraction_of", "linear_of", "nothing_divided_by"]


@dataclass(frozen=True, slots=True)
class Linear:
    """``constant`` plus each name times its weight; a weight of 0 is left out."""

    weights: Mapping[str, float] = field(default_factory=dict)
    constant: float = 0.0

    @property
    def nothing(self) -> bool:
        """Whether it is 0 whatever the names stand for."""
        return not self.weights and self.constant == 0.0

    @property
    def sums(self) -> bool:
        """Whether it adds up when its names do: it has some, and no constant."""
        return bool(self.weights) and self.constant == 0.0

    @property
    def alone(self) -> str:
        """The one name that it is a positive multiple of; empty where it is none."""
        (name, weight), *more = self.weights.items() or [("", 0.0)]
        return name if self.sums and not more and weight > 0 else ""

    def times(self, factor: float) -> "Linear":
        """All of it multiplied."""
        return _linear({name: weight * factor for name, weight in self.weights.items()}, self.constant * factor)

    def plus(self, other: "Linear") -> "Linear":
        """Both together."""
        weights = {n: self.weights.get(n, 0.0) + other.weights.get(n, 0.0) for n in {**self.weights, **other.weights}}
        return _linear(weights, self.constant + other.constant)


@dataclass(frozen=True, slots=True)
class Fraction:
    """``upper`` over ``lower``; without ``lower``, ``upper`` alone."""

    upper: Linear
    lower: Linear | None = None


def _linear(weights: dict[str, float], constant: float) -> Linear:
    return Linear({name: weight for name, weight in weights.items() if weight}, constant)


def evaluated(expression: Expression, values: Mapping[str, float | None]) -> float | None:
    """The number that it comes to; None where a name has none, or where it divides by zero.

    >>> from upshot.metrics.arithmetic import parse_expression
    >>> evaluated(parse_expression("(a - b) / a"), {"a": 4.0, "b": 1.0})
    0.75
    """
    match expression:
        case Number(value=constant):
            return constant
        case Property(name=name):
            return values[name]
        case Negate(operand=operand):
            inner = evaluated(operand, values)
            return None if inner is None else -inner
        case Binary(op=op, left=left, right=right):
            a, b = evaluated(left, values), evaluated(right, values)
            if a is None or b is None:
                return None
            match op:
                case "+":
                    return a + b
                case "-":
                    return a - b
                case "*":
                    return a * b
                case "/":
                    return a / b if b else None


def linear_of(expression: Expression) -> Linear | None:
    """The weighted sum that it is; None where it is none.

    >>> from upshot.metrics.arithmetic import parse_expression
    >>> linear_of(parse_expression("2 * (a - b) + a / 4"))
    Linear(weights={'a': 2.25, 'b': -2.0}, constant=0.0)
    """
    found = fraction_of(expression)
    return found.upper if found is not None and found.lower is None else None


def fraction_of(expression: Expression) -> Fraction | None:
    """The weighted sum, or the fraction of two, that it is wherever it divides by nothing that is zero; else None.

    >>> from upshot.metrics.arithmetic import parse_expression
    >>> fraction_of(parse_expression("100 * (a - b) / a - 1")).upper
    Linear(weights={'a': 99.0, 'b': -100.0}, constant=0.0)
    """
    match expression:
        case Number(value=constant):
            return Fraction(Linear({}, constant))
        case Property(name=name):
            return Fraction(Linear({name: 1.0}))
        case Negate(operand=operand):
            inner = fraction_of(operand)
            return None if inner is None else Fraction(inner.upper.times(-1.0), inner.lower)
        case Binary(op=op, left=left, right=right):
            a, b = fraction_of(left), fraction_of(right)
            if a is None or b is None:
                return None
            match op:
                case "+":
                    return _added(a, b)
                case "-":
                    return _added(a, Fraction(b.upper.times(-1.0), b.lower))
                case "*":
                    return _times(a, b) or _times(b, a)
                case "/":
                    return _over(a, b)


def _added(a: Fraction, b: Fraction) -> Fraction | None:
    if a.lower == b.lower:
        return Fraction(a.upper.plus(b.upper), a.lower)
    for one, other in ((a, b), (b, a)):
        if one.lower is not None and other.lower is None and not other.upper.weights:
            return Fraction(one.upper.plus(one.lower.times(other.upper.constant)), one.lower)
    return None


def _times(a: Fraction, b: Fraction) -> Fraction | None:
    """``a`` times ``b``, where ``b`` is a number."""
    if b.lower is None and not b.upper.weights:
        return Fraction(a.upper.times(b.upper.constant), a.lower)
    return None


def _over(a: Fraction, b: Fraction) -> Fraction | None:
    if b.lower is not None or b.upper.nothing:
        return None
    if not b.upper.weights:
        return Fraction(a.upper.times(1.0 / b.upper.constant), a.lower)
    return Fraction(a.upper, b.upper) if a.lower is None else None


def nothing_divided_by(expression: Expression) -> Expression | None:
    """The first divisor in it that is 0 whatever the names stand for; None where there is none.

    >>> from upshot.metrics.arithmetic import parse_expression
    >>> nothing_divided_by(parse_expression("a / (b - b)")).text
    'b - b'
    """
    match expression:
        case Number() | Property():
            return None
        case Negate(operand=operand):
            return nothing_divided_by(operand)
        case Binary(op=op, left=left, right=right):
            found = linear_of(right) if op == "/" else None
            if found is not None and found.nothing:
                return right
            return nothing_divided_by(left) or nothing_divided_by(right)
