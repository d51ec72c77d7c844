"""What a metric is: frozen values with one canonical form and one hash.

Everything that measures uses these: pages, studies, objectives and alerts. The hash covers what decides the number
(type, events, filters, value, unit, windows) and not how it is shown (name, title, description, format, direction).
"""

import enum
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import msgspec

from upshot.core.time import Grain
from upshot.metrics.expression import Binary, Expression, Negate, Number, Property, is_word, quote_name, renamed
from upshot.metrics.kinds import Format, Kind, MetricType, RetentionKind, State, Window
from upshot.metrics.linear import Fraction, evaluated, fraction_of

__all__ = [
    "EVERY_EVENT",
    "WITHOUT_VALUE",
    "Arithmetic",
    "Binary",
    "Direction",
    "Expression",
    "Field",
    "Filter",
    "Format",
    "Membership",
    "Metric",
    "MetricType",
    "Negate",
    "Number",
    "Op",
    "Property",
    "RetentionKind",
    "Scope",
    "Selection",
    "State",
    "Value",
    "Window",
    "quote_name",
]

EVERY_EVENT = "*"
Direction = Literal["up", "down", "none"]
_HASH_VERSION = 1
_DAY_SECONDS = 86_400


class Scope(enum.StrEnum):
    """What a field is read from.

    ``EVENT``: a property of the event. ``COLUMN``: what every event has (``$event``, ``$source``, …). ``UNIT``: a trait
    of the unit, as of the event's time. ``FIRST``: a property of the unit's first event. ``COHORT``: the period of the
    unit's first event. ``SEGMENT``: named conditions on the unit.
    """

    EVENT = "event"
    COLUMN = "column"
    UNIT = "unit"
    FIRST = "first"
    COHORT = "cohort"
    SEGMENT = "segment"


class Field(msgspec.Struct, frozen=True, order=True):
    """Something to filter or to break down by.

    ``name`` is the property's or column's name; for ``COHORT`` it is a grain. ``unit_type`` is set for ``UNIT`` only.
    """

    scope: Scope
    name: str
    unit_type: str = ""

    @property
    def text(self) -> str:
        """As people write it: ``Country``, ``"a.b"``, ``$event``, ``person.plan``, ``first.Country``, ``cohort.week``.

        >>> Field(Scope.UNIT, "plan", "person").text
        'person.plan'
        """
        match self.scope:
            case Scope.EVENT:
                return quote_name(self.name)
            case Scope.COLUMN:
                return f"${self.name}"
            case Scope.UNIT:
                return f"{quote_name(self.unit_type)}.{quote_name(self.name)}"
            case Scope.FIRST:
                return f"first.{quote_name(self.name)}"
            case Scope.COHORT:
                return f"cohort.{self.name}"
            case Scope.SEGMENT:
                return "segment"


class Op(enum.StrEnum):
    """How a field is compared.

    A negation is the exact complement: what is null passes ``!=``, ``not in``, ``not contains``, ``not starts with``.
    Comparisons (``<`` and so on) are never met by null, and null is not "no number".
    """

    EQ = "="
    NE = "!="
    IN = "in"
    NOT_IN = "not in"
    CONTAINS = "contains"
    NOT_CONTAINS = "not contains"
    STARTS_WITH = "starts with"
    NOT_STARTS_WITH = "not starts with"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    IS_NULL = "is null"
    IS_NOT_NULL = "is not null"
    IS_NO_NUMBER = "is no number"

    @property
    def negated(self) -> bool:
        """Whether it is the complement of another one."""
        return self in _POSITIVE

    @property
    def positive(self) -> "Op":
        """The one that it negates, or itself."""
        return _POSITIVE.get(self, self)


WITHOUT_VALUE = (Op.IS_NULL, Op.IS_NOT_NULL, Op.IS_NO_NUMBER)
"""Comparisons that need no value."""

_POSITIVE = {
    Op.NE: Op.EQ,
    Op.NOT_IN: Op.IN,
    Op.NOT_CONTAINS: Op.CONTAINS,
    Op.NOT_STARTS_WITH: Op.STARTS_WITH,
    Op.IS_NOT_NULL: Op.IS_NULL,
}


class Value(msgspec.Struct, frozen=True, order=True):
    """A constant in a filter; ``number`` is set where it was written as a bare number.

    Equality with a bare number is met by the same number and by the same text.
    """

    text: str
    number: float | None = None

    @property
    def written(self) -> str:
        """As it must be written in a filter."""
        if self.number is not None:
            return self.text
        if is_word(self.text):
            return self.text
        return '"' + self.text.replace('"', '""') + '"'


