"""A metric ends with its own sources: days after them are not known, and are no zeros beside whole ones."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.cli.test_commands import run, run_json
from tests.shop import WANTED
from tests.web.conftest import serving
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.metrics import METRIC_APPLY, METRIC_QUERY, METRIC_RETENTION, MetricApply, MetricQuery, RetentionQuery
from upshot.api.operation import LOCAL_OWNER, Caller
from upshot.api.series import SERIES_IMPORT, SeriesImport, SeriesValue
from upshot.core.settings import load_settings
from upshot.core.time import Grain
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace

Captured = pytest.CaptureFixture[str]
FIRST, ORDERS_END, VISITS_END = date(2024, 1, 1), date(2024, 3, 20), date(2024, 3, 29)
RARE = date(2024, 2, 10)
DAY = timedelta(days=1)
METRICS = """
metrics:
- {name: orders, type: count, event: order}
- {name: visits, type: count, event: visit}
- {name: visitors, type: active, event: visit}
- {name: refunds, type: count, event: refund}
- {name: rate, type: ratio, numerator: orders, denominator: visits}
- {name: bought, type: conversion, of: visit, event: order, within: 2d}
- {name: back, type: retention, of: visit, event: order, period: day}
- {name: anybody, type: active}
- {name: everything, type: count}
"""
MARCH = ("--from", "2024-03-16", "--to", "2024-03-29")
AFTER = "after the last event"


def rows(name: str, last: date, *, each: int, rare: str = "") -> str:
    """``each`` events on each day, from nine to nine; ``rare`` happened once."""
    lines = ["when,who,event"]
    day = FIRST
    while day <= last:
        lines += [f"{day}T{9 + 12 * n // (each - 1):02d}:30:00Z,p{n},{name}" for n in range(each)]
        if rare and day == RARE:
            lines.append(f"{day}T12:00:00Z,p1,{rare}")
        day += DAY
    return "\n".join(lines)


@pytest.fixture
def shop(tmp_path: Path, capsys: Captured) -> Path:
    """Two files of one import each: orders end nine days before visits."""
    place = tmp_path / "shop"
    initialise(place, WANTED, load_settings(None, {}))
    files = {
        "orders.csv": rows("order", ORDERS_END, each=3),
        "visits.csv": rows("visit", VISITS_END, each=5, rare="refund"),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        words = ("--timestamp", "when", "--distinct-id", "who", "--event-column", "event")
        assert run(capsys, place, "import", "events", str(tmp_path / name), *words)[0] == 0
    with LocalWorkspace.open(place, load_settings(place, {})) as opened:
        assert not opened.acting_as(LOCAL_OWNER).call(METRIC_APPLY, MetricApply(METRICS)).problems
    return place


@pytest.fixture
def owner(shop: Path) -> Iterator[Caller]:
    with LocalWorkspace.open(shop, load_settings(shop, {})) as opened:
        yield opened.acting_as(LOCAL_OWNER)


def ask(owner: Caller, name: str, first: date = date(2024, 3, 16), last: date = VISITS_END) -> dict[date, object]:
    """Value by day; the note of days that are not known."""
    answer = owner.call(METRIC_QUERY, MetricQuery(name, first, last))
    return {point.period: point.value if point.complete else point.note for point in answer.points}


def test_days_after_a_file_ended_are_no_zeros(owner: Caller) -> None:
    found = ask(owner, "orders")
    assert found == {
        day: 3.0 if day <= ORDERS_END else AFTER for day in (date(2024, 3, 16) + DAY * n for n in range(14))
    }
    assert set(ask(owner, "visits").values()) == {5.0}
    answer = owner.call(METRIC_QUERY, MetricQuery("orders", date(2024, 3, 16), VISITS_END, compare="previous"))
    assert all(point.value is None for point in answer.points if point.period > ORDERS_END)
    assert (answer.headline.value, answer.headline.last, answer.headline.complete) == (15.0, ORDERS_END, True)
    assert answer.headline.before is not None
    assert answer.headline.before.change == 0.0
    assert answer.data_until is not None
    assert answer.data_until.date() == ORDERS_END
    assert answer.total is not None
    assert (answer.total.complete, answer.total.note) == (False, "the data end inside")


def test_window_after_the_end_has_no_number(owner: Caller) -> None:
    answer = owner.call(METRIC_QUERY, MetricQuery("orders", date(2024, 3, 25), VISITS_END))
    assert (answer.headline.value, answer.headline.note) == (None, AFTER)
    assert answer.total is not None
    assert answer.total.value is None


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("rate", ORDERS_END),
        ("bought", ORDERS_END - 2 * DAY),
        ("visitors", VISITS_END),
        ("anybody", VISITS_END),
        ("everything", VISITS_END),
    ],
)
def test_metric_of_two_files_ends_with_the_first_that_it_needs(owner: Caller, name: str, last: date) -> None:
    answer = owner.call(METRIC_QUERY, MetricQuery(name, date(2024, 3, 11), VISITS_END))
    assert max(point.period for point in answer.points if point.complete) == last
    assert answer.headline.last == last


def test_grid_has_no_cells_after_the_end(owner: Caller) -> None:
    grid = owner.call(METRIC_RETENTION, RetentionQuery("back", FIRST, VISITS_END, Grain.DAY, 100))
    assert max(cell.cohort + DAY * cell.offset for cell in grid.cells) == ORDERS_END
    assert {cell.share for cell in grid.cells} == {0.6}, "three of five came back each day"


def test_rare_event_goes_on_with_its_file(owner: Caller) -> None:
    assert set(ask(owner, "refunds").values()) == {0.0}


def test_next_file_of_the_same_events_goes_on(shop: Path, tmp_path: Path, capsys: Captured) -> None:
    """It has no refund and comes by itself; both files are of visits, so that refunds are only rare."""
    later = rows("visit", date(2024, 4, 5), each=5).splitlines()
    (tmp_path / "april.csv").write_text("\n".join([later[0], *(line for line in later[1:] if line > "2024-03-30")]))
    words = ("--timestamp", "when", "--distinct-id", "who", "--event-column", "event")
    assert run(capsys, shop, "import", "events", str(tmp_path / "april.csv"), *words)[0] == 0
    with LocalWorkspace.open(shop, load_settings(shop, {})) as opened:
        found = ask(opened.acting_as(LOCAL_OWNER), "refunds", last=date(2024, 4, 5))
    assert found[date(2024, 4, 5)] == 0.0


def test_live_source_beside_an_old_file_goes_on(owner: Caller) -> None:
    """An order that came live two days after its file ended: its source is known until it ends itself."""
    assert ask(owner, "orders")[ORDERS_END + DAY] == AFTER
    live = [NewEvent("order", datetime(2024, 3, 21 + n, 12, tzinfo=UTC), "p0", f"l{n}") for n in range(9)]
    owner.call(EVENTS_APPEND, EventsAppend("app", tuple(live)))
    found = ask(owner, "orders")
    assert {day: value for day, value in found.items() if day > ORDERS_END} == {
        ORDERS_END + DAY * n: 1.0 for n in range(1, 10)
    }


def test_silence_that_is_usual_is_zeros(owner: Caller) -> None:
    """A source that sends on working days only does not end on each Friday."""
    working = [date(2024, 2, 1) + DAY * n for n in range(51)]
    at = [datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in working if day.weekday() < 5]
    owner.call(EVENTS_APPEND, EventsAppend("bank", tuple(NewEvent("paid", t, "p0", str(t)) for t in at)))
    owner.call(METRIC_APPLY, MetricApply("{name: paid, type: count, event: paid}"))
    friday = date(2024, 3, 22)
    found = ask(owner, "paid", friday)
    assert found == {
        friday: 1.0,
        friday + DAY: 0.0,
        friday + 2 * DAY: 0.0,
        **{friday + DAY * n: AFTER for n in range(3, 8)},
    }


def test_older_days_that_come_in_later_tell_whether_the_last_one_is_whole(owner: Caller) -> None:
    """Two days say nothing of a last one that ends at nine in the morning; sixty say that it is cut."""

    def sales(days: range, hour: int) -> EventsAppend:
        at = [datetime(2024, 3, 29, hour, tzinfo=UTC) - DAY * n for n in days]
        return EventsAppend("till", tuple(NewEvent("sale", t, "p0", str(t)) for t in at))

    owner.call(EVENTS_APPEND, sales(range(1), 9))
    owner.call(METRIC_APPLY, MetricApply("{name: sales, type: count, event: sale}"))
    assert ask(owner, "sales")[VISITS_END] == 1.0
    owner.call(EVENTS_APPEND, sales(range(1, 60), 21))
    assert ask(owner, "sales")[VISITS_END] == "the data end inside"


def test_series_ends_by_itself_and_keeps_no_people_alive(owner: Caller) -> None:
    values = tuple(SeriesValue(FIRST + DAY * n, 7.0) for n in range(100))
    owner.call(SERIES_IMPORT, SeriesImport(name="calls", values=values))
    found = {name: ask(owner, name, last=date(2024, 4, 12)) for name in ("calls", "anybody", "visits")}
    last = values[-1].day
    assert {day for day, value in found["calls"].items() if value == AFTER} == {last + DAY * n for n in range(1, 4)}
    assert found["anybody"][VISITS_END] == 5.0
    assert found["anybody"][VISITS_END + DAY] == AFTER
    assert found["visits"][VISITS_END + DAY] == AFTER


def test_filter_on_the_source_decides_which_one_it_is(owner: Caller) -> None:
    live = [NewEvent("order", datetime(2024, 3, 21 + n, 12, tzinfo=UTC), "p0", f"l{n}") for n in range(9)]
    owner.call(EVENTS_APPEND, EventsAppend("app", tuple(live)))
    owner.call(METRIC_APPLY, MetricApply("{name: old, type: count, event: order, where: $source = import}"))
    assert ask(owner, "old")[VISITS_END] == AFTER
    assert ask(owner, "orders")[VISITS_END] == 1.0


def two_tills(owner: Caller) -> None:
    """Orders of another source that begin on 10 March and go on."""
    live = [NewEvent("order", datetime(2024, 3, 10 + n, 12, tzinfo=UTC), "p0", f"l{n}") for n in range(20)]
    owner.call(EVENTS_APPEND, EventsAppend("app", tuple(live)))


@pytest.mark.parametrize("where", ["$source = import", "$source in (import)", "$source != app", "$source contains imp"])
def test_filter_of_the_question_is_as_good_as_the_metrics_own(owner: Caller, where: str) -> None:
    two_tills(owner)
    owner.call(METRIC_APPLY, MetricApply("{name: old, type: count, event: order, where: $source = import}"))
    own = owner.call(METRIC_QUERY, MetricQuery("old", date(2024, 3, 16), VISITS_END))
    asked = owner.call(METRIC_QUERY, MetricQuery("orders", date(2024, 3, 16), VISITS_END, where=(where,)))
    assert (asked.points, asked.total, asked.headline) == (own.points, own.total, own.headline)
    assert asked.points[-1].note == AFTER
    assert asked.headline.last == ORDERS_END


def test_filter_on_the_name_of_an_event_is_as_good_as_the_metrics_own(owner: Caller) -> None:
    asked = owner.call(METRIC_QUERY, MetricQuery("everything", FIRST, VISITS_END, where=("$event = order",)))
    assert (asked.points[-1].note, asked.headline.last) == (AFTER, ORDERS_END)


@pytest.mark.parametrize(("field", "old", "new"), [("$source", "import", "app"), ("$event", "order", "visit")])
def test_each_group_of_a_breakdown_ends_with_its_own_source(owner: Caller, field: str, old: str, new: str) -> None:
    two_tills(owner)
    name, where = ("orders", ()) if field == "$source" else ("everything", ("$source = import",))
    question = MetricQuery(name, date(2024, 3, 16), VISITS_END, where=where, breakdown=(field,), compare="previous")
    answer = owner.call(METRIC_QUERY, question)
    by_group = {g: [p for p in answer.points if p.group == (g,)] for g in (old, new)}
    assert [p.period for p in by_group[old] if p.complete] == [date(2024, 3, 16) + DAY * n for n in range(5)]
    assert {(p.value, p.note) for p in by_group[old][5:]} == {(None, AFTER)}
    assert all(p.complete and p.value for p in by_group[new])
    totals = {p.group[0]: p for p in answer.totals}
    assert (totals[old].complete, totals[old].note) == (False, "the data end inside")
    assert totals[new].complete
    alone = owner.call(METRIC_QUERY, msgspec.structs.replace(question, where=(*where, f"{field} = {old}")))
    assert (alone.points, alone.previous) == (
        tuple(by_group[old]),
        tuple(p for p in answer.previous if p.group == (old,)),
    )


def test_total_of_a_group_leaves_out_who_had_time_until_its_own_end(owner: Caller) -> None:
    """Who visits orders two days later, from either source; the file's last visitors cannot have ordered yet."""

    def came(name: str, source: str, first: date, last: date) -> None:
        days = [first + DAY * n for n in range((last - first).days + 1)]
        at = [datetime(d.year, d.month, d.day, 12, tzinfo=UTC) for d in days]
        events = tuple(NewEvent(name, t, f"{source}{t.date() - DAY * 2 * (name == 'paid')}", f"{name}{t}") for t in at)
        owner.call(EVENTS_APPEND, EventsAppend(source, events))

    for source, last in (("shop", VISITS_END), ("kiosk", ORDERS_END)):
        came("looked", source, FIRST, last)
        came("paid", source, FIRST, last)
    owner.call(METRIC_APPLY, MetricApply("{name: sold, type: conversion, of: looked, event: paid, within: 2d}"))
    days = (date(2024, 3, 11), VISITS_END)
    answer = owner.call(METRIC_QUERY, MetricQuery("sold", *days, breakdown=("$source",)))
    totals = {p.group[0]: (p.value, p.denominator, p.note) for p in answer.totals}
    assert totals == {
        "shop": (1.0, 17.0, "units from 2024-03-28 on still have time and are left out"),
        "kiosk": (1.0, 8.0, "units from 2024-03-19 on still have time and are left out"),
    }


