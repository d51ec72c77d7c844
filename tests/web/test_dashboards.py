"""Dashboards: the list, one of them, its tiles, its files, and who may change it."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.web.conftest import NOW, ROLES, Served, made, serving
from upshot.api.access import ACCESS_ADD, AccessAdd
from upshot.api.dashboards import (
    DASHBOARD_LIST,
    DASHBOARD_SAVE,
    DASHBOARD_SHOW,
    DashboardName,
    DashboardSave,
    DashboardView,
)
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.operation import LOCAL_OWNER
from upshot.api.state import Nothing
from upshot.catalog.kinds.dashboard import Dashboard, Tile, TileType
from upshot.web.window import PRESETS
from upshot.workspace.dashboard_text import parse_dashboards

CAST = ("owner", "editor", "viewer", "outsider", "")
MINE = Dashboard(
    name="mine",
    title="Mine",
    range="7d",
    tiles=(
        Tile(name="total", type=TileType.NUMBER, metric="revenue", x=0, y=0, width=3, height=2),
        Tile(name="days", type=TileType.CHART, metric="revenue", x=3, y=0, width=6, height=4),
        Tile(name="buyers", type=TileType.NUMBER, metric="buyers", x=9, y=0, width=3, height=2),
    ),
)
EDITS: dict[str, dict[str, str | list[str]]] = {
    "/dashboards/make": {"title": "Another"},
    "/dashboards/mine/add": {"version": "1", "type": "number", "metric": "revenue"},
    "/dashboards/mine/tiles/total": {"version": "1", "type": "number", "metric": "buyers"},
    "/dashboards/mine/tiles/total/remove": {"version": "1"},
    "/dashboards/mine/settings": {"version": "1", "title": "Ours", "range": "90d", "compare": "none"},
    "/dashboards/mine/layout": {"version": "1", "place": ["total~0~0~3~2", "days~0~2~6~4", "buyers~3~0~3~2"]},
    "/dashboards/mine/delete": {},
    "/dashboards/mine/restore": {"version": "1"},
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    """A workspace of the test's own with events, a dashboard made by hand, and the cast."""
    with serving(made(tmp_path / "shop")) as running:
        owner = running.workspace.acting_as(LOCAL_OWNER)
        owner.call(DASHBOARD_SAVE, DashboardSave(MINE, after=0))
        yield running


def stored(shop: Served, name: str = "mine") -> DashboardView:
    return shop.workspace.acting_as(LOCAL_OWNER).call(DASHBOARD_SHOW, DashboardName(name))


def post(shop: Served, path: str, role: str = "", /, **form: str | list[str]) -> httpx.Response:
    with shop.client(role) as client:
        return client.post(path, data=form)


def tile(text: str, number: int) -> str:
    return text.partition(f'id="tile-{number}"')[2].partition("</article>")[0]


def test_ranges_of_declarations_are_those_of_pages() -> None:
    for preset in PRESETS:
        assert Dashboard(name="a", range=preset).range == preset  # type: ignore[arg-type]  # each is one of them


def test_list_shows_dashboards_and_offers_ready_made_ones(served: Served) -> None:
    text = served.get("/dashboards").text
    assert 'href="/dashboards/revenue"' in text
    assert "What comes in" in text
    assert "6 tiles" in text
    assert ">from code<" in text
    assert "Add Product health" in text


def test_empty_list_says_what_to_do_next(fresh: Served) -> None:
    text = fresh.get("/dashboards").text
    assert "No dashboard yet" in text
    assert "upshot dashboard apply" in text
    assert "Add Product health" in text


