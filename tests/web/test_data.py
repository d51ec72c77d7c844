"""The data page."""

from tests.web.conftest import Served


def test_data_page_shows_events_and_those_without_anybody(served: Served) -> None:
    text = served.get("/data").text
    assert '<td class="right">240</td><td class="right">3</td><td class="right">60</td>' in text
    assert "240 stored" in text


def test_data_page_shows_properties_with_their_values(served: Served) -> None:
    text = served.get("/data").text
    for name in ("amount", "country", "odd name.x"):
        assert f'<th scope="row">{name}</th>' in text
    assert "=HYPERLINK(1)" in text


def test_data_page_narrows_to_one_event(served: Served) -> None:
    text = served.get("/data?event=purchase").text
    assert "of purchase, from a sample of" in text
    assert "None yet." in served.get("/data?event=other").text


def test_data_page_says_that_nothing_was_rejected(served: Served) -> None:
    assert "Every row became an event." in served.get("/data").text
