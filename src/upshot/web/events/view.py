"""What the page of arriving events shows."""

from urllib.parse import urlencode

import msgspec

from upshot.api.collect import EVENTS_SENT, EventIds, SentMessage
from upshot.api.data import DATA_EVENTS
from upshot.api.events import EVENTS_RECENT, EventRow, EventsRecent
from upshot.api.state import Nothing
from upshot.web.page import Page

__all__ = ["PATH", "Arrivals", "Arrived", "Property", "read_arrivals"]

PATH = "/events"
"""Where the page is; ``/live`` is the stream that tells pages of changes."""
_MOST = 100
_IN_BRIEF = 3
_NULL = "null"
_BRIEF_LETTERS = 60


class Property(msgspec.Struct, frozen=True):
    """One property in words; what is inside another one is JSON."""

    name: str
    value: str


class Arrived(msgspec.Struct, frozen=True):
    """One event, with the addresses that show only its kind or only its person's; the latter is empty for nobody."""

    row: EventRow
    brief: str
    properties: tuple[Property, ...]
    event_url: str
    person_url: str
    sent: SentMessage | None
    sent_text: str


class Arrivals(msgspec.Struct, frozen=True):
    """The newest events by arrival, of one kind or person where the address names them, and all names of events."""

    event: str
    person: str
    events: tuple[Arrived, ...]
    names: tuple[str, ...]


def read_arrivals(page: Page) -> Arrivals:
    """Ask for the newest events that the address names."""
    event, person = page.parameter("event").strip(), page.parameter("person").strip()
    found = page.ask(EVENTS_RECENT, EventsRecent(_MOST, event, person)).events
    asked = EventIds(tuple((row.event_id, row.source) for row in found))
    sent = {message.event_id: message for message in page.caller.call(EVENTS_SENT, asked).messages}
    names = page.ask(DATA_EVENTS, Nothing(), minute_old=True).events
    return Arrivals(
        event,
        person,
        tuple(_arrived(row, event, person, sent.get(row.event_id)) for row in found),
        tuple(n.event for n in names),
    )


def _arrived(row: EventRow, event: str, person: str, sent: SentMessage | None) -> Arrived:
    properties = _properties(row.properties)
    brief = " · ".join(f"{p.name} {p.value}" for p in [p for p in properties if p.value != _NULL][:_IN_BRIEF])
    return Arrived(
        row=row,
        brief=brief if len(brief) <= _BRIEF_LETTERS else f"{brief[: _BRIEF_LETTERS - 1]}…",
        properties=properties,
        event_url=_url(row.event, person),
        person_url=_url(event, row.distinct_id) if row.distinct_id else "",
        sent=sent,
        sent_text=_indented(sent.raw) if sent else "",
    )


def _indented(raw: str) -> str:
    """JSON with a line for each field; as it is where it is none, as it was cut."""
    try:
        return msgspec.json.format(raw.encode(), indent=2).decode()
    except msgspec.DecodeError:
        return raw


def _properties(raw: msgspec.Raw) -> tuple[Property, ...]:
    """The properties by name; none where they are no object."""
    found = msgspec.json.decode(raw)
    if not isinstance(found, dict):
        return ()
    return tuple(Property(name, _words(value)) for name, value in sorted(found.items()))


def _words(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _url(event: str, person: str) -> str:
    pairs = [(name, value) for name, value in (("event", event), ("person", person)) if value]
    return f"{PATH}?{urlencode(pairs)}" if pairs else PATH
