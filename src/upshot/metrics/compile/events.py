"""Raw events as rows: which ones match, and the columns that a question tells apart."""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import and_, or_

import ibis
from ibis.expr.types import Table

from upshot.core.errors import InternalError, InvalidInput
from upshot.core.time import DayRange
from upshot.metrics.compile.calendar import Column, period_start
from upshot.metrics.definition import (
    Binary,
    Expression,
    Field,
    Filter,
    Membership,
    Negate,
    Number,
    Op,
    Property,
    Scope,
    Selection,
    Value,
)
from upshot.metrics.dialect import Dialect

__all__ = ["arithmetic", "earliest_rows", "event_rows", "first_days", "kept", "measured_events", "named", "within_days"]

_JOINED = (Scope.UNIT, Scope.FIRST, Scope.COHORT)
_BEYOND = (*_JOINED, Scope.SEGMENT)
_EXACT = 2.0**53
"""Below, every whole number is a double of its own."""


def event_rows(
    dialect: Dialect,
    selection: Selection,
    *,
    days: DayRange | None,
    unit_type: str,
    keyed: bool = True,
    breakdown: tuple[Field, ...] = (),
    value: Expression | None = None,
    value_text: str | None = None,
) -> Table:
    """Matching events: ``day``, ``occurred_at``, ``event_id``, ``unit_key`` (if keyed), ``group_0``…, ``value``.

    Args:
        dialect: The store's tables.
        selection: Events and filters.
        days: Local days; None for all.
        unit_type: Whose first events and cohorts are meant.
        keyed: Whether the unit's key is wanted; a question about events alone goes without.
        breakdown: Fields, as text.
        value: A double; null where an operand is missing.
        value_text: A property to be carried as text instead.
    """
    rows = named(dialect.events(), selection)
    if days is not None:
        rows = within_days(rows, days)
    fields = (*breakdown, *_fields(selection.where))
    needs_unit = keyed or any(f.scope in (Scope.FIRST, Scope.COHORT) for f in fields)
    own = [f for f in selection.where if f.field.scope not in _BEYOND]
    rows = kept(rows, dialect, own, {})
    # Texts and numbers are read before units are joined: a join that carried whole documents took a tenth longer.
    read: dict[str, Column] = {
        f"group_{i}": dialect.property_text(rows, field.name)
        for i, field in enumerate(breakdown)
        if field.scope is Scope.EVENT
    }
    if value is not None:
        read["value"] = arithmetic(value, rows, dialect)
    elif value_text is not None:
        read["value"] = dialect.property_text(rows, value_text)
    rows = rows.mutate(**read)
    if needs_unit:
        rows = dialect.with_unit(rows, unit_type)
    rows, attached = _attach(rows, dialect, fields, unit_type)
    rows = kept(rows, dialect, [f for f in selection.where if f.field.scope in _BEYOND], attached)
    columns: dict[str, Column] = {c: rows[c] for c in ("day", "occurred_at", "event_id")}
    if keyed:
        columns["unit_key"] = rows.unit_key
    for i, field in enumerate(breakdown):
        name = f"group_{i}"
        columns[name] = rows[name] if name in read else _text(rows, dialect, field, attached)
    if "value" in read:
        columns["value"] = rows["value"]
    return rows.select(**columns)


def measured_events(selection: Selection, value: Expression | None, dialect: Dialect) -> Table:
    """``dialect.events()`` filtered by what the event itself says, with a column ``value``: see ``Measure``."""
    rows = kept(named(dialect.events(), selection), dialect, list(selection.where), {})
    if value is None:
        return rows.mutate(value=ibis.literal(0.0, "float64"))
    rows = rows.mutate(value=arithmetic(value, rows, dialect))
    return rows.filter(rows.value.notnull())


def within_days(rows: Table, days: DayRange) -> Table:
    """Rows whose ``day`` is inside."""
    return rows.filter((rows.day >= ibis.date(days.start)) & (rows.day < ibis.date(days.end)))


def arithmetic(expression: Expression, rows: Table, dialect: Dialect) -> Column:
    """The expression over the properties of each row, as a double."""
    match expression:
        case Number(value=constant):
            return ibis.literal(constant, "float64")
        case Property(name=name):
            return dialect.property_number(rows, name)
        case Negate(operand=operand):
            return -arithmetic(operand, rows, dialect)
        case Binary(op=op, left=left, right=right):
            a, b = arithmetic(left, rows, dialect), arithmetic(right, rows, dialect)
            match op:
                case "+":
                    return a + b
                case "-":
                    return a - b
                case "*":
                    return a * b
                case "/":
                    return a / b.nullif(0.0)


