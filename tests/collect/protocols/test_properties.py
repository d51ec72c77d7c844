"""Whatever bytes come, a decoder gives every message as an event or a refusal, or refuses the whole with a reason."""

# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
import base64
import gzip
import json
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from upshot.collect.admission import admit
from upshot.collect.clock import LATEST_AHEAD, clock_shift, event_time, instant_of
from upshot.collect.delivery import Arrivals, Delivery, Envelope, Malformed, TooLarge
from upshot.collect.policy import Breakages, Policy
from upshot.collect.protocols import native, posthog, segment
from upshot.collect.protocols.elements import elements, members, mended
from upshot.core.ids import event_id, event_id_bytes
from upshot.engines.records import problem_of
from upshot.engines.values import EventRecord

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2024, 5, 1, 12)
LIMIT = 100_000
POLICY = Policy((), addresses="truncate", salt=b"salt").of("s")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    [
        *("event", "distinct_id", "id", "timestamp", "session_id", "groups", "properties", "set", "group_set", "type"),
        *("userId", "anonymousId", "messageId", "traits", "context", "uuid", "$set", "offset", "options", "previousId"),
    ]
)
MESSAGE = st.dictionaries(FIELDS, JSON, max_size=8)
NAMED = MESSAGE.map(lambda m: {"event": "e", "distinct_id": "u", "userId": "u", "type": "track", **m})
ID = st.none() | st.text(max_size=4) | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
INSTANT = st.datetimes().map(datetime.isoformat)
TIME = (
    st.builds(lambda at, zone: at + zone, INSTANT, st.sampled_from(["Z", "", "+02:00", " "]))
    | st.integers(0, 4_000_000_000_000)
    | st.none()
    | st.just("soon")
)
OBJECT = st.dictionaries(st.text(max_size=3), JSON, max_size=3)
PLAIN = st.fixed_dictionaries(
    {"event": st.text(max_size=4), "distinct_id": ID, "timestamp": INSTANT.map("{}Z".format), "properties": OBJECT},
    optional={"id": ID, "session_id": ID, "sdk": st.none() | st.text(max_size=4)},
)
"""Events of the native API that say nothing beside their columns."""
MORE: list[st.SearchStrategy[dict[str, object]]] = [
    st.fixed_dictionaries({name: values})
    for name, values in (
        ("timestamp", TIME),
        ("properties", OBJECT | st.none() | st.integers()),
        ("anonymous_id", ID),
        ("groups", st.dictionaries(st.text(max_size=3), ID, min_size=1, max_size=2)),
        ("set", OBJECT | st.none()),
        ("set_once", OBJECT | st.none()),
        ("group_set", st.dictionaries(st.text(max_size=3), OBJECT, min_size=1, max_size=1)),
        ("something", JSON),
    )
]
FULLER = st.builds(lambda event, more: {**event, **more}, PLAIN, st.one_of(MORE))
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def decoded(body: bytes) -> list[Delivery]:
    """The body as each protocol understands it; nothing where one refuses the whole."""
    envelope = Envelope(body, NOW)
    found = []
    decoders: tuple[Callable[[], Delivery], ...] = (
        lambda: native.decode(envelope, LIMIT),
        lambda: segment.decode(envelope, "batch", LIMIT),
        lambda: segment.decode(envelope, "track", LIMIT),
        lambda: posthog.decode(envelope, LIMIT),
        lambda: posthog.decode_versioned(envelope, LIMIT),
    )
    for decode in decoders:
        with suppress(Malformed, TooLarge):
            found.append(decode())
    return found


def check(delivery: Delivery) -> None:
    """What is admitted can be kept, and the rest is held with a reason."""
    admitted = admit(delivery, "s", NOW, POLICY, Breakages())
    intake = admitted.intake
    assert len(intake.events) + len(intake.held) == len(delivery.arrivals) + len(delivery.refusals)
    assert all(held.reason and "\0" not in held.raw for held in intake.held)
    for row in range(len(intake.events)):
        record = EventRecord(
            event_id=event_id("s", "x"),
            event=intake.events.event[row],
            occurred_at=intake.events.occurred_at[row],
            received_at=NOW,
            distinct_id=intake.events.distinct_id[row],
            session_id=intake.events.session_id[row],
            groups=intake.events.groups[row] if intake.events.groups else {},
            source="s",
            client_id=intake.events.client_id[row],
            properties=intake.events.properties[row].decode(),
        )
        assert problem_of(record) == ""