def test_days_before_a_source_began_are_no_zeros(owner: Caller) -> None:
    two_tills(owner)
    owner.call(METRIC_APPLY, MetricApply("{name: young, type: count, event: order, where: $source = app}"))
    before = "before the first event"
    expected = {date(2024, 3, 5) + DAY * n: before if n < 5 else 1.0 for n in range(10)}
    assert ask(owner, "young", date(2024, 3, 5), date(2024, 3, 14)) == expected
    answer = owner.call(METRIC_QUERY, MetricQuery("young", date(2024, 3, 5), date(2024, 3, 14), compare="previous"))
    assert (answer.headline.first, answer.data_from) == (date(2024, 3, 5), date(2024, 3, 10))
    assert (answer.headline.complete, answer.headline.note) == (False, "the data begin inside")
    assert answer.headline.before is None
    assert all(point.value is None for point in answer.previous)


def test_share_of_two_files_has_no_number_where_one_of_them_says_nothing(owner: Caller) -> None:
    answer = owner.call(METRIC_QUERY, MetricQuery("rate", date(2024, 3, 16), VISITS_END))
    assert {(p.value, p.note) for p in answer.points if p.period > ORDERS_END} == {(None, AFTER)}


def test_terminal_and_csv_say_so(shop: Path, capsys: Captured) -> None:
    _, out, _ = run(capsys, shop, "metric", "query", "orders", *MARCH, "--csv")
    found = [(row["period"], row["value"], row["complete"]) for row in csv.DictReader(io.StringIO(out))]
    assert found[4:6] == [("2024-03-20", "3.0", "true"), ("2024-03-21", "", "false")]
    _, out, _ = run(capsys, shop, "metric", "query", "orders", *MARCH)
    assert re.search(r"29 Mar\D*\b0\b", out) is None
    assert AFTER in out
    answer = run_json(capsys, shop, "metric", "query", "orders", *MARCH)
    assert answer["headline"]["last"] == "2024-03-20"
    assert answer["data_until"].startswith("2024-03-20")


