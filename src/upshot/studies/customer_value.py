"""Reads what customers are worth from their purchases: both models, the horizon, the held-out test, the cohorts."""

import math
from datetime import date

import numpy as np

from upshot.catalog.verdict import Interval
from upshot.lifetime.bgnbd import BgNbd, fit_bgnbd
from upshot.lifetime.gamma_gamma import GammaGamma, fit_gamma_gamma
from upshot.lifetime.holdout import hold_out
from upshot.lifetime.likelihood import Maximum
from upshot.lifetime.observed import observed_value
from upshot.lifetime.refusal import Refusal
from upshot.lifetime.transactions import Customers, Transactions
from upshot.lifetime.value import Horizon, LifetimeValue, future_value
from upshot.stats.result import Estimate
from upshot.studies.customers import (
    CohortValue,
    Fitted,
    Foretold,
    FrequencyRow,
    LifetimeInputs,
    LifetimeReport,
    Named,
)

__all__ = ["read_customers"]

_WEEK = 7.0
_YEAR_DAYS = 365.25
_STEP_DAYS = 30
_AGES = 12
_DRAWS, _FEWEST_DRAWS = 1_000, 200
_SIMULATED = 50_000_000
"""Customers' futures that are simulated at most, above the fewest draws: some ten seconds."""


def read_customers(inputs: LifetimeInputs) -> LifetimeReport:
    """What the purchases say; refusals are part of the answer."""
    log = Transactions.of(inputs.customer, inputs.day, inputs.amount)
    customers = log.customers(inputs.until.toordinal(), unit_days=_WEEK)
    buying, spending = fit_bgnbd(customers), fit_gamma_gamma(customers)
    worth = _worth(buying, spending, customers, inputs)
    known = None if isinstance(buying, Refusal) else buying
    return LifetimeReport(
        customers=len(customers),
        repeaters=customers.repeaters,
        purchases=len(log),
        amount=float(log.amount.sum()),
        buying=_fitted("BG/NBD", buying if isinstance(buying, Refusal) else buying.maximum, len(customers), inputs),
        spending=_fitted(
            "Gamma-Gamma", spending if isinstance(spending, Refusal) else spending.maximum, customers.repeaters, inputs
        ),
        alive=None if known is None else float(known.alive(customers).sum()),
        expected_purchases=None
        if known is None
        else float(known.expected(customers, inputs.horizon_days / _WEEK).sum()),
        total=None if worth is None else _interval(worth.total),
        each=None if worth is None else _interval(worth.total, len(customers)),
        newcomer=None if worth is None else _interval(worth.newcomer),
        foretold=_foretold(log, inputs),
        observed=_observed(log, inputs),
    )


def _worth(
    buying: BgNbd | Refusal, spending: GammaGamma | Refusal, customers: Customers, inputs: LifetimeInputs
) -> LifetimeValue | None:
    if isinstance(buying, Refusal) or isinstance(spending, Refusal):
        return None
    weekly = math.expm1(math.log1p(inputs.discount) * _WEEK / _YEAR_DAYS)
    steps = max(round(inputs.horizon_days / _STEP_DAYS), 1)
    horizon = Horizon(inputs.horizon_days / _WEEK, weekly, steps)
    return future_value(buying, spending, customers, horizon, level=inputs.level)


def _fitted(model: str, found: Maximum | Refusal, customers: int, inputs: LifetimeInputs) -> Fitted:
    if isinstance(found, Refusal):
        return Fitted(model=model, customers=customers, why_not=found.sentence, code=str(found.code))
    parameters = tuple(Named(name, _interval(found.parameter(name, level=inputs.level))) for name in found.names)
    return Fitted(model=model, customers=found.n, parameters=parameters, log_likelihood=found.log_likelihood)


def _interval(found: Estimate, over: int = 1) -> Interval:
    return Interval(found.value / over, found.low / over, found.high / over)


def _foretold(log: Transactions, inputs: LifetimeInputs) -> Foretold:
    draws = min(max(_SIMULATED // max(len(log.names), 1), _FEWEST_DRAWS), _DRAWS)
    found = hold_out(
        log, inputs.split, inputs.until, unit_days=_WEEK, level=inputs.level, simulations=draws, rng=inputs.seed
    )
    if isinstance(found, Refusal):
        return Foretold(split=inputs.split, until=inputs.until, why_not=found.sentence)
    return Foretold(
        split=inputs.split,
        until=inputs.until,
        customers=int(found.purchases.n),
        expected=_interval(found.purchases),
        actual=found.actual_purchases,
        held=found.held,
        expected_value=found.value,
        actual_value=found.actual_value,
        by_frequency=tuple(
            FrequencyRow(frequency=row.frequency, customers=row.customers, expected=row.expected, actual=row.actual)
            for row in found.by_frequency
        ),
    )


def _observed(log: Transactions, inputs: LifetimeInputs) -> tuple[CohortValue, ...]:
    table = observed_value(log, inputs.cohorts, inputs.until.toordinal(), step_days=_STEP_DAYS, steps=_AGES)
    return tuple(
        CohortValue(
            cohort=date.fromordinal(int(start)),
            customers=int(size),
            value=tuple(None if np.isnan(value) else float(value) for value in row),
        )
        for start, size, row in zip(table.starts, table.size, table.value, strict=True)
        if size
    )
