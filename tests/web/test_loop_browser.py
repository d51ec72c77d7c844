"""The loop in a real browser: every page sound at two widths and in both themes, and what people do there."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.web import test_browser
from tests.web.conftest import Served, serving
from tests.web.test_browser import Complaints
from tests.web.test_quality import OVERLAPS, SCREENS, as_file
from tests.web.told import tell

complaints = test_browser.complaints
PATHS = (
    "/",
    "/objectives",
    "/objectives/sell-more",
    "/ledger",
    "/launches/gift-cards",
    "/launches/big-button",
    "/outputs/planned",
    "/experiments",
    "/experiments/big-button",
    "/feedback?range=90d",
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A workspace with a story."""
    with serving(tell(tmp_path_factory.mktemp("told") / "shop")) as running:
        yield running


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_of_the_loop_are_sound(browser: Browser, told: Served, complaints: Complaints, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, base_url=told.url, reduced_motion="reduce", color_scheme="light"
    )
    page = context.new_page()
    complaints.watch(page)
    SCREENS.mkdir(parents=True, exist_ok=True)
    for path in PATHS:
        page.emulate_media(color_scheme="light")
        page.goto(path)
        for chart in page.locator("upshot-chart").all():
            chart.locator("svg").first.wait_for(state="attached")
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            only = {"runOnly": ["color-contrast"]} if theme == "dark" else None
            found = Axe().run(page, options=only).response["violations"]
            assert [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in found] == [], (path, theme)
            page.screenshot(path=SCREENS / f"told-{as_file(path)}_{width}_{theme}.png")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert page.evaluate(OVERLAPS) == [], path
    assert complaints == []
    context.close()


@pytest.mark.browser
def test_ledger_leads_to_a_launch_and_back_with_its_filter(page: Page, told: Served) -> None:
    page.goto(f"{told.url}/ledger")
    page.get_by_role("link", name="Shipped", exact=True).click()
    expect(page).to_have_url(f"{told.url}/ledger?show=shipped")
    expect(page.get_by_text("Free shipping")).to_have_count(0)
    page.get_by_role("link", name="Gift cards").first.click()
    expect(page.get_by_role("heading", name="Gift cards", exact=True, level=1)).to_be_visible()
    expect(page).to_have_url(f"{told.url}/launches/gift-cards")
    page.go_back()
    expect(page.get_by_role("heading", name="Ledger", exact=True, level=1)).to_be_visible()
    expect(page).to_have_url(f"{told.url}/ledger?show=shipped")
    expect(page.get_by_role("link", name="Gift cards").first).to_be_visible()
    expect(page.get_by_text("Free shipping")).to_have_count(0)


@pytest.mark.browser
def test_decision_is_written_down_and_seen_by_others_at_once(browser: Browser, told: Served) -> None:
    mine, theirs = (browser.new_page(base_url=told.url) for _ in range(2))
    theirs.goto("/launches/gift-cards")
    expect(theirs.get_by_text("Nobody has decided yet.")).to_be_visible()
    mine.goto("/launches/gift-cards")
    mine.get_by_label("Why").fill("Everybody asks for them")
    mine.get_by_role("button", name="Keep").click()
    expect(mine.locator("#decisions")).to_contain_text("Everybody asks for them")
    expect(theirs.locator("#decisions")).to_contain_text("Everybody asks for them", timeout=15_000)
    mine.close()
    theirs.close()


@pytest.mark.browser
def test_something_shipped_stands_in_the_ledger(page: Page, told: Served) -> None:
    page.goto(f"{told.url}/ledger")
    page.get_by_text("Ship something").click()
    page.get_by_label("What reached users").fill("Quick search")
    page.get_by_role("button", name="Add to the ledger").click()
    expect(page.get_by_role("status").filter(has_text="Quick search")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Quick search")).to_have_count(1)


@pytest.mark.browser
def test_objective_is_declared_and_its_removal_undone(page: Page, told: Served) -> None:
    page.goto(f"{told.url}/objectives")
    page.get_by_text("New objective").click()
    page.get_by_label("What should be true").fill("More buyers")
    page.get_by_label("Target").fill("+5%")
    page.get_by_label("Due").fill("2024-12-31")
    page.get_by_role("button", name="Declare it").click()
    expect(page).to_have_url(re.compile("/objectives/more-buyers$"))
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status").filter(has_text="more-buyers")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="More buyers")).to_be_visible()
