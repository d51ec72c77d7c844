"""What the specifications say, message by message."""

# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
import gzip
import json
import zlib
from datetime import datetime, timedelta
from typing import Any

import pytest

from upshot.collect.delivery import Arrival, Delivery, Envelope, Link, Malformed, TooLarge, TraitChange
from upshot.collect.protocols import native, posthog, segment
from upshot.collect.protocols.body import inflate

NOW = datetime(2024, 5, 1, 12)
LIMIT = 1_000_000


# what clients send is an open tree of JSON
def envelope(body: Any, **more: Any) -> Envelope:
    return Envelope(body if isinstance(body, bytes) else json.dumps(body).encode(), NOW, **more)


def segments(*messages: Any, **batch: Any) -> Delivery:
    return segment.decode(envelope({"batch": list(messages), **batch}), "batch", LIMIT)


def posted(*events: Any, **batch: Any) -> Delivery:
    return posthog.decode(envelope({"batch": list(events), **batch}), LIMIT)


def only(delivery: Delivery) -> Arrival:
    assert delivery.refusals == []
    (arrival,) = delivery.arrivals
    return arrival


def properties(arrival: Arrival) -> Any:
    return json.loads(arrival.properties)


@pytest.mark.parametrize(
    ("message", "event", "person"),
    [
        ({"type": "track", "event": "Order Completed", "userId": "u"}, "Order Completed", "u"),
        ({"type": "track", "event": "seen", "anonymousId": "a"}, "seen", "a"),
        ({"type": "identify", "userId": 97}, "$identify", "97"),
        ({"type": "page", "anonymousId": "a", "name": "Home"}, "$pageview", "a"),
        ({"type": "screen", "userId": "u", "name": "Home"}, "$screen", "u"),
        ({"type": "group", "userId": "u", "groupId": "g"}, "$groupidentify", "u"),
        ({"type": "alias", "userId": "u", "previousId": "a"}, "$create_alias", "u"),
        ({"action": "track", "event": "imported", "userId": "u"}, "imported", "u"),
    ],
)
def test_segment_call_is_an_event(message: dict[str, object], event: str, person: str) -> None:
    arrival = only(segments({**message, "messageId": "m1"}))
    assert (arrival.event, arrival.distinct_id, arrival.client_id) == (event, person, "m1")


def test_segment_says_who_is_who_and_what_is_known() -> None:
    identify = only(
        segments({"type": "identify", "userId": "u", "anonymousId": "a", "traits": {"plan": "pro", "x": [1]}})
    )
    assert identify.links == (Link("u", "a"),)
    assert identify.traits == (TraitChange("person", "u", {"plan": "pro", "x": "[1]"}, NOW),)
    group = only(segments({"type": "group", "userId": "u", "groupId": "g", "traits": {"seats": 3}}))
    assert (group.groups, group.traits) == ({"group": "g"}, (TraitChange("group", "g", {"seats": 3}, NOW),))
    alias = only(segments({"type": "alias", "userId": "u", "previousId": "old"}))
    assert alias.links == (Link("u", "old", guarded=False),)
    track = only(segments({"type": "track", "event": "e", "userId": "u", "context": {"groupId": "g", "sessionId": 7}}))
    assert (track.groups, track.session_id) == ({"group": "g"}, "7")


def test_segment_keeps_what_is_not_used() -> None:
    message = {
        "type": "page",
        "userId": "u",
        "name": "Home",
        "category": "Docs",
        "properties": {"title": "T", "$context": "mine"},
        "context": {"page": {"url": "https://x.example/"}, "campaign": {"source": "mail"}},
        "integrations": {"All": True},
        "channel": "browser",
        "custom": {"a": 1},
    }
    found = properties(only(segments(message)))
    assert found == {
        "title": "T",
        "$context": "mine",
        "name": "Home",
        "category": "Docs",
        "$current_url": "https://x.example/",
        "$segment": {"integrations": {"All": True}, "channel": "browser", "custom": {"a": 1}},
    }
    shared = segments({"type": "track", "event": "e", "userId": "u"}, context={"ip": "1.2.3.4"}, integrations={"A": 1})
    assert properties(only(shared)) == {"$context": {"ip": "1.2.3.4"}, "$segment": {"integrations": {"A": 1}}}


