"""The addresses that clients know: what is taken, from whom, and what they are told."""

import base64
import gzip
import json
from concurrent.futures import Future
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.web.conftest import Served
from upshot.api.access import ACCESS_ADD, AccessAdd
from upshot.api.collect import QUARANTINE_LIST, QuarantineQuery
from upshot.api.events import EVENTS_RECENT, EventRow, EventsRecent
from upshot.api.keys import WRITE_KEY_ADD, WRITE_KEY_REVOKE, WriteKeyAdd, WriteKeyName
from upshot.api.operation import LOCAL_OWNER
from upshot.collect.protocols.segment import CALLS
from upshot.core.errors import Busy, StoreFull, UserError
from upshot.engines.intake import Intake, Taken

POSTHOG = ("/capture/", "/e/", "/i/v0/e/", "/batch/", "/track/", "/engage/", "/capture", "/i/v0/ai/batch/")
OTHER_SITE = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}


def key(served: Served, name: str = "web", *, a_second: int = 0, a_day: int = 0) -> str:
    owner = served.workspace.acting_as(LOCAL_OWNER)
    return owner.call(WRITE_KEY_ADD, WriteKeyAdd(name, events_a_second=a_second, events_a_day=a_day)).key


def events(served: Served) -> list[EventRow]:
    owner = served.workspace.acting_as(LOCAL_OWNER)
    return list(reversed(owner.call(EVENTS_RECENT, EventsRecent(1000)).events))


def reasons(served: Served) -> list[str]:
    owner = served.workspace.acting_as(LOCAL_OWNER)
    return [held.reason for held in owner.call(QUARANTINE_LIST, QuarantineQuery(1000)).messages]


def post(served: Served, path: str, content: bytes | str, **headers: str) -> httpx.Response:
    with served.client() as client:
        return client.post(path, content=content, headers={k.replace("_", "-"): v for k, v in headers.items()})


# what a test sends is an open tree of JSON
def send(served: Served, path: str, body: Any, **headers: str) -> httpx.Response:
    return post(served, path, json.dumps(body), **headers)


def test_every_segment_call_becomes_an_event_of_the_key(fresh: Served) -> None:
    basic = base64.b64encode(f"{key(fresh)}:".encode()).decode()
    message = {"userId": "u", "event": "bought", "groupId": "g", "previousId": "old"}
    for call in CALLS:
        body = message if CALLS[call] != "batch" else {"batch": [{**message, "type": "track"}]}
        answer = send(fresh, f"/v1/{call}", body, Authorization=f"Basic {basic}")
        assert (answer.status_code, answer.json()) == (200, {"success": True}), call
    assert [e.source for e in events(fresh)] == ["web"] * len(CALLS)
    assert reasons(fresh) == []


def test_every_posthog_endpoint_takes_every_packing(fresh: Served) -> None:
    event = {"api_key": key(fresh), "event": "bought", "distinct_id": "u", "properties": {"note": "a+b c&d"}}
    text = json.dumps(event).encode()
    packed = base64.b64encode(text)
    form = "application/x-www-form-urlencoded"
    for path in POSTHOG:
        for body, query, headers in (
            (text, "", {}),
            (gzip.compress(text), "", {"Content_Encoding": "gzip"}),
            (gzip.compress(text), "?compression=gzip-js", {"Content_Type": "text/plain"}),
            (packed, "?compression=base64", {}),
            (b"data=" + quote(packed).encode(), "?compression=base64", {"Content_Type": form}),
            (b"data=" + packed + b"&compression=base64", "", {"Content_Type": form}),
            (b"data=" + quote(text).encode(), "", {"Content_Type": form}),
        ):
            answer = post(fresh, path + query, body, **headers)
            assert (answer.status_code, answer.json()) == (200, {"status": "Ok"}), (path, query, headers)
    stored = events(fresh)
    assert len(stored) == len(POSTHOG) * 7
    assert {bytes(e.properties) for e in stored} == {b'{"note":"a+b c&d"}'}


