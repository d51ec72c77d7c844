"""What customers will still bring: purchases expected, times what is spent at each, discounted to now.

The interval of a total is of what is *expected*: it carries how unsure the parameters are (delta method). What will
really come also varies by chance; ``holdout`` simulates that.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upshot.lifetime.bgnbd import BgNbd, expected_purchases
from upshot.lifetime.gamma_gamma import GammaGamma, expected_spend
from upshot.lifetime.likelihood import Maximum, delta_interval
from upshot.lifetime.transactions import Customers
from upshot.stats.arguments import given, number, whole
from upshot.stats.result import Estimate

__all__ = ["Horizon", "LifetimeValue", "future_value"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far ahead is looked, and what later money is worth today.

    Attributes:
        length: Time ahead, in the customers' unit; above 0.
        discount: For one unit of time, 0.002 for 0.2 %; 0 for none.
        steps: In how many equal steps the time is cut, 1 to 1,000; each is discounted from its middle.

    Raises:
        InvalidInput: Something is out of range.

    Examples:
        >>> Horizon(52.0, 0.001, steps=52).ends[:2].tolist()
        [1.0, 2.0]
    """

    length: float
    discount: float = 0.0
    steps: int = 12

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", number("length", self.length, above=0.0))
        object.__setattr__(self, "discount", number("discount", self.discount, least=0.0))
        object.__setattr__(self, "steps", whole("steps", self.steps, least=1, most=1000))

    @property
    def ends(self) -> Floats:
        """The end of each step, shape (steps,)."""
        return self.length * np.arange(1, self.steps + 1) / self.steps

    @property
    def worth(self) -> Floats:
        """What money of each step is worth today, shape (steps,)."""
        return (1 + self.discount) ** -(self.ends - self.length / self.steps / 2)


@dataclass(frozen=True, slots=True)
class LifetimeValue:
    """What customers are expected to bring over a horizon.

    Attributes:
        purchases: Expected of each, not discounted, shape (customers,).
        value: Expected of each, discounted, in money, shape (customers,).
        total: Sum of ``value`` with its interval.
        newcomer: Of a customer who has just bought for the first time, with its interval; the first purchase itself
            not counted.
    """

    purchases: Floats
    value: Floats
    total: Estimate
    newcomer: Estimate


def future_value(
    buying: BgNbd, spending: GammaGamma, customers: Customers, horizon: Horizon, *, level: float = 0.95
) -> LifetimeValue:
    """What each customer, all together and a new one are expected to bring.

    Args:
        buying: How often they buy.
        spending: How much at each purchase.
        customers: Who is asked about; their time in the unit in which the models were fitted.
        horizon: How far ahead, and the discount.
        level: Coverage of the intervals.
    """
    given("buying", buying, BgNbd)
    given("spending", spending, GammaGamma)
    given("customers", customers, Customers)
    given("horizon", horizon, Horizon)
    level = number("level", level, above=0.0, below=1.0)
    newcomer = Customers(np.zeros(1), np.zeros(1), np.zeros(1))
    both = _both(buying.maximum, spending.maximum, len(customers))

    def total_of(of: Customers) -> Callable[[Floats], float]:
        def total(parameters: Floats) -> float:
            spend = expected_spend(parameters[4:], of)
            return float(_discounted(parameters[:4], of, horizon) @ spend)

        return total

    def interval(of: Customers) -> Estimate:
        return delta_interval(both, total_of(of), level=level, method="BG/NBD with Gamma-Gamma")

    return LifetimeValue(
        purchases=buying.expected(customers, horizon.length),
        value=_discounted(buying.maximum.parameters, customers, horizon) * spending.expected(customers),
        total=interval(customers),
        newcomer=interval(newcomer),
    )


def _both(buying: Maximum, spending: Maximum, n: int) -> Maximum:
    """The two models as one: their likelihoods share no parameter, so neither do their errors."""
    size = len(buying.names)
    covariance = np.zeros((size + len(spending.names),) * 2)
    covariance[:size, :size], covariance[size:, size:] = buying.covariance, spending.covariance
    parameters = np.concatenate([buying.parameters, spending.parameters])
    names = (*buying.names, *spending.names)
    return Maximum(names, parameters, covariance, buying.log_likelihood + spending.log_likelihood, n)


def _discounted(parameters: Floats, customers: Customers, horizon: Horizon) -> Floats:
    """Purchases of each customer, discounted step by step; shape (customers,)."""
    ends = horizon.ends if horizon.discount else horizon.ends[-1:]
    worth = horizon.worth if horizon.discount else np.ones(1)
    return worth @ np.diff(expected_purchases(parameters, customers, ends), axis=0, prepend=0.0)
