"""The page of a metric, and its exports."""

import csv
import html
import io
import json
import re
from datetime import UTC, date, datetime

import pytest

from tests.web.conftest import METRICS, Served, history
from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationFile, DeclarationsApply
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import LOCAL_OWNER
from upshot.core.csv_text import safe_cell


def option(text: str) -> dict[str, list[dict[str, object]]]:
    """What the page's chart draws."""
    found = re.search(r'<upshot-chart[^>]* option="([^"]*)"', text)
    assert found
    made: dict[str, list[dict[str, object]]] = json.loads(html.unescape(found.group(1)))
    return made


def values(series: dict[str, object]) -> list[float | None]:
    data = series["data"]
    assert isinstance(data, list)
    return [item["value"] if item else None for item in data]


def test_metric_page_draws_the_series_and_the_days_before(served: Served) -> None:
    made = option(served.get("/metrics/revenue?from=2024-03-01&to=2024-03-05").text)
    before, now = made["series"]
    assert (before["name"], now["name"]) == ("Days before", "Revenue")
    assert values(now) == [100.0] * 5
    assert values(before) == [100.0] * 5


def test_metric_page_draws_an_incomplete_period_dotted_and_says_so(served: Served) -> None:
    text = served.get("/metrics/revenue?range=7d&compare=none").text
    solid, dotted = option(text)["series"]
    assert values(solid) == [100.0] * 6 + [None]
    assert values(dotted)[:5] == [None] * 5
    assert values(dotted)[5] == 100.0
    assert "10 Mar is not covered whole by the data, and drawn dotted." in text


def test_metric_page_has_the_same_numbers_as_a_table(served: Served) -> None:
    text = served.get("/metrics/revenue?from=2024-03-04&to=2024-03-05&compare=none").text
    rows = re.findall(r'<th scope="row" class="nowrap">([^<]+)</th><td class="right">([^<]+)</td>', text)
    assert rows == [("Mon 4 Mar 2024", "€100.00"), ("Tue 5 Mar 2024", "€100.00")]


def test_metric_page_breaks_down_with_a_line_for_each_group(served: Served) -> None:
    text = served.get("/metrics/revenue?from=2024-03-04&to=2024-03-05&breakdown=country").text
    lines = {str(s["name"]): values(s) for s in option(text)["series"]}
    assert lines == {"FR": [50.0, 50.0], "DE": [20.0, 20.0], "=HYPERLINK(1)": [30.0, 30.0]}
    assert "€100.00" in text
    assert "where=country+%3D+%22DE%22" in text


def test_metric_page_filters_and_shows_how_to_take_the_filter_away(served: Served) -> None:
    text = served.get("/metrics/revenue?from=2024-03-04&to=2024-03-05&where=country+%3D+DE").text
    assert values(option(text)["series"][-1]) == [20.0, 20.0]
    assert 'href="/metrics/revenue?from=2024-03-04&amp;to=2024-03-05" aria-label="Remove the filter' in text


def test_added_filter_becomes_part_of_the_address(served: Served) -> None:
    path = "/metrics/revenue?range=7d&add_field=country&add_comparison=%21%3D&add_value=United+Kingdom"
    answer = served.get(path)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/metrics/revenue?range=7d&where=country+%21%3D+%22United+Kingdom%22",
    )


def test_metric_page_shows_definition_sql_and_route(served: Served) -> None:
    text = served.get("/metrics/buyers").text
    assert "type: active" in text
    assert "SELECT" in text
    assert "unit-day facts" in text
    assert "raw events" in served.get("/metrics/buyers?where=country+contains+D").text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/metrics/revnue", 404, 'href="/metrics/revenue"'),
        ("/metrics/revenue?where=country+is+like+D", 400, "comparison"),
        ("/metrics/revenue?breakdown=a.b.c", 400, "dot"),
        ("/metrics/revenue?range=nine", 404, "7d"),
        ("/metrics/revenue?from=2024-03-02&to=2024-03-01", 400, "Swap the two dates"),
    ],
)
def test_mistake_in_the_address_is_explained(served: Served, path: str, status: int, words: str) -> None:
    answer = served.get(path)
    assert answer.status_code == status
    assert words in answer.text


def test_texts_from_events_and_addresses_are_escaped(served: Served) -> None:
    answer = served.get("/metrics/revenue?where=country+%3D+%22%3Cscript%3Ealert(1)%3C%2Fscript%3E%22")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_csv_has_a_line_for_each_period(served: Served) -> None:
    answer = served.get("/metrics/revenue/series.csv?from=2024-03-04&to=2024-03-05")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(r["period"], r["value"], r["complete"], r["previous_period"]) for r in rows] == [
        ("2024-03-04", "100.0", "true", "2024-02-26"),
        ("2024-03-05", "100.0", "true", "2024-02-27"),
    ]
    assert answer.headers["content-type"].startswith("text/csv")
    expected = 'attachment; filename="revenue_2024-03-04_2024-03-05_by_day.csv"'
    assert answer.headers["content-disposition"] == expected


