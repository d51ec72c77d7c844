"""The page about collecting, the quarantine's way back, and what was sent beside what was stored."""

import html
import json
import re
from typing import Literal

import pytest

from tests.web.collect.test_endpoints import events, key, reasons, send
from tests.web.conftest import Served
from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationFile, DeclarationsApply
from upshot.api.operation import LOCAL_OWNER
from upshot.core.settings import CollectSettings

PLAN = """
tracking_plans:
  - name: shop
    mode: {mode}
    events:
      - event: bought
        others: {others}
        properties:
          - {{name: amount, type: number, required: true}}
          - {{name: email, type: text, pii: true}}
    drop: [password]
"""


def declare(served: Served, mode: str = "enforce", *, others: str = "true") -> None:
    file = DeclarationFile("plan.yml", PLAN.format(mode=mode, others=others))
    applied = served.workspace.acting_as(LOCAL_OWNER).call(DECLARATIONS_APPLY, DeclarationsApply((file,)))
    assert applied.problems == ()


def test_plan_that_is_enforced_holds_back_what_breaks_it_until_it_is_replayed(fresh: Served) -> None:
    declare(fresh)
    batch = [
        {"event": "bought", "id": "1", "sdk": "shop-ios/1.2", "properties": {"amount": "5"}},
        {"event": "bought", "id": "2", "properties": {"amount": 5}},
        {"event": "sold", "id": "3"},
        {"event": "$pageview", "id": "4"},
    ]
    assert send(fresh, "/api/events", batch).json() == {"accepted": 2, "duplicates": 0, "quarantined": 2}
    assert sorted(reasons(fresh)) == [
        "Its property 'amount' is text; the plan says number.",
        "The event is not in the tracking plan.",
    ]
    text = fresh.get("/data/collect").text
    assert "shop-ios/1.2" in text
    assert "Try all again" in text
    with fresh.client() as client:
        assert "0 became events; 2 stay." in client.post("/data/collect/replay", follow_redirects=True).text
        declare(fresh, "warn")
        assert "2 became events; 0 stay." in client.post("/data/collect/replay", follow_redirects=True).text
        assert "0 became events; 0 stay." in client.post("/data/collect/replay", follow_redirects=True).text
    assert send(fresh, "/api/events", batch).json()["duplicates"] == 4
    assert sorted(e.event for e in events(fresh)) == ["$pageview", "bought", "bought", "sold"]
    assert reasons(fresh) == []


def test_private_properties_are_hashed_or_dropped_wherever_they_are(fresh: Served) -> None:
    declare(fresh, "warn")
    bought = {"amount": 5, "email": "ann@shop.example", "deep": [{"password": "secret", "ip": "203.0.113.77"}]}
    message = {
        "event": "bought",
        "id": "1",
        "distinct_id": "u",
        "properties": bought,
        "set": {"email": "ann@shop.example"},
    }
    assert send(fresh, "/api/events", [message, {**message, "id": "2"}]).json()["accepted"] == 2
    first, second = (json.loads(bytes(e.properties)) for e in events(fresh))
    assert first == second
    assert first["deep"] == [{"ip": "203.0.113.0"}]
    assert first["email"] == first["$set"]["email"] != "ann@shop.example"
    assert len(first["email"]) == 32
    traits = fresh.workspace.resources.store.run_sql("SELECT value FROM unit_properties").rows
    assert set(traits) == {(first["email"],)}
    for path in ("/events", "/data/collect", "/data"):
        assert "ann@shop" not in fresh.get(path).text
        assert "secret" not in fresh.get(path).text


def test_refused_message_is_kept_without_what_must_not_be_kept(fresh: Served) -> None:
    declare(fresh)
    send(fresh, "/api/events", [{"event": "sold", "properties": {"password": "secret"}}])
    text = fresh.get("/data/collect").text
    assert "not in the tracking plan" in text
    assert "secret" not in text


def test_live_page_shows_what_was_sent_beside_what_was_stored(fresh: Served) -> None:
    message = {
        "type": "track",
        "event": "bought",
        "userId": "u",
        "context": {"library": {"name": "a.js", "version": "2"}},
    }
    assert send(fresh, "/v1/batch", {"batch": [{"type": "track"}, message]}).status_code == 200
    text = fresh.get("/events").text
    assert "<h3>Sent</h3>" in text
    assert "segment · a.js/2" in text
    assert "&#34;userId&#34;: &#34;u&#34;" in text


def test_retried_refusal_is_in_quarantine_once(fresh: Served) -> None:
    for _ in range(2):
        send(fresh, "/api/events", [{"event": ""}])
    assert len(reasons(fresh)) == 1


def test_second_person_on_a_device_is_not_joined_with_the_first(fresh: Served) -> None:
    for user in ("ann", "bob"):
        send(fresh, "/v1/identify", {"userId": user, "anonymousId": "device"})
    assert reasons(fresh) == ["'device' belongs to another person already, and was not joined with 'bob'."]
    send(fresh, "/v1/alias", {"userId": "bob", "previousId": "ann"})
    rows = fresh.workspace.resources.store.run_sql("SELECT DISTINCT person FROM identity").rows
    assert len(rows) == 1


