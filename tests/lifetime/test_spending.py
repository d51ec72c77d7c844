"""Gamma-Gamma, value over a horizon, hold-out and observed value: published figures, integrals and made customers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gamma as gamma_law

from tests.lifetime import worlds
from tests.lifetime.cdnow import END, SPLIT, published_summary, sample, whole_log
from upshot.core.errors import InvalidInput
from upshot.lifetime import (
    BgNbd,
    Customers,
    GammaGamma,
    HoldOut,
    Horizon,
    Refusal,
    RefusalCode,
    Transactions,
    fit_bgnbd,
    fit_gamma_gamma,
    future_value,
    hold_out,
    observed_value,
)
from upshot.lifetime.gamma_gamma import PARAMETERS, log_likelihood


def fitted(customers: Customers) -> tuple[BgNbd, GammaGamma]:
    buying, spending = fit_bgnbd(customers), fit_gamma_gamma(customers)
    assert isinstance(buying, BgNbd)
    assert isinstance(spending, GammaGamma)
    return buying, spending


def test_published_sample_gives_the_published_spend() -> None:
    _, spending = fitted(published_summary())
    assert [round(spending.parameter(name).value, 2) for name in PARAMETERS] == pytest.approx([6.25, 3.74, 15.45])
    assert spending.maximum.n == 946
    assert spending.left_out == 0


@pytest.mark.parametrize(("x", "z"), [(1.0, 12.0), (3.0, 35.4), (20.0, 80.0)])
def test_spend_density_is_the_integral_over_customers(x: float, z: float) -> None:
    p, q, gamma = 6.25, 3.74, 15.44

    def inside(nu: float) -> float:
        # the mean of x purchases, each Gamma(p, nu), is Gamma(px, nu x)
        return float(gamma_law.pdf(z, p * x, scale=1 / (nu * x)) * gamma_law.pdf(nu, q, scale=1 / gamma))

    direct = quad(inside, 0, 20, epsabs=0, epsrel=1e-10, limit=500, points=[0.05, 0.2, 0.5, 1.0])[0]
    (density,) = log_likelihood(np.array([p, q, gamma]), np.array([x]), np.array([z]))
    assert density == pytest.approx(np.log(direct), rel=1e-8)


def test_expected_spend_lies_between_own_and_everybodys_mean() -> None:
    _, spending = fitted(published_summary())
    p, q, gamma = spending.maximum.parameters
    everybody = p * gamma / (q - 1)
    new, once, often = spending.expected(Customers.of([0, 1, 20], [0, 9, 30.0], [39, 39, 39.0], [np.nan, 100.0, 100.0]))
    assert new == pytest.approx(everybody)
    assert everybody < once < often < 100


def test_refuses_spend_that_follows_frequency_and_spend_without_mean() -> None:
    rng = np.random.default_rng(7)
    x = rng.integers(1, 12, 300).astype(float)
    moves = fit_gamma_gamma(Customers(x, np.full(300, 5.0), np.full(300, 9.0), 10 * x + rng.gamma(2, 5, 300)))
    assert isinstance(moves, Refusal)
    assert moves.code is RefusalCode.VALUE_FOLLOWS_FREQUENCY
    wild = rng.gamma(6, 1 / rng.gamma(0.6, 1 / 15.0, 4000))
    endless = fit_gamma_gamma(Customers(np.ones(4000), np.full(4000, 5.0), np.full(4000, 9.0), wild))
    assert isinstance(endless, Refusal)
    assert endless.code is RefusalCode.NO_MEAN
    few = fit_gamma_gamma(Customers(np.ones(60), np.full(60, 5.0), np.full(60, 9.0), np.zeros(60)))
    assert isinstance(few, Refusal)
    assert "0 customers who bought again and spent something" in few.sentence


def test_future_value_is_purchases_times_spend_and_less_by_the_discount() -> None:
    customers = published_summary()
    buying, spending = fitted(customers)
    plain = future_value(buying, spending, customers, Horizon(39.0))
    assert plain.value == pytest.approx(plain.purchases * spending.expected(customers))
    assert plain.total.value == pytest.approx(plain.value.sum())
    assert plain.total.low < plain.total.value < plain.total.high
    later = future_value(buying, spending, customers, Horizon(39.0, 0.002, steps=39))
    weeks = np.diff(buying.expected(customers, np.arange(40.0)), axis=0).sum(axis=1)
    assert (later.value / spending.expected(customers)).sum() == pytest.approx(
        (weeks / 1.002 ** (np.arange(39) + 0.5)).sum()
    )


def test_interval_of_the_total_is_that_of_drawn_parameters() -> None:
    customers = published_summary()
    buying, spending = fitted(customers)
    total = future_value(buying, spending, customers, Horizon(39.0)).total
    rng = np.random.default_rng(1)
    draws = [
        float(
            replace(buying, maximum=replace(buying.maximum, parameters=one)).expected(customers, 39.0)
            @ replace(spending, maximum=replace(spending.maximum, parameters=other)).expected(customers)
        )
        for one, other in zip(buying.maximum.drawn(150, rng), spending.maximum.drawn(150, rng), strict=True)
    ]
    # 150 draws know a standard error to 6 %
    assert np.std(draws) == pytest.approx(total.standard_error, rel=0.18)


def test_hold_out_of_the_published_sample() -> None:
    answer = hold_out(sample(), SPLIT, END, rng=1)
    assert isinstance(answer, HoldOut)
    assert answer.actual_purchases == 1882
    assert answer.purchases.value == pytest.approx(1653.4, abs=0.1)
    assert sum(row.customers for row in answer.by_frequency) == 2357
    assert sum(row.customers * row.actual for row in answer.by_frequency) == pytest.approx(1882)
    assert answer.value is not None
    assert answer.by_frequency[0].expected < answer.by_frequency[-1].expected


def test_hold_out_holds_where_the_model_is_true() -> None:
    rng = np.random.default_rng(99)
    held = 0
    for run in range(40):
        answer = hold_out(worlds.shop(300, 60, rng), 30 * 7, 59 * 7, simulations=200, rng=run)
        assert isinstance(answer, HoldOut)
        held += answer.held
    # of 40 at 0.95 fewer than 34 come three times in a thousand
    assert held >= 34


def test_hold_out_needs_days_on_both_sides() -> None:
    answer = hold_out(sample(), END, END)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.HOLD_OUT_EMPTY


def test_observed_value_is_what_a_loop_gives() -> None:
    log = sample()
    starts = [SPLIT.replace(month=month, day=1).toordinal() for month in (1, 2, 3)]
    table = observed_value(log, starts, END.toordinal(), step_days=30, steps=20)
    assert table.size.sum() == 2357
    first = log.first_days
    for at, start in enumerate(starts):
        stop = starts[at + 1] if at + 1 < len(starts) else np.inf
        people = [c for c in range(len(first)) if start <= first[c] < stop]
        for step in (1, 7, 20):
            if max(first[c] for c in people) + 30 * step > END.toordinal() + 1:
                assert np.isnan(table.value[at, step - 1])
                continue
            inside = [i for i in range(len(log)) if log.day[i] - first[log.customer[i]] < 30 * step]
            money = sum(log.amount[i] for i in inside if log.customer[i] in set(people))
            assert table.value[at, step - 1] == pytest.approx(money / len(people))


def test_whole_log_has_the_published_customers_and_money() -> None:
    log, lines = whole_log()
    assert (lines, len(log.names)) == (69_659, 23_570)
    assert round(float(log.amount.sum()), 2) == 2_500_315.63


def test_wrong_histories_are_refused_with_what_is_allowed() -> None:
    for wrong in (([1.5], [1], [2]), ([1], [3], [2]), ([0], [1], [2]), ([2], [0], [2])):
        with pytest.raises(InvalidInput, match=r"Customer 0 has frequency"):
            Customers(*(np.array(part, float) for part in wrong))
    with pytest.raises(InvalidInput, match="There are 2 customers, 1 days and 2 amounts"):
        Transactions.of(["a", "b"], [1], [1, 2])
    with pytest.raises(InvalidInput, match="no finite number"):
        Transactions.of(["a", "b"], [1, 2], [1, np.nan])
    with pytest.raises(InvalidInput, match="does not ascend"):
        observed_value(Transactions.of(["a"], [1], [1]), [3, 2], 9)