def test_pages_and_api_say_so(shop: Path) -> None:
    with serving(shop, lambda zone: datetime(2024, 3, 30, 9, tzinfo=zone)) as served:
        home, page = served.get("/?whole=1").text, served.get("/metrics/orders?from=2024-03-16&to=2024-03-29").text
        file = served.get("/metrics/orders/series.csv?from=2024-03-16&to=2024-03-29").text
        asked = msgspec.json.encode(MetricQuery("orders", date(2024, 3, 16), VISITS_END))
        with served.client() as client:
            answer = client.post(
                f"/api/ops/{METRIC_QUERY.name}", content=asked, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code < 300, answer.text
    card = home.partition('id="card-orders"')[2].partition("</a>")[0]
    assert "1 – 20 Mar 2024" in card
    assert ">60<" in card.replace("\n", "")
    assert "orders" not in home.partition('id="moved"')[2].partition("</section>")[0]
    assert "16 – 20 Mar 2024" in page
    assert "2024-03-21,day,,false" in file
    told = answer.json()["points"][-1]
    assert told == {**told, "value": None, "complete": False, "note": AFTER}


def test_doctor_names_the_source_that_ended(shop: Path, capsys: Captured) -> None:
    findings = run_json(capsys, shop, "doctor")["findings"]
    told = [each["message"] for each in findings if each["check"] == "sources"]
    assert len(told) == 1
    assert told[0] == (
        "The source 'import' ('order') ended on 20 Mar 2024 while others go on; "
        "the metrics back, bought, orders, rate know nothing of the days after."
    )


def test_doctor_is_quiet_where_another_source_brings_the_same(shop: Path, capsys: Captured) -> None:
    with LocalWorkspace.open(shop, load_settings(shop, {})) as opened:
        live = [NewEvent("order", datetime(2024, 3, 21 + n, 12, tzinfo=UTC), "p0", f"l{n}") for n in range(9)]
        opened.acting_as(LOCAL_OWNER).call(EVENTS_APPEND, EventsAppend("app", tuple(live)))
    assert not [each for each in run_json(capsys, shop, "doctor")["findings"] if each["check"] == "sources"]