@pytest.mark.parametrize(
    "given", ["{}", "{ }", "{\n}", "null", '{ "$context" : 1 }', '{"a": "$context"}', '{"$b": {}} ']
)
def test_segment_context_is_added_to_any_object(given: str) -> None:
    body = (
        f'{{"batch": [{{"type": "track", "event": "e", "userId": "u", "properties": {given}, "context": {{"z": 1}}}}]}}'
    )
    found = properties(only(segment.decode(envelope(body.encode()), "batch", LIMIT)))
    assert found == {"$context": {"z": 1}, **(json.loads(given) or {})}


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, NOW),
        ({"timestamp": "2024-05-01T11:00:00Z"}, datetime(2024, 5, 1, 11)),
        ({"timestamp": "2024-05-01T11:00:00+02:00"}, datetime(2024, 5, 1, 9)),
        (
            {"timestamp": "2024-05-01T11:00:00.123Z", "sentAt": "2024-05-01T12:30:00Z"},
            datetime(2024, 5, 1, 10, 30, 0, 123000),
        ),
        ({"originalTimestamp": "2014-05-01T11:00:00Z", "sentAt": "2014-05-01T11:10:00Z"}, datetime(2024, 5, 1, 11, 50)),
        ({"timestamp": "2034-05-01T11:59:00Z", "sentAt": "2034-05-01T12:00:00Z"}, datetime(2024, 5, 1, 11, 59)),
        ({"timestamp": "2034-05-01T12:00:00Z"}, NOW),
        ({"timestamp": "1999-01-01T00:00:00Z"}, datetime(1999, 1, 1)),
        ({"timestamp": "1714559400"}, datetime(2024, 5, 1, 10, 30)),
        ({"timestamp": "2024-05-01 13:00:00.5+05:30"}, datetime(2024, 5, 1, 7, 30, 0, 500000)),
    ],
)
def test_segment_corrects_the_client_s_clock(times: dict[str, str], expected: datetime) -> None:
    assert only(segments({"type": "track", "event": "e", "userId": "u", **times})).occurred_at == expected


ARCHIVED = {
    "originalTimestamp": "2023-05-01T08:00:00Z",
    "sentAt": "2023-05-01T08:00:02Z",
    "receivedAt": "2023-05-01T09:00:03Z",
    "timestamp": "2023-05-01T09:00:01Z",
}


@pytest.mark.parametrize(
    "left_out",
    [(), ("sentAt",), ("originalTimestamp",), ("receivedAt",), ("timestamp",), ("originalTimestamp", "sentAt")],
)
@pytest.mark.parametrize("batch", [{}, {"sentAt": "2024-05-01T11:00:00Z"}])
def test_segment_archive_keeps_the_time_that_its_first_collector_found(
    left_out: tuple[str, ...], batch: dict[str, str]
) -> None:
    times = {name: value for name, value in ARCHIVED.items() if name not in left_out}
    arrival = only(segments({"type": "track", "event": "e", "userId": "u", **times}, **batch))
    assert arrival.occurred_at == datetime(2023, 5, 1, 9, 0, 1)


def test_segment_archive_with_times_that_are_equal_is_not_moved() -> None:
    at = dict.fromkeys(ARCHIVED, "2023-05-01T09:00:00Z")
    assert only(segments({"type": "track", "event": "e", "userId": "u", **at})).occurred_at == datetime(2023, 5, 1, 9)


