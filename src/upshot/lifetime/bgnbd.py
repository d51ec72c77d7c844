r"""BG/NBD: how often customers who sign no contract will buy.

Fader, Hardie & Lee, "Counting Your Customers the Easy Way", Marketing Science 24(2), 2005.

While alive a customer buys at random at a rate :math:`\lambda \sim \mathrm{Gamma}(r, \alpha)`, and after each purchase
leaves for good with probability :math:`p \sim \mathrm{Beta}(a, b)`, independent of the rate. With x purchases after the
first, the last at :math:`t_x`, seen until T (their eq. 6):

.. math:: L = \frac{B(a, b+x)}{B(a, b)} \frac{\Gamma(r+x)\alpha^r}{\Gamma(r)(\alpha+T)^{r+x}}
    + [x>0] \frac{B(a+1, b+x-1)}{B(a, b)} \frac{\Gamma(r+x)\alpha^r}{\Gamma(r)(\alpha+t_x)^{r+x}}

Who is alive at T has :math:`\lambda \sim \mathrm{Gamma}(r+x, \alpha+T)` and :math:`p \sim \mathrm{Beta}(a, b+x)`, so
the purchases expected in the time t to come (their eq. 10) are :math:`P(\mathrm{alive})` times

.. math:: \int_0^1 \frac{1 - \left(\frac{\alpha+T}{\alpha+T+pt}\right)^{r+x}}{p}\, \mathrm{Beta}(p; a, b+x)\, dp,

which Gauss-Jacobi quadrature gives without the closed form's hypergeometric function, whose factor has a pole at a = 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaln, roots_jacobi

from upshot.lifetime.likelihood import Maximum, Scored, maximise
from upshot.lifetime.refusal import Refusal, RefusalCode
from upshot.lifetime.transactions import Customers
from upshot.stats.arguments import floats, given
from upshot.stats.result import Estimate

__all__ = ["PARAMETERS", "BgNbd", "expected_purchases", "fit_bgnbd", "log_likelihood", "probability_alive", "simulated"]

Floats = NDArray[np.float64]

PARAMETERS = ("r", "alpha", "a", "b")
LEAST_CUSTOMERS = 50
LEAST_REPEATERS = 10
_NODES = 96
_STARTS = (
    (1.0, 1.0, 1.0, 1.0),
    (0.3, 0.3, 0.8, 2.5),
    (3.0, 3.0, 0.3, 3.0),
    (0.1, 0.05, 2.0, 2.0),
    (0.5, 1.0, 0.1, 0.5),
)


@dataclass(frozen=True, slots=True)
class BgNbd:
    """A fitted BG/NBD.

    Attributes:
        maximum: r, alpha, a, b in this order; alpha is in the customers' unit of time.
    """

    maximum: Maximum

    @property
    def log_likelihood(self) -> float:
        """Sum over customers, with all constants of eq. 6."""
        return self.maximum.log_likelihood

    def parameter(self, name: str, *, level: float = 0.95) -> Estimate:
        """``r``, ``alpha``, ``a`` or ``b`` with its interval."""
        return self.maximum.parameter(name, level=level)

    def expected(self, customers: Customers, horizon: ArrayLike) -> Floats:
        """Purchases expected of each in the time to come, shape (…, customers) as ``horizon`` has shape (…)."""
        given("customers", customers, Customers)
        ahead = floats("horizon", horizon, least=0.0)
        each = expected_purchases(self.maximum.parameters, customers, ahead.ravel())
        return each.reshape(*ahead.shape, len(customers))

    def alive(self, customers: Customers) -> Floats:
        """Probability that each has not left, shape (customers,)."""
        given("customers", customers, Customers)
        return probability_alive(self.maximum.parameters, customers)


def fit_bgnbd(customers: Customers) -> BgNbd | Refusal:
    """Fit by maximum likelihood, or say why not.

    Args:
        customers: At least 50, of whom at least 10 bought again; all of them, not only those who came back.

    Returns:
        The model, or a refusal: ``too_few_customers``, ``no_repeats``, ``at_edge`` or ``not_converged``.
    """
    given("customers", customers, Customers)
    if len(customers) < LEAST_CUSTOMERS:
        numbers = {"customers": len(customers), "needed": LEAST_CUSTOMERS}
        return Refusal(RefusalCode.TOO_FEW_CUSTOMERS, numbers)
    if customers.repeaters < LEAST_REPEATERS:
        numbers = {"customers": len(customers), "repeaters": customers.repeaters, "needed": LEAST_REPEATERS}
        return Refusal(RefusalCode.NO_REPEATS, numbers)
    alike, weight = _alike(customers)
    span = float(np.average(customers.age)) or 1.0
    starts = [(r, alpha * span, a, b) for r, alpha, a, b in _STARTS]

    def likelihood(parameters: Floats) -> Scored:
        value, gradient = _scored(parameters, alike)
        return float(value @ weight), gradient @ weight

    found = maximise(likelihood, PARAMETERS, starts, (1.0, span, 1.0, 1.0), len(customers))
    return found if isinstance(found, Refusal) else BgNbd(found)


def _alike(customers: Customers) -> tuple[Customers, Floats]:
    """Customers of one history as one, and how many they are."""
    keys = np.stack([customers.frequency, customers.recency, customers.age], axis=1)
    rows, counts = np.unique(keys, axis=0, return_counts=True)
    return Customers(rows[:, 0], rows[:, 1], rows[:, 2]), counts.astype(np.float64)


def log_likelihood(parameters: Floats, customers: Customers) -> Floats:
    """Log-likelihood of each customer at (r, alpha, a, b), eq. 6; shape (customers,)."""
    return _scored(np.asarray(parameters, np.float64), customers)[0]


def _scored(parameters: Floats, customers: Customers) -> tuple[Floats, Floats]:
    """Each customer's log-likelihood, shape (customers,), and gradient by (r, alpha, a, b), shape (4, customers)."""
    r, alpha, a, b = parameters
    x, t_x, age = customers.frequency, customers.recency, customers.age
    rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stay = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    alive = -(r + x) * np.log(alpha + age)
    again = x > 0
    earlier = np.where(again, b + x - 1, 1.0)
    gone = np.where(again, np.log(a) - np.log(earlier) - (r + x) * np.log(alpha + t_x), -np.inf)
    both = np.logaddexp(alive, gone)
    w = np.exp(gone - both)
    value = rate + stay + both
    gradient = np.stack(
        [
            digamma(r + x) - digamma(r) + np.log(alpha) - (1 - w) * np.log(alpha + age) - w * np.log(alpha + t_x),
            r / alpha - (r + x) * ((1 - w) / (alpha + age) + w / (alpha + t_x)),
            digamma(a + b) - digamma(a + b + x) + w / a,
            digamma(a + b) + digamma(b + x) - digamma(b) - digamma(a + b + x) - w / earlier,
        ]
    )
    return value, gradient


