"""The overview."""

import html
import re

from tests.web.conftest import Served
from upshot.workspace.messages import METRIC_APPLY, MetricApply
from upshot.workspace.operation import LOCAL_OWNER


def test_home_shows_a_card_for_each_metric_own_ones_first(served: Served) -> None:
    text = served.get("/").text
    cards = re.findall(r'id="card-([a-z_0-9]+)"', text)
    assert cards[:2] == ["buyers", "revenue"]
    assert "events" in cards
    assert "retention" not in cards


def test_home_card_shows_value_change_and_freshness(served: Served) -> None:
    """Thirty days to 10 March: 29 days with 100 of revenue each; the thirty days before: thirty."""
    text = served.get("/").text
    card = text[text.index('id="card-revenue"') :]
    card = card[: card.index("</a>")]
    assert "€2,900.00" in card
    assert "3.3%" in card
    assert "▼" in card
    assert 'class="pill bad"' in card
    assert "10 Feb – 10 Mar 2024" in text
    assert "Newest event: yesterday 13:00" in text


def test_home_says_what_to_do_while_there_are_no_events(fresh: Served) -> None:
    answer = fresh.get("/")
    assert answer.status_code == 200
    assert "No events yet" in answer.text
    assert "upshot import events" in answer.text
    assert f"{fresh.url}/api/ops/events.append" in answer.text


def test_other_pages_do_not_fail_while_there_are_no_events(fresh: Served) -> None:
    for path in ("/metrics", "/metrics/events", "/retention", "/data"):
        answer = fresh.get(path)
        assert answer.status_code == 200, path
    assert "No events yet" in fresh.get("/metrics/events").text


def test_metric_that_cannot_be_answered_costs_its_card_only(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    yaml = 'metrics: [{name: tail, type: sum, event: x, value: "a * b"}]'
    assert owner.call(METRIC_APPLY, MetricApply(yaml)).problems == ()
    event = (
        b'{"source": "t", "events": [{"event": "x", "occurred_at": "2024-03-09T10:00:00Z", "properties": {"a": "z"}}]}'
    )
    with fresh.client(**{"Content-Type": "application/json"}) as client:
        assert client.post("/api/ops/events.append", content=event).status_code == 200
    text = fresh.get("/").text
    assert 'id="card-tail"' in text
    assert 'id="card-events"' in text


def test_command_that_home_offers_stores_the_first_event(fresh: Served) -> None:
    said = html.unescape(fresh.get("/").text.partition('id="send-command"')[2].partition("</pre>")[0])
    with fresh.client(**{"Content-Type": "application/json"}) as client:
        answer = client.post("/api/ops/events.append", content=said.partition("-d '")[2].rstrip("'"))
    assert (answer.status_code, answer.json()["stored"]) == (200, 1)
