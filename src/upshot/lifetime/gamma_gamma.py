r"""Gamma-Gamma: how much customers spend at a purchase.

Fader & Hardie, "The Gamma-Gamma Model of Monetary Value", 2013.

A purchase of a customer is :math:`z \sim \mathrm{Gamma}(p, \nu)`, and customers differ by
:math:`\nu \sim \mathrm{Gamma}(q, \gamma)`, whatever the number of their purchases. The mean of x purchases then has the
density (their eq. 1a)

.. math:: f(\bar z \mid x) = \frac{\Gamma(px+q)}{\Gamma(px)\Gamma(q)}
    \frac{\gamma^q \bar z^{px-1} x^{px}}{(\gamma + x\bar z)^{px+q}},

and what such a customer spends on average is :math:`(\gamma + x\bar z)p/(px+q-1)` (their eq. 5): between the customer's
own mean and everybody's, nearer to the own the more purchases there are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln
from scipy.stats import spearmanr

from upshot.lifetime.likelihood import Maximum, Scored, maximise
from upshot.lifetime.refusal import Refusal, RefusalCode
from upshot.lifetime.transactions import Customers
from upshot.stats.arguments import given
from upshot.stats.result import Estimate

__all__ = ["PARAMETERS", "GammaGamma", "expected_spend", "fit_gamma_gamma", "log_likelihood"]

Floats = NDArray[np.float64]

PARAMETERS = ("p", "q", "gamma")
LEAST_REPEATERS = 30
MOST_CORRELATION = 0.3
"""Of ranks of frequency and spend; above it the model's independence is no fair description."""
_STARTS = ((1.0, 3.0, 1.0), (5.0, 4.0, 0.5), (2.0, 10.0, 5.0), (20.0, 3.0, 0.1))


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """A fitted Gamma-Gamma.

    Attributes:
        maximum: p, q, gamma in this order; gamma is in money.
        correlation: Rank correlation of frequency and mean spend among those who bought again.
        left_out: Customers who bought again and whose spend is not above 0: they say nothing of its size.
    """

    maximum: Maximum
    correlation: float
    left_out: int

    def parameter(self, name: str, *, level: float = 0.95) -> Estimate:
        """``p``, ``q`` or ``gamma`` with its interval."""
        return self.maximum.parameter(name, level=level)

    def expected(self, customers: Customers) -> Floats:
        """What each spends at a purchase on average, in money, shape (customers,)."""
        given("customers", customers, Customers)
        return expected_spend(self.maximum.parameters, customers)


def fit_gamma_gamma(customers: Customers) -> GammaGamma | Refusal:
    """Fit by maximum likelihood to those who bought again and spent something, or say why not.

    Returns:
        The model, or a refusal: ``too_few_customers``, ``value_follows_frequency``, ``no_mean``, ``at_edge`` or
        ``not_converged``.
    """
    given("customers", customers, Customers)
    spend = customers.spends
    again = customers.frequency > 0
    used = again & (spend > 0)
    x, z = customers.frequency[used], spend[used]
    if len(x) < LEAST_REPEATERS:
        numbers = {"customers": len(x), "needed": LEAST_REPEATERS}
        return Refusal(RefusalCode.TOO_FEW_CUSTOMERS, numbers, "who bought again and spent something")
    varied = len(np.unique(x)) > 1 and len(np.unique(z)) > 1
    correlation = float(spearmanr(x, z).statistic) if varied else 0.0
    if abs(correlation) > MOST_CORRELATION:
        measured = {"correlation": correlation, "allowed": MOST_CORRELATION}
        return Refusal(RefusalCode.VALUE_FOLLOWS_FREQUENCY, measured)
    typical = float(np.median(z))

    def likelihood(parameters: Floats) -> Scored:
        value, gradient = _scored(parameters, x, z)
        return float(value.sum()), gradient.sum(axis=1)

    starts = [(p, q, gamma * typical) for p, q, gamma in _STARTS]
    found = maximise(likelihood, PARAMETERS, starts, (1.0, 1.0, typical), len(x))
    if isinstance(found, Refusal):
        return found
    if found.parameters[1] <= 1:
        return Refusal(RefusalCode.NO_MEAN, {"value": float(found.parameters[1])})
    return GammaGamma(found, correlation, int(again.sum() - used.sum()))


def log_likelihood(parameters: Floats, frequency: Floats, spend: Floats) -> Floats:
    """Log density of each customer's mean spend at (p, q, gamma), eq. 1a; shape (customers,)."""
    return _scored(np.asarray(parameters, np.float64), frequency, spend)[0]


def _scored(parameters: Floats, x: Floats, z: Floats) -> tuple[Floats, Floats]:
    p, q, gamma = parameters
    shape = p * x
    total = np.log(gamma + x * z)
    value = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma)
    value = value + (shape - 1) * np.log(z) + shape * np.log(x) - (shape + q) * total
    gradient = np.stack(
        [
            x * (digamma(shape + q) - digamma(shape) + np.log(z) + np.log(x) - total),
            digamma(shape + q) - digamma(q) + np.log(gamma) - total,
            q / gamma - (shape + q) / (gamma + x * z),
        ]
    )
    return value, gradient


def expected_spend(parameters: Floats, customers: Customers) -> Floats:
    """What each spends at a purchase on average, eq. 5; everybody's mean where the customer has none of an own.

    An own mean that is not above 0 is taken for none.
    """
    p, q, gamma = parameters
    spend = customers.spends
    known = (customers.frequency > 0) & (spend > 0)
    x, z = np.where(known, customers.frequency, 0.0), np.where(known, spend, 0.0)
    return np.asarray((gamma + x * z) * p / (p * x + q - 1))