def probability_alive(parameters: Floats, customers: Customers) -> Floats:
    """Probability that each customer has not left at the end of the data, shape (customers,); 1 with frequency 0."""
    r, alpha, a, b = parameters
    x, t_x, age = customers.frequency, customers.recency, customers.age
    again = x > 0
    odds = np.log(a) - np.log(np.where(again, b + x - 1, 1.0)) + (r + x) * np.log((alpha + age) / (alpha + t_x))
    return np.where(again, 1 / (1 + np.exp(np.where(again, odds, 0.0))), 1.0)


def expected_purchases(parameters: Floats, customers: Customers, horizons: Floats) -> Floats:
    """Purchases expected of each customer in each of the times after the end of the data, eq. 10.

    Customers with frequency, recency and age 0 are new ones, and the answer is eq. 9.

    Args:
        parameters: (r, alpha, a, b).
        customers: Of whom.
        horizons: Times of 0 or more, shape (horizons,).

    Returns:
        Shape (horizons, customers).
    """
    r, alpha, a, b = parameters
    x, age = customers.frequency, customers.age
    answer = np.zeros((len(horizons), len(customers)))
    for bought in np.unique(x):
        here = np.flatnonzero(x == bought)
        ages, place = np.unique(age[here], return_inverse=True)
        nodes, weights = roots_jacobi(_NODES, b + bought - 1, a - 1)
        p = (1 + nodes) / 2
        for row, horizon in enumerate(horizons):
            share = p * horizon / (alpha + ages[:, None])
            terms = -np.expm1(-(r + bought) * np.log1p(share)) / p
            answer[row, here] = (terms @ weights / weights.sum())[place]
    return answer * probability_alive(parameters, customers)


def simulated(parameters: Floats, customers: Customers, horizon: float, rng: np.random.Generator) -> Floats:
    """One future: purchases of each customer in the time ``horizon`` to come, shape (customers,).

    Who is alive buys a Poisson number of times, but at most as often as it takes to leave.
    """
    r, alpha, a, b = parameters
    x = customers.frequency
    rate = rng.gamma(r + x) / (alpha + customers.age)
    leaves = np.clip(rng.beta(a, b + x), 1e-12, 1.0)
    wanted = rng.poisson(rate * horizon)
    most = rng.geometric(leaves)
    alive = rng.random(len(x)) < probability_alive(parameters, customers)
    return np.where(alive, np.minimum(wanted, most), 0).astype(np.float64)
