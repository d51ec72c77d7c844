"""The pages in a real browser: live, by keyboard, in both themes and widths, without a violation."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect

from tests.web.conftest import Served, made, serving
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.operation import LOCAL_OWNER

pytestmark = pytest.mark.browser

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


class Complaints(list[str]):
    """What the browser complained about: scripts that failed, resources that were refused."""

    def watch(self, page: Page) -> None:
        def console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and "404" not in message.text:
                self.append(message.text)

        def failed(error: Error) -> None:
            self.append(str(error))

        page.on("console", console)
        page.on("pageerror", failed)


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["wide", "narrow"])
def opened(
    request: pytest.FixtureRequest, browser: Browser, theme: str, complaints: Complaints, served: Served
) -> Iterator[Page]:
    size = WIDE if request.param == "wide" else NARROW
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]  # the two sizes above
        color_scheme="dark" if theme == "dark" else "light",
        base_url=served.url,
        reduced_motion="reduce",
    )
    page = context.new_page()
    complaints.watch(page)
    yield page
    context.close()


def append(served: Served, name: str, **more: str) -> None:
    owner = served.workspace.acting_as(LOCAL_OWNER)
    at = datetime(2024, 3, 10, 10, tzinfo=UTC)
    owner.call(EVENTS_APPEND, EventsAppend("test", (NewEvent(name, at, more.get("who", "p1")),)))


def test_chart_is_drawn_and_redrawn_in_the_other_theme(opened: Page, theme: str) -> None:
    opened.goto("/metrics/revenue")
    line = opened.locator("upshot-chart svg")
    expect(line).to_be_visible()
    before = line.inner_html()
    opened.get_by_role("button", name="Switch between light and dark").click()
    other = "light" if theme == "dark" else "dark"
    expect(opened.locator("html")).to_have_attribute("data-theme", other)
    opened.wait_for_function("before => document.querySelector('upshot-chart svg').innerHTML !== before", arg=before)
    opened.reload()
    expect(opened.locator("html")).to_have_attribute("data-theme", other)


def test_new_event_shows_up_without_a_reload(page: Page, fresh: Served, complaints: Complaints) -> None:
    complaints.watch(page)
    page.goto(fresh.url)
    expect(page.get_by_role("heading", name="No events yet")).to_be_visible()
    page.evaluate("window.notReloaded = true")
    append(fresh, "signed up", who="ann")
    expect(page.locator("#card-events .metric-number")).to_have_text("1", timeout=10_000)
    expect(page.get_by_role("cell", name="signed up")).to_be_visible()
    expect(page.locator("#stored")).to_contain_text("1 event ·")
    expect(page.get_by_role("navigation", name="Period")).to_be_visible()
    append(fresh, "opened", who="bob")
    expect(page.locator("#card-events .metric-number")).to_have_text("2", timeout=10_000)
    expect(page.locator("#card-active_persons .metric-number")).to_have_text("2")
    assert page.evaluate("window.notReloaded") is True
    assert complaints == []


def test_live_chart_is_redrawn_and_an_open_table_stays_open(page: Page, fresh: Served) -> None:
    append(fresh, "opened")
    page.goto(f"{fresh.url}/metrics/events?range=7d")
    page.get_by_text("View as table").click()
    chart = page.locator("upshot-chart")
    expect(chart.locator("svg")).to_be_visible()
    before = chart.get_attribute("option")
    append(fresh, "opened", who="p2")
    expect(page.locator("#total")).to_have_text("2", timeout=10_000)
    assert chart.get_attribute("option") != before
    expect(chart.locator("svg")).to_be_visible()
    expect(page.locator("#table")).to_have_attribute("open", "")


def test_arriving_events_are_read_filtered_and_paused_by_keyboard(
    page: Page, fresh: Served, complaints: Complaints
) -> None:
    complaints.watch(page)
    append(fresh, "opened", who="ann")
    page.goto(f"{fresh.url}/events")
    rows = page.locator(".events summary")
    expect(rows).to_have_count(1)
    page.keyboard.press("j")
    expect(rows.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Only ann")).to_be_visible()
    append(fresh, "closed", who="bob")
    expect(rows).to_have_count(2, timeout=10_000)
    expect(rows.first).to_contain_text("closed")
    expect(page.get_by_role("link", name="Only ann")).to_be_visible()
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Go on")).to_have_attribute("aria-pressed", "true")
    append(fresh, "later", who="bob")
    page.wait_for_timeout(2500)
    expect(rows).to_have_count(2)
    page.keyboard.press("p")
    expect(rows).to_have_count(3)
    page.keyboard.press("/")
    page.keyboard.type("opened")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{fresh.url}/events?event=opened")
    expect(rows).to_have_count(1)
    page.go_back()
    expect(rows).to_have_count(3)
    assert complaints == []


def test_filter_is_added_by_keyboard_and_back_takes_it_away(page: Page, served: Served, complaints: Complaints) -> None:
    complaints.watch(page)
    page.goto(f"{served.url}/metrics/revenue?from=2024-03-04&to=2024-03-05")
    expect(page.locator("#total")).to_have_text("€200.00")
    page.locator("summary", has_text="Add filter").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("country")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("DE")
    page.keyboard.press("Enter")
    expect(page.locator("#total")).to_have_text("€40.00")
    expect(page).to_have_url(f"{served.url}/metrics/revenue?from=2024-03-04&to=2024-03-05&where=country+%3D+DE")
    page.go_back()
    expect(page.locator("#total")).to_have_text("€200.00")
    page.go_forward()
    expect(page.locator("#total")).to_have_text("€40.00")
    page.get_by_label("Remove the filter country = DE").click()
    expect(page.locator("#total")).to_have_text("€200.00")
    assert complaints == []


def test_navigation_marks_the_area_that_a_link_in_the_content_led_to(page: Page, served: Served) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # a size
    page.goto(served.url)
    page.evaluate("window.notReloaded = true")
    marked = page.get_by_role("navigation", name="Main").locator("[aria-current=page]")
    expect(marked).to_have_text("Home")
    page.locator("#main").get_by_role("link", name="Revenue").first.click()
    expect(page.get_by_role("heading", name="Revenue", exact=True, level=1)).to_be_visible()
    expect(marked).to_have_text("Metrics")
    expect(marked).to_be_in_viewport(ratio=1)
    page.go_back()
    expect(marked).to_have_text("Home")
    assert page.evaluate("window.notReloaded") is True


def test_choices_show_at_once_and_have_an_address(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/metrics/revenue?from=2024-02-01&to=2024-03-05")
    page.get_by_label("Step").select_option("week")
    expect(page).to_have_url(f"{served.url}/metrics/revenue?from=2024-02-01&to=2024-03-05&by=week", timeout=5000)
    page.get_by_role("link", name="7d").click()
    expect(page.get_by_role("link", name="7d")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(f"{served.url}/metrics/revenue?range=7d")


def test_breakdown_is_one_click_from_a_filter(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/metrics/revenue?from=2024-03-04&to=2024-03-05&breakdown=country")
    page.get_by_role("link", name="DE", exact=True).click()
    expect(page.locator("#total")).to_have_text("€40.00")


def test_picture_is_downloaded(page: Page, served: Served, tmp_path: Path) -> None:
    page.goto(f"{served.url}/metrics/revenue?range=7d")
    with page.expect_download() as download:
        page.get_by_role("link", name="PNG").click()
    target = tmp_path / "chart.png"
    download.value.save_as(target)
    assert target.read_bytes().startswith(b"\x89PNG")
    assert download.value.suggested_filename == "revenue_2024-03-04_2024-03-10_by_day.png"


def test_page_says_when_it_is_no_longer_told_of_changes(page: Page, tmp_path: Path) -> None:
    with serving(made(tmp_path / "shop")) as running:
        page.goto(running.url)
        expect(page.locator("#main").get_by_text("Live", exact=True)).to_be_visible()
        expect(page.get_by_text("Reconnecting")).to_be_hidden()
    expect(page.get_by_text("Reconnecting")).to_be_visible(timeout=10_000)


def test_popover_closes_by_escape_and_gives_the_focus_back(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/metrics/revenue")
    summary = page.locator("summary", has_text="Add filter")
    summary.click()
    field = page.get_by_label("Property")
    field.fill("country")
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(summary).to_be_focused()


def test_focus_is_visible_and_the_content_can_be_reached_first(page: Page, served: Served) -> None:
    page.goto(served.url)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    assert skip.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_sign_in_by_token(page: Page, guarded: Served, complaints: Complaints) -> None:
    complaints.watch(page)
    page.goto(f"{guarded.url}/metrics/revenue?range=7d")
    assert Axe().run(page).response["violations"] == []
    page.get_by_label("Access token").fill(guarded.tokens["viewer"])
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{guarded.url}/metrics/revenue?range=7d")
    expect(page.locator("upshot-chart svg")).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out viewer").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert complaints == []


def test_first_page_paints_soon_without_shifting(page: Page, served: Served) -> None:
    page.goto(served.url)
    page.goto(served.url)
    page.wait_for_timeout(600)
    shift = page.evaluate(
        """() => new Promise(done => new PerformanceObserver(list =>
            done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0)))
            .observe({type: 'layout-shift', buffered: true}) || setTimeout(() => done(0), 200))"""
    )
    assert shift < 0.02
