"""Many experiments of which only summaries are known: are their splits sound, where not, and who won?

Effects of arms are read as a sample of the programme's effects: deviations of log rates from their test's mean with
variance τ² between arms, estimated by the method of moments (DerSimonian & Laird, Controlled Clinical Trials 7, 1986,
within tests). The shrunk effect is the posterior mean under a normal prior with that variance.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from upshot.stats import benjamini_hochberg, holm, sample_ratio
from upshot.stats.proportions import Successes, score_lift
from upshot.stats.result import NoEstimate
from upshot.studies.checked import CheckInputs, CheckReport, SummaryRow, Winner
from upshot.studies.checked import Window as PeriodWindow
from upshot.studies.scan import scan

__all__ = ["check"]

Floats = NDArray[np.float64]
_SHOWN = 50
_QUANTILE = 1.959963984540054
_SCAN_ALPHA = 0.01


def check(inputs: CheckInputs) -> CheckReport:
    """Check all splits, look for windows in time where failures pile up, and compare the arms of what is healthy."""
    everything: dict[str, list[SummaryRow]] = defaultdict(list)
    for row in inputs.rows:
        everything[row.test].append(row)
    tests = {
        name: rows
        for name, rows in everything.items()
        if len(rows) > 1 and all(0 <= row.successes <= row.units for row in rows) and any(r.units for r in rows)
    }
    failed = _failed(tests, inputs.alarm)
    windows, inside = _windows(tests, failed, np.random.default_rng(inputs.seed))
    healthy = [name for name in tests if name not in failed and name not in inside]
    winners, spread = _winners({name: tests[name] for name in healthy}, inputs.level)
    return CheckReport(
        tests=len(tests),
        arms=sum(len(rows) for rows in tests.values()),
        units=sum(row.units for rows in tests.values() for row in rows),
        successes=sum(row.successes for rows in tests.values() for row in rows),
        left_out=len(everything) - len(tests),
        failed=len(failed),
        expected_failed=len(tests) * inputs.alarm,
        windows=windows,
        healthy=len(healthy),
        winners=tuple(winners[:_SHOWN]),
        won=len(winners),
        spread=spread,
        mean_lift=float(np.mean([w.lift for w in winners])) if winners else None,
        mean_shrunk=float(np.mean([w.shrunk for w in winners])) if winners else None,
    )


def _failed(tests: dict[str, list[SummaryRow]], alarm: float) -> set[str]:
    by_arms: dict[int, list[str]] = defaultdict(list)
    for name, rows in tests.items():
        by_arms[len(rows)].append(name)
    failed: set[str] = set()
    for names in by_arms.values():
        found = sample_ratio([[row.units for row in tests[name]] for name in names]).mismatched(alarm)
        failed |= {name for name, wrong in zip(names, found, strict=True) if wrong}
    return failed


def _windows(
    tests: dict[str, list[SummaryRow]], failed: set[str], rng: np.random.Generator
) -> tuple[tuple[PeriodWindow, ...], set[str]]:
    """Windows in time with too many failures, and the tests inside them."""
    period_of = {name: rows[0].period for name, rows in tests.items()}
    periods = _in_order(set(period_of.values()))
    place = {period: index for index, period in enumerate(periods)}
    counts, wrong = np.zeros(len(periods), np.int64), np.zeros(len(periods), np.int64)
    for name, period in period_of.items():
        counts[place[period]] += 1
        wrong[place[period]] += name in failed
    found = scan(counts, wrong, alpha=_SCAN_ALPHA, rng=rng)
    windows, inside = [], set[str]()
    rest_n, rest_k = int(counts.sum()), int(wrong.sum())
    for each in found:
        span = slice(each.first, each.last + 1)
        n, k = int(counts[span].sum()), int(wrong[span].sum())
        rest_n, rest_k = rest_n - n, rest_k - k
        windows.append(
            PeriodWindow(
                first=periods[each.first],
                last=periods[each.last],
                tests=n,
                failed=k,
                share=k / n,
                other_tests=rest_n,
                other_failed=rest_k,
                other_share=rest_k / rest_n if rest_n else 0.0,
                p_value=each.p_value,
            )
        )
        inside |= {name for name, period in period_of.items() if each.first <= place[period] <= each.last}
    return tuple(windows), inside


def _in_order(periods: set[str]) -> list[str]:
    if all(period.lstrip("-").isdigit() for period in periods):
        return sorted(periods, key=int)
    return sorted(periods)


def _winners(tests: dict[str, list[SummaryRow]], level: float) -> tuple[list[Winner], float]:
    """The best arm of each test where it is better than the rest, at a false discovery rate; and the spread τ."""
    variance = _between(list(tests.values()))
    candidates = [found for rows in tests.values() if (found := _best(rows, variance, level)) is not None]
    if not candidates:
        return [], float(np.sqrt(variance))
    adjusted = benjamini_hochberg([each.p_value for each in candidates])
    kept = [each for each, p in zip(candidates, adjusted, strict=True) if p <= 1.0 - level and each.lift > 0]
    return sorted(kept, key=lambda each: -each.shrunk), float(np.sqrt(variance))


def _log_rates(rows: Sequence[SummaryRow]) -> tuple[Floats, Floats]:
    """Logarithms of rates and their variances; half a success is added where there is none."""
    n = np.array([row.units for row in rows], np.float64)
    x = np.array([row.successes for row in rows], np.float64)
    some = np.where(x > 0, x, 0.5)
    with np.errstate(all="ignore"):
        rate = some / np.maximum(n, some)
        return np.log(rate), (1.0 - rate) / some


def _between(tests: list[list[SummaryRow]]) -> float:
    """Variance of true log rates between the arms of a test, at least 0."""
    excess = scale = 0.0
    for rows in tests:
        used = [row for row in rows if row.units]
        if len(used) < 2:
            continue
        y, v = _log_rates(used)
        w = 1.0 / np.maximum(v, 1e-12)
        mean = (w * y).sum() / w.sum()
        excess += float((w * (y - mean) ** 2).sum()) - (len(used) - 1)
        scale += float(w.sum() - (w * w).sum() / w.sum())
    return max(0.0, excess / scale) if scale else 0.0


def _best(rows: list[SummaryRow], variance: float, level: float) -> Winner | None:
    """The arm with the highest rate against the others together; its p-value is Holm's over the test's arms."""
    n = np.array([row.units for row in rows], np.float64)
    x = np.array([row.successes for row in rows], np.float64)
    if not x.sum() or (n <= 0).any() or ((n.sum() - n) <= 0).any():
        return None
    found = score_lift(Successes(n.sum() - n, x.sum() - x), Successes(n, x), level=level)
    p = np.where(np.isfinite(found.p_value), found.p_value, 1.0)
    place = int(np.argmax(x / n))
    estimate = found.at(place)
    if isinstance(estimate, NoEstimate):
        return None
    shrunk, half = _shrunk(rows, place, variance)
    return Winner(
        test=rows[place].test,
        arm=rows[place].arm,
        rate=float(x[place] / n[place]),
        other_rate=float((x.sum() - x[place]) / (n.sum() - n[place])),
        lift=estimate.value,
        low=estimate.low,
        high=estimate.high,
        p_value=float(holm(p)[place]),
        shrunk=float(np.expm1(shrunk)),
        shrunk_low=float(np.expm1(shrunk - half)),
        shrunk_high=float(np.expm1(shrunk + half)),
    )


def _shrunk(rows: list[SummaryRow], place: int, variance: float) -> tuple[float, float]:
    """The log lift of one arm over the rest, shrunk, with half of its 95 % interval."""
    rest = [row for index, row in enumerate(rows) if index != place]
    both = [rows[place], SummaryRow("", "", sum(r.units for r in rest), sum(r.successes for r in rest))]
    y, v = _log_rates(both)
    noise = float(v.sum())
    # an arm's deviation varies by τ², the mean of the others by τ² over their number
    prior = variance * (1.0 + 1.0 / len(rest))
    keep = prior / (prior + noise) if prior + noise > 0 else 0.0
    return keep * float(y[0] - y[1]), _QUANTILE * float(np.sqrt(keep * noise))