@pytest.mark.parametrize("written", ["yesterday", "", "0000-00-00", "2024-13-01T00:00:00Z", "20240501120000"])
@pytest.mark.parametrize("protocol", ["segment", "original", "posthog", "posthog-v1", "native", "line"])
def test_time_that_cannot_be_read_is_held_back_through_every_protocol(protocol: str, written: str) -> None:
    shared = {"event": "e", "timestamp": written}
    person = {**shared, "distinct_id": "u", "uuid": "1"}
    match protocol:
        case "segment":
            delivery = segments({"type": "track", "userId": "u", **shared}, sentAt="2024-05-01T11:00:00Z")
        case "original":
            delivery = segments({"type": "track", "userId": "u", "event": "e", "originalTimestamp": written})
        case "posthog":
            delivery = posted(person, sent_at="2024-05-01T11:00:00Z")
        case "posthog-v1":
            delivery = posthog.decode_versioned(envelope({"batch": [person]}), LIMIT)
        case "native":
            delivery = native.decode(envelope({"events": [shared]}), LIMIT)
        case _:
            delivery = native.decode(envelope(json.dumps(shared).encode(), content_type="application/x-ndjson"), LIMIT)
    assert not delivery.arrivals
    assert [(r.position, repr(written) in r.reason) for r in delivery.refusals] == [(1, True)]


@pytest.mark.parametrize(
    "written",
    [1714559400, 1714559400.0, 1714559400000, "1714559400", "1714559400.0", "1714559400000", "1714559400000000"],
)
def test_epoch_is_read_as_number_and_as_text_through_every_protocol(written: float | str) -> None:
    arrivals = [
        only(segments({"type": "track", "event": "e", "userId": "u", "timestamp": written})),
        only(posted({"event": "e", "distinct_id": "u", "timestamp": written})),
        only(native.decode(envelope({"event": "e", "timestamp": written}), LIMIT)),
    ]
    assert {arrival.occurred_at for arrival in arrivals} == {datetime(2024, 5, 1, 10, 30)}


def test_sent_at_of_a_batch_holds_for_its_messages() -> None:
    message = {"type": "track", "event": "e", "userId": "u", "timestamp": "2024-05-01T10:00:00Z"}
    assert only(segments(message, sentAt="2024-05-01T10:30:00Z")).occurred_at == datetime(2024, 5, 1, 11, 30)


def test_posthog_identifies_sets_and_groups() -> None:
    identify = {
        "event": "$identify",
        "distinct_id": "u",
        "uuid": "1",
        "properties": {"$anon_distinct_id": "a", "$set": {"plan": "pro"}, "$set_once": {"first": 1}},
    }
    arrival = only(posted(identify))
    assert arrival.links == (Link("u", "a"),)
    assert arrival.traits == (
        TraitChange("person", "u", {"first": 1}, NOW, once=True),
        TraitChange("person", "u", {"plan": "pro"}, NOW),
    )
    top = only(posted({"event": "$set", "distinct_id": "u", "$set": {"a": 1}}))
    assert (top.traits, properties(top)) == ((TraitChange("person", "u", {"a": 1}, NOW),), {"$set": {"a": 1}})
    alias = only(
        posted({"event": "$create_alias", "distinct_id": "u", "properties": {"alias": "b", "distinct_id": "u"}})
    )
    assert alias.links == (Link("u", "b"),)
    merged = only(posted({"event": "$merge_dangerously", "distinct_id": "u", "properties": {"alias": "b"}}))
    assert merged.links == (Link("u", "b", guarded=False),)
    groups = only(posted({"event": "e", "distinct_id": "u", "properties": {"$groups": {"company": 5, "none": None}}}))
    assert groups.groups == {"company": "5"}
    group = {"$group_type": "company", "$group_key": "5", "$group_set": {"seats": 3}}
    described = only(posted({"event": "$groupidentify", "distinct_id": "u", "properties": group}))
    assert described.traits == (TraitChange("company", "5", {"seats": 3}, NOW),)


@pytest.mark.parametrize("anonymous", ["", " ", "u", None])
def test_posthog_joins_nobody_with_themselves_or_with_no_id(anonymous: str | None) -> None:
    event = {"event": "$identify", "distinct_id": "u", "properties": {"$anon_distinct_id": anonymous}}
    assert only(posted(event)).links == ()


