"""A page that is on its way shows a bar: by link, form, Back and Forward, whatever comes of it; refreshes show none."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.web import test_browser
from tests.web.conftest import Served
from tests.web.test_browser import Complaints, append

pytestmark = pytest.mark.browser

complaints, opened, theme = test_browser.complaints, test_browser.opened, test_browser.theme
START = "/metrics/revenue?from=2024-03-04&to=2024-03-05"
SHOWN = "() => getComputedStyle(document.querySelector('#main'), '::before').opacity === '1'"
ANIMATIONS = """() => document.getAnimations().filter(a => a.effect.pseudoElement === '::before')
    .map(a => [a.animationName, a.effect.getTiming().delay])"""


class Gate:
    """What the pages fetch waits at the gate."""

    def __init__(self, page: Page) -> None:
        self.waiting: list[Route] = []
        self.let: Callable[[Route], None] = self.waiting.append
        page.route(re.compile("/metrics/"), self.come)

    def come(self, route: Route) -> None:
        if route.request.resource_type == "fetch":
            self.let(route)
        else:
            route.continue_()

    def open(self, let: Callable[[Route], None] = Route.continue_) -> None:
        """Let all go on, or do with them what ``let`` does; those too that are still to come."""
        self.let = let
        for route in self.waiting:
            let(route)
        self.waiting.clear()

    def close(self) -> None:
        """Whoever comes now waits."""
        self.let = self.waiting.append


def begin(page: Page, served: Served) -> Gate:
    """A page whose links and forms htmx has taken up, and the gate before the next one."""
    page.goto(served.url + START)
    expect(page.get_by_role("link", name="7d")).to_have_attribute("data-htmx-powered", "true")
    return Gate(page)


def expect_bar(page: Page) -> None:
    expect(page.locator("#main")).to_have_attribute("aria-busy", "true")
    page.wait_for_function(SHOWN)


def expect_no_bar(page: Page) -> None:
    expect(page.locator("#main")).not_to_have_attribute("aria-busy", "true")
    assert page.evaluate("getComputedStyle(document.querySelector('#main'), '::before').content") == "none"


def test_bar_has_no_violation_and_moves_for_nobody_who_wants_calm(
    opened: Page, served: Served, complaints: Complaints
) -> None:
    gate = begin(opened, served)
    expect_no_bar(opened)
    opened.get_by_role("link", name="7d").click()
    expect(opened.locator("#main")).to_have_attribute("aria-busy", "true")
    assert opened.evaluate(ANIMATIONS) == [["progress-appear", 300]]
    expect_bar(opened)
    assert Axe().run(opened).response["violations"] == []
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    gate.open()
    expect(opened.get_by_role("link", name="7d")).to_have_attribute("aria-current", "true")
    expect_no_bar(opened)
    assert complaints == []


def test_bar_is_there_for_links_forms_back_and_forward(page: Page, served: Served, complaints: Complaints) -> None:
    complaints.watch(page)
    gate = begin(page, served)
    total = page.locator("#total")
    page.locator("summary", has_text="Add filter").click()
    page.get_by_label("Property").fill("country")
    page.get_by_label("Value").fill("DE")
    page.get_by_label("Value").press("Enter")
    expect_bar(page)
    assert ["progress-travel", 300] in page.evaluate(ANIMATIONS)
    gate.open()
    expect(total).to_have_text("€40.00")
    expect_no_bar(page)
    for step, text in ((page.go_back, "€200.00"), (page.go_forward, "€40.00")):
        gate.close()
        step(wait_until="commit")
        expect_bar(page)
        gate.open()
        expect(total).to_have_text(text)
        expect_no_bar(page)
    gate.close()
    page.get_by_label("Remove the filter country = DE").click()  # a link that the answer takes out of the page
    expect_bar(page)
    gate.open()
    expect(total).to_have_text("€200.00")
    expect_no_bar(page)
    assert complaints == []


def test_bar_goes_when_nothing_comes(page: Page, served: Served) -> None:
    gate = begin(page, served)
    link = page.get_by_role("link", name="7d")
    link.click()
    expect_bar(page)
    link.dispatch_event("htmx:abort")
    expect_no_bar(page)
    gate.open()
    gate.close()
    page.get_by_role("link", name="90d").click()
    expect_bar(page)
    gate.open(Route.abort)
    expect_no_bar(page)
    gate.open(lambda route: route.fulfill(status=500, content_type="text/html", body="<main id='main'>No</main>"))
    link.click()
    expect(page.locator("#main")).to_have_text("No")
    expect_no_bar(page)


def test_bar_waits_for_the_last_of_two_pages(page: Page, served: Served) -> None:
    gate = begin(page, served)
    page.get_by_role("link", name="7d").click()
    page.get_by_role("link", name="90d").click()
    expect_bar(page)
    first = gate.waiting.pop(0)
    with page.expect_event("requestfinished", lambda request: request == first.request):
        first.continue_()
    expect(page.locator("a.htmx-request")).to_have_count(1)
    expect_bar(page)
    expect(page.get_by_role("link", name="7d")).not_to_have_attribute("aria-current", "true")
    gate.open()
    expect(page.get_by_role("link", name="90d")).to_have_attribute("aria-current", "true")
    expect_no_bar(page)


def test_bar_is_not_there_for_a_refresh_by_push(page: Page, fresh: Served) -> None:
    append(fresh, "opened")
    page.goto(f"{fresh.url}/metrics/events?range=7d")
    expect(page.locator("#total")).to_have_text("1")
    gate = Gate(page)
    with page.expect_request(lambda request: request.resource_type == "fetch" and "/metrics/" in request.url):
        append(fresh, "opened", who="p2")
    expect(page.locator("#live")).to_have_class(re.compile("htmx-request"))
    expect_no_bar(page)
    gate.open()
    expect(page.locator("#total")).to_have_text("2", timeout=10_000)
    expect_no_bar(page)