def test_every_kind_of_tile_shows_its_answer(served: Served) -> None:
    """Sixty days with 10, 20, 30 and 40 of revenue, to 9 March; the 30 days to 10 March hold 29 of them.

    Five weeks before those 29 days there are no data, so that only a week is compared with one before.
    """
    text = served.get("/dashboards/revenue").text
    assert "<upshot-chart" in tile(text, 1)
    assert "€2,900.00" in tile(text, 2)
    assert "10 Feb – 9 Mar 2024" in tile(text, 2)
    assert "Before:" not in tile(text, 2)
    week = tile(served.get("/dashboards/revenue?range=7d").text, 2)
    assert "€600.00" in week
    assert "4 – 9 Mar 2024" in week
    assert "Before: €600.00" in week
    assert "€1,450.00" in tile(text, 4)
    assert "&#39;=HYPERLINK" not in tile(text, 4)
    assert "=HYPERLINK(1)" in tile(text, 4)
    assert "Nobody came for the first time in these days." in tile(text, 5), "all came in January"
    assert 'class="grid"' in tile(served.get("/dashboards/revenue?range=90d").text, 5)
    assert "<strong>Mind</strong> &lt;b&gt;this&lt;/b&gt;" in tile(text, 6)
    assert '<td class="right">2</td>' in tile(text, 6)
    assert "style=" not in text.partition("<main")[2]


def test_days_and_filters_of_the_address_hold_for_all_tiles(served: Served) -> None:
    text = served.get("/dashboards/revenue?from=2024-03-04&to=2024-03-05&where=country+%3D+DE").text
    assert "€40.00" in tile(text, 2)
    assert "€40.00" in tile(text, 4)
    assert "€100.00" not in text
    assert "where=country+%3D+DE" in tile(text, 1).partition('href="')[2]


def test_filter_of_a_form_becomes_part_of_the_address(served: Served) -> None:
    answer = served.get("/dashboards/revenue?range=7d&add_field=country&add_comparison=%3D&add_value=DE")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/dashboards/revenue?range=7d&where=country+%3D+DE",
    )


def test_dashboard_opens_with_its_own_days_and_the_address_wins(shop: Served) -> None:
    text = shop.get("/dashboards/mine").text
    assert "€600.00" in tile(text, 1)
    assert 'href="/dashboards/mine?range=30d"' in text
    assert 'href="/dashboards/mine"' in text
    assert "€2,900.00" in tile(shop.get("/dashboards/mine?range=30d").text, 1)


def test_tile_that_cannot_be_answered_says_so_alone(shop: Served) -> None:
    answer = post(shop, "/dashboards/mine/add", version="1", type="chart", metric="revenue", breakdown="contry")
    assert answer.status_code == 303
    text = shop.get("/dashboards/mine").text
    assert "This tile has no answer." in text
    assert "Did you mean &#39;country&#39;?" in text
    assert "€600.00" in tile(text, 1)


def test_live_request_gets_only_the_tiles_that_changed(shop: Served) -> None:
    page = shop.get("/dashboards/mine").text
    seen = re.findall(r'name="seen" value="([^"]+)"', page)
    assert len(seen) == 3

    def changed(**more: str) -> list[str]:
        with shop.client() as client:
            answer = client.get("/dashboards/mine/tiles", params={"seen": seen, "version": "1", **more})
        assert answer.status_code == (200 if answer.text else 204)
        return re.findall(r'hx-target="#([\w-]+)"', answer.text)

    assert changed() == []
    owner = shop.workspace.acting_as(LOCAL_OWNER)
    bought = NewEvent("purchase", NOW - timedelta(days=1, hours=1), None, properties=msgspec.Raw(b'{"amount": 5}'))
    owner.call(EVENTS_APPEND, EventsAppend("till", (bought,)))
    assert changed() == ["tile-1", "tile-2"], "the buyers are as they were: nobody known has bought"
    assert changed(version="0") == ["board"]


