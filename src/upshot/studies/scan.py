"""Where in time do failures pile up? Kulldorff's scan statistic for yes/no outcomes, over all windows of periods.

Kulldorff, "A spatial scan statistic", Communications in Statistics 26 (1997), sec. 3 (Bernoulli model), with one
dimension, time. Of all windows the one with the largest likelihood ratio is taken; its p-value compares that ratio with
the largest ones that arise when the same failures are dealt to the tests at random, so that having looked at every
window costs nothing. Further windows are looked for in what is left.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Excess", "scan"]

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
_DEALS = 999
_PIECES = 20
_MOST_WINDOWS = 5


@dataclass(frozen=True, slots=True)
class Excess:
    """A window of periods, both counted, with its likelihood ratio (logarithm) and p-value."""

    first: int
    last: int
    log_ratio: float
    p_value: float


def scan(tests: Counts, failed: Counts, *, alpha: float, rng: np.random.Generator) -> tuple[Excess, ...]:
    """Windows with an excess of failures at level ``alpha``, most surely first.

    Args:
        tests: Tests in each period, shape (periods,).
        failed: Failures among them.
        alpha: Chance of any window where failures fall at random.
        rng: Source of randomness.
    """
    found: list[Excess] = []
    spans = _spans(tests)
    free = np.ones(len(spans), dtype=bool)
    kept = np.ones(len(tests), dtype=bool)
    for _ in range(_MOST_WINDOWS):
        n, k = np.where(kept, tests, 0), np.where(kept, failed, 0)
        if not free.any() or not 0 < k.sum() < n.sum():
            break
        looked = spans[free]
        ratios = _log_ratios(n, k[None, :], looked)[0]
        best = int(np.argmax(ratios))
        top = float(ratios[best])
        if top <= 0.0:
            break
        dealt = rng.multivariate_hypergeometric(n, int(k.sum()), size=_DEALS, method="marginals")
        largest = np.concatenate([_log_ratios(n, deal, looked).max(axis=1) for deal in np.array_split(dealt, _PIECES)])
        p_value = (1.0 + float((largest >= top).sum())) / (_DEALS + 1.0)
        if p_value > alpha:
            break
        first, last = (int(place) for place in looked[best])
        found.append(Excess(first, last, top, p_value))
        kept[first : last + 1] = False
        free &= (spans[:, 1] < first) | (spans[:, 0] > last)
    return tuple(found)


def _spans(tests: Counts) -> Counts:
    """First and last period of each window that holds at most half of all tests (Kulldorff's bound)."""
    first, last = np.triu_indices(len(tests))
    cumulated = np.concatenate([[0], np.cumsum(tests)])
    held = cumulated[last + 1] - cumulated[first]
    spans: Counts = np.stack([first, last], axis=1)[held <= tests.sum() / 2]
    return spans


def _log_ratios(n: Counts, k: Counts, spans: Counts) -> Floats:
    """For each deal and window the likelihood ratio against one rate everywhere; 0 where the rate inside is no higher.

    Args:
        n: Tests in each period.
        k: Failures, shape (deals, periods).
        spans: First and last period of each window, shape (windows, 2).

    Returns:
        Shape (deals, windows).
    """
    first, last = spans.T
    cumulated_n = np.concatenate([[0], np.cumsum(n)])
    cumulated_k = np.concatenate([np.zeros((len(k), 1), np.int64), np.cumsum(k, axis=1)], axis=1)
    inside_n, inside_k = cumulated_n[last + 1] - cumulated_n[first], cumulated_k[:, last + 1] - cumulated_k[:, first]
    total_n, total_k = int(n.sum()), cumulated_k[:, -1:]
    outside_n, outside_k = total_n - inside_n, total_k - inside_k
    counts = np.arange(1, total_n + 1, dtype=np.float64)
    table = np.concatenate([[0.0], counts * np.log(counts)])

    def likelihood(k: Counts, n: Counts) -> Floats:
        """K log(k/n) + (n - k) log(1 - k/n), with 0 log 0 = 0."""
        return np.asarray(table[k] + table[n - k] - table[n])

    ratio = likelihood(inside_k, inside_n) + likelihood(outside_k, outside_n)
    ratio -= likelihood(total_k, np.full_like(total_k, total_n))
    return np.where(inside_k * outside_n > outside_k * inside_n, ratio, 0.0)
