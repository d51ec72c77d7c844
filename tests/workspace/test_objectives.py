"""Objectives measured on real events: each kind of metric, gaps, late starts, trees."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.clocks import set_clock
from tests.shop import WANTED
from tests.workspace.test_declarations import apply, put
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.metrics import METRIC_QUERY, MetricQuery
from upshot.api.objectives import OBJECTIVE_LIST, OBJECTIVE_SHOW, ObjectiveName, ObjectiveView
from upshot.api.operation import LOCAL_OWNER, Caller
from upshot.api.series import SERIES_IMPORT, SeriesImport, SeriesValue
from upshot.api.state import Nothing
from upshot.charts.words import day_label
from upshot.core.errors import NotFound
from upshot.core.settings import load_settings
from upshot.objectives.words import chance_text
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace

FIRST, TODAY = date(2024, 1, 1), date(2024, 6, 10)
START, DUE = date(2024, 4, 1), date(2024, 7, 29)
METRICS = """
metrics:
  - {name: orders, type: count, event: order}
  - {name: big_orders, type: count, event: order, where: size = big}
  - {name: sales, type: sum, event: order, value: amount}
  - {name: amount, type: mean, event: order, value: amount}
  - {name: buyers, type: active, event: order}
  - {name: daily_buyers, type: active, event: order, window: day}
  - {name: monthly_buyers, type: active, event: order, window: month}
  - {name: again, type: retention, event: order, period: week, after: 1}
  - {name: buying, type: conversion, event: order, of: visit, within: 3 days}
  - {name: per_buyer, type: ratio, numerator: orders, denominator: buyers}
  - {name: per_visit, type: ratio, numerator: orders, denominator: {type: count, event: visit}}
  - {name: nothing, type: count, event: never}