def test_sender_of_an_id_that_stands_for_many_is_told(fresh: Served) -> None:
    for user in ("ann", "bob"):
        send(fresh, "/v1/identify", {"userId": "undefined", "anonymousId": user})
    assert sorted(str(e.distinct_id) for e in events(fresh)) == ["ann", "bob"]
    assert "joins persons by the id &#39;undefined&#39;" in fresh.get("/data/collect").text


@pytest.mark.parametrize("role", ["owner", "editor", "viewer", "outsider", ""])
def test_cast_on_the_page_s_actions(guarded: Served, role: str) -> None:
    known = role in ("owner", "editor", "viewer")
    with guarded.client(role) as client:
        replayed = client.post("/data/collect/replay", data={"source": "nobody's"})
        made = client.post("/data/collect/keys", data={"name": "", "key": ""})
        revoked = client.post("/data/collect/keys/revoke", data={"name": "nobody's"})
    assert replayed.status_code == (303 if role in ("owner", "editor") else 403 if known else 401)
    assert made.status_code == (400 if role == "owner" else 403 if known else 401)
    assert revoked.status_code == (404 if role == "owner" else 403 if known else 401)


def test_keys_are_made_and_revoked_on_the_page(fresh: Served) -> None:
    with fresh.client() as client:
        made = client.post("/data/collect/keys", data={"name": "web", "events_a_second": "100"})
        assert made.status_code == 303
        wrong = client.post("/data/collect/keys", data={"name": "ios", "events_a_day": "many"})
        assert (wrong.status_code, "is no number of events" in wrong.text) == (400, True)
        assert re.findall(r'id="problem-(\w+)"', wrong.text) == ["events_a_day"]
        assert 'name="name" value="ios"' in wrong.text
        assert 'name="events_a_day" value="many"' in wrong.text
        text = client.get("/data/collect").text
        assert "upk_" in text
        client.post("/data/collect/keys/revoke", data={"name": "web"})
        assert "upk_" not in client.get("/data/collect").text


@pytest.mark.parametrize(
    ("agent", "is_robot"),
    [
        ("Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36", False),
        ("Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20 PRO) AppleWebKit/537.36 Chrome/120.0 Mobile", False),
        ("Mozilla/5.0 (Linux; U; Android 4.4; xx; CUBOT) AppleWebKit/534.30", False),
        ("Mozilla/5.0 (Linux; Android 12; CUBOT P50; Googlebot/2.1)", True),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("Mozilla/5.0 AppleWebKit/537.36 (compatible; bingbot/2.0)", True),
        ("Twitterbot/1.0", True),
        ("Slackbot-LinkExpanding 1.0", True),
        ("facebookexternalhit/1.1", True),
        ("Baiduspider+(+http://www.baidu.com/search/spider.htm)", True),
        ("my-crawler/1.0", True),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0 Safari/537.36", True),
        ("Mozilla/5.0 (Macintosh) Chrome-Lighthouse", True),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.0 Safari/605.1.15", False),
    ],
)
def test_robots_are_told_by_whole_words(
    fresh: Served, monkeypatch: pytest.MonkeyPatch, agent: str, is_robot: bool
) -> None:
    monkeypatch.setattr(fresh.workspace.collector, "settings", CollectSettings(bots="drop"))
    body = {"event": "seen", "distinct_id": "u", "api_key": key(fresh)}
    assert send(fresh, "/e/", body, User_Agent=agent).status_code == 200
    assert len(events(fresh)) == (not is_robot)


@pytest.mark.parametrize(("bots", "stored"), [("keep", 1), ("drop", 0)])
def test_robots_are_left_out_where_that_is_set(
    fresh: Served, monkeypatch: pytest.MonkeyPatch, bots: Literal["keep", "drop"], stored: int
) -> None:
    monkeypatch.setattr(fresh.workspace.collector, "settings", CollectSettings(bots=bots))
    agent = "Mozilla/5.0 (compatible; Examplebot/2.1)"
    body = {"event": "seen", "distinct_id": "u", "api_key": key(fresh)}
    assert send(fresh, "/e/", body, User_Agent=agent).status_code == 200
    assert len(events(fresh)) == stored
    assert ("1 request of robots left out" in fresh.get("/data/collect").text) == (bots == "drop")


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": "n" * 300}, "name"),
        ({"name": "web", "events_a_second": "many"}, "events_a_second"),
        ({"name": "web", "events_a_day": "9" * 40}, "events_a_day"),
    ],
)
def test_key_that_cannot_be_made_says_why_at_its_field(fresh: Served, form: dict[str, str], field: str) -> None:
    with fresh.client() as client:
        answer = client.post("/data/collect/keys", data={"key": "typed & kept", **form})
    assert answer.status_code == 400
    assert re.findall(r'id="problem-(\w+)"', answer.text) == [field]
    text = html.unescape(answer.text)
    assert all(f'name="{name}" value="{value}"' in text for name, value in {"key": "typed & kept", **form}.items())
