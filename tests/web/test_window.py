"""The state of a page's address."""

from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upshot.core.errors import InvalidInput, NotFound, UserError
from upshot.core.problems import Problem
from upshot.core.time import Grain
from upshot.metrics.filters import parse_filter
from upshot.web.filters.chips import filter_of
from upshot.web.window import PRESETS, DataDays, View, read_view

TODAY = date(2024, 3, 10)
FLOWING = DataDays(TODAY, date(2023, 6, 1), TODAY)
ENDED = DataDays(TODAY, date(2010, 12, 1), date(2011, 12, 9))


def read(days: DataDays = FLOWING, /, **parameters: str) -> View:
    return read_view("/metrics/x", {name: [value] for name, value in parameters.items()}, days)


@pytest.mark.parametrize(
    ("preset", "first", "grain"),
    [
        ("7d", date(2024, 3, 4), Grain.DAY),
        ("30d", date(2024, 2, 10), Grain.DAY),
        ("90d", date(2023, 12, 12), Grain.WEEK),
        ("12m", date(2023, 4, 1), Grain.MONTH),
        ("all", date(2023, 6, 1), Grain.MONTH),
    ],
)
def test_preset_ends_today(preset: str, first: date, grain: Grain) -> None:
    view = read(range=preset)
    assert (view.first, view.last, view.grain) == (first, TODAY, grain)


def test_preset_ends_with_data_that_have_stopped() -> None:
    view = read(ENDED)
    assert (view.first, view.last) == (date(2011, 11, 10), date(2011, 12, 9))


def test_preset_of_an_empty_store_ends_today() -> None:
    view = read(DataDays(TODAY, None, None), range="all")
    assert (view.first, view.last) == (TODAY, TODAY)


def test_preset_ignores_events_of_the_future() -> None:
    view = read(DataDays(TODAY, date(2024, 1, 1), date(9999, 1, 1)))
    assert view.last == TODAY


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"range": "8d"}, NotFound),
        ({"from": "2024-03-02", "to": "2024-03-01"}, InvalidInput),
        ({"from": "yesterday"}, InvalidInput),
        ({"by": "hour"}, InvalidInput),
        ({"compare": "tomorrow"}, InvalidInput),
        ({"from": "1900-01-01", "by": "day"}, InvalidInput),
    ],
)
def test_state_that_is_not_allowed_is_refused(parameters: dict[str, str], error: type[UserError]) -> None:
    with pytest.raises(error):
        read(**parameters)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@given(
    preset=st.sampled_from(["", *PRESETS]),
    by=st.sampled_from(["", "week", "month"]),
    compare=st.sampled_from(["none", "previous", "year"]),
    breakdown=texts,
    where=st.lists(texts, max_size=3),
)
def test_address_gives_back_the_state_that_it_was_made_from(
    preset: str, by: str, compare: str, breakdown: str, where: list[str]
) -> None:
    query = {"by": [by], "compare": [compare], "breakdown": [breakdown], "where": where}
    query |= {"range": [preset]} if preset else {"from": ["2024-01-03"], "to": ["2024-02-05"]}
    view = read_view("/metrics/x", query, FLOWING)
    assert read_view("/metrics/x", parse_qs(urlsplit(view.url()).query), FLOWING) == view


def test_filter_is_added_once_and_removed() -> None:
    view = read(where="a = 1")
    assert parse_qs(urlsplit(view.with_filter("b = 2")).query)["where"] == ["a = 1", "b = 2"]
    assert parse_qs(urlsplit(view.with_filter("a = 1")).query)["where"] == ["a = 1"]
    assert view.without("a = 1") == "/metrics/x"


@given(value=st.text(min_size=1, max_size=20).filter(lambda v: v == v.strip()))
def test_filter_text_means_the_value_that_was_typed(value: str) -> None:
    parsed = parse_filter(filter_of("country", "=", value))
    assert not isinstance(parsed, Problem)
    assert [v.text for v in parsed.values] == [value]
