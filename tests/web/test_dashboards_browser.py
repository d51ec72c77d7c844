"""Dashboards in a real browser: made, filled, arranged by mouse and by keys, live tile by tile, deleted and undone."""

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.web import test_browser
from tests.web.conftest import NOW, Served, made, serving
from tests.web.test_browser import Complaints
from tests.web.test_dashboards import MINE
from upshot.api.dashboards import DASHBOARD_LIST, DASHBOARD_SAVE, DASHBOARD_SHOW, DashboardName, DashboardSave
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.operation import LOCAL_OWNER
from upshot.api.state import Nothing

pytestmark = pytest.mark.browser

complaints, opened, theme = test_browser.complaints, test_browser.opened, test_browser.theme
PATHS = (
    "/dashboards",
    "/dashboards/new",
    "/dashboards/new?from=revenue",
    "/dashboards/revenue",
    "/dashboards/revenue?tv=1",
    "/dashboards/revenue?from=2020-01-01&to=2020-02-01",
    "/dashboards/hand/edit",
    "/dashboards/hand/edit?add=table",
    "/dashboards/hand/edit?tile=days",
    "/dashboards/hand/edit?settings=1",
)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Served]:
    """A workspace of the test's own with the dashboard ``mine``."""
    with serving(made(tmp_path / "shop")) as running:
        running.workspace.acting_as(LOCAL_OWNER).call(DASHBOARD_SAVE, DashboardSave(MINE, after=0))
        yield running


def places(served: Served) -> dict[str, tuple[int, int, int, int]]:
    view = served.workspace.acting_as(LOCAL_OWNER).call(DASHBOARD_SHOW, DashboardName("mine"))
    return {tile.name: tile.place for tile in view.dashboard.tiles}


def box(of: Locator) -> tuple[float, float, float, float]:
    found = of.bounding_box()
    assert found is not None
    return found["x"], found["y"], found["width"], found["height"]


def test_dashboards_have_no_violation_and_no_complaint(opened: Page, complaints: Complaints, served: Served) -> None:
    owner = served.workspace.acting_as(LOCAL_OWNER)
    hand = msgspec.structs.replace(MINE, name="hand")
    if all(view.dashboard.name != "hand" for view in owner.call(DASHBOARD_LIST, Nothing()).dashboards):
        owner.call(DASHBOARD_SAVE, DashboardSave(hand, after=0))
    axe = Axe()
    for path in PATHS:
        opened.goto(path)
        opened.wait_for_load_state("load")
        found = axe.run(opened).response["violations"]
        assert [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found] == [], path
        overflow = opened.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} is wider than the window by {overflow} px"
    assert complaints == []