class Filter(msgspec.Struct, frozen=True, order=True):
    """One condition on events; several of them must all hold."""

    field: Field
    op: Op
    values: tuple[Value, ...] = ()

    @property
    def text(self) -> str:
        """In the words of the filter grammar.

        >>> Filter(Field(Scope.EVENT, "Country"), Op.IN, (Value("France"), Value("United Kingdom"))).text
        'Country in (France, "United Kingdom")'
        """
        left = f"{self.field.text} {self.op}"
        if self.op in WITHOUT_VALUE:
            return left
        if self.op in (Op.IN, Op.NOT_IN):
            return f"{left} ({', '.join(v.written for v in self.values)})"
        return f"{left} {self.values[0].written}"

    def canonical(self) -> "Filter":
        """The same condition with the values of a list sorted and without repetition."""
        return msgspec.structs.replace(self, values=tuple(sorted(set(self.values), key=lambda v: v.written)))


class Membership(Filter, frozen=True, order=True):
    """A condition on segments by name, with what they mean: it holds where all conditions of any of ``parts`` do."""

    parts: tuple[tuple[Filter, ...], ...] = ()

    def canonical(self) -> "Membership":
        """The same condition whatever its segments are called and in whatever order."""
        parts = {tuple(sorted({f.canonical() for f in part}, key=lambda f: f.text)) for part in self.parts}
        ordered = tuple(sorted(parts, key=lambda part: [f.text for f in part]))
        op = Op.NOT_IN if self.op.negated else Op.IN
        return msgspec.structs.replace(self, op=op, values=(), parts=ordered)


class Selection(msgspec.Struct, frozen=True):
    """Events by name and by filters; no names mean every event."""

    events: tuple[str, ...] = ()
    where: tuple[Filter, ...] = ()

    def canonical(self) -> "Selection":
        """The same selection in one order and without repetition."""
        filters = {f.canonical() for f in self.where}
        return Selection(tuple(sorted(set(self.events))), tuple(sorted(filters, key=_order)))

    def narrowed(self, where: tuple[Filter, ...]) -> "Selection":
        """With more conditions."""
        return Selection(self.events, (*self.where, *where))


def _order(condition: Filter) -> list[str]:
    parts = condition.parts if isinstance(condition, Membership) else ()
    return [condition.text, *(inner.text for part in parts for inner in part)]


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One definition of a number.

    Attributes:
        selection: The events that count; for ``conversion`` the goal, for ``retention`` the return.
        value: What is summed, averaged or counted distinct.
        unit: Who is counted: ``person``, ``device``, ``session`` or a group.
        window: For ``active`` and ``stickiness``, ``lifecycle`` and ``quick_ratio``.
        state: For ``lifecycle``.
        of: Where a ``conversion`` starts, or what makes a unit join a ``retention`` cohort (none: the return itself).
        steps: For ``funnel``: what a unit does, one after the other.
        within_seconds: How long after the start the goal still counts.
        within_exact: Whether that is meant to the second, and not as whole local days.
        kind: For ``retention``.
        period: For ``retention``: the length of a period where the question does not say.
        after: For ``retention``: the period (for ``bracket``: its number) whose share the series shows.
        brackets: For ``bracket`` retention: the last period of each bracket, ascending.
        numerator: For ``ratio``.
        denominator: For ``ratio``.
        formula: For ``formula``: arithmetic over the names of ``operands``.
        operands: For ``formula``: the metrics that it names, in the order in which it does.
    """

    name: str
    type: MetricType
    title: str = ""
    description: str = ""
    selection: Selection = Selection()
    value: Expression | None = None
    unit: str = "person"
    window: Window = Window.PERIOD
    state: State = State.NEW
    of: Selection | None = None
    steps: tuple[Selection, ...] = ()
    within_seconds: int = 0
    within_exact: bool = False
    kind: RetentionKind = RetentionKind.N_DAY
    period: Grain = Grain.WEEK
    after: int = 1
    brackets: tuple[int, ...] = ()
    numerator: "Metric | None" = None
    denominator: "Metric | None" = None
    formula: Expression | None = None
    operands: tuple["Metric", ...] = ()
    format: Format = "number"
    direction: Direction = "up"

    @property
    def is_a(self) -> Kind:
        """What its kind is."""
        return self.type.kind

    @property
    def additive(self) -> bool:
        """Whether values of disjoint periods, groups and units add up."""
        if self.formula is None:
            return self.is_a.additive
        found = self.arithmetic
        is_sum = found.fraction is not None and found.fraction.lower is None and found.fraction.upper.sums
        return is_sum and all(leaf.additive for leaf in found.leaves.values())

    @property
    def fractional(self) -> bool:
        """Whether it is a numerator over a denominator."""
        if self.formula is None:
            return self.is_a.fraction
        fraction = self.arithmetic.fraction
        return fraction is not None and fraction.lower is not None

    @property
    def absent(self) -> float | None:
        """The value of a period without a row: what a formula comes to of those of its parts."""
        if self.formula is None:
            return self.is_a.absent
        found = self.arithmetic
        return evaluated(found.expression, {key: leaf.absent for key, leaf in found.leaves.items()})

    @property
    def arithmetic(self) -> "Arithmetic":
        """A formula over metrics that are themselves no formulas and no ratios."""
        return _arithmetic(self)

    @property
    def parts(self) -> tuple["Metric", ...]:
        """The metrics that it is made of: numerator and denominator, or those that its formula names."""
        return (*(part for part in (self.numerator, self.denominator) if part is not None), *self.operands)

    def with_parts(self, change: Callable[["Metric"], "Metric"]) -> "Metric":
        """The same metric of changed parts."""
        if not self.parts:
            return self
        return msgspec.structs.replace(
            self,
            numerator=change(self.numerator) if self.numerator else None,
            denominator=change(self.denominator) if self.denominator else None,
            operands=tuple(map(change, self.operands)),
        )

    @property
    def selections(self) -> tuple[Selection, ...]:
        """The events that the definition itself asks for, those of its parts left out."""
        own = (self.selection,) if "event" in self.is_a.keys else ()
        return (*own, *((self.of,) if self.of else ()), *self.steps)

    @property
    def path(self) -> tuple[Selection, ...]:
        """What a unit does, one after the other, to convert: a conversion is a funnel of two steps."""
        return self.steps or ((self.of, self.selection) if self.of else ())

    def with_selections(self, change: Callable[[Selection], Selection]) -> "Metric":
        """The same metric of changed selections, those of its parts left as they are."""
        return msgspec.structs.replace(
            self,
            selection=change(self.selection) if "event" in self.is_a.keys else self.selection,
            of=change(self.of) if self.of else None,
            steps=tuple(map(change, self.steps)),
        )

    @property
    def within_days(self) -> int | None:
        """The local days after the start's own on which the goal still counts; None where seconds are meant."""
        exact = self.within_exact or self.within_seconds % _DAY_SECONDS
        return None if exact else self.within_seconds // _DAY_SECONDS

    def narrowed(self, where: tuple[Filter, ...]) -> "Metric":
        """The same metric of fewer events: with more conditions on each of its selections."""
        if not where:
            return self
        parts_too = self.with_parts(lambda part: part.narrowed(where))
        return parts_too.with_selections(lambda selection: selection.narrowed(where))

    def canonical(self) -> bytes:
        """What decides the number, as bytes: equal for definitions that mean the same and differ in spelling."""
        return msgspec.json.encode([_HASH_VERSION, _essence(self)])

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical form, 64 hexadecimal digits."""
        return hashlib.sha256(self.canonical()).hexdigest()


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What a formula is in the end: arithmetic over ``leaves``, each under the hash that stands for it."""

    expression: Expression
    leaves: Mapping[str, Metric]

    @property
    def fraction(self) -> Fraction | None:
        """The weighted sum, or the fraction of two, that it is; None where it is neither."""
        return fraction_of(self.expression)


