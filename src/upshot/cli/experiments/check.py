"""``upshot experiment check``: many experiments of which only summaries are known."""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import json_or, line, table
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.units import counted, format_change, format_interval

if TYPE_CHECKING:
    from upshot.studies.checked import CheckReport, SummaryRow

__all__ = ["check"]

_SHOWN = 10


def check(
    file: Path,
    *,
    test: str,
    units: str,
    successes: str,
    arm: str = "",
    period: str = "",
    alarm: float = 0.001,
    level: float = 0.95,
    common: Common | None = None,
) -> None:
    """Check the splits of many experiments from a table of their arms, say where in time they fail, and who won.

    The table is CSV (compressed with gzip or not) or Parquet, one row for each arm. Periods with more failed checks
    than chance explains are looked for over all windows of time; the level holds for all of them together.

    Args:
        file: The table.
        test: The column that says which test.
        units: The column with the units that met the arm.
        successes: The column with how many of them succeeded.
        arm: The column with the arm's name. Default: numbered.
        period: The column that says when the test ran, such as a week.
        alarm: Below this p-value the check of a split fails.
        level: Of intervals; the rest is the share of false winners that is accepted.
        common: The options of every command.
    """
    from upshot.api.studies import EXPERIMENTS_CHECK
    from upshot.studies.checked import CheckInputs

    common = common or Common()
    header, rows = _read(file)
    for column in (test, units, successes, arm, period):
        if column and column not in header:
            raise NotFound("column", column, header, hint=f"The file has {', '.join(header)}.")
    summaries = tuple(_summaries(rows, test=test, units=units, successes=successes, arm=arm, period=period))
    with open_workspace(common) as workspace:
        found = workspace.call(EXPERIMENTS_CHECK, CheckInputs(rows=summaries, alarm=alarm, level=level))
    if not json_or(common, found):
        _print(found, alarm, level)


def _read(file: Path) -> tuple[Sequence[str], Iterator[Mapping[str, object]]]:
    path = file.expanduser()
    try:
        raw = path.read_bytes()
        if raw[:4] == b"PAR1":
            import pyarrow.parquet

            found = pyarrow.parquet.read_table(path)
            return found.column_names, iter(found.to_pylist())
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}.", hint="Name a CSV or Parquet file.") from None
    reader = csv.DictReader(io.StringIO(text))
    return reader.fieldnames or (), iter(reader)


def _summaries(
    rows: Iterator[Mapping[str, object]], *, test: str, units: str, successes: str, arm: str, period: str
) -> "Iterator[SummaryRow]":
    from upshot.studies.checked import SummaryRow

    for number, row in enumerate(rows, start=1):
        try:
            met, done = (round(float(str(row[column]))) for column in (units, successes))
        except ValueError:
            raise InvalidInput(
                f"Row {number} has no number of units or successes.", hint=f"Look at {units} and {successes}."
            ) from None
        name = str(row[arm]) if arm else str(number)
        yield SummaryRow(str(row[test]), name, met, done, str(row[period]) if period else "")


def _print(found: "CheckReport", alarm: float, level: float) -> None:
    met = ", ".join((counted(found.units, "unit"), counted(found.successes, "success")))
    line(f"{counted(found.tests, 'test')} with {counted(found.arms, 'arm')}, {met}.")
    if found.left_out:
        line(f"{counted(found.left_out, 'test')} left out: of a single arm, or with impossible counts.")
    share = found.failed / found.tests if found.tests else 0.0
    line(
        f"The check of the split fails at {alarm:g} in {counted(found.failed, 'test')} ({share:.1%}); chance would "
        f"make {found.expected_failed:.1f} of them."
    )
    for window in found.windows:
        line(
            f"From {window.first} to {window.last} it fails in {window.failed:,} of {counted(window.tests, 'test')} "
            f"({window.share:.1%}), in the others in {window.other_failed:,} of {window.other_tests:,} "
            f"({window.other_share:.1%}); by chance no window has such an excess (p = {window.p_value:g} over all "
            "windows). Do not use tests from then."
        )
    healthy = counted(found.healthy, "test is", "tests are")
    line(f"{healthy} healthy: outside of these windows, and their own check passes.")
    line(
        f"{found.won:,} of them have an arm that beats the others, with {1 - level:.0%} false ones among these at most."
    )
    if found.mean_lift is not None and found.mean_shrunk is not None:
        line(
            f"The winners' mean lift is {format_change(found.mean_lift)} as measured and "
            f"{format_change(found.mean_shrunk)} shrunk: they are chosen for being "
            "large, and true effects of the programme have a standard deviation of "
            f"{found.spread:.1%}."
        )
        table(
            (
                ("test", "left"),
                ("arm", "left"),
                ("rate", "right"),
                ("others", "right"),
                ("lift", "right"),
                ("shrunk", "right"),
            ),
            (
                (
                    w.test,
                    w.arm,
                    f"{w.rate:.2%}",
                    f"{w.other_rate:.2%}",
                    format_interval(w.lift, w.low, w.high),
                    format_interval(w.shrunk, w.shrunk_low, w.shrunk_high),
                )
                for w in found.winners[:_SHOWN]
            ),
            title="Largest after shrinking",
        )
