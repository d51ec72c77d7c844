"""Coverage of what is said of customers: BG/NBD's parameters, contracts' renewals, and forecasts of a held-out time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.calibrate.row import CalibrationRow, calibrated
from upshot.lifetime.beta_geometric import BetaGeometric, fit_beta_geometric, survival
from upshot.lifetime.bgnbd import PARAMETERS, BgNbd, expected_purchases, fit_bgnbd
from upshot.lifetime.likelihood import delta_interval
from upshot.lifetime.transactions import Customers

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["rows"]

THETA = np.array([0.8, 5.0, 1.2, 3.0])
CONTRACT = np.array([0.7, 2.5])
CUSTOMERS = 1000
AHEAD = np.array([26.0])
WAVERING = 0.02
"""Intervals are those of large samples; of a thousand customers their coverage may depart by two percentage points."""


def rows(*, simulations: int, seed: int) -> list[CalibrationRow]:
    """All rows of this family; each experiment is fitted by itself, so that a twentieth of the simulations is taken."""
    rng = np.random.default_rng(seed)
    runs = max(simulations // 20, 100)
    return [*_buying(runs, rng), *_contracts(runs, rng)]


def _buying(runs: int, rng: np.random.Generator) -> list[CalibrationRow]:
    held = dict.fromkeys(PARAMETERS, 0)
    mean = fitted = 0
    for _ in range(runs):
        customers = _customers(rng)
        model = fit_bgnbd(customers)
        if not isinstance(model, BgNbd):
            continue
        fitted += 1
        for name, truth in zip(PARAMETERS, THETA, strict=True):
            estimate = model.parameter(name)
            held[name] += estimate.low <= truth <= estimate.high
        mean += _held(model, customers)
    scenario = f"{CUSTOMERS:,} customers, 26 to 52 weeks"
    return [
        *(
            calibrated("fit_bgnbd", f"{scenario}: {name}", "coverage", 0.95, held[name], fitted, tolerance=WAVERING)
            for name in PARAMETERS
        ),
        calibrated(
            *("fit_bgnbd", f"{scenario}: all purchases of the next 26 weeks", "coverage", 0.95),
            *(mean, fitted),
            tolerance=WAVERING,
        ),
    ]


def _held(model: BgNbd, customers: Customers) -> bool:
    """Whether the interval of all purchases expected in the next weeks holds what the true law expects."""

    def total(theta: NDArray[np.float64]) -> float:
        return float(expected_purchases(theta, customers, AHEAD).sum())

    found = delta_interval(model.maximum, total, level=0.95, method="fit_bgnbd")
    return found.low <= total(THETA) <= found.high


def _customers(rng: np.random.Generator) -> Customers:
    """New customers live until the end of the data, each from a day of their own on, purchase by purchase."""
    r, alpha, a, b = THETA
    age = rng.uniform(26, 52, CUSTOMERS)
    rate, leaves = rng.gamma(r, 1 / alpha, CUSTOMERS), rng.beta(a, b, CUSTOMERS)
    frequency, recency, now = np.zeros((3, CUSTOMERS))
    alive = np.ones(CUSTOMERS, np.bool_)
    while alive.any():
        now = now + rng.exponential(1 / rate)
        alive &= now <= age
        frequency, recency = frequency + alive, np.where(alive, now, recency)
        alive &= rng.random(CUSTOMERS) >= leaves
    return Customers(frequency, recency, age)


def _contracts(runs: int, rng: np.random.Generator) -> list[CalibrationRow]:
    held = fitted = 0
    truth = float(survival(CONTRACT, np.arange(1, 11)).sum())
    for _ in range(runs):
        stays = rng.geometric(np.clip(rng.beta(CONTRACT[0], CONTRACT[1], CUSTOMERS), 1e-9, 1.0))
        lost = np.bincount(np.minimum(stays, 9), minlength=10)[1:9]
        stayed = np.zeros(8)
        stayed[-1] = CUSTOMERS - lost.sum()
        model = fit_beta_geometric(lost, stayed)
        if isinstance(model, BetaGeometric):
            found = model.expected_periods(10)
            fitted += 1
            held += found.low <= truth <= found.high
    scenario = f"{CUSTOMERS:,} contracts, 8 periods seen: renewals in 10"
    return [calibrated("fit_beta_geometric", scenario, "coverage", 0.95, held, fitted, tolerance=WAVERING)]
