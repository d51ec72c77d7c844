"""Which ways of writing an instant are read, and which are not guessed at."""

# ruff: noqa: DTZ001 - the reader of clients answers in UTC without offset
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given

from upshot.core.instants import read_epoch, read_instant, utc_instant

BERLIN = ZoneInfo("Europe/Berlin")
MORNING = datetime(2024, 1, 2, 10, tzinfo=UTC)
ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    "written",
    [
        "2024-01-02T10:00:00Z",
        "2024-01-02t10:00z",
        "2024-01-02 10:00:00+00",
        "2024-01-02 15:30:00.000000+05:30",
        "2024-01-02 06:30:00-0330",
        "2024-01-02 10:00:00 UTC",
        "2024-01-02 10:00:00 +0000",
        "2024-01-02T10:00:00.000000000Z",
        "20240102T100000Z",
        " 2024-01-02 11:00 ",
        "2024-01-02 10:00:00+00:00:00",
    ],
)
def test_instant_is_read_in_every_usual_form(written: str) -> None:
    assert read_instant(written, BERLIN) == MORNING


@pytest.mark.parametrize(
    "written",
    [
        *("", "now", "1700000000", "2024", "2024-01", "2024-02-30", "2024-01-02 10", "2024-01-02 25:00"),
        *("2024-01-02x10:00", "01/02/2024", "2024-01-02 10:00 CET", "2024-01-02T10:00:00+02:00Z"),
    ],
)
def test_instant_is_not_guessed(written: str) -> None:
    assert read_instant(written, BERLIN) is None


@given(st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31), timezones=ZONES), st.sampled_from("T "))
def test_instant_as_postgres_and_python_write_it_comes_back(instant: datetime, between: str) -> None:
    assert read_instant(instant.isoformat(between), BERLIN) == instant
    short = instant.strftime(f"%Y-%m-%d{between}%H:%M:%S.%f%z").removesuffix("00")
    assert read_instant(short, BERLIN) == instant
    assert utc_instant(short) == instant.astimezone(UTC).replace(tzinfo=None)


@given(st.integers(100_000_000, 7_000_000_000))
def test_epoch_counts_in_the_unit_that_its_size_says(seconds: int) -> None:
    expected = datetime(1970, 1, 1) + timedelta(seconds=seconds)
    found = {read_epoch(str(seconds * unit)) for unit in (1, 1000, 1_000_000, 1_000_000_000)}
    assert found == {expected}


@pytest.mark.parametrize(
    "written", ["20240102", "20240102100000", "12345678901", "1e9", "0x12345678", "", "1700000000s"]
)
def test_number_that_may_be_a_day_is_no_epoch(written: str) -> None:
    assert read_epoch(written) is None
