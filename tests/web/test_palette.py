"""The command palette: what it finds, who may ask, by keyboard and mouse, in both themes and widths."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.web import test_browser
from tests.web.conftest import Served
from tests.web.test_browser import Complaints, append
from upshot.web.palette.ranking import Fit, fit

complaints, opened, theme = test_browser.complaints, test_browser.opened, test_browser.theme
CAST = ("owner", "editor", "viewer", "outsider", "")


def names(served: Served, query: str) -> list[str]:
    return re.findall(r'"palette-name">([^<]*)<', served.get(f"/search?{query}").text)


@pytest.mark.parametrize(
    ("typed", "text", "expected"),
    [
        ("rev", "Revenue", Fit.PREFIX),
        ("REV", "revenue", Fit.PREFIX),
        ("persons", "Active persons", Fit.WORD),
        ("persons act", "Active persons", Fit.WORD),
        ("uro", "Büro", Fit.INSIDE),
        ("days", "active_28_days", Fit.WORD),
        ("revnue", "Revenue", Fit.FUZZY),
        ("retnetion", "Retention", Fit.FUZZY),
        ("actve prsons", "Active persons", Fit.FUZZY),
        ("xx", "Revenue", Fit.NONE),
        ("persons xyz", "Active persons", Fit.NONE),
        ("", "Anything", Fit.PREFIX),
    ],
)
def test_fit_of_a_name(typed: str, text: str, expected: Fit) -> None:
    assert fit(typed, text) is expected


@pytest.mark.parametrize(("query", "several"), [("q=odd+name.x", False), ("q=zzzzqqqq", True), ("q=re", True)])
def test_how_many_were_found_is_said_by_the_server(served: Served, query: str, several: bool) -> None:
    found = len(names(served, query))
    text = f"{found} {'results' if several else 'result'}"
    assert f'data-status="{text}"' in served.get(f"/search?{query}").text
    assert (found != 1) is several


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("rev", "Revenue"),
        ("revnue", "Revenue"),
        ("buyers", "Buyers"),
        ("customers+paid", "Revenue"),
        ("purch", "purchase"),
        ("country", "country"),
        ("retention", "Retention"),
        ("dark", "Switch between light and dark"),
        ("what+comes", "What comes in"),
        ("new+dash", "New dashboard"),
        ("duplicate", "Duplicate What comes in"),
        ("tv", "What comes in in TV mode"),
    ],
)
def test_search_finds_metrics_events_properties_pages_and_actions(served: Served, typed: str, first: str) -> None:
    assert names(served, f"q={typed}")[0] == first


def test_search_for_nothing_offers_every_page_of_the_navigation(served: Served) -> None:
    offered = names(served, "q=")
    assert {"Home", "Objectives", "Metrics", "Experiments", "Ledger", "Feedback", "Retention", "Data"} <= set(offered)
    assert "Revenue" in offered
    assert "purchase" not in offered


def test_search_links_lead_to_a_page(served: Served) -> None:
    for query in ("q=", "q=purchase", "q=odd", "q=7&here=/metrics/revenue"):
        links = re.findall(r'href="(/[^"]*)"', served.get(f"/search?{query}").text)
        assert links, query
        for link in links:
            assert served.get(link.replace("&amp;", "&").partition("#")[0]).status_code == 200, link


def test_days_are_set_on_the_page_where_the_palette_was_opened(served: Served) -> None:
    text = served.get("/search?q=7+days&here=%2Fmetrics%2Frevenue%3Fwhere%3Dcountry%2B%253D%2BDE%26range%3D90d").text
    assert 'href="/metrics/revenue?where=country+%3D+DE&amp;range=7d"' in text
    for elsewhere in ("/data", "//evil.example/metrics/x", "https://evil.example/metrics/x", "javascript:x", "//[", ""):
        assert "range=7d" not in served.get("/search", "").text + served.get(f"/search?q=7+days&here={elsewhere}").text


def test_search_escapes_what_was_typed_and_says_when_there_is_nothing(served: Served) -> None:
    text = served.get("/search?q=%3Cb%3Ezzz").text
    assert "Nothing is called “&lt;b&gt;zzz”" in text
    assert "<b>" not in text
    assert served.get("/search?q=" + "z" * 5000).status_code == 200


@pytest.mark.parametrize("role", CAST)
def test_cast_on_the_search(guarded: Served, role: str) -> None:
    answer = guarded.get("/search?q=revenue", role)
    if role in ("owner", "editor", "viewer"):
        assert (answer.status_code, "/metrics/revenue" in answer.text) == (200, True)
    else:
        assert (answer.status_code, answer.text) == (303, "")


@pytest.mark.browser
def test_palette_has_no_violation_and_fits(opened: Page, complaints: Complaints) -> None:
    opened.goto("/metrics/revenue")
    opened.get_by_role("button", name="Search").click()
    palette = opened.get_by_role("dialog", name="Search and commands")
    field = palette.get_by_role("combobox")
    expect(field).to_be_focused()
    for typed in ("", "re", "nothing of that name"):
        field.fill(typed)
        expect(palette.get_by_text("Nothing is called")).to_be_visible(visible=typed.startswith("nothing"))
        found = Axe().run(opened).response["violations"]
        assert [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in found] == [], typed
        assert palette.evaluate(
            "e => e.scrollWidth <= e.clientWidth && e.getBoundingClientRect().bottom <= innerHeight"
        )
    assert complaints == []


@pytest.mark.browser
def test_palette_by_keyboard_alone(page: Page, served: Served, complaints: Complaints) -> None:
    complaints.watch(page)
    page.goto(served.url)
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    expect(page.locator("#palette").get_by_role("option", selected=True)).to_have_text(re.compile("Home"))
    page.keyboard.press("ArrowDown")
    expect(page.locator("#palette").get_by_role("option", selected=True)).to_have_text(re.compile("Objectives"))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    last = page.locator("#palette").get_by_role("option").last
    expect(last).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", last.get_attribute("id") or "")
    page.keyboard.type("revnue")
    expect(page.locator("#palette").get_by_role("option", selected=True)).to_have_text(re.compile("^ *Revenue"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Revenue", exact=True, level=1)).to_be_visible()
    expect(page).to_have_url(f"{served.url}/metrics/revenue")
    page.go_back()
    expect(page.get_by_role("heading", name="Home", exact=True, level=1)).to_be_visible()
    expect(page).to_have_url(f"{served.url}/")
    assert complaints == []


@pytest.mark.browser
def test_palette_keeps_what_is_chosen_while_the_page_behind_it_changes(page: Page, fresh: Served) -> None:
    append(fresh, "opened")
    page.goto(fresh.url)
    page.keyboard.press("Control+k")
    chosen = page.locator("#palette").get_by_role("option", selected=True)
    expect(chosen).to_have_text(re.compile("Home"))
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_text(re.compile("Objectives"))
    append(fresh, "opened", who="p2")
    expect(page.locator("#card-events .metric-number")).to_have_text("2", timeout=10_000)
    expect(chosen).to_have_text(re.compile("Objectives"))


@pytest.mark.browser
def test_palette_answers_a_hand_that_is_quicker_than_the_page(page: Page, served: Served) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 10})
    page.goto(served.url)
    page.keyboard.press("Control+k")
    # Ten times as slow as a machine that may be slow itself.
    chosen = page.locator("#palette").get_by_role("option", selected=True)
    expect(chosen).to_have_text(re.compile("Home"), timeout=60_000)


@pytest.mark.browser
def test_palette_closes_and_gives_the_focus_back(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/metrics/revenue")
    opener = page.get_by_role("button", name="Search")
    opener.focus()
    page.keyboard.press("/")
    palette = page.get_by_role("dialog", name="Search and commands")
    expect(palette).to_be_visible()
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Control+k")
    expect(palette).to_be_visible()
    page.keyboard.press("Control+k")
    expect(palette).to_be_hidden()
    opener.click()
    page.mouse.click(5, 5)
    expect(palette).to_be_hidden()


@pytest.mark.browser
def test_palette_does_things(page: Page, served: Served) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{served.url}/metrics/revenue?where=country+%3D+DE")
    page.keyboard.press("Control+k")
    page.keyboard.type("dark")
    page.get_by_role("option", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("last 7")
    chosen = page.locator("#palette").get_by_role("option", selected=True)
    expect(chosen).to_have_text(re.compile("Show the last 7 days"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{served.url}/metrics/revenue?where=country+%3D+DE&range=7d")


@pytest.mark.browser
def test_a_list_that_arrives_under_a_press_loses_no_click(page: Page, served: Served) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{served.url}/metrics/revenue")
    page.keyboard.press("Control+k")
    page.keyboard.type("dark")
    page.locator("#palette-found[data-typed=dark]").wait_for()
    page.get_by_role("option", name="Switch between light and dark").hover()
    page.mouse.down()
    page.evaluate("""() => {
        const list = document.querySelector("#palette-found");
        list.replaceWith(list.cloneNode(true));
        htmx.process(document.querySelector("#palette-found"));
    }""")
    page.mouse.up()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.browser
def test_slash_in_a_field_is_a_slash(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/metrics/revenue")
    page.locator("summary", has_text="Add filter").click()
    field = page.get_by_label("Property")
    field.fill("a")
    field.press("/")
    expect(field).to_have_value("a/")
    expect(page.get_by_role("dialog")).to_be_hidden()
