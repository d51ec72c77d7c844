"""Pages with contents that layouts break on: long, many, of other scripts, hostile."""

import html
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.web import test_browser
from tests.web.conftest import Served, serving
from tests.web.nasty import LONG, OUTPUTS, SCRIPTS, spoil
from tests.web.test_browser import Complaints
from tests.web.test_quality import OVERLAPS, SCREENS, as_file

complaints = test_browser.complaints
PATHS = (
    "/",
    "/ledger",
    "/ledger?part=4",
    "/objectives",
    "/objectives/sell-more",
    "/launches/o0",
    "/launches/o3",
    "/outputs/o1",
    "/metrics",
    "/metrics/long",
    "/metrics/revenue?breakdown=country",
    "/explore?tab=breakdown&show=metric:revenue&breakdown=country",
    "/feedback",
    "/events",
    "/data",
)
ON_PAPER = """() => ['.nav', '.button', '.palette'].flatMap(s => [...document.querySelectorAll(s)])
    .filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The workspace, served; tests only read it."""
    with serving(spoil(tmp_path_factory.mktemp("nasty") / "shop")) as running:
        yield running


def rows(text: str) -> list[str]:
    return re.findall(r'<tr id="output-([^"]*)">', text)


def test_ledger_is_read_in_parts_and_each_output_stands_in_one(spoilt: Served) -> None:
    parts = [rows(spoilt.get(f"/ledger?part={part}").text) for part in range(1, 5)]
    assert [len(part) for part in parts] == [50, 50, 50, 30]
    assert sorted(name for part in parts for name in part) == sorted(f"o{number}" for number in range(OUTPUTS))
    assert "There is no part 5" in spoilt.get("/ledger?part=5").text
    for part in ("0", "-1", "x", "1e3", "9" * 40):
        assert spoilt.get(f"/ledger?part={part}").status_code == 400, part


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=BASKET+prices", ["o0"]),
        ("search=%E6%94%B6%E8%97%8F", ["o5"]),
        ("search=release+17.3", ["o17"]),
        ("search=no+such+thing", []),
        ("quarter=2023-Q2&team=search&sort=launched&order=up", None),
    ],
)
def test_ledger_is_searched_and_narrowed(spoilt: Served, query: str, found: list[str] | None) -> None:
    shown = rows(spoilt.get(f"/ledger?{query}").text)
    if found is not None:
        assert shown == found
    else:
        numbers = [int(name[1:]) for name in shown]
        assert numbers == sorted(numbers, reverse=True)
        assert numbers
        assert all(number % 3 == 2 for number in numbers)


def test_a_narrowing_that_is_none_is_refused_with_the_nearest(spoilt: Served) -> None:
    answer = spoilt.get("/ledger?verdict=improve")
    assert answer.status_code == 404
    assert "improved" in answer.text


def test_numbers_of_a_narrowing_count_what_following_it_shows(spoilt: Served) -> None:
    text = spoilt.get("/ledger").text
    quarters = re.findall(r'<option value="(\d{4}-Q\d)">[^<]*\((\d+)\)</option>', text)
    assert len(quarters) >= 4
    for quarter, count in quarters:
        assert len(rows(spoilt.get(f"/ledger?quarter={quarter}").text)) == min(int(count), 50)


def test_own_launch_stands_out_and_the_others_are_folded(spoilt: Served) -> None:
    text = spoilt.get("/launches/o3").text
    own = re.search(r'<li class="own">.*?</li>', text, re.DOTALL)
    assert own is not None
    assert SCRIPTS["hebrew"] in html.unescape(own[0])
    assert re.search(r"<summary>\d+ other launches and notes in these days</summary>", text)


@pytest.mark.parametrize("path", PATHS)
def test_titles_are_shown_as_text(spoilt: Served, path: str) -> None:
    answer = spoilt.get(path)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "49 }}" not in answer.text


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_runs_over_or_is_hidden(browser: Browser, spoilt: Served, complaints: Complaints, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, base_url=spoilt.url, reduced_motion="reduce"
    )
    page = context.new_page()
    complaints.watch(page)
    SCREENS.mkdir(parents=True, exist_ok=True)
    for path in PATHS:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert page.evaluate(OVERLAPS) == [], path
        page.screenshot(path=SCREENS / f"nasty-{as_file(path)}_{width}.png")
    page.goto("/ledger")
    beyond = page.evaluate(
        """() => [...document.querySelectorAll('.ledger tbody :is(td, th)')]
            .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1).length"""
    )
    assert beyond == 0
    assert complaints == []
    context.close()


@pytest.mark.browser
def test_paper_has_no_navigation_and_nothing_is_cut(browser: Browser, spoilt: Served) -> None:
    context = browser.new_context(viewport={"width": 794, "height": 1123}, base_url=spoilt.url)
    page = context.new_page()
    page.emulate_media(media="print", color_scheme="dark")
    for path in ("/ledger", "/launches/o0", "/objectives/sell-more", "/metrics/long", "/"):
        page.goto(path)
        assert page.evaluate(ON_PAPER) == [], path
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", path
    assert LONG[:60] in page.inner_text("main")
    context.close()