def test_tile_that_takes_too_long_is_fetched_by_itself(shop: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upshot.web.dashboards.view.BUDGET_SECONDS", 0.0)
    waiting = shop.get("/dashboards/mine?range=30d").text
    assert "€" not in waiting.partition('id="board"')[2]
    assert 'hx-get="/dashboards/mine/tiles?range=30d"' in tile(waiting, 1)
    alone = shop.get("/dashboards/mine/tiles?range=30d&only=total").text
    assert "€2,900.00" in alone
    assert re.findall(r'hx-target="#([\w-]+)"', alone) == ["tile-1"]
    assert shop.get("/dashboards/mine/tiles?only=lost").status_code == 404


@pytest.mark.parametrize(
    ("path", "begins", "kind"),
    [
        ("tiles/revenue/chart.svg", b"<svg", "image/svg+xml"),
        ("tiles/revenue/chart.png", b"\x89PNG", "image/png"),
        ("tiles/back/chart.svg", b"<svg", "image/svg+xml"),
        ("tiles/back/data.csv", b"cohort,grain,offset", "text/csv"),
        ("tiles/revenue/data.csv", b"period,grain,country,value", "text/csv"),
        ("export/dashboard.svg", b"<svg", "image/svg+xml"),
        ("export/dashboard.pdf", b"%PDF-", "application/pdf"),
    ],
)
def test_tiles_and_dashboard_are_saved_as_files(served: Served, path: str, begins: bytes, kind: str) -> None:
    answer = served.get(f"/dashboards/revenue/{path}")
    assert answer.status_code == 200
    assert answer.content.startswith(begins)
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["content-disposition"].startswith('attachment; filename="revenue')


def test_csv_of_groups_is_safe_in_a_spreadsheet(served: Served) -> None:
    text = served.get("/dashboards/revenue/tiles/by-country/data.csv?from=2024-03-04&to=2024-03-05").text
    assert text.splitlines() == [
        "country,value,of,complete,small_group,note",
        "FR,100.0,,true,false,",
        "'=HYPERLINK(1),60.0,,true,false,",
        "DE,40.0,,true,false,",
    ]


def test_picture_of_the_whole_holds_every_tile(served: Served) -> None:
    svg = served.get("/dashboards/revenue/export/dashboard.svg?range=30d").text
    for words in (
        "What comes in",
        "€2,900.00",
        "=HYPERLINK(1)",
        "Mind &lt;b&gt;this",
        "times in Europe/Berlin",
    ):
        assert words in svg, words


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("revenue/tiles/words/data.csv", 400),
        ("revenue/tiles/total/chart.png", 400),
        ("revenue/tiles/revenue/chart.gif", 404),
        ("revenue/export/dashboard.doc", 404),
        ("revenue/tiles/lost/data.csv", 404),
        ("revnue", 404),
        ("revenue?range=8d", 404),
        ("revenue?compare=never", 400),
    ],
)
def test_what_is_not_there_is_said_with_what_to_do_next(served: Served, path: str, status: int) -> None:
    answer = served.get(f"/dashboards/{path}")
    assert answer.status_code == status
    assert re.search(r'<p class="muted">[^<]+', answer.text)


def test_yaml_of_the_page_is_applied_again(served: Served) -> None:
    text = served.get("/dashboards/revenue/export/dashboard.yaml").text
    read, problems = parse_dashboards(text)
    assert problems == ()
    assert read == (stored(served, "revenue").dashboard,)


@pytest.mark.parametrize("role", CAST)
def test_cast_on_every_change(shop: Served, role: str) -> None:
    owner = shop.workspace.acting_as(LOCAL_OWNER)
    for known in ROLES:
        shop.tokens[known] = owner.call(ACCESS_ADD, AccessAdd(known, known)).token
    for path in ("/dashboards/new", "/dashboards/mine/edit"):
        status = shop.get(path, role).status_code
        assert status == (200 if role in ("owner", "editor") else 403 if role == "viewer" else 303), path
    for path, form in EDITS.items():
        answer = post(shop, path, role, **form)
        if role in ("owner", "editor"):
            assert answer.status_code in (200, 303, 400), (path, answer.text[:400])
        else:
            assert answer.status_code == (403 if role == "viewer" else 401), path
    changed = stored(shop).version if role not in ("owner", "editor") else 1
    assert changed == 1


