"""Series as tables for people."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.cli.test_commands import Captured, run


@pytest.fixture
def constant(folder: Path, capsys: Captured, tmp_path: Path) -> Path:
    """A workspace with the same 100 on each day of 2023 and 2024, and of a part of 2025."""
    days = [date(2023, 1, 1) + timedelta(days=n) for n in range(850)]
    series = tmp_path / "same.csv"
    series.write_text("day,value\n" + "".join(f"{day},100\n" for day in days))
    assert run(capsys, folder, "import", "series", str(series), "--name", "same")[0] == 0
    return folder


@pytest.mark.parametrize(
    ("first", "last", "by", "told"),
    [
        ("2024-02-27", "2024-03-02", "day", True),
        ("2025-02-27", "2025-03-02", "day", True),
        ("2024-02-26", "2024-03-03", "week", False),
        ("2025-02-24", "2025-03-02", "week", False),
        ("2024-02-01", "2024-02-29", "month", True),
    ],
)
def test_total_of_a_constant_series_does_not_change_over_a_leap_day(
    constant: Path, capsys: Captured, first: str, last: str, by: str, told: bool
) -> None:
    words = ("metric", "query", "same", "--from", first, "--to", last, "--by", by, "--compare", "year")
    code, out, _ = run(capsys, constant, *words)
    assert code == 0
    (total,) = (line.split() for line in out.splitlines() if line.startswith("total"))
    assert total[-1] == "+0.0%"
    note = "2024-02-29 has no day of its date a year apart, and is left out of the change."
    assert (note in out.splitlines()) is told
