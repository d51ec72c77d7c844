"""How well the models foretold a past that they had not seen: fitted before a day, compared with what came after it."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from upshot.core.renamed import renamed
from upshot.lifetime.bgnbd import BgNbd, fit_bgnbd, simulated
from upshot.lifetime.gamma_gamma import GammaGamma, fit_gamma_gamma
from upshot.lifetime.refusal import Refusal, RefusalCode
from upshot.lifetime.transactions import Transactions
from upshot.stats.arguments import given, number, whole
from upshot.stats.randomness import generator_of
from upshot.stats.result import Estimate

__all__ = ["Frequency", "HoldOut", "hold_out"]

Floats = NDArray[np.float64]

_MOST_FREQUENT = 7


@dataclass(frozen=True, slots=True)
class Frequency:
    """Customers who bought as often before the split.

    Attributes:
        frequency: Purchases after the first, before the split; the last row holds those of 7 and more.
        customers: How many.
        expected: Purchases expected of one of them after the split, on average.
        actual: Purchases that came, on average.
    """

    frequency: int
    customers: int
    expected: float
    actual: float


@dataclass(frozen=True, slots=True)
class HoldOut:
    """A forecast beside what came.

    Attributes:
        buying: The model that was fitted before the split.
        spending: How much they spent, fitted before the split; or why there is no such model.
        purchases: Purchases foretold of all customers, with the interval in which the number that comes should lie:
            it carries chance as well as how unsure the parameters are.
        actual_purchases: Purchases that came.
        value: Money foretold, no interval; None without a model of spending.
        actual_value: Money that came.
        by_frequency: The same by how often customers bought before.
    """

    buying: BgNbd
    spending: GammaGamma | Refusal
    purchases: Estimate
    actual_purchases: float
    value: float | None
    actual_value: float
    by_frequency: tuple[Frequency, ...]

    @property
    def held(self) -> bool:
        """Whether what came lies in the interval."""
        return self.purchases.low <= self.actual_purchases <= self.purchases.high


@renamed(draws="simulations", seed="rng")
def hold_out(
    transactions: Transactions,
    split: float | date,
    until: float | date,
    *,
    unit_days: float = 7.0,
    level: float = 0.95,
    simulations: int = 400,
    rng: int | np.random.Generator = 0,
) -> HoldOut | Refusal:
    """Fit on what was known at the end of one day, and compare with what came up to another.

    Args:
        transactions: All purchases.
        split: The last day that the models see.
        until: The last day of the data.
        unit_days: In what time is counted.
        level: Coverage of the interval of purchases.
        simulations: Simulated futures, 100 to 100,000.
        rng: Where they come from: a seed or a generator.

    Returns:
        The comparison, or why there is none: as of ``fit_bgnbd``, or ``hold_out_empty``.
    """
    given("transactions", transactions, Transactions)
    first, last = (_day(name, day) for name, day in (("split", split), ("until", until)))
    level = number("level", level, above=0.0, below=1.0)
    simulations = whole("simulations", simulations, least=100, most=100_000)
    source = generator_of(rng)
    begun = float(transactions.day.min()) if len(transactions) else first
    if not begun < first < last:
        return Refusal(RefusalCode.HOLD_OUT_EMPTY, {"before": first - begun, "after": last - first}, "days")
    customers = transactions.customers(first, unit_days=unit_days)
    buying = fit_bgnbd(customers)
    if isinstance(buying, Refusal):
        return buying
    spending = fit_gamma_gamma(customers)
    horizon = (last - first) / unit_days
    expected = buying.expected(customers, horizon)
    actual, money = transactions.bought(first, last)
    futures = np.array(
        [simulated(theta, customers, horizon, source).sum() for theta in buying.maximum.drawn(simulations, source)]
    )
    low, high = np.quantile(futures, [(1 - level) / 2, (1 + level) / 2])
    total = Estimate(
        float(expected.sum()),
        float(low),
        float(high),
        float(futures.std(ddof=1)),
        float("nan"),
        level,
        float(len(customers)),
        "simulated futures",
        "absolute",
    )
    value = float(expected @ spending.expected(customers)) if isinstance(spending, GammaGamma) else None
    groups = _by_frequency(customers.frequency, expected, actual)
    return HoldOut(buying, spending, total, float(actual.sum()), value, float(money.sum()), groups)


def _day(name: str, day: float | date) -> float:
    return float(day.toordinal()) if isinstance(day, date) else number(name, day)


def _by_frequency(frequency: Floats, expected: Floats, actual: Floats) -> tuple[Frequency, ...]:
    group = np.minimum(frequency, _MOST_FREQUENT)
    rows = []
    for times in np.unique(group):
        here = group == times
        rows.append(Frequency(int(times), int(here.sum()), float(expected[here].mean()), float(actual[here].mean())))
    return tuple(rows)