@pytest.mark.parametrize("names", [["plan", "", "seats"], {"plan": "", "seats": None}])
@pytest.mark.parametrize("inside", [True, False])
def test_posthog_unsets_traits(names: object, inside: bool) -> None:
    said: dict[str, object] = {"$unset": names}
    arrival = only(posted({"event": "$set", "distinct_id": "u", **({"properties": said} if inside else said)}))
    assert arrival.traits == (TraitChange("person", "u", {"plan": None, "seats": None}, NOW),)
    assert "plan" in properties(arrival)["$unset"]


def test_trait_that_is_null_is_unset() -> None:
    change = TraitChange("person", "u", {"plan": None}, NOW)
    assert only(segments({"type": "identify", "userId": "u", "traits": {"plan": None}})).traits == (change,)
    native_event = {"event": "e", "distinct_id": "u", "set": {"plan": None}}
    assert only(native.decode(envelope(native_event), LIMIT)).traits == (change,)


def test_posthog_flag_calls_and_unknown_fields_are_kept() -> None:
    called = {
        "$feature_flag": "new",
        "$feature_flag_response": "test",
        "$session_id": "s",
        "$lib": "web",
        "$lib_version": "1",
    }
    arrival = only(posted({"event": "$feature_flag_called", "distinct_id": "u", "properties": called, "extra": [1]}))
    assert properties(arrival) == {**called, "extra": [1]}
    assert (arrival.session_id, arrival.sdk) == ("s", "web/1")


@pytest.mark.parametrize(
    ("event", "batch", "expected"),
    [
        ({"timestamp": "2024-05-01T10:00:00Z"}, {"sent_at": "2024-05-01T10:30:00Z"}, datetime(2024, 5, 1, 11, 30)),
        ({"timestamp": "2024-05-01T10:00:00Z"}, {}, datetime(2024, 5, 1, 10)),
        ({"offset": 60_000}, {}, NOW - timedelta(minutes=1)),
        ({}, {"sent_at": "2024-05-01T10:30:00Z"}, NOW),
        (
            {"timestamp": "2024-05-01T10:00:00Z", "properties": {"$ignore_sent_at": True}},
            {"sent_at": "2024-05-01T10:30:00Z"},
            datetime(2024, 5, 1, 10),
        ),
        ({"timestamp": "2021-01-01T00:00:00Z"}, {"historical_migration": True}, datetime(2021, 1, 1)),
        ({"timestamp": "2024-05-03T10:00:00Z"}, {}, NOW),
    ],
)
def test_posthog_corrects_the_client_s_clock(event: Any, batch: Any, expected: datetime) -> None:
    assert only(posted({"event": "e", "distinct_id": "u", **event}, **batch)).occurred_at == expected


def test_posthog_sent_at_in_the_address_is_in_milliseconds() -> None:
    body = {"event": "e", "distinct_id": "u", "timestamp": "2024-05-01T10:00:00Z"}
    found = posthog.decode(envelope(body, query={"_": "1714559400000"}), LIMIT)
    assert only(found).occurred_at == datetime(2024, 5, 1, 11, 30)


def test_posthog_versioned_takes_clock_and_library_from_headers() -> None:
    event = {"event": "e", "distinct_id": "u", "uuid": "1", "timestamp": "2024-05-01T10:00:00Z", "window_id": "w"}
    skewed = {**event, "options": {"disable_skew_correction": True}}
    sent = envelope(
        {"batch": [event, skewed]}, authorization="Bearer k", client_time="2024-05-01T10:30:00Z", sdk="posthog-node/5"
    )
    delivery = posthog.decode_versioned(sent, LIMIT)
    assert [a.occurred_at for a in delivery.arrivals] == [datetime(2024, 5, 1, 11, 30), datetime(2024, 5, 1, 10)]
    assert {a.sdk for a in delivery.arrivals} == {"posthog-node/5"}
    assert properties(delivery.arrivals[0]) == {"$window_id": "w"}


