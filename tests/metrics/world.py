"""Events and traits as plain lists, filters and expressions evaluated one event at a time."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from upshot.core.time import Grain
from upshot.metrics.definition import (
    Binary,
    Expression,
    Field,
    Filter,
    Negate,
    Number,
    Op,
    Property,
    Scope,
    Selection,
)

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Event:
    """One event; ``id`` orders ties."""

    id: str
    event: str
    at: datetime
    distinct_id: str | None = None
    properties: dict[str, Scalar] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    source: str = "test"


@dataclass(frozen=True)
class Trait:
    """A trait from ``at`` on."""

    unit_type: str
    unit: str
    name: str
    value: str | None
    at: datetime


@dataclass(frozen=True)
class World:
    """Events, who is who, and what is known of them."""

    zone: ZoneInfo
    events: tuple[Event, ...]
    persons: dict[str, str] = field(default_factory=dict)
    traits: tuple[Trait, ...] = ()

    def day(self, event: Event) -> date:
        return event.at.replace(tzinfo=UTC).astimezone(self.zone).date()

    def unit(self, event: Event, unit_type: str) -> str | None:
        if unit_type == "person":
            return None if event.distinct_id is None else self.persons.get(event.distinct_id, event.distinct_id)
        if unit_type == "device":
            return event.distinct_id
        return event.groups.get(unit_type)

    def first(self, unit: str, unit_type: str) -> Event:
        own = [e for e in self.events if self.unit(e, unit_type) == unit]
        return min(own, key=lambda e: (e.at, e.id))

    def text(self, event: Event, what: Field, unit_type: str) -> str | None:
        match what.scope:
            case Scope.EVENT:
                return text_of(event.properties.get(what.name))
            case Scope.COLUMN:
                return {"event": event.event, "distinct_id": event.distinct_id, "source": event.source}.get(what.name)
            case Scope.UNIT:
                unit = self.unit(event, what.unit_type)
                said = [t for t in self.traits if (t.unit_type, t.unit, t.name) == (what.unit_type, unit, what.name)]
                known = [t for t in said if t.at <= event.at]
                return max(known, key=lambda t: t.at).value if known else None
            case Scope.FIRST | Scope.COHORT:
                unit = self.unit(event, unit_type)
                if unit is None:
                    return None
                first = self.first(unit, unit_type)
                if what.scope is Scope.FIRST:
                    return text_of(first.properties.get(what.name))
                return Grain(what.name).floor(self.day(first)).isoformat()
            case Scope.SEGMENT:
                raise AssertionError("a segment is a condition and has no text")

    def number(self, event: Event, what: Field, unit_type: str) -> float | None:
        return _number(self.text(event, what, unit_type))

    def selected(self, selection: Selection, unit_type: str) -> list[Event]:
        return [
            e
            for e in self.events
            if (not selection.events or e.event in selection.events)
            and all(self.meets(e, f, unit_type) for f in selection.where)
        ]

    def meets(self, event: Event, condition: Filter, unit_type: str) -> bool:
        positive = self._meets(event, condition, unit_type)
        return not positive if condition.op.negated else positive

    def _meets(self, event: Event, condition: Filter, unit_type: str) -> bool:
        text = self.text(event, condition.field, unit_type)
        number = self.number(event, condition.field, unit_type)
        values = condition.values
        match condition.op.positive:
            case Op.IS_NULL:
                return text is None
            case Op.IS_NO_NUMBER:
                return text is not None and number is None
            case Op.EQ | Op.IN:
                return any(text == v.text or (v.number is not None and number == v.number) for v in values)
            case Op.CONTAINS:
                return text is not None and values[0].text in text
            case Op.STARTS_WITH:
                return text is not None and text.startswith(values[0].text)
            case op:
                if values[0].number is not None:
                    return number is not None and _ordered(op, number, values[0].number)
                return text is not None and _ordered(op, text, values[0].text)


def _ordered(op: Op, a: float | str, b: float | str) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        less, same = a < b, a == b
    else:
        less, same = float(a) < float(b), float(a) == float(b)
    return {Op.LT: less, Op.LE: less or same, Op.GT: not less and not same, Op.GE: not less}[op]


def text_of(value: Scalar) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return None if value is None else str(value)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def evaluate(expression: Expression, event: Event) -> float | None:
    """The value of arithmetic at one event."""
    match expression:
        case Number(value=constant):
            return constant
        case Property(name=name):
            return _number(text_of(event.properties.get(name)))
        case Negate(operand=operand):
            inner = evaluate(operand, event)
            return None if inner is None else -inner
        case Binary(op=op, left=left, right=right):
            a, b = evaluate(left, event), evaluate(right, event)
            if a is None or b is None or (op == "/" and b == 0):
                return None
            return {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else 0.0}[op]
