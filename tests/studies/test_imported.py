"""Many summaries at once: splits that fail in a window, winners, and what shrinking leaves of them."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, binomtest, chisquare

from upshot.studies.checked import CheckInputs, SummaryRow
from upshot.studies.imported import check
from upshot.studies.scan import scan


def by_hand(tests: NDArray[np.int64], failed: NDArray[np.int64]) -> tuple[int, int, float]:
    """The window with the largest likelihood ratio, by two loops and SciPy's binomial."""
    n, k = int(tests.sum()), int(failed.sum())
    best = (0, 0, 0.0)
    for first in range(len(tests)):
        for last in range(first, len(tests)):
            m, j = int(tests[first : last + 1].sum()), int(failed[first : last + 1].sum())
            if not 0 < m <= n / 2 or j * (n - m) <= (k - j) * m:
                continue
            ratio = sum(
                float(binom.logpmf(hits, size, hits / size) - binom.logpmf(hits, size, k / n))
                for hits, size in ((j, m), (k - j, n - m))
            )
            if ratio > best[2]:
                best = (first, last, ratio)
    return best


def test_scan_finds_the_window_of_the_largest_likelihood_ratio() -> None:
    rng = np.random.default_rng(1)
    tests = rng.integers(5, 40, 30)
    failed = rng.binomial(tests, np.where((np.arange(30) >= 11) & (np.arange(30) <= 16), 0.5, 0.02))
    first, last, ratio = by_hand(tests, failed)
    (found, *_) = scan(tests, failed, alpha=0.01, rng=np.random.default_rng(2))
    assert (found.first, found.last) == (first, last)
    assert found.log_ratio == pytest.approx(ratio, rel=1e-9)
    assert (found.first, found.last, found.p_value) == (11, 16, 0.001)


def test_scan_finds_two_windows_apart() -> None:
    tests = np.full(40, 30)
    failed = np.zeros(40, np.int64)
    failed[5:9], failed[30:33], failed[20] = 20, 12, 1
    found = scan(tests, failed, alpha=0.01, rng=np.random.default_rng(3))
    assert [(each.first, each.last) for each in found] == [(5, 8), (30, 32)]


def test_scan_raises_as_few_false_alarms_as_its_level_says() -> None:
    rng = np.random.default_rng(4)
    tests = rng.integers(3, 20, 25)
    alarms = sum(bool(scan(tests, rng.binomial(tests, 0.05), alpha=0.05, rng=rng)) for _ in range(120))
    assert binomtest(alarms, 120, 0.05, alternative="greater").pvalue > 0.001


def test_scan_without_failures_finds_nothing() -> None:
    assert scan(np.array([5, 5]), np.array([0, 0]), alpha=0.05, rng=np.random.default_rng(5)) == ()


def drawn(seed: int, *, spread: float, tests: int = 400) -> tuple[list[SummaryRow], dict[tuple[str, str], float]]:
    """Tests whose arms truly differ with a known spread of log rates; and the truth of each arm against the others."""
    rng = np.random.default_rng(seed)
    rows, truth = [], {}
    for number in range(tests):
        base = math.log(0.02) + 0.3 * rng.standard_normal()
        logs = base + spread * rng.standard_normal(3)
        for arm, log in enumerate(logs):
            units = int(rng.poisson(4_000))
            rows.append(SummaryRow(f"t{number}", str(arm), units, int(rng.binomial(units, math.exp(log))), "1"))
            others = np.exp(np.delete(logs, arm)).mean()
            truth[f"t{number}", str(arm)] = math.exp(log) / others - 1
    return rows, truth


def test_shrunk_lifts_of_winners_are_true_on_average_where_raw_ones_are_too_large() -> None:
    rows, truth = drawn(6, spread=0.15)
    found = check(CheckInputs(rows=tuple(rows)))
    assert found.spread == pytest.approx(0.15, rel=0.15)
    assert found.won > 20
    true = float(np.mean([truth[w.test, w.arm] for w in found.winners]))
    raw, shrunk = (float(np.mean([getattr(w, name) for w in found.winners])) for name in ("lift", "shrunk"))
    assert raw > 1.2 * true
    assert shrunk == pytest.approx(true, rel=0.12)
    covered = sum(w.shrunk_low <= truth[w.test, w.arm] <= w.shrunk_high for w in found.winners)
    assert binomtest(covered, len(found.winners), 0.95).pvalue > 0.001


def test_without_effects_there_are_hardly_any_winners() -> None:
    rows, _ = drawn(7, spread=0.0)
    found = check(CheckInputs(rows=tuple(rows)))
    assert found.won <= 2
    assert found.spread < 0.04


def test_odd_tests_are_left_out_and_counted() -> None:
    rows = (
        SummaryRow("one", "a", 100, 5),
        SummaryRow("odd", "a", 100, 101),
        SummaryRow("odd", "b", 100, 1),
        SummaryRow("good", "a", 100, 5),
        SummaryRow("good", "b", 103, 6),
    )
    found = check(CheckInputs(rows=rows))
    assert (found.tests, found.left_out, found.failed, found.healthy, found.won) == (1, 2, 0, 1, 0)


@pytest.mark.real_data
def test_upworthys_broken_window_is_found_without_being_told_where(data_dir: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = ["clickability_test_id", "impressions", "clicks", "test_week"]
    table = parquet.read_table(data_dir / "upworthy" / "upworthy_clean.parquet", columns=columns).to_pylist()
    rows = tuple(
        SummaryRow(r["clickability_test_id"], str(i), r["impressions"], r["clicks"], str(r["test_week"]))
        for i, r in enumerate(table)
    )
    found = check(CheckInputs(rows=rows))
    assert (found.tests, found.arms, found.units, found.successes) == (4_873, 22_666, 81_024_151, 1_231_208)
    window = found.windows[0]
    # the weeks that its archive warns of are 201326 to 201402; the data's own break lies one week earlier
    assert (window.first, window.last, window.p_value) == ("201325", "201401", 0.001)
    assert window.share > 0.6
    assert window.other_share < 0.012
    assert found.mean_shrunk is not None
    assert found.mean_lift is not None
    assert 0 < found.mean_shrunk < 0.7 * found.mean_lift
    by_test: dict[str, list[SummaryRow]] = {}
    for row in rows:
        by_test.setdefault(row.test, []).append(row)
    warned: list[bool] = []
    others: list[bool] = []
    for arms in by_test.values():
        failed = bool(chisquare([arm.units for arm in arms]).pvalue < 0.001)
        (warned if 201326 <= int(arms[0].period) <= 201402 else others).append(failed)
    assert (len(warned), len(others)) == (1_055, 3_818)
    assert [round(100 * sum(each) / len(each), 1) for each in (warned, others)] == [67.1, 1.2]