@pytest.mark.parametrize("path", EDITS)
def test_change_is_kept_as_a_version(shop: Served, path: str) -> None:
    if path.endswith("restore"):
        post(shop, "/dashboards/mine/delete")
    answer = post(shop, path, **EDITS[path])
    assert answer.status_code == (200 if path.endswith("layout") else 303), answer.text[:500]
    boards = shop.workspace.acting_as(LOCAL_OWNER).call(DASHBOARD_LIST, Nothing()).dashboards
    names = {board.dashboard.name: board.version for board in boards}
    match path.rpartition("/")[2]:
        case "make":
            assert names == {"revenue": 1, "mine": 1, "another": 1}
        case "delete":
            assert "mine" not in names
            with shop.client() as client:
                cookie = answer.headers["set-cookie"].split(";")[0]
                assert "Deleted “mine”" in client.get(answer.headers["location"], headers={"Cookie": cookie}).text
        case "restore":
            assert names["mine"] == 3
        case _:
            assert names["mine"] == 2


def test_layout_is_kept_and_tells_the_version_to_go_back_to(shop: Served) -> None:
    answer = post(shop, "/dashboards/mine/layout", **EDITS["/dashboards/mine/layout"])
    assert answer.json() == {"version": 2, "before": 1}
    assert [t.name for t in stored(shop).dashboard.tiles] == ["total", "buyers", "days"]
    assert post(shop, "/dashboards/mine/layout", **EDITS["/dashboards/mine/layout"]).status_code == 400
    overlapping = ["total~0~0~3~2", "days~0~1~6~4", "buyers~3~0~3~2"]
    assert post(shop, "/dashboards/mine/layout", version="2", place=overlapping).status_code == 400
    assert post(shop, "/dashboards/mine/layout", version="2", place=["total~0~0~3~2"]).status_code == 400
    assert post(shop, "/dashboards/mine/layout", version="2", place=["total~-1~0~3~2"]).status_code == 400
    back = post(shop, "/dashboards/mine/restore", version="1", next="/dashboards/mine/edit")
    assert back.headers["location"] == "/dashboards/mine/edit"
    assert stored(shop).dashboard == MINE


def test_form_that_makes_no_tile_comes_back_with_what_was_typed(shop: Served) -> None:
    answer = post(shop, "/dashboards/mine/add", version="1", type="chart", metric="", title="Kept & shown")
    assert answer.status_code == 400
    assert "A chart shows a metric" in answer.text
    assert 'value="Kept &amp; shown"' in answer.text
    answer = post(shop, "/dashboards/mine/tiles/total", version="1", type="number", metric="revenue", where="country =")
    assert answer.status_code == 400
    assert "country =</textarea>" in answer.text
    answer = post(shop, "/dashboards/mine/settings", version="1", title="x", range="fixed")
    assert "Fixed days need a first day." in answer.text
    assert stored(shop).version == 1


