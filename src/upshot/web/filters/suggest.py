"""What a field suggests while one types: names of properties, of events and metrics, and values with their counts."""

from collections.abc import Iterable, Iterator

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.enums import MediaType

from upshot.api.data import DATA_EVENTS, DATA_PROPERTIES, EventName
from upshot.api.explore import DATA_VALUES, ValuesQuery
from upshot.api.operation import Permission
from upshot.api.segments import DATA_TRAITS
from upshot.api.state import Nothing
from upshot.core.errors import UserError
from upshot.metrics.definition import quote_name
from upshot.web.area import Area
from upshot.web.metric.ordering import offered_metrics
from upshot.web.page import Page
from upshot.web.palette.ranking import Fit, fit

__all__ = ["AREA", "Suggestion", "Suggestions", "suggest"]

_MOST = 40
_LONGEST = 200
_NUMBERS = frozenset({"number"})
_OWN_FIELDS = (("$event", "the event's name"), ("$source", "where it came from"))


class Suggestion(msgspec.Struct, frozen=True):
    """One thing to choose: the text that the field then holds, and what it is or how often it occurs."""

    value: str
    note: str = ""


class Suggestions(msgspec.Struct, frozen=True):
    """What fits best first. ``note`` says what there is besides, or why there is nothing."""

    found: tuple[Suggestion, ...]
    note: str = ""


@get("/suggest", permission=Permission.READ, sync_to_thread=True)
def suggest(page: NamedDependency[Page]) -> Response[bytes]:
    """``of`` is fields, numbers, values, events or things (metrics and events); ``q`` is what was typed."""
    typed = page.parameter("q").strip()[:_LONGEST]
    found = _suggestions(page, page.parameter("of"), typed)
    return Response(msgspec.json.encode(found), media_type=MediaType.JSON, headers={"Cache-Control": "no-store"})


def _suggestions(page: Page, of: str, typed: str) -> Suggestions:
    match of:
        case "values":
            return _values(page, typed)
        case "fields":
            return Suggestions(_best(typed, (*_properties(page), *_own_fields(page), *_unit_fields(page))))
        case "units":
            return Suggestions(_best(typed, _unit_fields(page)))
        case "numbers":
            return Suggestions(_best(typed, _properties(page, only_numbers=True)))
        case "events":
            return Suggestions(_best(typed, _events(page)))
        case _:
            metrics = (Suggestion(m.title, "metric") for m in offered_metrics(page))
            return Suggestions(_best(typed, (*metrics, *_events(page))))


def _best(typed: str, things: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    scored = [(fit(typed, thing.value), thing) for thing in things]
    kept = [pair for pair in scored if pair[0] is not Fit.NONE]
    return tuple(thing for _, thing in sorted(kept, key=lambda pair: -pair[0]))[:_MOST]


def _events(page: Page) -> Iterator[Suggestion]:
    for event in page.ask(DATA_EVENTS, Nothing(), minute_old=True).events:
        yield Suggestion(event.event, f"event, {event.count:,}")


def _properties(page: Page, *, only_numbers: bool = False) -> Iterator[Suggestion]:
    event = page.parameter("event").strip()
    known = {e.event for e in page.ask(DATA_EVENTS, Nothing(), minute_old=True).events} if event else set()
    found = page.ask(DATA_PROPERTIES, EventName(event if event in known else ""), minute_old=True)
    for seen in found.properties:
        if not only_numbers or _NUMBERS & set(seen.types):
            yield Suggestion(quote_name(seen.name), f"{' or '.join(seen.types)}, on {seen.share:.0%}")


def _own_fields(page: Page) -> Iterator[Suggestion]:
    for name, note in _OWN_FIELDS:
        yield Suggestion(name, note)
    if page.segments:
        yield Suggestion("segment", "a named group of units")


def _unit_fields(page: Page) -> Iterator[Suggestion]:
    for trait in page.ask(DATA_TRAITS, Nothing(), minute_old=True).traits:
        yield Suggestion(trait.field, f"{trait.units:,} {trait.unit_type}s")
    for seen in _properties(page):
        yield Suggestion(f"first.{seen.value}", "of the person's first event")
    yield Suggestion("cohort.week", "week of the person's first event")
    yield Suggestion("cohort.month", "month of the person's first event")


def _values(page: Page, typed: str) -> Suggestions:
    field = page.parameter("field").strip()
    if not field:
        return Suggestions((), "Choose a property first.")
    if field == "segment":
        return Suggestions(_best(typed, (Suggestion(s.name, s.title) for s in page.segments)), "")
    try:
        found = page.ask(DATA_VALUES, ValuesQuery(field, typed, limit=_MOST), minute_old=True)
    except UserError as error:
        return Suggestions((), error.message)
    shown = tuple(Suggestion(v.value, f"{v.count:,}") for v in found.values if v.value is not None)
    if not shown:
        return Suggestions((), f"No value holds {typed!r} in the last 90 days." if typed else "No values.")
    return Suggestions(shown, "More values: type to find them." if found.more else "")


AREA = Area(
    routes=(suggest,),
)