def test_csv_of_a_breakdown_holds_no_formula(served: Served) -> None:
    answer = served.get("/metrics/revenue/series.csv?from=2024-03-04&to=2024-03-04&breakdown=country")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {r["country"]: float(r["value"]) for r in rows} == {"FR": 50.0, "DE": 20.0, "'=HYPERLINK(1)": 30.0}


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx"])
def test_cell_that_looks_like_a_formula_is_text(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize(("ending", "begins"), [("png", b"\x89PNG\r\n"), ("svg", b"<svg")])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_chart_is_saved_as_a_picture(served: Served, ending: str, begins: bytes, theme: str) -> None:
    answer = served.get(f"/metrics/revenue/chart.{ending}?range=7d&theme={theme}")
    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    assert f"_by_day.{ending}" in answer.headers["content-disposition"]


def test_list_links_to_every_metric(served: Served) -> None:
    text = served.get("/metrics").text
    assert 'href="/metrics/revenue"' in text
    assert 'href="/metrics/active_persons"' in text


def test_today_is_the_workspace_s_day(served: Served) -> None:
    """The clock says 11:30 UTC on 10 March."""
    assert f'value="{date(2024, 3, 10)}"' in served.get("/metrics/revenue").text


LAUNCHES = """
launches:
  - name: saved-songs
    title: Saved songs
    at: 2024-03-05T09:00:00+01:00
annotations:
  - name: new-price
    title: New price
    kind: price
    first_day: 2024-03-06
  - name: elsewhere
    title: Elsewhere
    first_day: 2024-03-06
    metrics: [buyers]
"""


def test_launches_are_numbered_on_the_chart_told_below_it_and_in_the_table(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    owner.call(EVENTS_APPEND, EventsAppend("web", tuple(history())))
    files = (DeclarationFile("metrics.yaml", METRICS), DeclarationFile("launches.yaml", LAUNCHES))
    applied = owner.call(DECLARATIONS_APPLY, DeclarationsApply(files))
    assert not applied.refused, applied.problems
    text = fresh.get("/metrics/revenue?from=2024-03-04&to=2024-03-08&compare=none").text
    marks = option(text)["series"][-1]["markLine"]
    assert isinstance(marks, dict)
    assert [(m["xAxis"], m["label"]["formatter"]) for m in marks["data"]] == [(1, "1"), (2, "2")]
    told = re.findall(
        r'aria-hidden="true">(\d)</span> <span class="muted nowrap">([^<]*)</span> (?:<a [^>]*>)?<bdi>([^<]*)</bdi>',
        text,
    )
    assert [(n, day, label.strip()) for n, day, label in told] == [
        ("1", "5 Mar 2024", "Saved songs"),
        ("2", "6 Mar 2024", "New price"),
    ]
    assert "<td>launch: Saved songs</td>" in text
    assert "<td>price: New price</td>" in text
    assert "(price, <bdi>nothing more is written of it</bdi>)" in text
    picture = fresh.get("/metrics/revenue/chart.svg?from=2024-03-04&to=2024-03-08").text
    assert "1 Saved songs" in picture


def test_interval_is_drawn_told_and_explained(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    owner.call(EVENTS_APPEND, EventsAppend("web", tuple(history())))
    owner.call(METRIC_APPLY, MetricApply("{name: paid, type: mean, event: purchase, value: amount, format: money}"))
    text = fresh.get("/metrics/paid?from=2024-03-04&to=2024-03-05&compare=none").text
    assert len([s for s in option(text)["series"] if s.get("stack")]) == 2
    assert "95% interval by the delta method over the known persons" in text
    assert '<th scope="col" class="right">95% interval</th>' in text
    # 25 is the mean of four events; three known persons paid 10, 20 and 30: t(2) · 10 / √3 = 24.84 around it
    assert "€0.16 – €49.84" in text
    sheet = list(csv.DictReader(io.StringIO(fresh.get("/metrics/paid/series.csv?from=2024-03-04&to=2024-03-05").text)))
    assert float(sheet[0]["low"]) < float(sheet[0]["value"]) < float(sheet[0]["high"])
    assert "95% interval" not in fresh.get("/metrics/events").text


def test_page_of_a_lifecycle_stacks_the_active_and_hangs_the_dormant_below_zero(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    new = "{name: fresh, title: New buyers, type: lifecycle, state: new, event: purchase, window: week}"
    assert owner.call(METRIC_APPLY, MetricApply(new)).problems == ()
    owner.call(EVENTS_APPEND, EventsAppend("web", tuple(history())))
    at = datetime(2024, 2, 20, 12, tzinfo=UTC)
    owner.call(EVENTS_APPEND, EventsAppend("web", (NewEvent("purchase", at, "gwen", "gwen"),)))
    days = "from=2024-02-12&to=2024-03-10"
    text = fresh.get(f"/metrics/fresh?{days}").text
    found = re.search(r'<upshot-chart id="lifecycle-chart"[^>]* option="([^"]*)"', text)
    assert found
    series = {s["name"]: values(s) for s in json.loads(html.unescape(found.group(1)))["series"]}
    # 2024-03-10 is a Sunday and not over: who is gone since the week before is not known yet.
    assert series == {
        "Returning": [3.0, 3.0, 3.0, 3.0],
        "New": [0.0, 1.0, 0.0, 0.0],
        "Resurrected": [0.0, 0.0, 0.0, 0.0],
        "Dormant": [0.0, 0.0, -1.0, None],
    }
    rows = list(csv.DictReader(io.StringIO(fresh.get(f"/metrics/fresh/lifecycle.csv?{days}").text)))
    assert [(row["active"], row["dormant"], row["complete"]) for row in rows] == [
        ("3", "0", "true"),
        ("4", "0", "true"),
        ("3", "1", "true"),
        ("3", "", "false"),
    ]
    drawn = fresh.get(f"/metrics/fresh/lifecycle.svg?{days}")
    assert (drawn.status_code, "Dormant" in drawn.text) == (200, True)
    assert "lifecycle-chart" not in fresh.get("/metrics/active_persons").text
