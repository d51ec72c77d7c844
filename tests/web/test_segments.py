"""Pages of segments: who may do what, by keyboard, and back again."""

import html
import re

import pytest
from playwright.sync_api import Page, expect

from tests.web import test_browser
from tests.web.conftest import Served
from tests.web.test_browser import Complaints
from upshot.api.operation import LOCAL_OWNER
from upshot.api.segments import SEGMENT_LIST
from upshot.api.state import Nothing

complaints = test_browser.complaints
CAST = ("owner", "editor", "viewer", "outsider", "")
FRENCH = "draft=1&where=first.country+%3D+FR"


def names(served: Served) -> list[str]:
    found = served.workspace.acting_as(LOCAL_OWNER).call(SEGMENT_LIST, Nothing()).segments
    return [segment.name for segment in found]


def test_segment_is_made_used_changed_and_taken_back(fresh: Served) -> None:
    test_browser.append(fresh, "opened", who="ann")
    with fresh.client() as client:
        assert "Make the first" in client.get("/segments").text
        condition = "draft=1&where=cohort.year+%3D+2024-01-01"
        answer = client.post(f"/segments/save?{condition}", data={"title": "New ones", "description": "Since January"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/segments")
        assert names(fresh) == ["new-ones"]
        text = client.get("/segments").text
        assert "cohort.year = 2024-01-01" in html.unescape(text)
        assert re.search(r'href="/explore\?show=persons%3A%2A&amp;where=segment\+%3D\+new-ones">1</a>', text)
        assert client.get("/explore?show=events:*&where=segment+%3D+new-ones").status_code == 200
        assert 'value="New ones"' in client.get("/segments/edit?name=new-ones").text
        changed = client.post(
            "/segments/save?name=new-ones&draft=1&where=cohort.year+%3D+2023-01-01", data={"title": "New ones"}
        )
        assert changed.headers["location"] == "/segments"
        assert "Undo" in client.get(changed.headers["location"]).text
        client.post("/segments/new-ones/restore", data={})
        assert "2024-01-01" in client.get("/segments").text
        deleted = client.post("/segments/new-ones/delete", data={})
        assert deleted.headers["location"] == "/segments"
        assert "Undo" in client.get("/segments").text
        assert names(fresh) == []
        client.post("/segments/new-ones/restore", data={})
        assert names(fresh) == ["new-ones"]


def test_changed_segment_changes_answers_at_once(fresh: Served) -> None:
    """Answers are kept by the question; what a segment means is part of it."""
    test_browser.append(fresh, "opened", who="ann")
    with fresh.client() as client:
        client.post("/segments/save?draft=1&where=cohort.year+%3D+2024-01-01", data={"title": "x"})
        path = "/explore?show=events:*&where=segment+%3D+x"
        assert '<span class="metric-number" id="total">1</span>' in client.get(path).text
        client.post("/segments/save?name=x&draft=1&where=cohort.year+%3D+2020-01-01", data={"title": "x"})
        assert '<span class="metric-number" id="total">0</span>' in client.get(path).text


@pytest.mark.parametrize(
    ("query", "title", "words"),
    [
        (FRENCH.replace("first.", ""), "Of events", "about events"),
        ("draft=1", "Nothing", "at least one condition"),
        (FRENCH, "Taken", "already"),
    ],
)
def test_what_cannot_be_a_segment_says_why(fresh: Served, query: str, title: str, words: str) -> None:
    with fresh.client() as client:
        client.post(f"/segments/save?{FRENCH.replace('first.country', 'person.plan')}", data={"title": "Taken"})
        answer = client.post(f"/segments/save?{query}", data={"title": title})
    assert answer.status_code == 400
    assert words in html.unescape(answer.text)


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(fresh: Served) -> None:
    condition = f"/segments/save?{FRENCH.replace('first.country', 'person.plan')}"
    with fresh.client() as client:
        client.post(condition, data={"title": "Taken"})
        answer = client.post(condition, data={"title": "Taken", "description": "Who pays & stays"})
    assert answer.status_code == 400
    assert re.findall(r'id="problem-(\w+)"', answer.text) == ["title"]
    text = html.unescape(answer.text)
    assert 'name="title" value="Taken"' in text
    assert 'name="description" value="Who pays & stays"' in text
    with fresh.client() as client:
        untitled = client.post(condition, data={"title": " ", "description": "Who pays & stays"})
    assert re.findall(r'id="problem-(\w+)"', untitled.text) == ["title"]
    assert 'value="Who pays & stays"' in html.unescape(untitled.text)
    assert names(fresh) == ["taken"]


@pytest.mark.parametrize("role", CAST)
def test_cast_on_changing_segments(guarded: Served, role: str) -> None:
    name = f"of-{role or 'nobody'}"
    allowed = role in ("owner", "editor")
    refused = 403 if role == "viewer" else 401
    with guarded.client(role) as client:
        for path in (f"/segments/save?{FRENCH}", f"/segments/{name}/delete", f"/segments/{name}/restore"):
            answer = client.post(path, data={"title": f"Of {role or 'nobody'}"})
            assert answer.status_code == (303 if allowed else refused), path
    assert (name in names(guarded)) == allowed
    page = guarded.get("/segments/edit", role).text
    assert ("Saving takes the permission" in page) == (role == "viewer")


@pytest.mark.browser
def test_segment_is_made_by_keyboard_and_its_deletion_undone(page: Page, fresh: Served, complaints: Complaints) -> None:
    complaints.watch(page)
    test_browser.append(fresh, "opened", who="ann")
    page.goto(f"{fresh.url}/segments/edit")
    page.locator("#filter-add > summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("cohort.month")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("2024-03-01")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 person met them")).to_be_visible()
    page.get_by_label("Title").fill("March")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="March")).to_be_visible()
    page.get_by_role("button", name="Delete March").click()
    expect(page.get_by_text("No segments yet")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="March")).to_be_visible()
    page.goto(f"{fresh.url}/metrics/events")
    page.locator("#filter-add > summary").click()
    page.get_by_label("Property").fill("segment")
    page.get_by_label("Value").click()
    page.locator(".suggestion", has_text="march").click()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Edit the filter segment = march")).to_be_visible()
    expect(page.locator("#total")).to_have_text("1")
    assert complaints == []
