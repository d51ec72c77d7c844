"""Values that a sum leaves out because they are no numbers are told wherever its number stands."""

import csv
import html
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from tests.web.conftest import NOW, Served, made, serving
from upshot.api.dashboards import DASHBOARD_SAVE, DashboardSave
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.operation import LOCAL_OWNER
from upshot.catalog.kinds.dashboard import Dashboard, Show, Tile, TileType

DAYS = "from=2024-03-01&to=2024-03-09"
BEFORE = "from=2024-02-20&to=2024-02-29"
TOLD = "3 values of 'amount' are no numbers and are left out"
TILES = (
    Tile(name="number", type=TileType.NUMBER, metric="revenue", x=0, y=0, width=3, height=2),
    Tile(name="chart", type=TileType.CHART, metric="revenue", x=3, y=0, width=6, height=3),
    Tile(name="table", type=TileType.TABLE, metric="revenue", x=0, y=3, width=6, height=3),
    Tile(
        name="groups",
        type=TileType.TABLE,
        metric="revenue",
        show=Show.GROUPS,
        breakdown="country",
        x=6,
        y=3,
        width=6,
        height=3,
    ),
    Tile(name="buyers", type=TileType.NUMBER, metric="buyers", x=9, y=0, width=3, height=2),
)


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The shop, and three purchases of March whose amount is a word."""
    with serving(made(tmp_path_factory.mktemp("spoilt") / "shop")) as running:
        owner = running.workspace.acting_as(LOCAL_OWNER)
        raw = msgspec.Raw(msgspec.json.encode({"amount": "many", "country": "FR"}))
        odd = (NewEvent("purchase", NOW - timedelta(days=n + 2), "p1", f"odd-{n}", properties=raw) for n in range(3))
        owner.call(EVENTS_APPEND, EventsAppend("web", tuple(odd)))
        owner.call(DASHBOARD_SAVE, DashboardSave(Dashboard(name="left", tiles=TILES), after=0))
        yield running


def told(served: Served, path: str) -> str:
    return html.unescape(served.get(path).text)


def test_home_card_says_what_its_number_leaves_out(spoilt: Served) -> None:
    cards = {
        name: text
        for text in told(spoilt, f"/?{DAYS}&whole=1").split("<a class=")
        for name in re.findall(r'id="card-(\w+)"', text)
    }
    assert TOLD in cards["revenue"]
    assert "left out" not in cards["buyers"]
    assert "are no numbers" not in told(spoilt, f"/?{BEFORE}&whole=1")


def test_tiles_say_what_their_numbers_leave_out(spoilt: Served) -> None:
    # as they lie on the page: a number, a chart, the number of buyers, two tables
    tiles = told(spoilt, f"/dashboards/left?{DAYS}").split("<article")[1:]
    assert [TOLD in text for text in tiles] == [True, True, False, True, True]
    assert "are no numbers" not in told(spoilt, f"/dashboards/left?{BEFORE}")
    # a picture breaks the sentence into lines
    drawn = re.sub(r"<[^>]+>|\s", "", told(spoilt, f"/dashboards/left/export/dashboard.svg?{DAYS}"))
    assert "3valuesof'amount'" in drawn


def test_explore_says_what_its_groups_leave_out(spoilt: Served) -> None:
    path = "/explore?tab=breakdown&show=metric:revenue&breakdown=country"
    assert TOLD in told(spoilt, f"{path}&{DAYS}")
    assert "are no numbers" not in told(spoilt, f"{path}&{BEFORE}")


@pytest.mark.parametrize(
    "path",
    [
        "/metrics/revenue/series.csv?breakdown=country&",
        "/dashboards/left/tiles/number/data.csv?",
        "/dashboards/left/tiles/groups/data.csv?",
        "/explore/data.csv?show=metric:revenue&",
        "/explore/data.csv?tab=breakdown&show=metric:revenue&breakdown=country&",
        "/explore/data.csv?tab=distribution&show=metric:revenue&",
    ],
)
def test_files_say_how_many_values_are_left_out(spoilt: Served, path: str) -> None:
    rows = list(csv.DictReader(io.StringIO(spoilt.get(path + DAYS).text)))
    assert rows
    assert {row["values_left_out"] for row in rows} == {"3"}
    assert "values_left_out" not in spoilt.get(path + BEFORE).text.splitlines()[0]


def test_file_of_several_metrics_counts_for_each(spoilt: Served) -> None:
    text = spoilt.get(f"/explore/data.csv?show=metric:revenue&show=metric:buyers&{DAYS}").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {(row["shown"], row["values_left_out"]) for row in rows} == {("Revenue", "3"), ("Buyers", "0")}


def test_api_counts_them_by_property(spoilt: Served) -> None:
    body = {"name": "revenue", "first": "2024-03-01", "last": "2024-03-09"}
    with spoilt.client() as client:
        assert client.post("/api/ops/metric.query", json=body).json()["left_out"] == [
            {"property": "amount", "values": 3}
        ]
