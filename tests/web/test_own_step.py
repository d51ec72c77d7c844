"""A metric whose window is longer than the step that was asked for is told by its own, through every door."""

import csv
import html
import io
import re
from collections.abc import Iterator
from datetime import date

import pytest

from tests.web.conftest import Served, made, serving
from upshot.api.dashboards import DASHBOARD_SAVE, DashboardSave
from upshot.api.metrics import METRIC_APPLY, METRIC_QUERY, MetricApply, MetricQuery
from upshot.api.operation import LOCAL_OWNER
from upshot.catalog.kinds.dashboard import Dashboard, Tile, TileType
from upshot.charts import range_label
from upshot.cli.metrics.series import print_series
from upshot.core.time import Grain

WINDOWS = ("period", "day", "week", "28d", "month")
METRICS = "".join(
    f"- {{name: of_{window}, title: Of {window}, type: active, event: purchase, window: {window}}}\n"
    for window in WINDOWS
)
STICKY = "- {name: sticky, title: Sticky, type: stickiness, event: purchase, window: month}\n"
WHOLE = {
    "of_week": (date(2024, 2, 26), date(2024, 3, 3)),
    "of_28d": (date(2024, 2, 11), date(2024, 3, 9)),
    "of_month": (date(2024, 2, 1), date(2024, 2, 29)),
    "sticky": (date(2024, 2, 1), date(2024, 2, 29)),
}
"""The last whole window of each up to 9 March."""
STEPS = ("day", "week", "month")
DAYS = "from=2024-02-01&to=2024-02-29"
FIRST = {
    Grain.DAY: ("Thu 1 Feb 2024", "2024-02-01 Thu"),
    Grain.WEEK: ("Week of 29 Jan 2024", "2024-01-29 week"),
    Grain.MONTH: ("Feb 2024", "2024-02"),
}
"""How the first period is called on pages and in a terminal."""


def own(window: str, step: str) -> Grain:
    """The longer of the step and the window; rolling windows end with each day."""
    least = window if window in STEPS else "day"
    return Grain(max(step, least, key=STEPS.index))


CASES = [(window, step, own(window, step)) for window in WINDOWS for step in STEPS]


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Sixty days of buyers, a metric for each window, and a dashboard with each at each step."""
    with serving(made(tmp_path_factory.mktemp("windows") / "shop")) as running:
        owner = running.workspace.acting_as(LOCAL_OWNER)
        assert owner.call(METRIC_APPLY, MetricApply(METRICS + STICKY)).problems == ()
        tiles = tuple(
            Tile(
                name=f"t-{window}-{step}",
                type=TileType.TABLE,
                metric=f"of_{window}",
                by=Grain(step),
                x=0,
                y=4 * at,
                width=6,
                height=4,
            )
            for at, (window, step, _) in enumerate(CASES)
        )
        owner.call(DASHBOARD_SAVE, DashboardSave(Dashboard(name="windows", tiles=tiles), after=0))
        numbers = tuple(
            Tile(name=f"n-{at}", type=TileType.NUMBER, metric=name, x=3 * at, y=0, width=3, height=2)
            for at, name in enumerate(WHOLE)
        )
        owner.call(DASHBOARD_SAVE, DashboardSave(Dashboard(name="numbers", tiles=numbers), after=0))
        yield running


def rows(text: str) -> list[str]:
    """Heads of the table's rows."""
    return re.findall(r'<th scope="row"[^>]*>([^<]+)</th>', text)


@pytest.mark.parametrize(("window", "step", "grain"), CASES)
def test_page_of_a_window_is_told_by_its_own_step(windows: Served, window: str, step: str, grain: Grain) -> None:
    text = windows.get(f"/metrics/of_{window}?{DAYS}&by={step}&compare=none").text
    assert f"Of {window} by {grain}, 1 – 29 Feb 2024" in html.unescape(text)
    assert FIRST[grain][0] in rows(text)