def test_posthog_event_in_the_address(fresh: Served) -> None:
    event = base64.b64encode(json.dumps({"event": "seen", "distinct_id": "u", "token": key(fresh)}).encode())
    answer = fresh.get(f"/e/?data={quote(event)}&_=1714557600000&beacon=1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert [e.event for e in events(fresh)] == ["seen"]


def test_posthog_versioned_endpoint_answers_for_each_event(fresh: Served) -> None:
    batch = [
        {"event": "a", "uuid": "1", "distinct_id": "u", "options": {}, "properties": {}, "session_id": "s"},
        {"event": "", "uuid": "2", "distinct_id": "u", "properties": {}},
    ]
    answer = send(
        fresh,
        "/i/v1/analytics/events",
        {"batch": batch, "created_at": "2024-05-01T12:00:00Z"},
        Authorization=f"Bearer {key(fresh)}",
        PostHog_Sdk_Info="posthog-node/5.1",
    )
    assert answer.json() == {"results": {"1": {"result": "ok"}, "2": {"result": "drop", "details": "It has no event."}}}
    assert [(e.event, e.session_id) for e in events(fresh)] == [("a", "s")]


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("application/json", '{"event": "a", "id": "1"}'),
        ("application/json", '[{"event": "a", "id": "1"}]'),
        ("application/json", '{"events": [{"event": "a", "id": "1"}]}'),
        ("application/x-ndjson", '{"event": "a", "id": "1"}\n\n'),
        ("text/plain", '{"event": "a", "id": "1"}'),
    ],
)
def test_native_api_takes_every_shape_and_each_event_once(fresh: Served, content_type: str, text: str) -> None:
    bearer = f"Bearer {key(fresh)}"
    first = post(fresh, "/api/events", text, Authorization=bearer, Content_Type=content_type)
    again = post(fresh, "/api/events", text, Authorization=bearer, Content_Type=content_type)
    assert first.json() == {"accepted": 1, "duplicates": 0, "quarantined": 0}
    assert again.json() == {"accepted": 0, "duplicates": 1, "quarantined": 0}
    assert len(events(fresh)) == 1


def test_one_bad_event_does_not_sink_its_batch(fresh: Served) -> None:
    batch = [
        {"event": "good"},
        {"event": ""},
        {"event": 5},
        "no object",
        {"event": "late", "timestamp": "1066-10-14T09:00:00Z"},
        {"event": "bad time", "timestamp": "yesterday"},
        {"event": "nul", "properties": {"a": "\0"}},
        {"event": "fine", "properties": {"a": 1}},
    ]
    answer = send(fresh, "/api/events", batch)
    assert answer.json() == {"accepted": 2, "duplicates": 0, "quarantined": 6}
    assert [e.event for e in events(fresh)] == ["good", "fine"]
    assert len(reasons(fresh)) == 6


def test_without_keys_this_machine_sends_and_other_sites_do_not(fresh: Served) -> None:
    assert send(fresh, "/api/events", {"event": "a"}).status_code == 200
    assert send(fresh, "/api/events", {"event": "a"}, Origin="http://localhost:3000").status_code == 200
    refused = send(fresh, "/api/events", {"event": "a"}, **OTHER_SITE)
    assert refused.status_code == 401
    assert "https://shop.example is another site" in refused.json()["message"]
    assert {e.source for e in events(fresh)} == {"native"}


def test_with_keys_any_site_sends_with_one_and_nobody_without(fresh: Served) -> None:
    mine = key(fresh)
    taken = send(fresh, "/e/", {"event": "a", "distinct_id": "u", "api_key": mine}, **OTHER_SITE)
    assert taken.status_code == 200
    assert taken.headers["access-control-allow-origin"] == "https://shop.example"
    assert taken.headers["cross-origin-resource-policy"] == "cross-origin"
    for body in ({"event": "a", "distinct_id": "u"}, {"event": "a", "distinct_id": "u", "api_key": "nobody's"}):
        refused = send(fresh, "/e/", body)
        assert refused.status_code == 401
        assert "upshot key add" in refused.json()["hint"]
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    owner.call(WRITE_KEY_REVOKE, WriteKeyName("web"))
    assert send(fresh, "/e/", {"event": "a", "distinct_id": "u", "api_key": mine}).status_code == 401
    assert len(events(fresh)) == 1


