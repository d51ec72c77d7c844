"""Free questions: what the page answers, what its forms make of the address, who may save."""

import csv
import html
import io
import json
import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.web import test_browser
from tests.web.conftest import Served
from tests.web.test_browser import Complaints
from upshot.api.metrics import METRIC_LIST, METRIC_SHOW, MetricName
from upshot.api.operation import LOCAL_OWNER
from upshot.api.state import Nothing
from upshot.core.errors import InvalidInput
from upshot.web.explore.things import Thing, named_thing, read_thing

complaints = test_browser.complaints
CAST = ("owner", "editor", "viewer", "outsider", "")
WINDOW = "from=2024-03-04&to=2024-03-05"
PATHS = (
    "/explore",
    f"/explore?{WINDOW}&show=metric:revenue&show=events:purchase&show=persons:purchase",
    f"/explore?{WINDOW}&show=mean:purchase:amount&breakdown=country&where=amount+%3E+5&where=country+in+(DE,+FR)",
    "/explore?show=events:nothing+of+that+name&show=sum:purchase:amuont",
    "/explore?tab=breakdown&show=metric:revenue",
    f"/explore?tab=breakdown&show=metric:revenue&show=persons:purchase&breakdown=country&{WINDOW}",
    "/explore?tab=distribution&show=sum:purchase:amount",
    "/explore?tab=distribution&show=persons:purchase",
    "/explore?tab=retention&by=week",
    "/explore?tab=retention&range=all&by=year",
)


def options(text: str) -> list[dict[str, list[dict[str, object]]]]:
    return [json.loads(html.unescape(found)) for found in re.findall(r'<upshot-chart[^>]* option="([^"]*)"', text)]


def values(series: dict[str, object]) -> list[float | None]:
    data = series["data"]
    assert isinstance(data, list)
    return [item["value"] if item else None for item in data]


@pytest.mark.parametrize(
    "thing",
    [
        Thing("metric", "revenue"),
        Thing("events", "*"),
        Thing("sum", "a:b%3A", "price * (quantity - 1)"),
        Thing("distinct", "Signed up", '"odd name.x"'),
    ],
)
def test_thing_is_read_back_from_its_word(thing: Thing) -> None:
    assert read_thing(thing.word) == thing


@pytest.mark.parametrize("word", ["", "metric", "sum:purchase", "events:a:b", "unknown:x", "metric:", "sum:a:"])
def test_word_of_no_thing_is_refused(word: str) -> None:
    with pytest.raises(InvalidInput, match="names nothing to show"):
        read_thing(word)


def test_metric_is_named_by_its_title_unless_an_event_is_measured(served: Served) -> None:
    metrics = served.workspace.acting_as(LOCAL_OWNER).call(METRIC_LIST, Nothing()).metrics
    assert named_thing("REVENUE", "", "", metrics) == Thing("metric", "revenue")
    assert named_thing("purchase", "", "", metrics) == Thing("events", "purchase")
    assert named_thing("Revenue", "persons", "", metrics) == Thing("persons", "Revenue")
    with pytest.raises(InvalidInput, match="of which one"):
        named_thing("purchase", "sum", "", metrics)


def test_trends_draw_things_that_are_written_alike_in_one_chart(served: Served) -> None:
    text = served.get(PATHS[1]).text
    money, counts = options(text)
    assert [values(s) for s in money["series"]] == [[100.0, 100.0]]
    assert {str(s["name"]): values(s) for s in counts["series"]} == {
        "purchase": [4, 4],
        "Persons with purchase": [3, 3],
    }
    assert [s["color"] for s in counts["series"]] == ["$series-2", "$series-3"]


def test_trends_of_one_thing_compare_and_sum_up(served: Served) -> None:
    text = served.get(f"/explore?{WINDOW}&show=sum:purchase:amount").text
    assert '<span class="metric-number" id="total">200</span>' in text
    assert [s["name"] for s in options(text)[0]["series"]] == ["Days before", "Sum of amount of purchase"]


