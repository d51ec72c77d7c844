r"""Shifted beta-geometric: how long customers under contract stay.

Fader & Hardie, "How to Project Customer Retention", Journal of Interactive Marketing 21(1), 2007.

At the end of each period a customer leaves with the customer's own probability :math:`\theta \sim \mathrm{Beta}(\alpha,
\beta)`. Of a cohort the share that is left after t periods is (their eq. 6)

.. math:: S(t) = \frac{B(\alpha, \beta+t)}{B(\alpha, \beta)}, \qquad
    P(T=t) = S(t-1) - S(t) = \frac{B(\alpha+1, \beta+t-1)}{B(\alpha, \beta)}.

Retention rises with age not because customers change but because those who leave easily have left.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, digamma

from upshot.core.errors import InvalidInput
from upshot.lifetime.likelihood import Maximum, Scored, delta_interval, maximise
from upshot.lifetime.refusal import Refusal, RefusalCode
from upshot.stats.arguments import floats, number, row, whole
from upshot.stats.result import Estimate

__all__ = ["PARAMETERS", "BetaGeometric", "fit_beta_geometric", "survival"]

Floats = NDArray[np.float64]

PARAMETERS = ("alpha", "beta")
LEAST_CUSTOMERS = 50
_STARTS = ((1.0, 1.0), (0.5, 3.0), (5.0, 20.0), (0.2, 0.2))


@dataclass(frozen=True, slots=True)
class BetaGeometric:
    """A fitted shifted beta-geometric.

    Attributes:
        maximum: alpha, beta in this order.
    """

    maximum: Maximum

    @property
    def log_likelihood(self) -> float:
        """Sum over customers."""
        return self.maximum.log_likelihood

    def parameter(self, name: str, *, level: float = 0.95) -> Estimate:
        """``alpha`` or ``beta`` with its interval."""
        return self.maximum.parameter(name, level=level)

    def survival(self, periods: ArrayLike) -> Floats:
        """Share of a cohort that is left after each number of periods."""
        return survival(self.maximum.parameters, floats("periods", periods, least=0.0))

    def expected_periods(self, periods: int, *, age: int = 0, discount: float = 0.0, level: float = 0.95) -> Estimate:
        """Renewals that a customer of an age still brings, each discounted to now, with its interval.

        Args:
            periods: How many renewals ahead are counted, 1 to 10,000.
            age: How many times the customer has renewed; who is counted has just done so.
            discount: For each period, 0.01 for 1 %.
            level: Coverage.
        """
        ahead = np.arange(1, whole("periods", periods, least=1, most=10_000) + 1)
        begun = whole("age", age, least=0)
        rate = number("discount", discount, least=0.0)
        weight = (1 + rate) ** -ahead.astype(np.float64)

        def worth(parameters: Floats) -> float:
            return float((survival(parameters, ahead + begun) / survival(parameters, np.asarray(begun))) @ weight)

        return delta_interval(self.maximum, worth, level=level, method="shifted beta-geometric")


def survival(parameters: Floats, periods: NDArray[np.generic]) -> Floats:
    """S(t) at (alpha, beta), eq. 6."""
    alpha, beta = parameters
    return np.asarray(np.exp(betaln(alpha, beta + np.asarray(periods, np.float64)) - betaln(alpha, beta)))


def fit_beta_geometric(lost: ArrayLike, stayed: ArrayLike) -> BetaGeometric | Refusal:
    """Fit by maximum likelihood to customers by how long they were seen, or say why not.

    Args:
        lost: How many left at the end of their period 1, 2, …; shape (periods,).
        stayed: How many were still there after 1, 2, … periods when the data ended; shape (periods,). Of one cohort it
            is zero but for the last.

    Returns:
        The model, or a refusal: ``too_few_customers``, ``nothing_lost``, ``at_edge`` or ``not_converged``.

    Raises:
        InvalidInput: Counts are negative, missing or of two lengths.
    """
    left, there = (floats(name, row(name, values), least=0.0) for name, values in (("lost", lost), ("stayed", stayed)))
    if left.shape != there.shape:
        raise InvalidInput(
            f"lost has {len(left)} periods, stayed {len(there)}.", hint="Give a count of both for each period."
        )
    if not np.isfinite([left, there]).all():
        raise InvalidInput(
            "lost or stayed holds a value that is no finite number.", hint="Give a count for each period."
        )
    n = int(left.sum() + there.sum())
    if n < LEAST_CUSTOMERS:
        return Refusal(RefusalCode.TOO_FEW_CUSTOMERS, {"customers": n, "needed": LEAST_CUSTOMERS})
    if (left > 0).sum() < 2 or not there.sum():
        numbers = {"customers": n, "lost": float(left.sum()), "periods": float((left > 0).sum())}
        return Refusal(RefusalCode.NOTHING_LOST, numbers)
    t = np.arange(1, len(left) + 1, dtype=np.float64)

    def likelihood(parameters: Floats) -> Scored:
        alpha, beta = parameters
        base = betaln(alpha, beta)
        gone = betaln(alpha + 1, beta + t - 1) - base
        kept = betaln(alpha, beta + t) - base
        own = digamma(alpha + beta)
        both = digamma(alpha + beta + t)
        by_alpha = left * (digamma(alpha + 1) - both) + there * (digamma(alpha) - both)
        by_alpha = by_alpha - (left + there) * (digamma(alpha) - own)
        by_beta = left * (digamma(beta + t - 1) - both) + there * (digamma(beta + t) - both)
        by_beta = by_beta - (left + there) * (digamma(beta) - own)
        return float(left @ gone + there @ kept), np.array([by_alpha.sum(), by_beta.sum()])

    found = maximise(likelihood, PARAMETERS, _STARTS, (1.0, 1.0), n)
    return found if isinstance(found, Refusal) else BetaGeometric(found)
