"""A new user's first ten minutes: from an empty folder to a dashboard, with commands where a browser cannot do it."""

import csv
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.cli import conftest as commands
from tests.cli.conftest import Serve, Server
from tests.web import test_browser
from tests.web.test_browser import Complaints
from upshot.cli.app import main

pytestmark = pytest.mark.browser

complaints, serve = test_browser.complaints, commands.serve
DAYS = 40
COUNTRIES = ("DE", "FR", "SE")


def a_file(folder: Path) -> Path:
    """Orders of forty days until yesterday: each day three people, who pay 10, 20 and 30."""
    file = folder / "orders.csv"
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    with file.open("w", encoding="utf-8", newline="") as opened:
        out = csv.writer(opened)
        out.writerow(("time", "customer", "event", "country", "amount"))
        for day in range(DAYS, 0, -1):
            for person, country in enumerate(COUNTRIES):
                at = noon - timedelta(days=day, minutes=person)
                out.writerow((at.isoformat(), f"c{person}", "order placed", country, 10 * (person + 1)))
    return file


def arrive(page: Page, server: Server, shop: Path, file: Path) -> None:
    """The first page says what to do, and fills itself while the import that it proposes runs."""
    page.goto(server.address)
    expect(page.get_by_role("heading", name="No events yet")).to_be_visible()
    assert "upshot import events FILE" in (page.locator("#import-command").text_content() or "")
    page.get_by_role("link", name="Explore").click()
    page.get_by_role("link", name="How to bring events in").click()
    expect(page.get_by_role("heading", name="No events yet")).to_be_visible()
    assert main(["import", "events", str(file), "--workspace", str(shop)]) == 0
    expect(page.locator("#card-events .metric-number")).to_have_text("87", timeout=20_000)


def look_at_what_came_in(page: Page) -> None:
    """What came in can be looked at."""
    page.get_by_role("link", name="Data", exact=True).click()
    expect(page.get_by_role("rowheader", name="order placed")).to_be_visible()
    expect(page.get_by_role("rowheader", name="country")).to_be_visible()


def ask_and_keep(page: Page) -> None:
    """A first question, narrowed by a filter that suggests its values, and kept as a metric."""
    page.get_by_role("link", name="Explore").click()
    page.locator("#thing-1 > summary").click()
    form = page.locator("#thing-1 form")
    form.get_by_label("Metric or event").fill("order")
    page.locator(".suggestion", has_text="order placed").click()
    form.get_by_label("Measure").select_option("sum")
    page.locator("#thing-1-number").click()
    page.locator(".suggestion", has_text="amount").click()
    form.get_by_role("button", name="Change").click()
    expect(page.locator("#total")).to_have_text("1,740")
    expect(page.locator("upshot-chart svg")).to_be_visible()
    page.locator("#filter-add > summary").click()
    adding = page.locator("#filter-add form")
    adding.get_by_label("Property").fill("country")
    adding.get_by_label("Value").click()
    page.locator(".suggestion", has_text="SE").click()
    adding.get_by_role("button", name="Add filter").click()
    expect(page.locator("#total")).to_have_text("870")
    page.go_back()
    expect(page.locator("#total")).to_have_text("1,740")
    page.locator("#save > summary").click()
    page.get_by_label("Title").fill("Revenue")
    page.get_by_label("Name", exact=True).fill("revenue")
    page.locator("#save").get_by_role("button", name="Save", exact=True).click()


def look_at_the_metric(page: Page) -> None:
    """Its page has the chart, the table, the definition; a link holds all of it."""
    expect(page).to_have_url(re.compile("/metrics/revenue"))
    expect(page.get_by_role("heading", name="Revenue", exact=True)).to_be_visible()
    expect(page.locator("#total")).to_have_text("1,740")
    page.get_by_label("Break down by").fill("country")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="SE", exact=True)).to_be_visible()
    page.goto(page.url)
    expect(page.get_by_role("link", name="SE", exact=True)).to_be_visible()


def find(page: Page) -> None:
    """Anything is found by a few letters."""
    page.keyboard.press("Control+k")
    page.keyboard.type("reven")
    expect(page.locator("#palette").get_by_role("option", selected=True)).to_contain_text("Revenue")
    page.keyboard.press("Escape")


def put_on_a_dashboard(page: Page, address: str) -> None:
    """The number goes onto a dashboard of one's own, and the home page has it too."""
    page.goto(f"{address}/dashboards/new")
    page.get_by_label("Title").fill("My week")
    page.get_by_role("button", name="Make the dashboard").click()
    page.locator("#panel select[name=metric]").select_option("revenue")
    page.get_by_role("button", name="Add the tile").click()
    expect(page.locator(".tile upshot-chart svg")).to_be_visible()
    page.get_by_role("link", name="Home", exact=True).click()
    expect(page.locator("#card-revenue .metric-number")).to_be_visible()


def test_first_ten_minutes(page: Page, tmp_path: Path, serve: Serve, complaints: Complaints) -> None:
    complaints.watch(page)
    shop = tmp_path / "shop"
    assert main(["init", str(shop), "--name", "My shop", "--currency", "EUR"]) == 0
    server = serve(shop)
    arrive(page, server, shop, a_file(tmp_path))
    look_at_what_came_in(page)
    ask_and_keep(page)
    look_at_the_metric(page)
    find(page)
    put_on_a_dashboard(page, server.address)
    assert complaints == []
    assert server.stop() == 0
