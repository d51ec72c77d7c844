"""The page of arriving events."""

import msgspec

from tests.web.conftest import NOW, Served
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.operation import LOCAL_OWNER


def append(served: Served, name: str, who: str | None, **properties: object) -> None:
    raw = msgspec.Raw(msgspec.json.encode(properties))
    event = NewEvent(name, NOW, who, properties=raw)
    served.workspace.acting_as(LOCAL_OWNER).call(EVENTS_APPEND, EventsAppend("shop", (event,)))


def test_events_page_unfolds_properties_whatever_they_are(fresh: Served) -> None:
    append(fresh, "bought", "ann", price=4.5, tags=["a", "b"], note="<b>", gift=None)
    text = fresh.get("/events").text
    for name, value in (
        ("price", "4.5"),
        ("tags", "[&#34;a&#34;,&#34;b&#34;]"),
        ("note", "&lt;b&gt;"),
        ("gift", "null"),
    ):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in text


def test_events_page_narrows_to_event_and_person(fresh: Served) -> None:
    append(fresh, "bought", "ann & co")
    append(fresh, "looked", "bob")
    append(fresh, "looked", None)
    every = fresh.get("/events").text
    assert every.count('id="event-') == 3
    assert 'href="/events?person=ann+%26+co"' in every
    assert fresh.get("/events?person=ann+%26+co").text.count('id="event-') == 1
    looked = fresh.get("/events?event=looked").text
    assert looked.count('id="event-') == 2
    assert 'href="/events?event=looked&amp;person=bob"' in looked
    assert "nobody known" in looked
    assert "No such event so far" in fresh.get("/events?event=looked&person=ann").text


def test_events_page_says_what_to_do_without_events(fresh: Served) -> None:
    assert "No events yet; the first one shows up here." in fresh.get("/events").text


def test_events_page_shows_newest_arrivals_first_and_a_hundred_at_most(served: Served) -> None:
    text = served.get("/events").text
    assert text.count('id="event-') == 100
    assert "country" in text
