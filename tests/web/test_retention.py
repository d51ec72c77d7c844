"""The retention grid."""

import csv
import io
import re

import pytest

from tests.web.conftest import Served, history
from upshot.api.events import EVENTS_APPEND, EventsAppend
from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import LOCAL_OWNER

WEEKS = "/retention?by=week&from=2024-01-08&to=2024-03-10&metric=buyers"


def test_grid_shows_cohorts_sizes_and_shares(served: Served) -> None:
    """All three buyers come first on 10 January, and again every day."""
    text = served.get(WEEKS).text
    sizes = re.findall(r'<td class="size">(\d+)</td>', text)
    assert sizes[0] == "3"
    assert text.count(">100%</td>") >= 8
    assert "†" in text


def test_grid_marks_a_period_that_is_not_over(served: Served) -> None:
    assert re.search(r'<td class="h9 open"[^>]*>100%</td>', served.get(WEEKS).text)


def test_grid_is_saved_as_csv(served: Served) -> None:
    rows = list(csv.DictReader(io.StringIO(served.get(WEEKS.replace("/retention", "/retention/grid.csv")).text)))
    assert (rows[0]["cohort"], rows[0]["offset"], rows[0]["units"], rows[0]["share"]) == ("2024-01-08", "0", "3", "1.0")
    assert {r["cut_off_left"] for r in rows if r["cohort"] == "2024-01-08"} == {"true"}


@pytest.mark.parametrize(("ending", "begins"), [("png", b"\x89PNG\r\n"), ("svg", b"<svg")])
def test_grid_is_saved_as_a_picture(served: Served, ending: str, begins: bytes) -> None:
    answer = served.get(WEEKS.replace("/retention", f"/retention/grid.{ending}"))
    assert (answer.status_code, answer.content[: len(begins)]) == (200, begins)


def test_added_filter_keeps_the_metric(served: Served) -> None:
    answer = served.get("/retention?metric=buyers&add_field=country&add_comparison=is+null")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/retention?where=country+is+null&metric=buyers",
    )


@pytest.mark.parametrize(
    ("query", "words"),
    [("by=quarter", "cannot go by quarter"), ("from=2022-01-01&to=2024-01-01&by=day", "more than a grid can show")],
)
def test_grid_that_cannot_be_shown_is_refused(served: Served, query: str, words: str) -> None:
    answer = served.get(f"/retention?{query}")
    assert answer.status_code == 400
    assert words in answer.text


def test_grid_shows_whole_cohorts_and_says_why_a_cell_is_open(served: Served) -> None:
    """From a Friday on, the cohort of its week still holds those of the Wednesday before."""
    text = served.get(WEEKS.replace("2024-01-08", "2024-01-12")).text
    assert re.findall(r'<td class="size">(\d+)</td>', text)[0] == "3"
    open_cells = re.findall(r'<td class="h9 open" title="3, ([^"]*)">100%</td>', text)
    assert open_cells == ["the data begin inside", "the data end inside"]


def test_bracket_is_headed_by_all_of_its_periods(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    owner.call(EVENTS_APPEND, EventsAppend("web", tuple(history())))
    definition = "{name: back, type: retention, kind: bracket, period: day, brackets: [0, 3, 6], after: 1}"
    owner.call(METRIC_APPLY, MetricApply(definition))
    text = fresh.get("/retention?by=day&from=2024-01-08&to=2024-01-20&metric=back").text
    assert re.findall(r'<span aria-hidden="true">D([^<]*)</span>', text) == ["0", "1–3", "4–6"]
    weeks = fresh.get("/retention?by=week&from=2024-01-08&to=2024-01-20&metric=back").text
    assert re.findall(r'<span aria-hidden="true">([DWM][^<]*)</span>', weeks) == ["D0", "D1–3", "D4–6"]
    assert "Its brackets are of days" in weeks
