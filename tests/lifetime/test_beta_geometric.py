"""The shifted beta-geometric against the published fits, its own integral, and contracts made one by one."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta as beta_law

from tests.lifetime import worlds
from upshot.core.errors import InvalidInput
from upshot.lifetime import BetaGeometric, Refusal, RefusalCode, fit_beta_geometric
from upshot.lifetime.beta_geometric import PARAMETERS, survival

# Fader and Hardie (2007), table 1: of 1,000 customers those left after each of seven years
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]


def cohort(left: list[int]) -> tuple[np.ndarray, np.ndarray]:
    stayed = np.zeros(len(left) - 1)
    stayed[-1] = left[-1]
    return -np.diff(left), stayed


@pytest.mark.parametrize(
    ("left", "alpha", "beta", "log_likelihood"),
    [(REGULAR, 0.704, 1.182, -1680.3), (HIGH_END, 0.668, 3.806, -1611.2)],
    ids=["regular", "high end"],
)
def test_published_cohorts_give_the_published_fit(
    left: list[int], alpha: float, beta: float, log_likelihood: float
) -> None:
    model = fit_beta_geometric(*cohort(left))
    assert isinstance(model, BetaGeometric)
    assert [round(model.parameter(name).value, 3) for name in PARAMETERS] == [alpha, beta]
    assert round(model.log_likelihood, 1) == log_likelihood


def test_survival_is_the_integral_over_customers() -> None:
    for t in (0, 1, 5, 40):
        direct = quad(lambda p, t=t: (1 - p) ** t * beta_law.pdf(p, 1.704, 3.806), 0, 1, epsrel=1e-10)[0]
        assert survival(np.array([1.704, 3.806]), np.asarray(t)) == pytest.approx(direct, rel=1e-8)


def test_expected_periods_grow_with_age_and_shrink_with_the_discount() -> None:
    model = fit_beta_geometric(*cohort(REGULAR))
    assert isinstance(model, BetaGeometric)
    new, old = model.expected_periods(50), model.expected_periods(50, age=7)
    assert new.value == pytest.approx(model.survival(np.arange(1, 51)).sum())
    assert new.low < new.value < new.high < old.value
    assert model.expected_periods(50, discount=0.1).value < new.value


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(4)
    held, total = {"alpha": 0, "beta": 0}, 0
    truth = {"alpha": 0.7, "beta": 2.5}
    for _ in range(60):
        lost = worlds.contracts(800, 8, 0.7, 2.5, rng)
        stayed = np.zeros(8)
        stayed[-1] = 800 - lost.sum()
        model = fit_beta_geometric(lost, stayed)
        assert isinstance(model, BetaGeometric)
        for name, value in truth.items():
            estimate = model.parameter(name)
            held[name] += estimate.low <= value <= estimate.high
        years = model.expected_periods(10)
        total += years.low <= survival(np.array([0.7, 2.5]), np.arange(1, 11)).sum() <= years.high
    # of 60 at 0.95 fewer than 52 come once in a hundred times
    assert min(*held.values(), total) >= 52


def test_refuses_where_losses_say_nothing() -> None:
    for lost, stayed, code in (
        ([3, 2], [0, 10], RefusalCode.TOO_FEW_CUSTOMERS),
        ([0, 0, 0], [0, 0, 500], RefusalCode.NOTHING_LOST),
        ([100, 0, 0], [0, 0, 500], RefusalCode.NOTHING_LOST),
        ([100, 50], [0, 0], RefusalCode.NOTHING_LOST),
    ):
        answer = fit_beta_geometric(lost, stayed)
        assert isinstance(answer, Refusal)
        assert answer.code is code
    # the same share leaves in every period: customers do not differ, and their law is a point
    alike = fit_beta_geometric([5000, 2500, 1250, 625], [0, 0, 0, 625])
    assert isinstance(alike, Refusal)
    assert alike.code is RefusalCode.AT_EDGE


def test_counts_of_two_lengths_are_refused() -> None:
    with pytest.raises(InvalidInput, match="lost has 2 periods, stayed 1"):
        fit_beta_geometric([1, 2], [3])