def test_trends_of_a_mean_have_a_band(served: Served) -> None:
    (made,) = options(served.get(f"/explore?{WINDOW}&show=mean:purchase:amount&compare=none").text)
    bands = [s for s in made["series"] if s.get("stack")]
    assert len(bands) == 2
    assert values(made["series"][-1]) == [25.0, 25.0]


def test_mistake_in_one_thing_leaves_the_others(served: Served) -> None:
    answer = served.get("/explore?show=metric:revenue&show=sum:purchase:amuont&show=metric:revnue&where=country+%3D+DE")
    assert answer.status_code == 200
    assert len(options(answer.text)) == 2
    assert "metric named" in answer.text or "revnue" in answer.text
    assert 'role="alert"' in answer.text


def test_breakdown_has_a_row_for_each_group_and_a_value_for_each_thing(served: Served) -> None:
    text = served.get(PATHS[5]).text
    rows = re.findall(r'<tr><td><a href="([^"]*)">([^<]*)</a></td>((?:<td class="right nowrap">[^<]*</td>)+)', text)
    found = {name: re.findall(r">([^<]+)</td>", cells) for _, name, cells in rows}
    assert found == {
        "FR": ["€100.00", "1"],
        "=HYPERLINK(1)": ["€60.00", "1"],
        "DE": ["€40.00", "1"],
    }
    assert "where=country+%3D+%22FR%22" in html.unescape(rows[0][0])


def test_distribution_counts_values_of_events(served: Served) -> None:
    text = served.get(f"/explore?tab=distribution&{WINDOW}&show=sum:purchase:amount&each=event").text
    (made,) = options(text)
    assert sum(n or 0 for n in values(made["series"][0])) == 8
    assert '<dt>Median</dt><dd class="number">25</dd>' in text


def test_distribution_of_what_has_none_says_what_to_ask(served: Served) -> None:
    text = served.get(PATHS[7]).text
    assert "nothing to spread" in text
    assert "Ask how often" in text


def test_retention_is_asked_of_two_events(served: Served) -> None:
    text = served.get("/explore?tab=retention&start=purchase&back=never&by=week").text
    assert "Retention of purchase by never" in text
    assert "of: purchase" in html.unescape(text)
    answer = served.get(PATHS[9])
    assert answer.status_code == 200
    assert "cannot go by year" in answer.text


@pytest.mark.parametrize(
    ("query", "location"),
    [
        ("add_event=buyers", "/explore?show=metric%3Arevenue&show=metric%3Abuyers"),
        (
            "add_event=purchase&add_measure=sum&add_number=amount",
            "/explore?show=metric%3Arevenue&show=sum%3Apurchase%3Aamount",
        ),
        ("add_event=purchase&replace=metric:revenue", "/explore?show=events%3Apurchase"),
        ("add_text=country+in+(DE,FR)", "/explore?show=metric%3Arevenue&where=country+in+%28DE%2CFR%29"),
    ],
)
def test_form_becomes_an_address(served: Served, query: str, location: str) -> None:
    answer = served.get(f"/explore?show=metric:revenue&{query}")
    assert (answer.status_code, answer.headers["location"]) == (303, location)


def test_filter_is_changed_in_its_place(served: Served) -> None:
    where = "where=amount+%3E+5&where=country+%3D+DE"
    answer = served.get(
        f"/explore?show=metric:revenue&{where}&replace=amount+%3E+5&add_field=amount&add_comparison=%3C&add_value=30"
    )
    assert answer.headers["location"].endswith("where=amount+%3C+30&where=country+%3D+DE")


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("tab=trend", 404, "trends"),
        ("show=nothing", 400, "names nothing to show"),
        ("each=day", 400, "each=unit"),
        ("kind=bracket", 400, "n-day"),
        ("add_text=country+likes+DE", 400, "comparison"),
        ("&".join(f"show=events:{n}" for n in range(9)), 400, "8 at most"),
    ],
)
def test_mistake_in_the_address_is_explained(served: Served, query: str, status: int, words: str) -> None:
    answer = served.get(f"/explore?{query}")
    assert answer.status_code == status
    assert words in answer.text


