"""What cohorts of customers have brought so far, by their age: no model, and no cell that is not whole."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from upshot.core.errors import InvalidInput
from upshot.lifetime.transactions import Transactions
from upshot.stats.arguments import given, number, row, whole

__all__ = ["ObservedValue", "observed_value"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ObservedValue:
    """Money that a customer of each cohort has brought on average.

    Attributes:
        starts: First day of each cohort, shape (cohorts,).
        size: Customers of each, shape (cohorts,).
        value: Up to the end of each step of age, the first purchase counted; shape (cohorts, steps), NaN where not all
            customers of the cohort have that age, and where a cohort has none.
        customers: How many of each cohort have bought again by then, shape (cohorts, steps); 0 where ``value`` is NaN.
    """

    starts: Floats
    size: Ints
    value: Floats
    customers: Ints


def observed_value(
    transactions: Transactions, starts: ArrayLike, until: float, *, step_days: float = 30.0, steps: int = 12
) -> ObservedValue:
    """Observed value by cohort and age.

    Args:
        transactions: All purchases.
        starts: The first day of each cohort, ascending; each ends where the next begins, the last with the data.
            Customers from before the first belong to none.
        until: The last day of the data, whole.
        step_days: Length of a step of age.
        steps: How many, 1 to 1,000.

    Raises:
        InvalidInput: ``starts`` is empty or not ascending, or something is out of range.

    Examples:
        >>> log = Transactions.of(["a", "a", "b"], [0, 12, 5], [10.0, 20.0, 30.0])
        >>> observed_value(log, [0, 10], 19, step_days=10, steps=2).value.tolist()
        [[20.0, nan], [nan, nan]]
    """
    given("transactions", transactions, Transactions)
    begins = row("starts", starts)
    if not len(begins) or (np.diff(begins) <= 0).any() or not np.isfinite(begins).all():
        raise InvalidInput("starts is empty or does not ascend.", hint="Give the first day of each cohort, in order.")
    end = number("until", until)
    length = number("step_days", step_days, above=0.0)
    count = whole("steps", steps, least=1, most=1000)
    first = transactions.first_days
    cohort = np.where(first <= end, np.searchsorted(begins, first, side="right") - 1, -1)
    size = np.bincount(cohort[cohort >= 0], minlength=len(begins))
    newest = np.full(len(begins), np.inf)
    for at in np.flatnonzero(size):
        newest[at] = first[cohort == at].max()
    value = np.full((len(begins), count), np.nan)
    again = np.zeros((len(begins), count), np.int64)
    whose = cohort[transactions.customer]
    age = transactions.day - first[transactions.customer]
    for step in range(1, count + 1):
        inside = (whose >= 0) & (age < step * length) & (transactions.day <= end)
        sums = np.bincount(whose[inside], weights=transactions.amount[inside], minlength=len(begins))
        back = np.unique(transactions.customer[inside & (age > 0)])
        whole_age = newest + step * length <= end + 1
        value[whole_age, step - 1] = sums[whole_age] / size[whole_age]
        again[whole_age, step - 1] = np.bincount(cohort[back], minlength=len(begins))[whole_age]
    return ObservedValue(begins, size, value, again)
