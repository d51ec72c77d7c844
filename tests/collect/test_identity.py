"""Ids that programs send for many people join nobody, whatever way they come in."""

# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import pytest

from upshot.collect.admission import Admitted, admit
from upshot.collect.delivery import Envelope
from upshot.collect.policy import Breakages, SourcePolicy
from upshot.collect.protocols import native, posthog, segment
from upshot.core.ids import IDS_OF_MANY, IDS_OF_NOBODY
from upshot.engines.values import Merge

NOW = datetime(2024, 5, 1, 12)
LIMIT = 1_000_000
POLICY = SourcePolicy("off", {}, frozenset(), frozenset(), "keep", b"")
Protocol = Literal["segment", "posthog", "posthog-v1", "native"]
PROTOCOLS: tuple[Protocol, ...] = ("segment", "posthog", "posthog-v1", "native")


# what clients send is an open tree of JSON
def taken(protocol: Protocol, messages: Sequence[Any], breakages: Breakages | None = None) -> Admitted:
    name = "events" if protocol == "native" else "batch"
    envelope = Envelope(json.dumps({name: list(messages)}).encode(), NOW)
    match protocol:
        case "segment":
            delivery = segment.decode(envelope, "batch", LIMIT)
        case "posthog":
            delivery = posthog.decode(envelope, LIMIT)
        case "posthog-v1":
            delivery = posthog.decode_versioned(envelope, LIMIT)
        case "native":
            delivery = native.decode(envelope, LIMIT)
    assert delivery.refusals == []
    return admit(delivery, "web", NOW, POLICY, breakages or Breakages())


def identifies(protocol: Protocol, person: object, anonymous: object) -> dict[str, object]:
    match protocol:
        case "segment":
            return {"type": "identify", "userId": person, "anonymousId": anonymous, "traits": {"plan": "pro"}}
        case "native":
            return {"event": "$identify", "distinct_id": person, "anonymous_id": anonymous, "set": {"plan": "pro"}}
        case _:
            said = {"$anon_distinct_id": anonymous, "$set": {"plan": "pro"}}
            return {"event": "$identify", "distinct_id": person, "properties": said}


def aliases(protocol: Protocol, person: object, previous: object) -> dict[str, object]:
    match protocol:
        case "segment":
            return {"type": "alias", "userId": person, "previousId": previous}
        case "native":
            return {"event": "$create_alias", "distinct_id": person, "anonymous_id": previous}
        case _:
            return {"event": "$merge_dangerously", "distinct_id": person, "properties": {"alias": previous}}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_ordinary_ids_are_joined(protocol: Protocol) -> None:
    for person in ("u1", "00", "nancy", "null7", "id-5", "-12", "guests"):
        admitted = taken(protocol, [identifies(protocol, person, "a1")])
        assert admitted.intake.merges == [Merge(person, "a1", guarded=True)]
        assert admitted.intake.events.distinct_id == [person]


@pytest.mark.parametrize("written", sorted(IDS_OF_MANY - {""}))
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_id_of_many_joins_nobody_and_the_other_id_counts(protocol: Protocol, written: str) -> None:
    for each in (written, written.upper(), f" {written} "):
        breakages = Breakages()
        messages = [identifies(protocol, each, f"a{number}") for number in range(3)]
        intake = taken(protocol, messages, breakages).intake
        assert intake.merges == []
        assert intake.events.distinct_id == ["a0", "a1", "a2"]
        assert [change.unit for change in intake.traits] == ["a0", "a1", "a2"]
        assert {b.count for b in breakages.all()} == {3}
        assert any("nobody was joined" in b.problem for b in breakages.all())
        assert taken(protocol, [identifies(protocol, "u1", each)]).intake.merges == []
        assert taken(protocol, [aliases(protocol, "u1", each)]).intake.merges == []
        assert taken(protocol, [aliases(protocol, each, "u1")]).intake.merges == []


@pytest.mark.parametrize("value", [None, True, False, 0, 0.0, -1])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_value_that_is_no_text_joins_nobody_either(protocol: Protocol, value: object) -> None:
    anonymous = [taken(protocol, [identifies(protocol, "u1", value)])]
    assert [admitted.intake.merges for admitted in anonymous] == [[]]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_event_of_nobody_is_kept_for_nobody(protocol: Protocol) -> None:
    breakages = Breakages()
    who = "userId" if protocol == "segment" else "distinct_id"
    sent = [{"type": "track", "event": "buy", who: name} if protocol == "segment" else {"event": "buy", who: name}
            for name in ("undefined", "u1", "0")]  # fmt: skip
    intake = taken(protocol, sent, breakages).intake
    assert intake.events.distinct_id == [None, "u1", "0"]
    (told,) = breakages.all()
    assert "'undefined', which programs send where they have none" in told.problem


def test_group_session_and_event_that_are_not_named_are_told_apart() -> None:
    event = {
        "event": "buy",
        "distinct_id": "u1",
        "id": "undefined",
        "session_id": "null",
        "groups": {"company": "None"},
    }
    intake = taken("native", [{**event, "group_set": {"company": {"plan": "pro"}}}] * 2).intake
    assert len(set(intake.events.event_id)) == 2
    assert intake.events.session_id == [None, None]
    assert not any(intake.events.groups)
    assert intake.traits == []


def test_ids_of_nobody_are_few_and_in_lower_case() -> None:
    assert all(text == text.lower().strip() for text in IDS_OF_MANY)
    assert IDS_OF_NOBODY < IDS_OF_MANY
