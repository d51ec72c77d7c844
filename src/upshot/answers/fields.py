"""The words of breakdowns and filters, understood and checked against what the store holds."""

from collections.abc import Iterable
from typing import TypeVar

from upshot.answers.answering import Answering
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.problems import Problem
from upshot.core.suggest import did_you_mean, nearest
from upshot.metrics.definition import Field, Filter, Scope
from upshot.metrics.filters import parse_field, parse_filter
from upshot.metrics.segments import named_segments, resolved

__all__ = ["read_fields", "read_filters", "unknown_properties"]

Word = TypeVar("Word", Field, Filter)
_GRAMMAR = "Write a filter as Country = France, Quantity > 0, Country in (France, Spain) or person.plan is null."


def read_fields(resources: Answering, texts: Iterable[str]) -> tuple[Field, ...]:
    """Fields to break down by.

    Raises:
        InvalidInput: One is not written as a field.
        NotFound: No event bears a property of that name.
    """
    fields = tuple(_right(parse_field(text)) for text in texts)
    _check_known(resources, fields)
    return fields


def read_filters(resources: Answering, texts: Iterable[str]) -> tuple[Filter, ...]:
    """Conditions.

    Raises:
        InvalidInput: One is not written as a filter.
        NotFound: No event bears a property of that name.
    """
    filters = tuple(_right(parse_filter(text)) for text in texts)
    _check_known(resources, (f.field for f in filters))
    if not named_segments(filters):
        return filters
    segments = resources.segments.all()
    return tuple(_right(resolved(condition, segments)) for condition in filters)


def _right(parsed: Word | Problem) -> Word:
    if isinstance(parsed, Problem):
        raise InvalidInput(parsed.message, hint=did_you_mean(parsed.suggestions) or _GRAMMAR)
    return parsed


def _check_known(resources: Answering, fields: Iterable[Field]) -> None:
    for name in unknown_properties(resources, {f.name for f in fields if f.scope in (Scope.EVENT, Scope.FIRST)}):
        known = sorted(resources.names.properties)
        close = nearest(name, known)
        raise NotFound("property", name, known, hint="" if close else f"Events have {_listed(known)}.")


def unknown_properties(resources: Answering, names: set[str]) -> tuple[str, ...]:
    """Those of ``names`` that no event has, sorted; none while there is no event."""
    asked = names - resources.names.properties
    if not asked:
        return ()
    sampled, looked_at = resources.store.property_summaries("")
    if not looked_at:
        return ()
    resources.names.properties |= {p.name for p in sampled}
    asked -= resources.names.properties
    resources.names.properties |= {name for name in asked if _occurs(resources, name)}
    return tuple(sorted(asked - resources.names.properties))


def _occurs(resources: Answering, name: str) -> bool:
    """Whether any event has the property, as it may be missing from the sample."""
    dialect = resources.store.dialect()
    events = dialect.events()
    some = events.filter(dialect.property_text(events, name).notnull()).select("event").limit(1)
    return bool(resources.store.run(some).rows)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