"""
GAP = date(2024, 5, 15)


def happened() -> Iterator[NewEvent]:
    """Twenty visits a day by new people every two weeks; orders go from 10 to 12 a day with April; a day is lost."""
    for number in range((TODAY - FIRST).days):
        day = FIRST + timedelta(days=number)
        if day == GAP:
            continue
        orders = 12 if day >= START else 10
        for nth in range(20):
            at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
            who = f"p{number // 14}-{(number * 7 + nth) % 60}"
            yield NewEvent("visit", at, who, f"v{number}-{nth}")
            if nth < orders:
                big = "big" if nth % 2 else "small"
                body = msgspec.Raw(msgspec.json.encode({"amount": 5.0 + nth, "size": big}))
                yield NewEvent("order", at + timedelta(hours=1), who, f"o{number}-{nth}", properties=body)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkspace]:
    """A workspace with half a year of orders, on the tenth of June."""
    place = tmp_path_factory.mktemp("objectives") / "shop"
    initialise(place, WANTED, load_settings(None, {}))
    with LocalWorkspace.open(place, load_settings(place, {})) as opened:
        set_clock(opened, datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC))
        owner = opened.acting_as(LOCAL_OWNER)
        owner.call(EVENTS_APPEND, EventsAppend("test", tuple(happened())))
        assert not apply(owner, METRICS).refused
        yield opened


@pytest.fixture
def owner(shop: LocalWorkspace) -> Caller:
    return shop.acting_as(LOCAL_OWNER)


Measure = Callable[..., ObjectiveView]


@pytest.fixture
def measure(owner: Caller) -> Measure:
    """An objective with those fields, as it is shown."""

    def measured(**fields: object) -> ObjectiveView:
        whole = {"name": "o", "target": "+20%", "starts": str(START), "due": str(DUE), **fields}
        answer = put(owner, "objective", **whole)
        assert not answer.refused, answer.problems
        return owner.call(OBJECTIVE_SHOW, ObjectiveName(str(whole["name"])))

    return measured


def total(owner: Caller, metric: str, first: date, last: date) -> float | None:
    found = owner.call(METRIC_QUERY, MetricQuery(metric, first, last)).total
    return None if found is None else found.value


YESTERDAY = TODAY - timedelta(days=1)
WINDOW = (YESTERDAY - timedelta(days=27), YESTERDAY)
BEFORE = (START - timedelta(days=28), START - timedelta(days=1))


@pytest.mark.parametrize("metric", ["amount", "daily_buyers", "per_visit", "per_buyer"])
def test_value_is_the_metrics_own_over_the_window(owner: Caller, measure: Measure, metric: str) -> None:
    found = measure(metric=metric)
    assert found.baseline == pytest.approx(total(owner, metric, *BEFORE))
    assert found.current == pytest.approx(total(owner, metric, *WINDOW))
    assert found.target == pytest.approx(1.2 * (found.baseline or 0))


def test_count_is_measured_with_its_gap_left_out(measure: Measure) -> None:
    found = measure(metric="orders")
    assert (found.baseline, found.current, found.target) == pytest.approx((280.0, 336.0, 336.0))
    assert found.status == "reached"
    assert found.sentence == (
        "336 over the 28 days to 9 Jun 2024, from 280: the target of 336 is reached. "
        "1 day is missing in the series and left out."
    )
    assert all(point.value is None or point.value > 270 for point in found.points)


def test_windows_of_different_lengths_are_made_comparable(measure: Measure) -> None:
    found = measure(metric="orders", baseline_days=14, window_days=7)
    assert (found.baseline, found.current) == pytest.approx((70.0, 84.0))


def test_filters_narrow_the_metric(measure: Measure) -> None:
    narrowed, whole = measure(metric="orders", where=["size = big"]), measure(metric="big_orders")
    assert narrowed.current == whole.current == pytest.approx(27 * 6), "six a day are too few to tell a gap"


def test_conversion_is_measured_where_its_time_is_over(owner: Caller, measure: Measure) -> None:
    found = measure(metric="buying")
    ripe = (WINDOW[0] - timedelta(days=3), WINDOW[1] - timedelta(days=3))
    assert found.current == pytest.approx(total(owner, "buying", *ripe))


def test_retention_counts_cohorts_whose_period_is_over(measure: Measure) -> None:
    """Each person's weeks with an order, by hand; a cohort is known when the week after its own is over."""
    weeks: dict[str, set[int]] = {}
    for event in happened():
        if event.event == "order" and event.distinct_id:
            weeks.setdefault(event.distinct_id, set()).add((event.occurred_at.date() - FIRST).days // 7)
    on = FIRST + timedelta(weeks=9, days=-1)
    cohort = [seen for seen in weeks.values() if min(seen) in (6, 7)]
    share = sum(min(seen) + 1 in seen for seen in cohort) / len(cohort)
    found = measure(metric="again", starts="2024-01-10", due=str(on), baseline=0.1, target="20%", window_days=14)
    assert 0 < share < 1
    assert found.current == pytest.approx(share)
    assert f"over the 14 days to {day_label(on)}" in found.sentence


def test_first_cohort_is_left_out_as_it_holds_everybody_before(measure: Measure) -> None:
    found = measure(metric="again", starts="2024-01-10", due="2024-01-16", baseline=0.5, target="90%", window_days=7)
    assert found.status == "no data"


def test_calendar_months_stand_until_the_next_is_over(owner: Caller, measure: Measure) -> None:
    found = measure(metric="monthly_buyers")
    assert found.current == total(owner, "monthly_buyers", date(2024, 5, 1), date(2024, 5, 31))
    assert "to 31 May 2024" in found.sentence


def test_written_baseline_counts_and_decides_the_pace(measure: Measure) -> None:
    behind = measure(metric="orders", baseline=320, target="400")
    assert behind.status == "behind"
    assert behind.progress == pytest.approx(0.2)
    assert behind.expected_progress == pytest.approx(69 / 119)
    far = "2026-12-31"
    assert measure(metric="orders", baseline=335, target="349", due=far).status == "on course", "without a forecast"
    assert measure(metric="orders", baseline=200, target="360", due=far).status == "ahead"
    assert measure(metric="orders", baseline=200, target="337").status == "ahead"
    assert measure(metric="orders", baseline=400, target="-10%").status == "reached"


def test_forecast_follows_from_the_weeks_or_says_why_not(measure: Measure) -> None:
    found = measure(metric="orders", target="+50%")
    assert found.forecast is not None
    assert found.forecast.low < 336 < found.forecast.high
    assert found.forecast.chance < 0.5
    assert found.forecast.method == "level and drift of the last 23 weeks, which know no season"
    assert "too far ahead" in measure(metric="orders", due="2026-12-31").forecast_note
    assert (
        "5 windows of 28 days, and 8 are needed"
        in measure(metric="buyers", window_days=28, due="2024-07-30").forecast_note
    )
    assert measure(metric="orders", due="2024-06-01").forecast_note == "It is past its due date."


def test_objective_that_is_over_is_judged_by_its_last_day(measure: Measure) -> None:
    missed = measure(metric="orders", target="+30%", due="2024-06-01")
    assert missed.status == "missed"
    assert missed.points[-1].day == date(2024, 6, 1)
    assert measure(metric="orders", target="+19%", due="2024-06-01").status == "reached"


def test_objective_is_not_over_before_the_data_of_its_last_day(measure: Measure) -> None:
    found = measure(metric="monthly_buyers", baseline=1, target="1000", due="2024-06-08")
    assert found.status == "behind"
    assert "to 31 May 2024" in found.sentence


def test_objective_that_has_not_begun_says_from_where(measure: Measure) -> None:
    found = measure(metric="orders", starts="2024-07-01", due="2024-12-31")
    assert found.status == "not started"
    assert found.sentence.startswith("It starts on 1 Jul 2024 from 336, and should be at 403 by")


def test_what_cannot_be_measured_says_why(measure: Measure) -> None:
    early = measure(metric="orders", starts="2023-06-01")
    assert (early.status, early.current, early.baseline, early.progress) == ("no data", None, None, None)
    assert "too little data in the 28 days before 1 Jun 2023" in early.sentence
    begun = measure(metric="orders", starts="2024-01-15")
    assert begun.baseline == pytest.approx(280.0), "measured over the two weeks that there are"
    unknown = measure(metric="orders", where=["colour = red"])
    assert unknown.status == "no data"
    assert "There is no property named 'colour'" in unknown.sentence
    assert measure(metric="nothing", target="5").status == "behind"
    relative = measure(metric="nothing", target="-20%")
    assert (relative.status, relative.target, relative.current) == ("no data", None, None)
    assert "It begins at 0, and -20% of nothing is nothing." in relative.sentence


def test_points_hold_the_course_and_the_path(measure: Measure) -> None:
    found = measure(metric="orders")
    known = [point for point in found.points if point.value is not None]
    assert known[-1].day == YESTERDAY
    assert [point.path for point in found.points if point.day == DUE] == [pytest.approx(336.0)]
    assert all(point.value is None for point in found.points if point.day > YESTERDAY)
    days = [point.day for point in found.points]
    assert days == sorted(set(days))


def test_tree_is_listed_with_outputs_and_what_is_below(owner: Caller, measure: Measure) -> None:
    measure(name="top", metric="orders")
    measure(name="below", metric="orders", target="+90%", parent="top")
    put(owner, "output", name="cart", objective="below")
    views = {view.name: view for view in owner.call(OBJECTIVE_LIST, Nothing()).objectives}
    assert list(views).index("top") < list(views).index("below")
    assert (views["top"].children, views["below"].outputs) == (("below",), ("cart",))
    assert views["top"].sentence.endswith("Of 1 objective below it, 1 is behind.")
    assert views["top"].points == ()
    with pytest.raises(NotFound, match="no objective named 'tops'"):
        owner.call(OBJECTIVE_SHOW, ObjectiveName("tops"))


def test_workspace_without_events_has_no_data(tmp_path: Path) -> None:
    place = tmp_path / "empty"
    initialise(place, WANTED, load_settings(None, {}))
    with LocalWorkspace.open(place, load_settings(place, {})) as opened:
        owner = opened.acting_as(LOCAL_OWNER)
        put(owner, "objective", name="o", metric="events", target="5", starts="2024-01-01", due="2099-02-01")
        (view,) = owner.call(OBJECTIVE_LIST, Nothing()).objectives
        assert (view.status, view.sentence, view.forecast) == ("no data", "There is no data yet.", None)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """Daily tours of 2019 and 2020, 100 a day and 150 from March 2020 on, and daily walkers; it is November 2026."""
    place = tmp_path_factory.mktemp("archive") / "shop"
    initialise(place, WANTED, load_settings(None, {}))
    with LocalWorkspace.open(place, load_settings(place, {})) as opened:
        set_clock(opened, datetime(2026, 11, 30, 12, tzinfo=UTC))
        owner = opened.acting_as(LOCAL_OWNER)
        days = [date(2019, 1, 1) + timedelta(days=number) for number in range(731)]
        values = tuple(SeriesValue(day, 150.0 if day >= date(2020, 3, 1) else 100.0) for day in days)
        owner.call(SERIES_IMPORT, SeriesImport(name="tours", values=values))
        walks = tuple(
            NewEvent("walk", datetime(day.year, day.month, day.day, 9, tzinfo=UTC), f"w{nth}", f"{day}-{nth}")
            for day in days
            for nth in range(2 if day.year == 2019 else 3)
        )
        owner.call(EVENTS_APPEND, EventsAppend("test", walks))
        assert not apply(owner, "metrics: [{name: walkers, type: active, event: walk}]").refused
        yield owner


@pytest.mark.parametrize(
    ("metric", "baseline", "current"), [("tours", 2_800.0, 4_200.0), ("walkers", 2.0, 3.0)], ids=["daily", "windows"]
)
def test_objective_of_years_long_past_is_measured_from_their_data(
    archive: Caller, metric: str, baseline: float, current: float
) -> None:
    body = {"name": metric, "metric": metric, "target": "+40%", "starts": "2020-01-01", "due": "2020-10-31"}
    assert not put(archive, "objective", **body).refused
    found = archive.call(OBJECTIVE_SHOW, ObjectiveName(metric))
    assert (found.status, found.baseline, found.current) == ("reached", baseline, current)
    assert "over the 28 days to 31 Oct 2020" in found.sentence
    known = [point.day for point in found.points if point.value is not None]
    assert max(known) == date(2020, 10, 31)
    assert len(known) >= 10


def test_objective_since_whose_start_there_is_no_data_says_until_when_there_are(archive: Caller) -> None:
    body = {"name": "late", "metric": "tours", "target": "+20%", "starts": "2026-09-01", "due": "2027-03-31"}
    assert not put(archive, "objective", **body).refused
    found = archive.call(OBJECTIVE_SHOW, ObjectiveName("late"))
    assert (found.status, found.current) == ("no data", None)
    assert found.sentence == "There is no data since its start; the last is of 31 Dec 2020."


def test_status_follows_the_forecasts_chance(measure: Measure) -> None:
    for target in ("+1%", "+10%", "+19%", "+21%", "+25%", "+90%"):
        found = measure(metric="orders", target=target)
        assert found.forecast is not None
        likely = round(found.forecast.chance, 2) >= 0.5
        assert found.status in (("on course", "ahead", "reached") if likely else ("behind", "reached"))
        assert found.status == "reached" or chance_text(found.forecast.chance) in found.sentence