@pytest.mark.parametrize(
    ("query", "head", "rows"),
    [
        ("show=metric:revenue&show=events:purchase", "period", 4),
        ("show=metric:revenue&tab=breakdown&breakdown=country", "country", 3),
        ("show=sum:purchase:amount&tab=distribution&each=event", "from", 31),
        ("tab=retention&by=day", "cohort", 0),
    ],
)
def test_csv_holds_what_the_page_shows(served: Served, query: str, head: str, rows: int) -> None:
    answer = served.get(f"/explore/data.csv?{WINDOW}&{query}")
    found = list(csv.reader(io.StringIO(answer.text)))
    assert (found[0][0], len(found) - 1) == (head, rows)
    assert answer.headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize(
    "query", ["show=metric:revenue", "show=sum:purchase:amount&tab=distribution", "tab=retention&by=week"]
)
def test_chart_is_saved_as_a_picture(served: Served, query: str) -> None:
    assert served.get(f"/explore/chart.svg?{query}").content.startswith(b"<svg")
    assert served.get(f"/explore/chart.png?{query}&theme=dark").content.startswith(b"\x89PNG\r\n")


def test_picture_of_a_table_is_refused(served: Served) -> None:
    answer = served.get("/explore/chart.png?tab=breakdown&breakdown=country")
    assert (answer.status_code, "not drawn" in answer.text) == (400, True)


@pytest.mark.parametrize("role", CAST)
def test_cast_on_saving(guarded: Served, role: str) -> None:
    with guarded.client(role) as client:
        form = {"name": f"kept_by_{role or 'nobody'}", "title": "Kept"}
        answer = client.post(f"/explore/save?show=events:purchase&where=country+%3D+DE&{WINDOW}", data=form)
    if role in ("owner", "editor"):
        assert (answer.status_code, answer.headers["location"]) == (303, f"/metrics/{form['name']}?{WINDOW}")
        kept = guarded.workspace.acting_as(LOCAL_OWNER).call(METRIC_SHOW, MetricName(form["name"]))
        assert "country = DE" in kept.definition
        assert "Kept" in guarded.get(answer.headers["location"], role).text
    else:
        assert answer.status_code == (403 if role == "viewer" else 401)
    page = guarded.get("/explore?show=events:purchase", role).text
    assert ("takes the permission to write" in page) == (role == "viewer")


@pytest.mark.parametrize(
    ("query", "name", "words", "field"),
    [
        ("show=events:purchase", "revenue", "already", ["name"]),
        ("show=events:purchase", "two words", "cannot be a metric", ["name"]),
        ("show=metric:revenue", "again", "nothing to save", []),
        ("show=events:purchase&show=persons:purchase", "both", "nothing to save", []),
    ],
)
def test_what_cannot_be_saved_says_why_and_nothing_typed_is_lost(
    served: Served, query: str, name: str, words: str, field: list[str]
) -> None:
    with served.client() as client:
        answer = client.post(f"/explore/save?{query}", data={"name": name, "title": "Sold & paid"})
    assert answer.status_code == 400
    assert words in html.unescape(answer.text)
    assert 'aria-label="Kind of question"' in answer.text
    assert re.findall(r'id="problem-(\w+)"', answer.text) == field
    if field:
        form = html.unescape(answer.text).partition('id="save" open')[2].partition("</form>")[0]
        assert f'name="name" value="{name}"' in form
        assert 'name="title" value="Sold & paid"' in form


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("of=things&q=rev", "Revenue"),
        ("of=things&q=purch", "purchase"),
        ("of=events&q=", "purchase"),
        ("of=fields&q=count", "country"),
        ("of=fields&q=first.c", "first.country"),
        ("of=fields&q=odd", '"odd name.x"'),
        ("of=numbers&q=", "amount"),
        ("of=values&field=country&q=", "FR"),
        ("of=values&field=country&q=d", "DE"),
        ("of=values&field=$event", "purchase"),
    ],
)
def test_suggestions_fit_what_was_typed(served: Served, query: str, first: str) -> None:
    found = served.get(f"/suggest?{query}").json()["found"]
    assert found[0]["value"] == first
    assert found[0]["note"]


