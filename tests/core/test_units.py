import pytest

from upshot.core.units import format_bytes, format_seconds, format_value


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (9747747.934, "money", "£9,747,747.93"),
        (None, "money", "–"),
        (1.5, "percent", "150.0%"),
        (90.0, "duration", "1.5 min"),
        (12345.678, "number", "12,346"),
        (12.345, "number", "12.35"),
        (0.0123456, "number", "0.01235"),
        (-3.0, "count", "−3"),
    ],
)
def test_value_is_shown_in_its_format(value: float | None, form: str, shown: str) -> None:
    assert format_value(value, form, "GBP") == shown


def test_sizes_and_durations_take_the_largest_unit() -> None:
    assert format_bytes(999) == "999 B"
    assert format_bytes(20_000_000_000_000_000) == "20000.0 TB"
    assert format_seconds(172_800) == "2.0 d"
    assert format_seconds(0) == "0 s"
