"""What holds for every page: axe-core, nothing runs over or overlaps, both themes laid out alike, no other host, calm.

Each page is photographed into ``artifacts/screens``, which CI keeps.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from litestar.routes import HTTPRoute
from playwright.sync_api import Browser, Page, Request, expect

from tests.web import test_browser
from tests.web.conftest import Served
from tests.web.pages import PAGES
from tests.web.test_browser import Complaints
from upshot.api.operation import Permission
from upshot.web.permit import Open

complaints = test_browser.complaints
SCREENS = Path(__file__).resolve().parents[2] / "artifacts" / "screens"
SIZES = {"wide": (1440, 900), "narrow": (390, 844), "4k": (3840, 2160)}
MOST_KB = 300
LAYOUT = """() => [...document.querySelectorAll('main h1, main h2, main .card, main .button, main .field, main table')]
    .filter(e => e.checkVisibility()).map(e => {
        const box = e.getBoundingClientRect();
        return [e.tagName, box.x, box.y + scrollY, box.width];
    })"""
PLACES = """() => [...document.querySelectorAll('header > *, main :is(h1, h2, .card, .button, .field)')]
    .filter(e => e.checkVisibility()).map(e => {
        const box = e.getBoundingClientRect();
        return [`${e.tagName} ${e.className}`, box.x, box.y, box.width, box.height];
    })"""
OVERLAPS = """() => {
    const all = [...document.querySelectorAll('main :is(a, button, input, select, summary, h1, h2)')]
        .filter(e => e.checkVisibility({ visibilityProperty: true }) && e.type !== 'hidden');
    const boxes = all.flatMap(e => [...e.getClientRects()].map(b => [e, b]))
        .filter(([, b]) => b.width > 1 && b.height > 1);
    const found = [];
    for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
        const [a, p] = boxes[i], [b, q] = boxes[j];
        if (a.contains(b) || b.contains(a)) continue;
        const width = Math.min(p.right, q.right) - Math.max(p.left, q.left);
        const height = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
        const clipped = [a, b].some(e => e.closest('.table-scroll, pre'));
        if (width > 1.5 && height > 1.5 && !clipped)
            found.push(`${a.outerHTML.slice(0, 80)} | ${b.outerHTML.slice(0, 80)}`);
    }
    return found;
}"""


def as_file(path: str) -> str:
    return re.sub(r"[^a-zA-Z0-9]+", "-", path).strip("-")[:80] or "home"


def test_no_page_is_missing_from_the_list(served: Served) -> None:
    listed = {urlsplit(path).path for paths in PAGES.values() for path in paths}
    missing = []
    for route in served.app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            if "GET" not in handler.http_methods or handler.opt["permission"] in (Open.PUBLIC, Open.PER_OPERATION):
                continue
            pattern = re.compile(re.sub(r"\{[^}]*\}", "[^/]+", route.path))
            if handler.opt["permission"] is Permission.READ and not any(map(pattern.fullmatch, listed)):
                address = re.sub(r"\{[^}]*\}", "revenue", route.path)
                answer = served.get(address) if address != "/live" else None
                if answer is not None and answer.status_code == 200 and answer.text.startswith("<!doctype html>"):
                    missing.append(route.path)
    assert missing == []


@pytest.fixture(params=SIZES)
def sized(request: pytest.FixtureRequest, browser: Browser, complaints: Complaints, served: Served) -> Iterator[Page]:
    width, height = SIZES[str(request.param)]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="light",
        base_url=served.url,
        reduced_motion="reduce",
    )
    page = context.new_page()
    complaints.watch(page)
    yield page
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("area", PAGES)
def test_page_is_sound(
    sized: Page, area: str, served: Served, complaints: Complaints, request: pytest.FixtureRequest
) -> None:
    size = str(request.node.callspec.params["sized"])
    elsewhere: list[str] = []

    def sent(asked: Request) -> None:
        if not asked.url.startswith((served.url, "data:")):
            elsewhere.append(asked.url)

    sized.on("request", sent)
    SCREENS.mkdir(parents=True, exist_ok=True)
    axe = Axe()
    for path in PAGES[area][:1] if size == "4k" else PAGES[area]:
        sized.emulate_media(color_scheme="light")
        sized.goto(path)
        for chart in sized.locator("upshot-chart").all():
            chart.locator("svg").first.wait_for(state="attached")
        layouts = []
        for theme in ("light", "dark"):
            sized.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            if size != "4k":
                # in the other theme only colours differ, as the layouts below are the same
                only = {"runOnly": ["color-contrast"]} if theme == "dark" else None
                found = axe.run(sized, options=only).response["violations"]
                assert [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in found] == [], (path, theme)
            layouts.append(sized.evaluate(LAYOUT))
            sized.screenshot(path=SCREENS / f"{as_file(path)}_{size}_{theme}.png")
        light, dark = layouts
        assert [tag for tag, *_ in light] == [tag for tag, *_ in dark], f"{path} shows other things in the dark"
        moved = [  # rounded, two widths on both sides of a half would differ though nobody sees it
            (one, other)
            for one, other in zip(light, dark, strict=True)
            if max(abs(a - b) for a, b in zip(one[1:], other[1:], strict=True)) >= 1
        ]
        assert moved == [], f"{path} is laid out differently in the dark"
        overflow = sized.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} is wider than the window by {overflow} px"
        assert sized.evaluate(OVERLAPS) == [], path
    assert elsewhere == []
    assert complaints == []


@pytest.mark.browser
def test_nothing_moves_where_motion_is_not_wanted(browser: Browser, served: Served) -> None:
    context = browser.new_context(base_url=served.url, reduced_motion="reduce")
    page = context.new_page()
    page.goto("/metrics/revenue")
    moving = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter(e => {
            const style = getComputedStyle(e);
            return style.animationName !== 'none' || style.transitionDuration.split(',').some(d => parseFloat(d) > 0);
        }).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert moving == []
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/", "/metrics/revenue", "/explore", "/dashboards/revenue", "/events"])
def test_scripts_move_nothing(browser: Browser, served: Served, path: str) -> None:
    context = browser.new_context(base_url=served.url, reduced_motion="reduce")
    page = context.new_page()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.route("**/*.js", lambda route: route.abort())
        page.goto(path)
        assert page.locator("[data-htmx-powered]").count() == 0
        before = page.evaluate(PLACES)
        page.unroute_all()
        page.goto(path)
        page.locator("[data-htmx-powered]").first.wait_for(state="attached")
        for chart in page.locator("upshot-chart").all():
            chart.locator("svg").first.wait_for(state="attached")
        assert len(before) >= 8
        assert page.evaluate(PLACES) == before
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_page_offers_what_works_with_scripts_or_without(browser: Browser, served: Served, scripts: bool) -> None:
    context = browser.new_context(base_url=served.url, java_script_enabled=scripts)
    page = context.new_page()
    page.goto("/events")
    expect(page.get_by_role("button", name="Show", exact=True)).to_be_visible(visible=not scripts)
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible(visible=scripts)
    expect(page.get_by_role("button", name="Search")).to_be_visible(visible=scripts)
    context.close()


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/", "/metrics/revenue", "/explore"])
def test_first_page_is_small(browser: Browser, served: Served, path: str) -> None:
    context = browser.new_context(base_url=served.url)
    page = context.new_page()
    session = context.new_cdp_session(page)
    sizes: list[float] = []
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda done: sizes.append(done["encodedDataLength"]))
    page.goto(path)
    page.locator("upshot-chart svg").first.wait_for()
    assert len(sizes) >= 5
    assert sum(sizes) / 1000 < MOST_KB
    context.close()


@pytest.mark.browser
def test_navigation_of_many_pages_stays_within_a_narrow_window(browser: Browser, served: Served) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=served.url)
    page = context.new_page()
    page.goto("/data")
    page.evaluate(
        """() => { const nav = document.querySelector('.nav'), last = nav.lastElementChild;
            for (let n = 0; n < 6; n++) nav.prepend(last.cloneNode(true)); }"""
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    widths = page.evaluate("[...document.querySelectorAll('.nav a')].map(a => a.getBoundingClientRect().width)")
    assert min(widths) >= 60
    context.close()