@lru_cache(maxsize=1_000)
def _arithmetic(metric: Metric) -> Arithmetic:
    if metric.numerator is not None and metric.denominator is not None:
        upper, lower = _arithmetic(metric.numerator), _arithmetic(metric.denominator)
        return Arithmetic(Binary("/", upper.expression, lower.expression), {**upper.leaves, **lower.leaves})
    if metric.formula is None:
        return Arithmetic(Property(metric.hash), {metric.hash: metric})
    parts = {part.name: _arithmetic(part) for part in metric.operands}
    leaves = {key: leaf for part in parts.values() for key, leaf in part.leaves.items()}
    return Arithmetic(renamed(metric.formula, lambda name: parts[name].expression), leaves)


def _essence(metric: Metric) -> list[object]:
    """Type, unit and selection, and then what the keys of its kind say, in the order of ``_DECIDES``."""
    keys = metric.is_a.keys
    rest = [value for key, decides in _DECIDES for value in (decides(metric) if key in keys else ())]
    return [metric.type, metric.unit, metric.selection.canonical(), *rest]


def _start(metric: Metric) -> Selection | None:
    return metric.of.canonical() if metric.of else None


def _within(metric: Metric) -> list[object]:
    exact = metric.within_seconds % _DAY_SECONDS == 0 and metric.within_exact
    # Days are the rule: only what could be taken for them and is not says so, and all other hashes stay as they were.
    return [metric.within_seconds, *(["exact"] if exact else [])]


_DECIDES: tuple[tuple[str, Callable[[Metric], list[object]]], ...] = (
    ("value", lambda metric: [metric.value]),
    ("window", lambda metric: [metric.window]),
    ("state", lambda metric: [metric.state]),
    ("of", lambda metric: [_start(metric)]),
    ("steps", lambda metric: [[step.canonical() for step in metric.steps]]),
    ("within", _within),
    ("period", lambda metric: [metric.kind, metric.period, metric.after, metric.brackets]),
    ("numerator", lambda m: [_essence(part) if part else None for part in (m.numerator, m.denominator)]),
    ("formula", lambda metric: [metric.arithmetic.expression]),
)
"""What the number depends on, by the key that says it."""