def named(rows: Table, selection: Selection) -> Table:
    """Rows whose ``event`` the selection names."""
    if not selection.events:
        return rows
    names = sorted(set(selection.events))
    return rows.filter(rows.event == names[0] if len(names) == 1 else rows.event.isin(names))


def kept(rows: Table, dialect: Dialect, filters: list[Filter], attached: dict[Field, str]) -> Table:
    """Rows that meet all filters; ``attached`` names the columns of fields that were joined before."""
    if not filters:
        return rows
    return rows.filter(reduce(and_, (_condition(rows, dialect, f, attached) for f in filters)))


def _fields(conditions: Iterable[Filter]) -> Iterator[Field]:
    """What conditions read; a segment's are those of its own conditions."""
    for condition in conditions:
        if isinstance(condition, Membership):
            for part in condition.parts:
                yield from _fields(part)
        else:
            yield condition.field


def _text(rows: Table, dialect: Dialect, field: Field, attached: dict[Field, str]) -> Column:
    match field.scope:
        case Scope.EVENT:
            return dialect.property_text(rows, field.name)
        case Scope.COLUMN:
            return rows[field.name].cast("string")
        case Scope.UNIT | Scope.FIRST | Scope.COHORT:
            return rows[attached[field]]
        case Scope.SEGMENT:
            raise InvalidInput(
                "A segment is a condition, and cannot tell groups apart.",
                hint='Filter by it: segment = NAME. A property of that name is written "segment".',
            )


def _number(rows: Table, dialect: Dialect, field: Field, attached: dict[Field, str]) -> Column:
    if field.scope is Scope.EVENT:
        return dialect.property_number(rows, field.name)
    return _text(rows, dialect, field, attached).try_cast("float64")


def _condition(rows: Table, dialect: Dialect, condition: Filter, attached: dict[Field, str]) -> Column:
    positive = _positive(rows, dialect, condition, attached)
    return ~positive.fill_null(False) if condition.op.negated else positive


def _positive(rows: Table, dialect: Dialect, condition: Filter, attached: dict[Field, str]) -> Column:
    if condition.field.scope is Scope.SEGMENT:
        return _in_any(rows, dialect, condition, attached)
    text = _text(rows, dialect, condition.field, attached)
    values = condition.values
    match condition.op.positive:
        case Op.IS_NULL:
            return text.isnull()
        case Op.IS_NO_NUMBER:
            return text.notnull() & _number(rows, dialect, condition.field, attached).isnull()
        case Op.EQ | Op.IN:
            same = _is_one_of(rows, dialect, condition.field, attached, [v.text for v in values])
            numbers = [v.number for v in values if v.number is not None]
            if not numbers:
                return same
            # Null or false, where false is known, must stay false: a missing number is no reason to doubt the text.
            number = _number(rows, dialect, condition.field, attached)
            equal = number.isin(numbers)
            if max(map(abs, numbers)) >= _EXACT:
                # Neighbours share a double there: digits alone must be the same text.
                equal = equal & ((number.abs() < _EXACT) | text.contains("e") | text.contains("."))
            return same.fill_null(False) | equal.fill_null(False)
        case Op.CONTAINS:
            return text.contains(values[0].text)
        case Op.STARTS_WITH:
            return text.startswith(values[0].text)
        case Op.LT | Op.LE | Op.GT | Op.GE as op:
            return _compared(rows, dialect, condition.field, attached, op, values[0])
        case other:
            raise InternalError(f"{other!r} is no positive comparison")


def _is_one_of(rows: Table, dialect: Dialect, field: Field, attached: dict[Field, str], texts: list[str]) -> Column:
    if field.scope is Scope.EVENT:
        return dialect.property_is_in(rows, field.name, texts)
    text = _text(rows, dialect, field, attached)
    return text == texts[0] if len(texts) == 1 else text.isin(texts)


def _in_any(rows: Table, dialect: Dialect, condition: Filter, attached: dict[Field, str]) -> Column:
    """Whether all conditions of any of the segments hold; what is not known does not hold."""
    if not isinstance(condition, Membership):
        raise InvalidInput(
            f"The condition {condition.text!r} names a segment that is not there.",
            hint="Make it again, or take the condition away.",
        )
    each = (
        reduce(and_, (_condition(rows, dialect, f, attached).fill_null(False) for f in part))
        for part in condition.parts
    )
    return reduce(or_, each)