def test_dashboard_is_made_filled_and_deleted_and_that_is_undone(
    page: Page, board: Served, complaints: Complaints
) -> None:
    complaints.watch(page)
    page.goto(f"{board.url}/dashboards")
    page.get_by_role("link", name="New dashboard").click()
    page.get_by_label("Title").fill("My week")
    page.get_by_role("button", name="Make the dashboard").click()
    expect(page).to_have_url(re.compile("/dashboards/my-week/edit"))
    page.locator("#panel select[name=metric]").select_option("revenue")
    page.get_by_role("button", name="Add the tile").click()
    expect(page.get_by_text("Tile added.")).to_be_visible()
    expect(page).to_have_url(f"{board.url}/dashboards/my-week/edit")
    expect(page.locator(".tile upshot-chart svg")).to_be_visible()
    page.get_by_role("navigation", name="Add a tile").get_by_role("link", name="Text").click()
    page.get_by_label("Text, in Markdown").fill("## Watch\n\n- the **money**")
    page.get_by_role("button", name="Add the tile").click()
    expect(page.get_by_role("heading", name="Watch")).to_be_visible()
    page.get_by_role("button", name="Remove Revenue").click()
    expect(page.get_by_text("Tile removed.")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tile")).to_have_count(2)
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("button", name="Delete the dashboard").click()
    expect(page.get_by_text("Deleted “my-week”.")).to_be_visible()
    expect(page.get_by_role("heading", name="My week")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="My week")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(2)
    assert complaints == []


def test_tile_is_dragged_by_mouse_and_others_make_way(page: Page, board: Served, complaints: Complaints) -> None:
    complaints.watch(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{board.url}/dashboards/mine/edit")
    grip = page.get_by_role("button", name="Move Revenue").first
    expect(grip).to_be_visible()
    x, y, wide, high = box(grip)
    column = (box(page.locator("#board"))[2] + 12) / 12
    page.mouse.move(x + wide / 2, y + high / 2)
    page.mouse.down()
    page.mouse.move(x + wide / 2 + 3 * column, y + high / 2 + 5, steps=6)
    expect(page.locator(".tile.held")).to_have_count(1)
    page.mouse.up()
    expect(page.get_by_text("Tiles arranged.")).to_be_visible()
    assert places(board) == {"total": (3, 0, 3, 2), "buyers": (9, 0, 3, 2), "days": (3, 2, 6, 4)}
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    assert places(board) == {tile.name: tile.place for tile in MINE.tiles}
    assert complaints == []


def test_tile_is_resized_by_mouse_and_escape_puts_it_back(page: Page, board: Served) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{board.url}/dashboards/mine/edit")
    corner = page.locator("[data-tile=days] .tile-corner")
    expect(corner).to_be_visible()
    x, y, wide, high = box(corner)
    column = (box(page.locator("#board"))[2] + 12) / 12
    page.mouse.move(x + wide / 2, y + high / 2)
    page.mouse.down()
    page.mouse.move(x + wide / 2 - 2 * column, y + high / 2 + 76, steps=6)
    expect(page.locator("[data-tile=days]")).to_have_attribute("data-w", "4")
    page.keyboard.press("Escape")
    expect(page.locator("[data-tile=days]")).to_have_attribute("data-w", "6")
    page.mouse.up()
    page.mouse.move(x + wide / 2, y + high / 2)
    page.mouse.down()
    page.mouse.move(x + wide / 2 - 2 * column, y + high / 2 + 76, steps=6)
    page.mouse.up()
    expect(page.get_by_text("Tiles arranged.")).to_be_visible()
    assert places(board)["days"] == (3, 0, 4, 5)


def test_tile_is_moved_and_resized_by_keyboard_alone(page: Page, board: Served, complaints: Complaints) -> None:
    complaints.watch(page)
    page.goto(f"{board.url}/dashboards/mine/edit")
    grip = page.locator("[data-tile=total] .tile-grip")
    live = page.locator("#board-live")
    grip.focus()
    page.keyboard.press("Enter")
    expect(grip).to_have_attribute("aria-pressed", "true")
    expect(live).to_contain_text("Moving Revenue, row 1, column 1. Arrow keys change it")
    page.keyboard.press("ArrowRight")
    expect(live).to_have_text("row 1, column 2")
    page.keyboard.press("ArrowDown")
    expect(live).to_have_text("row 5, column 2")
    page.keyboard.press("Escape")
    expect(live).to_contain_text("is back in row 1, column 1")
    assert places(board) == {tile.name: tile.place for tile in MINE.tiles}
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")
    expect(live).to_have_text("No further: row 1, column 1")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(live).to_contain_text("Saved.")
    expect(grip).to_be_focused()
    assert places(board)["total"] == (1, 0, 3, 2)
    corner = page.locator("[data-tile=total] .tile-corner")
    corner.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(live).to_have_text("4 columns wide, 3 rows high")
    page.keyboard.press("Tab")
    expect(live).to_contain_text("Saved.")
    assert places(board)["total"] == (1, 0, 4, 3)
    order = page.locator("#board [data-tile]").evaluate_all("all => all.map(tile => tile.dataset.tile)")
    assert order == [name for name, _ in sorted(places(board).items(), key=lambda pair: pair[1][1::-1])]
    assert complaints == []


def test_somebody_else_s_change_is_told_and_the_tiles_go_back(page: Page, board: Served) -> None:
    page.goto(f"{board.url}/dashboards/mine/edit")
    grip = page.locator("[data-tile=total] .tile-grip")
    expect(grip).to_be_visible()
    other = msgspec.structs.replace(MINE, title="Theirs")
    board.workspace.acting_as(LOCAL_OWNER).call(DASHBOARD_SAVE, DashboardSave(other, after=1))
    grip.focus()
    for key in ("Enter", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_text("That could not be saved")).to_be_visible()
    expect(page.locator("[data-tile=total]")).to_have_attribute("data-x", "0")


def test_only_the_tile_whose_data_changed_is_swapped(page: Page, board: Served, complaints: Complaints) -> None:
    complaints.watch(page)
    page.goto(f"{board.url}/dashboards/mine")
    expect(page.locator("#tile-1 .metric-number")).to_have_text("€600.00")
    expect(page.locator("#tile-2 upshot-chart svg")).to_be_visible()
    page.evaluate("""() => {
        window.touched = new Set();
        new MutationObserver(all => all.forEach(one => {
            const tile = (one.target.nodeType === 1 ? one.target : one.target.parentElement)?.closest("[data-tile]");
            if (tile) window.touched.add(tile.dataset.tile);
        })).observe(document.querySelector("#board"),
            {subtree: true, childList: true, characterData: true, attributes: true});
    }""")
    bought = NewEvent("purchase", NOW - timedelta(days=1, hours=1), None, properties=msgspec.Raw(b'{"amount": 5}'))
    board.workspace.acting_as(LOCAL_OWNER).call(EVENTS_APPEND, EventsAppend("till", (bought,)))
    expect(page.locator("#tile-1 .metric-number")).to_have_text("€605.00", timeout=10_000)
    assert "buyers" not in page.evaluate("[...window.touched]")
    assert complaints == []


def test_slow_tiles_come_by_themselves(page: Page, board: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upshot.web.dashboards.view.BUDGET_SECONDS", 0.0)
    page.goto(f"{board.url}/dashboards/mine")
    expect(page.locator("#tile-1 .metric-number")).to_have_text("€600.00")
    expect(page.locator("#tile-2 upshot-chart svg")).to_be_visible()
    expect(page.locator("#tile-3 .metric-number")).to_have_text("3")


def test_days_and_filters_have_an_address_and_back_works(page: Page, board: Served) -> None:
    page.goto(f"{board.url}/dashboards/mine")
    page.get_by_role("link", name="30d").click()
    expect(page.locator("#tile-1 .metric-number")).to_have_text("€2,900.00")
    expect(page).to_have_url(f"{board.url}/dashboards/mine?range=30d")
    page.get_by_label("Compare with").select_option("none")
    expect(page).to_have_url(f"{board.url}/dashboards/mine?range=30d&compare=none")
    page.go_back()
    page.go_back()
    expect(page.locator("#tile-1 .metric-number")).to_have_text("€600.00")
    page.goto(f"{board.url}/dashboards/mine?from=2024-03-04&to=2024-03-05&where=country+%3D+DE")
    expect(page.locator("#tile-1 .metric-number")).to_have_text("€40.00")
    page.get_by_label("Remove the filter country = DE").click()
    expect(page.locator("#tile-1 .metric-number")).to_have_text("€200.00")


def test_tiles_stack_in_reading_order_on_a_phone(page: Page, board: Served) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{board.url}/dashboards/mine")
    boxes = [box(page.locator(f"#tile-{number}")) for number in (1, 2, 3)]
    assert all(above[1] + above[3] <= below[1] for above, below in pairwise(boxes))
    assert len({(left, wide) for left, _, wide, _ in boxes}) == 1


def test_tv_mode_fills_the_screen_and_is_left_again(page: Page, board: Served) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{board.url}/dashboards/mine")
    page.get_by_text("Share", exact=True).click()
    page.get_by_role("link", name="TV mode").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    bottom = max(box(tile)[1] + box(tile)[3] for tile in page.locator(".tile").all())
    assert 1000 < bottom <= 1080
    page.get_by_role("link", name="Leave").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_dashboard_does_not_shift_while_it_loads(page: Page, board: Served) -> None:
    page.goto(f"{board.url}/dashboards/mine")
    page.goto(f"{board.url}/dashboards/mine")
    page.wait_for_timeout(600)
    shift = page.evaluate(
        """() => new Promise(done => new PerformanceObserver(list =>
            done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0)))
            .observe({type: 'layout-shift', buffered: true}) || setTimeout(() => done(0), 200))"""
    )
    assert shift < 0.02


def test_home_s_metrics_are_chosen_and_put_in_order(page: Page, board: Served, complaints: Complaints) -> None:
    complaints.watch(page)
    page.set_viewport_size({"width": 1440, "height": 900})

    def cards() -> list[str]:
        ids = page.locator(".metric-card").evaluate_all("all => all.map(card => card.id.slice(5))")
        return [str(name) for name in ids]

    page.goto(board.url)
    usual = cards()
    assert usual[:2] == ["revenue", "buyers"]
    page.get_by_role("link", name="Choose metrics").click()
    expect(page.get_by_role("heading", name="Metrics on the home page")).to_be_visible()
    expect(page.locator(".main:has(.htmx-request)")).to_have_count(0)
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("checkbox", name="Events How many events").uncheck()
    grip = page.get_by_role("button", name="Move Revenue")
    grip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#board-live")).to_contain_text("Moving Revenue: place 1 of")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#board-live")).to_contain_text("Revenue: place 2 of")
    page.keyboard.press("Enter")
    expect(grip).to_be_focused()
    dragged = page.get_by_role("button", name="Move Daily active persons")
    first = box(page.locator(".arrange li").first)
    x, y, wide, high = box(dragged)
    page.mouse.move(x + wide / 2, y + high / 2)
    page.mouse.down()
    page.mouse.move(x + wide / 2, first[1] + 2, steps=8)
    page.mouse.up()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The home page shows what you chose.")).to_be_visible()
    assert cards()[:3] == ["active_persons_daily", "buyers", "revenue"]
    assert "events" not in cards()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    assert cards() == usual
    assert complaints == []