@quick
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    for packed in (body, gzip.compress(body), base64.b64encode(body), b"data=" + quote(body).encode()):
        for delivery in decoded(packed):
            check(delivery)


@quick
@given(st.lists(NAMED | MESSAGE | JSON, min_size=1, max_size=6))
def test_every_message_of_a_batch_is_accounted_for(messages: list[object]) -> None:
    text = json.dumps(messages)
    for body in (text, f'{{"batch": {text}}}', f'{{"events": {text}}}', text.replace("0", "NaN")):
        for delivery in decoded(body.encode()):
            check(delivery)
    delivery = native.decode(Envelope(text.encode(), NOW), LIMIT)
    assert len(delivery.arrivals) + len(delivery.refusals) == len(messages)


@quick
@given(st.lists(PLAIN | FULLER, min_size=1, max_size=4), TIME)
def test_events_are_read_at_once_as_they_are_one_by_one(events: list[dict[str, object]], sent_at: object) -> None:
    def batch(events: list[dict[str, object]]) -> Delivery:
        body = {"events": events, "sent_at": sent_at, "sdk": "batch/1"}
        return native.decode(Envelope(json.dumps(body).encode(), NOW), LIMIT)

    whole, beside_a_broken_one = batch(events), batch([*events, {}])
    arrivals = list(whole.arrivals)
    assert arrivals == list(beside_a_broken_one.arrivals)
    assert whole.refusals == beside_a_broken_one.refusals[:-1]
    assert list(Arrivals.of(arrivals[1:])) == arrivals[1:]
    if len(events) == 1:
        alone, line = (
            native.decode(Envelope(json.dumps(events[0]).encode(), NOW, content_type=kind), LIMIT)
            for kind in ("application/json", "application/x-ndjson")
        )
        assert list(alone.arrivals) == list(line.arrivals)
        assert alone.refusals == line.refusals
    assert whole.refusals or [a.sdk for a in arrivals] == [event.get("sdk") or "batch/1" for event in events]
    fuller = batch([{**event, "unknown": 1} for event in events])
    assert [r.position for r in whole.refusals] == [r.position for r in fuller.refusals]
    for arrival, other in zip(arrivals, fuller.arrivals, strict=True):
        assert json.loads(other.properties) == {"unknown": 1, **json.loads(arrival.properties)}
        assert msgspec.structs.replace(other, properties=arrival.properties) == arrival


@quick
@given(JSON)
def test_elements_are_what_the_json_has(value: object) -> None:
    text = json.dumps(value).encode()
    pieces = elements(text)
    if isinstance(value, list):
        assert pieces is not None
        assert [json.loads(piece) for piece in pieces] == value
    elif isinstance(value, dict):
        assert {k: json.loads(v) for k, v in members(text).items()} == {
            json.dumps(k)[1:-1]: v for k, v in value.items()
        }
    else:
        assert pieces is None
    assert json.loads(mended(text)) == json.loads(text.decode()) or "\\ud" in text.decode()


@quick
@given(st.datetimes(), st.datetimes(), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))
def test_clock_keeps_the_distance_to_the_sending(said: datetime, sent: datetime, received: datetime) -> None:
    at = event_time(said, clock_shift(sent, received), received)
    assert at - received <= LATEST_AHEAD
    if said <= sent and sent - said < timedelta(days=365):
        assert received - at == sent - said
    assert instant_of(said.isoformat() + "Z") == said


@quick
@given(st.text(), st.lists(st.text(), max_size=5))
def test_keys_of_many_events_are_those_of_each(source: str, ids: list[str]) -> None:
    keys = event_id_bytes(source, ids)
    assert len(keys) == len(ids)
    for key, client_id in zip(keys, ids, strict=True):
        if client_id:
            assert key == event_id(source, client_id).bytes
        else:
            assert UUID(bytes=key).version == 4  # drawn at random
    assert len(set(keys)) == ids.count("") + len(set(ids) - {""})