def _compared(rows: Table, dialect: Dialect, field: Field, attached: dict[Field, str], op: Op, value: Value) -> Column:
    by_number = value.number is not None
    left = _number(rows, dialect, field, attached) if by_number else _text(rows, dialect, field, attached)
    right = value.number if by_number else value.text
    if op is Op.LT:
        return left < right
    if op is Op.LE:
        return left <= right
    return left > right if op is Op.GT else left >= right


def _attach(rows: Table, dialect: Dialect, fields: tuple[Field, ...], unit_type: str) -> tuple[Table, dict[Field, str]]:
    """Join what the event does not say itself; at most one match for each row, and none leaves null."""
    attached: dict[Field, str] = {}
    for field in dict.fromkeys(f for f in fields if f.scope in _JOINED):
        name = f"field_{len(attached)}"
        match field.scope:
            case Scope.UNIT:
                rows = _with_trait(rows, dialect, field, name, unit_type)
            case Scope.FIRST:
                rows = _joined(rows, _first_touch(dialect, field.name, unit_type, name))
            case _:
                rows = _joined(rows, _cohort(dialect, field.name, unit_type, name))
        attached[field] = name
    return rows, attached


def _joined(rows: Table, right: Table) -> Table:
    # A view ends the chain of joins before: Ibis loses its way when a chain meets one of its own tables again.
    return rows.view().left_join(right.view(), [("unit_key", "right_key")]).drop("right_key")


def _with_trait(rows: Table, dialect: Dialect, field: Field, name: str, unit_type: str) -> Table:
    key = "unit_key"
    if "unit_key" not in rows.columns or field.unit_type != unit_type:
        key = f"{name}_key"
        keyed = rows.rename(own_key="unit_key") if "unit_key" in rows.columns else rows
        rows = dialect.with_unit(keyed.view(), field.unit_type).rename({key: "unit_key"})
        rows = rows.rename(unit_key="own_key") if "own_key" in rows.columns else rows
    trait = dialect.unit_property(field.unit_type, field.name)
    history = trait.select(
        right_key=trait.unit_key, trait_from=trait.valid_from, trait_to=trait.valid_to, trait_value=trait.value
    ).view()
    rows = rows.view()
    matches = [
        rows[key] == history.right_key,
        rows.occurred_at >= history.trait_from,
        (rows.occurred_at < history.trait_to) | history.trait_to.isnull(),
    ]
    return rows.left_join(history, matches).drop("right_key", "trait_from", "trait_to").rename({name: "trait_value"})


def earliest_rows(rows: Table) -> Table:
    """Of each unit the earliest row (by ``occurred_at``, then ``event_id``, so that a tie has one answer)."""
    rows = rows.filter(rows.unit_key.notnull())
    firsts = rows.group_by("unit_key").agg(first_at=rows.occurred_at.min())
    firsts = firsts.select(right_key=firsts.unit_key, first_at=firsts.first_at)
    tied = rows.inner_join(firsts, [("unit_key", "right_key"), ("occurred_at", "first_at")])
    tied = tied.drop("right_key", "first_at")
    ranked = tied.mutate(place=ibis.row_number().over(group_by=tied.unit_key, order_by=tied.event_id))
    return ranked.filter(ranked.place == 0).drop("place")


def _first_touch(dialect: Dialect, prop: str, unit_type: str, name: str) -> Table:
    events = dialect.with_unit(dialect.events(), unit_type)
    touched = events.select("unit_key", "occurred_at", "event_id", touched=dialect.property_text(events, prop))
    firsts = earliest_rows(touched)
    return firsts.select(right_key=firsts.unit_key, **{name: firsts.touched})


def _cohort(dialect: Dialect, grain: str, unit_type: str, name: str) -> Table:
    firsts = first_days(dialect, unit_type)
    text = period_start(firsts.first_day, grain).cast("string")
    return firsts.select(right_key=firsts.unit_key, **{name: text})


def first_days(dialect: Dialect, unit_type: str) -> Table:
    """``unit_key`` and ``first_day``: the local day of each unit's first event of any name."""
    activity = dialect.activity(unit_type)
    if activity is not None:
        begun = activity.filter((activity.event == "*") & activity.previous_day.isnull())
        return begun.select("unit_key", first_day=begun.day)
    events = dialect.with_unit(dialect.events(), unit_type)
    events = events.filter(events.unit_key.notnull())
    return events.group_by("unit_key").agg(first_day=events.day.min())
