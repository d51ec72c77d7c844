"""BG/NBD against the published fit, direct integration, the closed form of eq. 10, and customers made one by one."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betaln, hyp2f1
from scipy.stats import gamma as gamma_law

from tests.lifetime import worlds
from tests.lifetime.cdnow import END, SPLIT, published_summary, sample
from upshot.lifetime import BgNbd, Customers, Refusal, RefusalCode, fit_bgnbd
from upshot.lifetime.bgnbd import PARAMETERS, expected_purchases, log_likelihood, probability_alive, simulated

HISTORIES = Customers.of([0, 1, 2, 7, 1, 26], [0.0, 1.7, 30.4, 20.0, 38.0, 30.0], [38.9, 38.9, 38.9, 25.0, 38.0, 30.6])
THETA = np.array([0.243, 4.414, 0.793, 2.426])


def fitted(customers: Customers) -> BgNbd:
    model = fit_bgnbd(customers)
    assert isinstance(model, BgNbd)
    return model


def test_published_sample_gives_the_published_fit() -> None:
    model = fitted(published_summary())
    found = [round(model.parameter(name).value, 3) for name in PARAMETERS]
    # the paper rounds 4.4135 to 4.414
    assert found == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=0.0011)
    assert round(model.log_likelihood, 1) == -9582.4


def test_sample_as_it_comes_gives_the_published_summary() -> None:
    customers, published = sample().customers(SPLIT.toordinal()), published_summary()
    assert (customers.frequency == published.frequency).all()
    # published times have two decimals
    assert np.abs(customers.recency - published.recency).max() < 0.005
    assert np.abs(customers.age - published.age).max() < 0.005
    assert np.abs(np.nan_to_num(customers.spends - published.spends)).max() < 0.006


@pytest.mark.parametrize("at", range(len(HISTORIES)))
@pytest.mark.parametrize("theta", [THETA, np.array([2.0, 9.0, 1.0, 0.5])], ids=["published", "other"])
def test_likelihood_is_the_integral_over_rates_and_leaving(at: int, theta: np.ndarray) -> None:
    r, alpha, a, b = theta
    x, t_x, age = HISTORIES.frequency[at], HISTORIES.recency[at], HISTORIES.age[at]
    rate = gamma_law(r, scale=1 / alpha)

    def over_rates(until: float) -> float:
        # substituted so that neither the pole at 0 nor the long tail troubles the rule
        def inside(u: float) -> float:
            rates = np.exp(u)
            return float(rates ** (x + 1) * np.exp(-rates * until) * rate.pdf(rates))

        return quad(inside, -120, np.log(200.0), epsabs=0, epsrel=1e-10, limit=500)[0]

    def over_leaving(p_power: float, stay_power: float) -> float:
        def inside(u: float) -> float:
            p, stay = 1 / (1 + np.exp(-u)), 1 / (1 + np.exp(u))
            density = np.exp(a * np.log(p) + b * np.log(stay) - betaln(a, b))  # of the substituted
            return float(p**p_power * stay**stay_power * density)

        return quad(inside, -60, 60, epsabs=0, epsrel=1e-10, limit=500)[0]

    direct = over_leaving(0, x) * over_rates(age)
    if x > 0:
        direct += over_leaving(1, x - 1) * over_rates(t_x)
    assert log_likelihood(theta, HISTORIES)[at] == pytest.approx(np.log(direct), rel=1e-7)


def test_gradient_is_that_of_the_likelihood() -> None:
    model = fitted(published_summary())
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-3 * model.maximum.parameters[i]
        above, below = (
            log_likelihood(model.maximum.parameters + sign * step, published_summary()).sum() for sign in (1, -1)
        )
        # at a maximum both sides are lower, and equally so up to the third order
        assert max(above, below) < model.log_likelihood
        assert abs(above - below) < 0.1 * (model.log_likelihood - min(above, below))


@pytest.mark.parametrize("horizon", [0.5, 39.0, 400.0])
@pytest.mark.parametrize("a", [0.3, 0.793, 2.5])
def test_expected_purchases_are_equation_ten(horizon: float, a: float) -> None:
    r, alpha, _, b = THETA
    theta = np.array([r, alpha, a, b])
    x, t_x, age = HISTORIES.frequency, HISTORIES.recency, HISTORIES.age
    known = alpha + age
    series = hyp2f1(r + x, b + x, a + b + x - 1, horizon / (known + horizon))
    top = (a + b + x - 1) / (a - 1) * (1 - (known / (known + horizon)) ** (r + x) * series)
    bottom = 1 + np.where(x > 0, a / np.where(x > 0, b + x - 1, 1) * (known / (alpha + t_x)) ** (r + x), 0.0)
    assert expected_purchases(theta, HISTORIES, np.array([horizon]))[0] == pytest.approx(top / bottom, rel=1e-8)


def test_expected_purchases_pass_where_the_closed_form_has_a_pole() -> None:
    values = [
        expected_purchases(np.array([0.243, 4.414, a, 2.426]), HISTORIES, np.array([39.0]))[0]
        for a in (1 - 1e-6, 1.0, 1 + 1e-6)
    ]
    assert values[1] == pytest.approx((values[0] + values[2]) / 2, rel=1e-9)


def test_probability_alive_is_the_share_of_the_likelihood_that_stayed() -> None:
    _, _, a, b = THETA
    alive = probability_alive(THETA, HISTORIES)
    assert alive[0] == 1.0
    # a customer who bought just now can only have left with that very purchase
    assert alive[4] == pytest.approx(b / (a + b), rel=1e-12)
    regular, silent = Customers.of([26], [30.0], [30.6]), Customers.of([26], [6.0], [30.6])
    assert probability_alive(THETA, regular)[0] > 0.9 > 0.001 > probability_alive(THETA, silent)[0]


def test_simulated_futures_have_the_expected_mean() -> None:
    rng = np.random.default_rng(3)
    many = Customers(np.full(200_000, 2.0), np.full(200_000, 30.43), np.full(200_000, 38.86))
    came = simulated(THETA, many, 39.0, rng)
    expected = expected_purchases(THETA, Customers.of([2], [30.43], [38.86]), np.array([39.0]))[0, 0]
    # the paper's example: this customer is expected to buy 1.226 times in 39 weeks
    assert round(float(expected), 3) == 1.226
    assert abs(came.mean() - expected) < 4 * came.std() / np.sqrt(len(came))


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    truth = dict(zip(PARAMETERS, (worlds.R, worlds.ALPHA, worlds.A, worlds.B), strict=True))
    rng = np.random.default_rng(11)
    held = dict.fromkeys(PARAMETERS, 0)
    runs = 40
    for _ in range(runs):
        model = fitted(made(900, rng))
        for name, value in truth.items():
            estimate = model.parameter(name)
            held[name] += estimate.low <= value <= estimate.high
    # of 40 at 0.95 fewer than 34 come once in four hundred times
    assert min(held.values()) >= 34, held


def made(customers: int, rng: np.random.Generator) -> Customers:
    """Customers of the model itself, in continuous time."""
    x, t_x = np.zeros(customers), np.zeros(customers)
    age = rng.uniform(26, 52, customers)
    rate, leaves = rng.gamma(worlds.R, 1 / worlds.ALPHA, customers), rng.beta(worlds.A, worlds.B, customers)
    for i in range(customers):
        now = rng.exponential(1 / rate[i])
        while now < age[i]:
            x[i], t_x[i] = x[i] + 1, now
            if rng.random() < leaves[i]:
                break
            now += rng.exponential(1 / rate[i])
    return Customers(x, t_x, age)


def test_refuses_few_customers_and_none_who_came_back() -> None:
    few = fit_bgnbd(Customers(np.ones(20), np.ones(20), np.full(20, 5.0)))
    assert isinstance(few, Refusal)
    assert few.code is RefusalCode.TOO_FEW_CUSTOMERS
    assert few.sentence == "There are 20 customers; this model needs 50."
    once = fit_bgnbd(Customers(np.zeros(500), np.zeros(500), np.full(500, 5.0)))
    assert isinstance(once, Refusal)
    assert once.code is RefusalCode.NO_REPEATS


def test_refuses_where_nobody_leaves() -> None:
    rng = np.random.default_rng(5)
    log = worlds.shop(600, 52, rng, leave=False)
    answer = fit_bgnbd(log.customers(52 * 7))
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.AT_EDGE
    assert "do not determine it" in answer.sentence


def test_time_may_be_counted_in_any_unit() -> None:
    log = sample()
    weeks, days = (fitted(log.customers(SPLIT.toordinal(), unit_days=unit)) for unit in (7.0, 1.0))
    assert days.parameter("alpha").value == pytest.approx(7 * weeks.parameter("alpha").value, rel=1e-5)
    ahead = (END - SPLIT).days
    in_days = days.expected(log.customers(SPLIT.toordinal(), unit_days=1.0), ahead)
    in_weeks = weeks.expected(log.customers(SPLIT.toordinal()), ahead / 7)
    assert in_days == pytest.approx(in_weeks, rel=1e-4)