@pytest.mark.parametrize(("window", "step", "grain"), CASES)
def test_explore_of_a_window_is_told_by_its_own_step(windows: Served, window: str, step: str, grain: Grain) -> None:
    text = windows.get(f"/explore?show=metric:of_{window}&{DAYS}&by={step}&compare=none").text
    assert f"Of {window} by {grain}, 1 – 29 Feb 2024" in html.unescape(text)
    assert FIRST[grain][0] in rows(text)


@pytest.mark.parametrize(("window", "step", "grain"), CASES)
def test_files_of_a_window_are_named_by_its_own_step(windows: Served, window: str, step: str, grain: Grain) -> None:
    for path in (
        f"/metrics/of_{window}/series.csv?{DAYS}&by={step}",
        f"/metrics/of_{window}/chart.svg?{DAYS}&by={step}",
        f"/dashboards/windows/tiles/t-{window}-{step}/data.csv?{DAYS}",
    ):
        answer = windows.get(path)
        assert answer.status_code == 200
        assert f"_by_{grain}." in answer.headers["content-disposition"]
    assert f"by {grain}, 1 – 29 Feb 2024" in windows.get(f"/metrics/of_{window}/chart.svg?{DAYS}&by={step}").text


def test_tiles_of_windows_are_told_by_their_own_step(windows: Served) -> None:
    text = html.unescape(windows.get(f"/dashboards/windows?{DAYS}&compare=none").text)
    tiles = text.split("<article")[1:]
    assert len(tiles) == len(CASES)
    for told, (_, _, grain) in zip(tiles, CASES, strict=True):
        assert FIRST[grain][0] in told


@pytest.mark.parametrize(("window", "step", "grain"), CASES)
def test_terminal_and_api_tell_a_window_by_its_own_step(
    windows: Served, capsys: pytest.CaptureFixture[str], window: str, step: str, grain: Grain
) -> None:
    body = {"name": f"of_{window}", "first": "2024-02-01", "last": "2024-02-29", "grain": step}
    with windows.client() as client:
        assert client.post("/api/ops/metric.query", json=body).json()["grain"] == grain
    query = MetricQuery(f"of_{window}", date(2024, 2, 1), date(2024, 2, 29), grain=Grain(step))
    print_series(windows.workspace.acting_as(LOCAL_OWNER).call(METRIC_QUERY, query), ())
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == f"Of {window} by {grain}"
    assert any(line.startswith(FIRST[grain][1]) for line in lines)


def test_cards_and_number_tiles_say_which_whole_window_they_show(windows: Served) -> None:
    days = "from=2024-03-01&to=2024-03-09&compare=none"
    home = html.unescape(windows.get(f"/?{days}&whole=1").text)
    tiles = html.unescape(windows.get(f"/dashboards/numbers?{days}").text).split("<article")[1:]
    for (name, whole), tile in zip(WHOLE.items(), tiles, strict=True):
        (card,) = (text for text in home.split("<a class=") if f'id="card-{name}"' in text)
        assert range_label(*whole) in card.split("</a>")[0]
        assert range_label(*whole) in tile


@pytest.mark.parametrize(("window", "step", "grain"), CASES)
def test_files_of_explore_are_named_and_stepped_by_its_own_step(
    windows: Served, window: str, step: str, grain: Grain
) -> None:
    asked = f"show=metric:of_{window}&{DAYS}&by={step}"
    for file in ("data.csv", "chart.svg"):
        assert f"_by_{grain}." in windows.get(f"/explore/{file}?{asked}").headers["content-disposition"]
    for path in (f"/explore/data.csv?{asked}", f"/metrics/of_{window}/series.csv?{DAYS}&by={step}"):
        assert {row["grain"] for row in csv.DictReader(io.StringIO(windows.get(path).text))} == {str(grain)}


def test_file_without_a_step_names_none(windows: Served) -> None:
    for path in (
        f"/explore/data.csv?show=metric:of_month&show=metric:of_day&{DAYS}&by=day",
        f"/explore/data.csv?tab=breakdown&breakdown=country&show=metric:of_day&{DAYS}&by=day",
        f"/dashboards/windows/export/dashboard.svg?{DAYS}",
    ):
        assert "_by_" not in windows.get(path).headers["content-disposition"]
