"""Python clients of Segment, RudderStack and PostHog as they are: what they send arrives once, in bad weather too."""

import json
import signal
import socket
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from posthog import Posthog
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient

from tests.clients.conftest import BUSY, KEY, LOST, Collecting, Held
from tests.web.conftest import made
from upshot.api.events import EVENTS_RECENT, EventsRecent
from upshot.api.keys import WRITE_KEY_ADD, WriteKeyAdd
from upshot.api.operation import LOCAL_OWNER
from upshot.core.settings import load_settings
from upshot.workspace.local import LocalWorkspace

MANY = 250
EARLIER = datetime(2024, 5, 1, 10, 30, 15, 250_000, tzinfo=UTC)


def failed(error: Exception, batch: object) -> None:
    del batch
    raise AssertionError(f"the client gave up: {error}")


def tell_segment(client: Any) -> None:
    """What an app tells: Segment's and RudderStack's clients have the same calls."""
    client.track(anonymous_id="visitor", event="opened", timestamp=EARLIER)
    client.identify("ann", {"plan": "pro", "seats": 3}, anonymous_id="visitor")
    client.group("ann", "acme", {"size": "large"})
    client.page("ann", "docs", "start", {"path": "/start"})
    client.screen("ann", "app", "home")
    client.alias("ann@old", "ann")
    client.track("ann@old", "imported", {"from": "the old app"})
    for number in range(MANY):
        client.track("bob", "played", {"song": number, "title": "Ünïcode ☃", "nested": {"deep": [1, None]}})
    client.flush()
    client.shutdown()


def check_segment(held: list[Held], library: str = "analytics-python") -> None:
    assert Counter(one.event for one in held) == {
        "opened": 1,
        "$identify": 1,
        "$groupidentify": 1,
        "$pageview": 1,
        "$screen": 1,
        "$create_alias": 1,
        "imported": 1,
        "played": MANY,
    }
    by_name = {one.event: one for one in held}
    assert {one.source for one in held} == {"app"}
    assert {one.person for one in held if one.event != "played"} == {by_name["opened"].person}
    assert {one.person for one in held if one.event == "played"} == {"bob"}
    assert by_name["opened"].distinct_id == "visitor"
    assert abs(by_name["opened"].occurred_at - EARLIER) < timedelta(seconds=5)
    assert by_name["$pageview"].properties["path"] == "/start"
    assert by_name["$groupidentify"].groups == {"group": "acme"}
    played = [one for one in held if one.event == "played"]
    assert sorted(one.properties["song"] for one in played) == list(range(MANY))
    assert played[0].properties["title"] == "Ünïcode ☃"
    assert played[0].properties["nested"] == {"deep": [1, None]}
    assert played[0].properties["$context"]["library"]["name"] == library
    assert abs(played[0].occurred_at - datetime.now(UTC)) < timedelta(minutes=2)


@pytest.mark.parametrize("gzip", [False, True])
def test_segment_client_arrives_once(collecting: Collecting, gzip: bool) -> None:
    collecting.weather.coming = [BUSY, LOST]
    tell_segment(SegmentClient(KEY, host=collecting.url, on_error=failed, gzip=gzip))
    assert collecting.weather.met >= Counter({BUSY: 1, LOST: 1, "fair": 3})
    check_segment(collecting.held())
    assert collecting.trait("ann", "plan") == "pro"
    assert collecting.trait("ann", "seats") == "3"
    assert collecting.unit_trait("group", "acme", "size") == "large"


def test_rudder_client_arrives_once(collecting: Collecting) -> None:
    collecting.weather.coming = [LOST, BUSY]
    tell_segment(RudderClient(KEY, host=collecting.url, on_error=failed))
    assert collecting.weather.met >= Counter({BUSY: 1, LOST: 1, "fair": 3})
    check_segment(collecting.held())
    assert collecting.trait("ann", "plan") == "pro"


@pytest.mark.parametrize("gzip", [False, True])
def test_posthog_client_arrives_once(collecting: Collecting, gzip: bool) -> None:
    collecting.weather.coming = [BUSY, LOST]
    client = Posthog(KEY, host=collecting.url, on_error=failed, gzip=gzip)
    client.capture("opened", distinct_id="visitor", timestamp=EARLIER)
    client.capture("$identify", distinct_id="ann", properties={"$anon_distinct_id": "visitor"})
    client.set(distinct_id="ann", properties={"plan": "pro"})
    client.set_once(distinct_id="ann", properties={"plan": "free", "came_from": "ads"})
    client.group_identify("account", "acme", {"size": "large"}, distinct_id="ann")
    client.alias("ann", "ann@old")
    client.capture("imported", distinct_id="ann@old", groups={"account": "acme"})
    for number in range(MANY):
        client.capture("played", distinct_id="bob", properties={"song": number, "$session_id": f"s{number % 2}"})
    client.flush()
    client.shutdown()
    held = collecting.held()
    assert collecting.weather.met >= Counter({BUSY: 1, LOST: 1, "fair": 3})
    assert Counter(one.event for one in held) == {
        "opened": 1,
        "$identify": 1,
        "$set": 1,
        "$set_once": 1,
        "$groupidentify": 1,
        "$create_alias": 1,
        "imported": 1,
        "played": MANY,
    }
    by_name = {one.event: one for one in held}
    assert {one.person for one in held if one.event != "played"} == {by_name["opened"].person}
    assert {one.person for one in held if one.event == "played"} == {"bob"}
    assert abs(by_name["opened"].occurred_at - EARLIER) < timedelta(seconds=5)
    assert by_name["imported"].groups == {"account": "acme"}
    assert {one.session for one in held if one.event == "played"} == {"s0", "s1"}
    assert sorted(one.properties["song"] for one in held if one.event == "played") == list(range(MANY))
    assert collecting.trait("ann", "plan") == "pro"
    assert collecting.trait("ann", "came_from") == "ads"
    assert collecting.unit_trait("account", "acme", "size") == "large"


def test_posthog_client_asks_for_flags_and_notes_what_it_got(collecting: Collecting) -> None:
    client = Posthog(KEY, host=collecting.url, on_error=failed)
    assert not client.evaluate_flags("ann").is_enabled("new-home")
    client.flush()
    client.shutdown()
    (noted,) = collecting.held()
    assert (noted.event, noted.person) == ("$feature_flag_called", "ann")
    assert noted.properties["$feature_flag"] == "new-home"


def started(folder: Path, port: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "upshot.cli", "serve", "--port", str(port), "--json", "--workspace", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["address"].endswith(str(port))
    return process


def test_segment_client_outlives_a_server_that_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed, not stopped: what it had acknowledged is there, and what it had not is sent again."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folder = made(tmp_path / "w", filled=False)
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        workspace.acting_as(LOCAL_OWNER).call(WRITE_KEY_ADD, WriteKeyAdd("app", KEY))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    client = SegmentClient(KEY, host=f"http://127.0.0.1:{port}", on_error=failed, upload_interval=0.05)
    server = started(folder, port)
    for number in range(MANY):
        client.track("bob", "played", {"song": number})
    client.flush()
    server.send_signal(signal.SIGKILL)
    server.communicate()
    for number in range(MANY, 2 * MANY):
        client.track("bob", "played", {"song": number})
    server = started(folder, port)
    client.flush()
    client.shutdown()
    server.terminate()
    server.communicate()
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        rows = workspace.acting_as(LOCAL_OWNER).call(EVENTS_RECENT, EventsRecent(1000)).events
    assert sorted(json.loads(bytes(row.properties))["song"] for row in rows) == list(range(2 * MANY))
