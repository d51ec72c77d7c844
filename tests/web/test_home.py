"""The overview."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.web.conftest import NOW, Served, made, serving
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import LOCAL_OWNER
from upshot.api.series import SERIES_IMPORT, SeriesImport, SeriesValue
from upshot.collect.imports.mapping import Mapping, Status


def test_home_shows_a_card_for_each_metric_own_ones_first(served: Served) -> None:
    text = served.get("/").text
    cards = re.findall(r'id="card-([a-z_0-9]+)"', text)
    assert cards[:2] == ["revenue", "buyers"]
    assert "events" in cards
    assert "retention" not in cards


def test_home_card_shows_value_change_and_freshness(served: Served) -> None:
    """Thirty days to 10 March, which is today: 29 whole days with 100 of revenue each; the data begin inside the days
    before them, so that there is nothing to compare with."""
    text = served.get("/").text
    card = text[text.index('id="card-revenue"') :]
    card = card[: card.index("</a>")]
    assert "€2,900.00" in card
    assert 'class="pill' not in card
    assert "10 Feb – 9 Mar 2024" in card
    assert "10 Feb – 10 Mar 2024" in text
    assert "Newest event: yesterday 13:00" in text


def test_home_shows_metrics_in_the_order_of_their_file(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    yaml = "metrics: [{name: zebra, type: count, event: x}, {name: ape, type: count, event: x}]"
    assert len(owner.call(METRIC_APPLY, MetricApply(yaml)).changes) == 2
    at = NOW - timedelta(days=1)
    owner.call(EVENTS_APPEND, EventsAppend("t", (NewEvent("x", at, "p"),)))
    assert re.findall(r'id="card-([a-z_0-9]+)"', fresh.get("/").text)[:2] == ["zebra", "ape"]
    assert owner.call(METRIC_APPLY, MetricApply(yaml.replace("x}]", "y}]"))).changes[1].change == "changed"
    assert re.findall(r'id="card-([a-z_0-9]+)"', fresh.get("/").text)[:2] == ["zebra", "ape"]


def some_days(days: Callable[[int], int]) -> tuple[NewEvent, ...]:
    """``days(n)`` events n days before today, each at noon."""
    noon = NOW.replace(hour=10, minute=0)
    return tuple(NewEvent("x", noon - timedelta(days=n), f"p{i}") for n in range(70) for i in range(days(n)))


def test_today_stands_beside_a_count_and_not_beside_what_takes_days_to_ripen(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    events = [NewEvent("x", now - timedelta(days=n), f"p{i}") for n in range(70) for i in range(3)]
    yaml = "{metrics: [{name: all, type: count, event: x}, {name: won, type: conversion, of: x, event: x, within: 5d}]}"
    with serving(made(tmp_path / "shop", filled=False), datetime.now) as shop:
        owner = shop.workspace.acting_as(LOCAL_OWNER)
        owner.call(EVENTS_APPEND, EventsAppend("t", tuple(events)))
        assert len(owner.call(METRIC_APPLY, MetricApply(yaml)).changes) == 2
        text = shop.get("/").text
    cards = {name: text.partition(f'id="card-{name}"')[2].partition("</a>")[0] for name in ("all", "won")}
    assert "3 today so far" in cards["all"]
    assert "so far" not in cards["won"]
    assert 'class="metric-number">100.0%<' in cards["won"]


def test_home_says_what_left_the_range_of_its_weekdays(fresh: Served) -> None:
    """Ten a day, more on each Saturday before; then 12 on one Saturday whose like had 20 to 27."""
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    saturdays = {1: 12, **{1 + 7 * week: 19 + week for week in range(1, 9)}}
    owner.call(EVENTS_APPEND, EventsAppend("t", some_days(lambda n: saturdays.get(n, 10))))
    text = " ".join(
        re.sub("<[^>]+>", " ", fresh.get("/").text.partition('id="moved"')[2].partition("</section>")[0]).split()
    )
    assert "yesterday, Saturday 9 Mar 2024" in text
    assert "Events 12 ▼ down 48.9% lower than on each of the last 8 Saturdays (least: 20)" in text
    assert re.search(r"By chance alone, (about \d|fewer than one) would leave it on a day\.", text)


def test_home_says_that_nothing_moved_and_that_it_is_too_early_to_tell(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    owner.call(EVENTS_APPEND, EventsAppend("t", some_days(lambda n: 10 if n < 16 else 0)))
    text = fresh.get("/").text.partition('id="moved"')[2].partition("</section>")[0]
    assert "fewer than four weeks behind" in text
    owner.call(EVENTS_APPEND, EventsAppend("t", some_days(lambda n: 10 if n >= 16 else 0)))
    text = fresh.get("/").text.partition('id="moved"')[2].partition("</section>")[0]
    assert "Nothing unusual" in text


def test_card_shows_the_change_on_the_year_before_where_there_are_data(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    then = tuple(NewEvent("x", NOW - timedelta(days=370 + n), "p") for n in range(40))
    now = tuple(NewEvent("x", NOW - timedelta(days=1), f"p{i}") for i in range(50))
    owner.call(EVENTS_APPEND, EventsAppend("t", now))
    assert "on the year before" not in fresh.get("/").text
    owner.call(EVENTS_APPEND, EventsAppend("t", then))
    card = fresh.get("/").text.partition('id="card-events"')[2].partition("</a>")[0]
    assert re.search(r'<span class="good">\+100.0%</span> on the year before', card)


def test_pages_show_an_import_while_it_runs(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    owner.call(EVENTS_APPEND, EventsAppend("t", (NewEvent("x", NOW, "p"),)))
    running = fresh.workspace.resources.imports.running
    running["i"] = Status("i", "running", 2_345, 2_300, 40, 5, 0.45, 5_211, "", Mapping(source="shop"))
    for path in ("/", "/data"):
        text = fresh.get(path).text
        assert "<strong>Importing shop</strong>" in text
        assert "45% · 2,345 of 5,211 rows, 5 rejected." in text
    del running["i"]
    assert "Importing" not in fresh.get("/").text


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
    assert len(owner.call(METRIC_APPLY, MetricApply(yaml)).changes) == 1
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


def test_home_shows_the_chosen_metrics_in_their_order_and_that_is_undone(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    owner.call(EVENTS_APPEND, EventsAppend("t", (NewEvent("x", NOW - timedelta(days=1), "p"),)))

    def cards() -> list[str]:
        return re.findall(r'id="card-([a-z_0-9]+)"', fresh.get("/").text)

    usual = cards()
    with fresh.client() as client:
        kept = client.post("/home/keep", data={"metric": ["stickiness", "events"]})
        assert (kept.status_code, kept.headers["location"]) == (303, "/")
        assert cards() == ["stickiness", "events"]
        assert "The home page shows what you chose." in client.get("/").text
        listed = re.findall(r'value="([a-z_0-9]+)" checked', client.get("/home/arrange").text)
        assert listed == ["stickiness", "events"]
        client.post("/home/keep", data={"metric": ["active_persons"]})
        undo = re.search(r'name="version" value="(\d+)"', client.get("/").text)
        assert undo is not None
        assert client.post("/home/restore", data={"version": undo[1]}).status_code == 303
        assert cards() == ["stickiness", "events"]
        client.post("/home/restore", data={"version": "0"})
        assert cards() == usual
        assert client.post("/home/keep", data={}).status_code == 400
        lost = client.post("/home/keep", data={"metric": ["lost", "events"]})
        assert lost.status_code == 400
        assert "There is no metric named 'lost'." in html.unescape(lost.text)
        assert re.findall(r'value="(\w+)" checked', lost.text) == ["events"]
        client.post("/home/keep", data={"metric": ["events"]})
        client.post("/home/keep", data={"metric": ["events"], "usual": "1"})
    assert cards() == usual


def test_home_is_arranged_by_whoever_may_write(guarded: Served) -> None:
    for role, status in (("owner", 200), ("editor", 200), ("viewer", 403), ("outsider", 303), ("", 303)):
        assert guarded.get("/home/arrange", role).status_code == status
        with guarded.client(role) as client:
            for path in ("/home/keep", "/home/restore"):
                answer = client.post(path, data={"version": "99"})
                assert answer.status_code == {200: 400 if "keep" in path else 404, 403: 403, 303: 401}[status]
    assert "/home/arrange" not in guarded.get("/", "viewer").text


def test_home_of_series_only_shows_no_cards_of_people(fresh: Served, served: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    days = [NOW.date() - timedelta(days=number) for number in range(1, 40)]
    owner.call(SERIES_IMPORT, SeriesImport(name="tours", values=tuple(SeriesValue(day, 12.0) for day in days)))
    cards = re.findall(r'id="card-([a-z_0-9]+)"', fresh.get("/").text)
    assert "tours" in cards
    assert not [name for name in cards if "person" in name or name in ("stickiness", "retention")]
    assert "active_persons" in re.findall(r'id="card-([a-z_0-9]+)"', served.get("/").text)


def test_card_that_takes_too_long_comes_by_itself(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = served.get("/?range=30d").text
    monkeypatch.setattr("upshot.web.home.view.BUDGET_SECONDS", 0.0)
    soon = served.get("/?range=30d").text
    cards = re.compile(r'id="card-([a-z_0-9]+)"')
    assert cards.findall(soon) == cards.findall(whole)
    assert "€2,900.00" not in soon
    later = html.unescape(re.findall(r'hx-get="([^"]+)" hx-trigger="load"', soon)[0])
    assert later == "/?range=30d&whole=1"
    complete = served.get(later).text
    assert "€2,900.00" in complete
    assert 'hx-trigger="load"' not in complete
    live = complete.partition('id="live"')[2].partition(">")[0]
    assert html.unescape(live).partition('hx-get="')[2].partition('"')[0] == later, "a later change blanks no card"