@pytest.mark.parametrize(
    ("query", "words"),
    [("of=values&field=countri", "countri"), ("of=values", "property first"), ("of=values&field=country&q=zz", "'zz'")],
)
def test_suggestions_say_why_there_are_none(served: Served, query: str, words: str) -> None:
    answer = served.get(f"/suggest?{query}").json()
    assert answer["found"] == []
    assert words in answer["note"]


def test_empty_store_says_how_to_begin(fresh: Served) -> None:
    assert "No events yet" in fresh.get("/explore").text


@pytest.mark.browser
def test_question_is_asked_and_saved_by_keyboard_alone(page: Page, fresh: Served, complaints: Complaints) -> None:
    complaints.watch(page)
    for who in ("ann", "bob"):
        test_browser.append(fresh, "signed up", who=who)
    page.goto(f"{fresh.url}/explore")
    page.locator("#thing-add > summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("sign")
    expect(page.get_by_role("option", name="signed up")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#thing-new-event")).to_have_value("signed up")
    page.keyboard.press("Tab")
    page.keyboard.type("Pers")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#thing-2")).to_contain_text("Persons with signed up")
    before = urlsplit(page.url).query
    page.get_by_role("link", name="Remove Events").click()
    expect(page.locator("#thing-2")).to_have_count(0)
    expect(page.locator("#total")).to_have_text("2")
    # What only the page one goes to shows: the address changes before its content has come.
    page.go_back()
    expect(page.locator("#thing-2")).to_contain_text("Persons with signed up")
    expect(page).to_have_url(f"{fresh.url}/explore?{before}")
    page.go_forward()
    expect(page.locator("#thing-2")).to_have_count(0)
    page.locator("#save > summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("Sign-ups")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign-ups", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("/metrics/persons_with_signed_up"))
    assert complaints == []


@pytest.mark.browser
def test_filter_is_built_changed_and_taken_away(page: Page, served: Served, complaints: Complaints) -> None:
    complaints.watch(page)
    page.goto(f"{served.url}/metrics/revenue?{WINDOW}")
    page.locator("#filter-add > summary").click()
    page.get_by_label("Property").fill("cou")
    page.get_by_role("option", name="country text").click()
    page.get_by_label("Value").click()
    expect(page.locator(".suggestion")).to_have_count(3)
    page.keyboard.type("F")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".suggestion", has_text="FR")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.keyboard.type(", D")
    page.locator(".suggestion", has_text="DE").click()
    expect(page.get_by_label("Value")).to_have_value("FR, DE")
    expect(page.get_by_label("Comparison")).to_have_value("in")
    page.keyboard.press("Enter")
    expect(page.locator("#total")).to_have_text("€140.00")
    chip = page.get_by_label("Edit the filter country in")
    chip.focus()
    page.keyboard.press("Enter")
    form = page.locator("#filter-1 form")
    expect(form.get_by_label("Property")).to_have_value("country")
    form.get_by_label("Comparison").select_option("not in")
    form.get_by_role("button", name="Change filter").click()
    expect(page.locator("#total")).to_have_text("€60.00")
    page.get_by_label("Remove the filter").click()
    expect(page.locator("#total")).to_have_text("€200.00")
    page.go_back()
    expect(page.locator("#total")).to_have_text("€60.00")
    assert complaints == []


@pytest.mark.browser
def test_escape_closes_suggestions_before_what_holds_them(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/metrics/revenue")
    page.locator("#filter-add > summary").click()
    field = page.get_by_label("Property")
    field.fill("c")
    expect(page.get_by_role("listbox")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_be_visible()
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