def test_guarded_workspace_asks_for_a_key_before_there_is_one(fresh: Served) -> None:
    fresh.workspace.acting_as(LOCAL_OWNER).call(ACCESS_ADD, AccessAdd("ann", "owner"))
    assert send(fresh, "/api/events", {"event": "a"}).status_code == 401


@pytest.mark.parametrize("role", ["owner", "editor", "viewer", "outsider"])
def test_access_token_is_no_write_key(guarded: Served, role: str) -> None:
    with guarded.client(role) as client:
        assert client.post("/api/events", json={"event": "a"}).status_code == 401


@pytest.mark.parametrize("path", ["/e/", "/v1/track", "/api/events", "/flags/", "/array/k/config"])
def test_browsers_are_told_that_they_may(served: Served, path: str) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-retry-count"}
    with served.client() as client:
        answer = client.options(path, headers={**OTHER_SITE, **asked})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "content-type,x-retry-count"


def test_clients_that_start_are_told_what_is_off(served: Served) -> None:
    with served.client() as client:
        assert client.post("/flags/?v=2", json={"token": "k"}).json()["flags"] == {}
        assert client.post("/decide/?v=3", json={"token": "k"}).json()["featureFlags"] == {}
        config = client.get("/array/k/config").json()
        script = client.get("/array/k/config.js")
        settings = client.get("/v1/projects/k/settings", headers=OTHER_SITE)
    assert (config["token"], config["sessionRecording"], config["surveys"]) == ("k", False, False)
    assert script.headers["content-type"].startswith("text/javascript")
    assert '_POSTHOG_REMOTE_CONFIG["k"]={config:' in script.text
    sends = settings.json()["integrations"]["Segment.io"]
    assert (sends["apiKey"], sends["apiHost"]) == ("k", served.url.removeprefix("http://") + "/v1")
    assert settings.headers["access-control-allow-origin"] == "https://shop.example"


def test_rate_of_a_key_is_limited_with_a_word_when_to_come_back(fresh: Served) -> None:
    bearer = f"Bearer {key(fresh, a_second=1)}"
    assert send(fresh, "/api/events", [{"event": "a"}] * 10, Authorization=bearer).status_code == 200
    refused = send(fresh, "/api/events", [{"event": "a"}] * 5, Authorization=bearer)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 6
    assert len(events(fresh)) == 10


def test_quota_of_a_day_outlives_a_change_of_keys(fresh: Served) -> None:
    bearer = f"Bearer {key(fresh, a_day=3)}"
    assert send(fresh, "/api/events", [{"event": "a"}] * 2, Authorization=bearer).status_code == 200
    key(fresh, "phone")  # the keys are read anew
    refused = send(fresh, "/api/events", [{"event": "a"}] * 2, Authorization=bearer)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert send(fresh, "/api/events", {"event": "a"}, Authorization=bearer).status_code == 200
    assert len(events(fresh)) == 3


@pytest.mark.parametrize("error", [Busy("400,000 events wait.", retry_after_seconds=2), StoreFull("No room is left.")])
def test_store_that_cannot_keep_up_says_when_to_come_back_and_promises_nothing(
    fresh: Served, monkeypatch: pytest.MonkeyPatch, error: UserError
) -> None:
    """The disk cannot be filled here, nor the queue within a test's time; the engine's own tests do both."""

    def full(intake: Intake) -> Future[Taken]:
        del intake
        done: Future[Taken] = Future()
        done.set_exception(error)
        return done

    monkeypatch.setattr(fresh.workspace.resources.store, "take_in", full)
    answer = send(fresh, "/api/events", {"event": "a", "id": "1"})
    assert (answer.status_code, answer.json()["message"]) == (503, error.message)
    assert int(answer.headers["retry-after"]) >= 1
    monkeypatch.undo()
    again = send(fresh, "/api/events", {"event": "a", "id": "1"})
    assert again.json() == {"accepted": 1, "duplicates": 0, "quarantined": 0}
