"""Customers whose law is known, made step by step as the models tell it: purchase, leave or stay, purchase."""

import numpy as np
from numpy.typing import NDArray

from upshot.lifetime import Transactions

R, ALPHA, A, B = 0.8, 5.0, 1.2, 3.0
P, Q, GAMMA = 6.0, 4.0, 15.0


def shop(
    customers: int, weeks: float, rng: np.random.Generator, *, arrivals: float = 12.0, leave: bool = True
) -> Transactions:
    """Purchases by day; customers arrive evenly in the first ``arrivals`` weeks.

    Purchases of one day are one, so rates are low beside a day.
    """
    whose, days, amounts = [], [], []
    for customer in range(customers):
        rate = rng.gamma(R) / ALPHA
        gone = rng.beta(A, B) if leave else 0.0
        scale = 1 / rng.gamma(Q, 1 / GAMMA)
        now = rng.uniform(0, arrivals)
        while now < weeks:
            whose.append(customer)
            days.append(now * 7)
            amounts.append(rng.gamma(P, scale))
            if len(days) > 1 and whose[-2:] == [customer, customer] and rng.random() < gone:
                break
            now += rng.exponential(1 / rate)
    return Transactions.of(np.array(whose), np.array(days), np.array(amounts))


def contracts(customers: int, periods: int, alpha: float, beta: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """How many left at the end of each period of one cohort."""
    stays = rng.geometric(np.clip(rng.beta(alpha, beta, customers), 1e-9, 1.0))
    return np.bincount(np.minimum(stays, periods + 1), minlength=periods + 2)[1 : periods + 1]