_CHART = {"version": "1", "type": "chart", "metric": "revenue", "title": "Kept & shown"}
_SETTINGS = {"version": "1", "title": "Kept & shown", "description": "For <all>", "range": "30d", "compare": "none"}


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("add", {"metric": ""}, "metric"),
        ("add", {"metric": "revenu"}, "metric"),
        ("add", {"where": "country ="}, "where"),
        ("add", {"breakdown": "price per head = 2"}, "breakdown"),
        ("add", {"show": "groups"}, "breakdown"),
        ("add", {"show": "cohorts"}, "show"),
        ("add", {"by": "fortnight"}, "by"),
        ("add", {"width": "13"}, "width"),
        ("add", {"height": "2.5"}, "height"),
        ("add", {"type": "text", "text": " "}, "text"),
        ("tiles/total", {"x": "9", "width": "6"}, "x"),
        ("tiles/total", {"y": "100"}, "y"),
        ("tiles/total", {"type": "number", "where": "country ="}, "where"),
        ("tiles/total", {"version": "0"}, "form"),
        ("settings", {"range": "fixed", "first_day": "2024-01-01"}, "last_day"),
        ("settings", {"range": "fixed", "last_day": "2024-01-01"}, "first_day"),
        ("settings", {"range": "fixed", "first_day": "2024-02-01", "last_day": "2024-01-01"}, "last_day"),
        ("settings", {"range": "2d"}, "range"),
        ("settings", {"where": "country ="}, "where"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(
    shop: Served, path: str, form: dict[str, str], field: str
) -> None:
    sent = {**(_SETTINGS if path == "settings" else _CHART), **form}
    answer = post(shop, f"/dashboards/mine/{path}", **sent)
    assert answer.status_code == 400
    assert re.findall(r'id="problem-(\w+)"', answer.text) == [field]
    text = html.unescape(answer.text)
    panel = text.partition('id="panel"')[2].partition("</section>")[0]
    assert f'id="problem-{field}"' in panel
    texts = ("title", "description", "where", "breakdown", "x", "y", "width", "height", "first_day", "last_day")
    lost = [name for name in texts if sent.get(name) and sent[name] not in panel]
    assert lost == []


def test_new_dashboard_without_a_title_is_refused_beside_what_it_is_for(shop: Served) -> None:
    answer = post(shop, "/dashboards/make", title=" ", description="For <all>")
    assert answer.status_code == 400
    assert re.findall(r'id="problem-(\w+)"', answer.text) == ["title"]
    assert 'name="description" value="For <all>"' in html.unescape(answer.text)


def test_a_bigger_tile_pushes_the_others_down(shop: Served) -> None:
    sizes = {"x": "0", "y": "0", "width": "12", "height": "3"}
    post(shop, "/dashboards/mine/tiles/buyers", version="1", type="number", metric="buyers", **sizes)
    assert [(t.name, t.place[:2]) for t in stored(shop).dashboard.tiles] == [
        ("buyers", (0, 0)),
        ("total", (0, 3)),
        ("days", (3, 3)),
    ]


def test_dashboard_from_code_is_duplicated_and_not_edited(shop: Served) -> None:
    page = shop.get("/dashboards/revenue").text
    assert "Managed from code: shop.yaml" in page
    assert 'href="/dashboards/revenue/edit"' not in page
    assert 'href="/dashboards/new?from=revenue"' in page
    refused = shop.get("/dashboards/revenue/edit")
    assert refused.status_code == 403
    assert "Duplicate it" in refused.text
    assert post(shop, "/dashboards/revenue/delete").status_code == 403
    assert "Copy of What comes in" in shop.get("/dashboards/new?from=revenue").text
    answer = post(shop, "/dashboards/make", **{"from": "revenue", "title": "Copy of What comes in"})
    assert answer.headers["location"] == "/dashboards/copy-of-what-comes-in/edit"
    copy = stored(shop, "copy-of-what-comes-in")
    assert copy.dashboard.tiles == stored(shop, "revenue").dashboard.tiles
    assert not copy.managed
    again = post(shop, "/dashboards/make", **{"from": "revenue", "title": "Copy of What comes in"})
    assert again.headers["location"] == "/dashboards/copy-of-what-comes-in-2/edit"


def test_ready_made_dashboard_is_added_at_one_press(shop: Served) -> None:
    answer = post(shop, "/dashboards/make", ready="product-health")
    assert answer.headers["location"] == "/dashboards/product-health"
    assert "Add Product health" not in shop.get("/dashboards").text
    assert "This tile has no answer" not in shop.get("/dashboards/product-health").text
    assert post(shop, "/dashboards/make", ready="product-health").status_code == 404


def test_viewer_sees_no_way_to_change(guarded: Served) -> None:
    for path in ("/dashboards", "/dashboards/revenue"):
        text = guarded.get(path, "viewer").text
        assert "/dashboards/new" not in text
        assert '<form method="post" action="/dashboards' not in text


def test_tv_mode_shows_the_tiles_and_a_way_out(served: Served) -> None:
    text = served.get("/dashboards/revenue?range=7d&tv=1").text
    assert 'id="tv"' in text
    assert 'href="/dashboards/revenue?range=7d">Leave' in text
    assert "Add filter" not in text
