"""A period that another stands beside says, as any, whether it is whole and why not: through every door."""

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from datetime import date

import pytest

from tests.web.conftest import Served, made, serving
from upshot.api.dashboards import DASHBOARD_SAVE, DashboardSave
from upshot.api.metrics import METRIC_QUERY, MetricQuery, MetricSeries
from upshot.api.operation import LOCAL_OWNER
from upshot.catalog.kinds.dashboard import Dashboard, Tile, TileType
from upshot.cli.metrics.series import print_series
from upshot.core.time import Grain

BEGUN = (date(2024, 2, 1), date(2024, 2, 29), "Jan 2024", "2024-01", "the data begin inside", "2,200.00")
CUT = (date(2024, 3, 1), date(2024, 3, 9), "Feb 2024", "2024-02", "asked for in part", "900.00")
WHOLE = (date(2024, 2, 1), date(2024, 2, 3))
"""The data begin on 10 January; the days asked about in March cut February, to which they are compared."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(made(tmp_path_factory.mktemp("beside") / "shop")) as running:
        tile = Tile(name="t", type=TileType.TABLE, metric="revenue", by=Grain.MONTH, x=0, y=0, width=6, height=4)
        chart = Tile(name="c", type=TileType.CHART, metric="revenue", by=Grain.MONTH, x=6, y=0, width=6, height=4)
        board = Dashboard(name="beside", tiles=(tile, chart))
        running.workspace.acting_as(LOCAL_OWNER).call(DASHBOARD_SAVE, DashboardSave(board, after=0))
        yield running


def asked(served: Served, first: date, last: date, grain: Grain = Grain.MONTH) -> MetricSeries:
    query = MetricQuery("revenue", first, last, grain, compare="previous")
    return served.workspace.acting_as(LOCAL_OWNER).call(METRIC_QUERY, query)


def address(path: str, first: date, last: date, step: str = "month") -> str:
    joint = "&" if "?" in path else "?"
    return f"{path}{joint}from={first}&to={last}&by={step}&compare=previous"


@pytest.mark.parametrize(("first", "last", "label", "name", "why", "value"), [BEGUN, CUT])
def test_period_beside_that_is_not_whole_is_marked(
    shop: Served,
    capsys: pytest.CaptureFixture[str],
    first: date,
    last: date,
    label: str,
    name: str,
    why: str,
    value: str,
) -> None:
    answer = asked(shop, first, last)
    assert [(p.complete, p.note) for p in answer.previous] == [(False, why)]

    print_series(answer, ())
    out = capsys.readouterr().out
    assert re.search(rf"{name} +€?{re.escape(value)}\* +–", out)
    assert why in next(line for line in out.splitlines() if line.startswith("* not complete"))

    for path in ("/metrics/revenue", "/explore?show=metric:revenue"):
        text = html.unescape(shop.get(address(path, first, last)).text)
        assert f"Days before: {label} is not whole ({why}), and drawn dotted." in text.replace("\xa0", " ")
        assert f"days before: {why}</td>" in text

    text = html.unescape(shop.get(address("/dashboards/beside", first, last)).text)
    assert f"days before: {why}" in text

    for path in (
        "/metrics/revenue/series.csv",
        "/dashboards/beside/tiles/t/data.csv",
        "/explore/data.csv?show=metric:revenue",
    ):
        (row,) = csv.DictReader(io.StringIO(shop.get(address(path, first, last)).text))
        assert (row["previous_complete"], row["previous_note"]) == ("false", why)
        assert float(row["previous_value"]) == float(value.replace(",", ""))


def test_whole_periods_beside_are_called_whole(shop: Served) -> None:
    assert [(p.complete, p.note) for p in asked(shop, *WHOLE, Grain.DAY).previous] == [(True, "")] * 3
    text = html.unescape(shop.get(address("/metrics/revenue", *WHOLE, "day")).text)
    assert "days before:" not in text
    assert "drawn dotted" not in text
    rows = list(csv.DictReader(io.StringIO(shop.get(address("/metrics/revenue/series.csv", *WHOLE, "day")).text)))
    assert [(row["previous_complete"], row["previous_note"]) for row in rows] == [("true", "")] * 3


@pytest.mark.parametrize("path", ["/metrics/revenue", "/explore?show=metric:revenue"])
def test_chart_draws_what_is_not_whole_beside_dotted(shop: Served, path: str) -> None:
    text = shop.get(address(path, date(2024, 1, 22), date(2024, 2, 11), "week")).text
    drawn = re.search(r'<upshot-chart[^>]* option="([^"]*)"', text)
    assert drawn
    lines = [one for one in json.loads(html.unescape(drawn.group(1)))["series"] if one["name"] == "Days before"]
    # the weeks of 1, 8 and 15 January: before the data, the one in which they begin, and a whole one
    assert [[item and item.get("value") for item in line["data"]] for line in lines] == [
        [None, None, 700.0],
        [None, 500.0, 700.0],
    ]


def test_groups_are_not_compared_with_days_that_the_data_cover_in_part(shop: Served) -> None:
    first, last = date(2024, 1, 15), date(2024, 1, 19)
    path = "/explore?tab=breakdown&show=metric:revenue&breakdown=country"
    assert 'title="Before:' not in shop.get(address(path, first, last, "day")).text
    assert 'title="Before:' in shop.get(address(path, *WHOLE, "day")).text
