"""One line of the calibration table: how often a method did what its name promises, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from scipy.special import betaincinv

from upshot.stats.moments import Moments, PairMoments
from upshot.stats.result import Reason
from upshot.stats.shared import Shared

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from upshot.stats.result import Estimates

__all__ = [
    "CalibrationRow",
    "Quantity",
    "Verdict",
    "calibrated",
    "clopper_pearson",
    "coverage_row",
    "in_chunks",
    "rejection_row",
]

Quantity = Literal["size", "coverage", "power"]
Verdict = Literal["holds", "conservative", "fails", "reported"]

_M = TypeVar("_M", Moments, PairMoments)
_MARKS = ("mergeable", "yes_no", "shared")


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """A simulated share with its exact bounds.

    Attributes:
        method: Public name of the method.
        scenario: What was simulated, in words.
        quantity: ``size`` (share of false alarms), ``coverage`` (share of intervals that hold the truth) or ``power``.
        nominal: What the method promises; for power, what planning predicted (NaN where nothing was predicted).
        estimate: The simulated share.
        low: Lower Clopper–Pearson bound of the share, 99 %.
        high: Upper Clopper–Pearson bound of the share, 99 %.
        simulations: Number of simulated comparisons.
        verdict: ``holds`` (within bounds widened by the tolerance), ``conservative`` (errs on the safe side),
            ``fails``, or ``reported`` (power without a prediction).
    """

    method: str
    scenario: str
    quantity: Quantity
    nominal: float
    estimate: float
    low: float
    high: float
    simulations: int
    verdict: Verdict


def clopper_pearson(successes: int, trials: int, level: float = 0.99) -> tuple[float, float]:
    """Exact bounds of a share (Clopper and Pearson, 1934)."""
    tail = (1.0 - level) / 2.0
    low = 0.0 if successes == 0 else float(betaincinv(successes, trials - successes + 1, tail))
    high = 1.0 if successes == trials else float(betaincinv(successes + 1, trials - successes, 1.0 - tail))
    return low, high


def calibrated(
    method: str,
    scenario: str,
    quantity: Quantity,
    nominal: float,
    successes: int,
    simulations: int,
    *,
    tolerance: float = 0.0,
) -> CalibrationRow:
    """A row with its verdict.

    Args:
        method: Public name of the method.
        scenario: What was simulated.
        quantity: Which share was counted.
        nominal: What the method promises (NaN for power without a prediction).
        successes: How often the event happened: a rejection, or an interval that held the truth.
        simulations: How often it could have.
        tolerance: Departure from ``nominal`` that an asymptotic method is allowed in this scenario; state why in the
            scenario's words. Zero for exact and always-valid methods.
    """
    estimate = successes / simulations
    low, high = clopper_pearson(successes, simulations)
    below, above = high < nominal - tolerance, low > nominal + tolerance
    verdict: Verdict
    if nominal != nominal:
        verdict = "reported"
    elif not below and not above:
        verdict = "holds"
    elif (quantity == "size" and below) or (quantity != "size" and above):
        verdict = "conservative"
    else:
        verdict = "fails"
    return CalibrationRow(method, scenario, quantity, nominal, estimate, low, high, simulations, verdict)


def coverage_row(
    scenario: str, found: Estimates, truth: float, *, nominal: float = 0.95, tolerance: float = 0.0
) -> CalibrationRow:
    """How often the intervals of ``found`` hold ``truth``; places without estimate make no claim and are left out."""
    ok = found.reason == Reason.OK
    inside = ok & (found.low <= truth) & (truth <= found.high)
    counts = int(np.count_nonzero(inside)), int(np.count_nonzero(ok))
    return calibrated(found.method, scenario, "coverage", nominal, *counts, tolerance=tolerance)


def rejection_row(
    scenario: str,
    found: Estimates,
    quantity: Quantity = "size",
    *,
    nominal: float = 0.05,
    alpha: float = 0.05,
    tolerance: float = 0.0,
) -> CalibrationRow:
    """How often ``found`` rejects at ``alpha``; places without estimate are left out."""
    ok = found.reason == Reason.OK
    counts = int(np.count_nonzero(ok & (found.p_value < alpha))), int(np.count_nonzero(ok))
    return calibrated(found.method, scenario, quantity, nominal, *counts, tolerance=tolerance)


def in_chunks(simulations: int, draw: Callable[[int], _M], *, size: int = 500) -> _M:
    """Moments of many simulations, drawn a few at a time so that memory stays small.

    Args:
        simulations: How many; the first axis of the result.
        draw: Gives moments whose arrays all have that first axis.
        size: Simulations at a time.
    """
    counts = [size] * (simulations // size) + ([simulations % size] if simulations % size else [])
    parts = [draw(count) for count in counts]
    names = [f.name for f in fields(parts[0]) if f.name not in _MARKS]
    arrays = [np.concatenate([getattr(part, name) for part in parts]) for name in names]
    if isinstance(parts[0], PairMoments):
        return type(parts[0])(*arrays)
    marks = {name: getattr(parts[0], name) for name in _MARKS}
    marks["shared"] = _joined([part.shared for part in parts])
    return type(parts[0])(*arrays, **marks)


def _joined(parts: Sequence[Shared | None]) -> Shared | None:
    """What the arms of all simulations share."""
    known = [part for part in parts if part is not None]
    if not known:
        return None
    loadings, own = (np.concatenate([getattr(part, name) for part in known], axis=1) for name in ("loadings", "own"))
    return Shared(loadings, own, np.concatenate([part.freedom for part in known]))
