"""What was just done is told once, on its page, and never because an address says so."""

import re

import pytest

from tests.web.conftest import Served


@pytest.mark.parametrize(
    ("path", "claim"),
    [
        ("/ledger?shipped=Everything", "Everything"),
        ("/objectives?removed=Profit", "Profit"),
        ("/segments?said=saved&of=paying", "Saved."),
        ("/dashboards?deleted=Board-of-all", "Board-of-all"),
        ("/?done=home&undo=1", "shows what you chose"),
        ("/dashboards/revenue?done=changed&undo=1", "Tile changed."),
        ("/data/collect?said=You+won", "You won"),
    ],
)
def test_no_notice_is_taken_from_an_address(served: Served, path: str, claim: str) -> None:
    answer = served.get(path)
    assert answer.status_code == 200
    assert claim not in re.sub(r"<[^>]*>", "", answer.text)


def test_a_notice_is_told_on_the_page_that_follows_and_on_no_other(fresh: Served) -> None:
    with fresh.client() as client:
        sent = client.post("/ledger/ship", data={"title": "Saved songs", "at": "2024-03-09T10:00", "kind": "upkeep"})
        assert (sent.status_code, sent.headers["location"]) == (303, "/ledger")
        cookie = sent.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert 'role="status"><strong>Saved songs</strong> is in the ledger' in client.get("/ledger").text
        assert 'role="status"><strong>Saved songs' not in client.get("/objectives").text
    with fresh.client() as another:
        assert "is in the ledger." not in another.get("/ledger").text