def test_native_event_says_everything_at_once() -> None:
    event = {
        "event": "bought",
        "distinct_id": "u",
        "anonymous_id": "a",
        "id": "1",
        "session_id": "s",
        "timestamp": 1714557600,
        "groups": {"company": "acme"},
        "group_set": {"company": {"seats": 3}},
        "set": {"plan": "pro"},
        "set_once": {"first": "x"},
        "properties": {"amount": 5},
        "more": True,
    }
    arrival = only(native.decode(envelope(event), LIMIT))
    assert (arrival.occurred_at, arrival.session_id, arrival.groups) == (
        datetime(2024, 5, 1, 10),
        "s",
        {"company": "acme"},
    )
    assert arrival.links == (Link("u", "a"),)
    assert {(t.unit_type, t.once) for t in arrival.traits} == {("person", True), ("person", False), ("company", False)}
    assert properties(arrival) == {"amount": 5, "$set": {"plan": "pro"}, "$set_once": {"first": "x"}, "more": True}


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (b'{"event": "e", "properties": {"a": NaN}}', "invalid character"),
        (b'{"event": "e", "properties": {"a": 1,}}', "trailing comma"),
        (b'{"event": "e", "properties": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}", "nested too deep"),
        (b'{"event": "e", "properties": [1]}', "not an object"),
        (b'{"event": 5}', "Expected `str`"),
        (b"5", "Expected `object`"),
        (b"", "truncated"),
        (b'{"event": "\xff"}', "invalid start byte"),
    ],
    ids=str,
)
def test_broken_event_is_refused_alone(broken: bytes, why: str) -> None:
    body = b'[{"event": "before"}, ' + broken + b', {"event": "after, \\"]}"}]'
    delivery = native.decode(envelope(body), LIMIT)
    assert [a.event for a in delivery.arrivals] == ["before", 'after, "]}']
    (refusal,) = delivery.refusals
    assert (refusal.position, refusal.raw) == (2, broken)
    assert why in refusal.reason


def test_half_letters_are_replaced_and_whole_ones_stay() -> None:
    arrival = only(
        native.decode(envelope(rb'{"event": "e", "properties": {"a": "\ud83d\ude00 \ud83d \\ud83d"}}'), LIMIT)
    )
    assert properties(arrival) == {"a": "\U0001f600 \ufffd \\ud83d"}


def test_last_of_two_fields_with_one_name_counts() -> None:
    assert only(native.decode(envelope(b'{"event": "a", "event": "b"}'), LIMIT)).event == "b"


@pytest.mark.parametrize("body", [b"", b"[", b"{", b"5", b"[1, 2", b'{"a": ', b"\x1f\x8b", b'{"batch": 5}'])
def test_what_is_no_request_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(Malformed):
        segment.decode(envelope(body), "batch", LIMIT)
    if body != b'{"batch": 5}':  # which is an event of PostHog's without a name
        with pytest.raises(Malformed):
            posthog.decode(envelope(body), LIMIT)


def test_inflate_stops_at_the_limit_and_notices_the_end() -> None:
    packed = gzip.compress(b"a" * 1000)
    assert inflate(packed, 31, 1000) == b"a" * 1000
    assert inflate(packed + packed, 31, 2000) == b"a" * 2000
    with pytest.raises(TooLarge):
        inflate(packed, 31, 999)
    with pytest.raises(TooLarge):
        inflate(gzip.compress(bytes(50_000_000)), 31, LIMIT)
    for broken in (packed[:-9], packed[:5], b"no gzip"):
        with pytest.raises(Malformed):
            inflate(broken, 31, LIMIT)
    assert native.decode(envelope(zlib.compress(b'{"event": "e"}'), content_encoding="deflate"), LIMIT).arrivals
    with pytest.raises(Malformed, match="br"):
        native.decode(envelope(b"{}", content_encoding="br"), LIMIT)
