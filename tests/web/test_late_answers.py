"""What a page shows answers what it asks now: an answer that comes late changes nothing."""

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.web.conftest import Served

pytestmark = pytest.mark.browser

WEEK = "from=2024-03-04&to=2024-03-05"
COUNT_ENDS = "window.ended = 0; document.addEventListener('htmx:finally:request', () => (window.ended += 1))"
TELL_OF_A_CHANGE = "document.body.dispatchEvent(new CustomEvent('upshot:changed'))"


class Held:
    """Holds back the requests of one address until they are let go."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address, self.routes = page, address, list[Route]()
        page.route(lambda url: url == address, self._hold, times=1)

    def _hold(self, route: Route) -> None:
        self.routes.append(route)

    def asked(self, request: Request) -> bool:
        return request.url == self.address

    def let_go(self) -> None:
        """Let them go, and wait until the page has done with the answer."""
        [route] = self.routes
        ended = self.page.evaluate("window.ended")
        route.continue_()
        self.page.wait_for_function("before => window.ended > before", arg=ended)


def test_refresh_of_an_earlier_question_is_left_out(page: Page, served: Served) -> None:
    address = f"{served.url}/metrics/revenue?{WEEK}"
    page.goto(address)
    page.evaluate(COUNT_ENDS)
    held = Held(page, address)
    with page.expect_request(held.asked):
        page.evaluate(TELL_OF_A_CHANGE)
    page.get_by_label("Break down by").fill("country")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="DE", exact=True)).to_be_visible()
    with page.expect_request(lambda request: request.url == page.url):
        held.let_go()
    expect(page.get_by_role("link", name="DE", exact=True)).to_be_visible()


def test_what_home_still_counts_does_not_come_onto_the_next_page(page: Page, served: Served) -> None:
    held = Held(page, f"{served.url}/?whole=1")
    with page.expect_request(held.asked):
        page.goto(served.url)
        page.evaluate(COUNT_ENDS)
        page.evaluate(TELL_OF_A_CHANGE)
    page.locator("#card-revenue").click()
    expect(page.locator("#series-title")).to_have_count(1)
    held.let_go()
    expect(page.locator("#freshness")).to_have_count(0)
    expect(page.locator("#series-title")).to_have_count(1)


def test_of_two_choices_the_later_one_is_shown(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/metrics/revenue?{WEEK}")
    page.evaluate(COUNT_ENDS)
    held = Held(page, f"{served.url}/metrics/revenue?range=90d")
    with page.expect_request(held.asked):
        page.get_by_role("link", name="90d", exact=True).click()
    page.get_by_role("link", name="7d", exact=True).click()
    expect(page.get_by_role("link", name="7d", exact=True)).to_have_attribute("aria-current", "true")
    held.let_go()
    expect(page.get_by_role("link", name="7d", exact=True)).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(f"{served.url}/metrics/revenue?range=7d")


def test_change_that_is_told_while_a_page_is_on_its_way_is_asked_for_again(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/metrics/revenue?{WEEK}")
    page.evaluate(COUNT_ENDS)
    address = f"{served.url}/metrics/revenue?range=7d"
    held = Held(page, address)
    with page.expect_request(held.asked):
        page.get_by_role("link", name="7d", exact=True).click()
    with page.expect_response(f"{served.url}/metrics/revenue?{WEEK}"):
        page.evaluate(TELL_OF_A_CHANGE)
    with page.expect_request(lambda request: request.url == address and "hx-boosted" not in request.headers):
        held.let_go()
