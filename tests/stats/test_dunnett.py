import numpy as np
import pytest
import scipy.stats

from upshot.core.errors import InvalidInput
from upshot.stats import Alternative, Moments, Reason, cuped, difference, dunnett, holm, stack_arms
from upshot.stats.moments import PairMoments

RNG = np.random.default_rng(41)
GROUPS = [RNG.normal(mean, 2.0, n) for mean, n in ((10.0, 30), (10.5, 20), (11.2, 25), (9.8, 40))]


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_dunnett_agrees_with_scipy(alternative: Alternative) -> None:
    found = dunnett(Moments.of(GROUPS[0]), stack_arms([Moments.of(x) for x in GROUPS[1:]]), alternative=alternative)
    theirs = scipy.stats.dunnett(*GROUPS[1:], control=GROUPS[0], alternative=alternative, rng=np.random.default_rng(1))
    bounds = theirs.confidence_interval()
    # SciPy integrates by simulation, to about four digits.
    np.testing.assert_allclose(found.p_value, theirs.pvalue, atol=2e-4)
    np.testing.assert_allclose(found.low, bounds.low, atol=2e-3)
    np.testing.assert_allclose(found.high, bounds.high, atol=2e-3)


@pytest.mark.parametrize(
    ("treatments", "freedom", "quantile"),
    # Dunnett (1964), Biometrics 20:482, table II, two-sided 5 %: 2.57 and 2.54 at 10 and 20 degrees of freedom; one
    # treatment is Student's t.
    [(2, 10, 2.57), (3, 20, 2.54), (1, 10, 2.228)],
)
def test_dunnett_has_the_published_quantiles(treatments: int, freedom: int, quantile: float) -> None:
    n = freedom / (treatments + 1) + 1.0
    found = dunnett(Moments(n, 0.0, 1.0), Moments(np.full(treatments, n), 0.0, 1.0))
    assert found.high[0] / found.standard_error[0] == pytest.approx(quantile, abs=0.005)


def test_dunnett_keeps_the_error_of_the_family_and_finds_more_than_holm() -> None:
    rng, runs = np.random.default_rng(42), 1500
    alarms, ours, theirs = 0, 0, 0
    for _ in range(runs):
        mean = rng.normal(0.0, 1.0, 5) / np.sqrt(50)
        variance = rng.chisquare(49, 5) / 49
        control = Moments(50, mean[0], variance[0])
        alarms += bool((dunnett(control, Moments(50, mean[1:], variance[1:])).p_value <= 0.05).any())
        moved = Moments(50, mean[1:] + 0.5, variance[1:])
        ours += bool((dunnett(control, moved).p_value <= 0.05).any())
        theirs += bool((holm(difference(control, moved).p_value) <= 0.05).any())
    assert abs(alarms / runs - 0.05) < 5 * np.sqrt(0.05 * 0.95 / runs)
    assert ours > theirs


def test_dunnett_names_what_cannot_be_compared_and_goes_on() -> None:
    found = dunnett(Moments(20, 1.0, 1.0), Moments([20, 0], [1.5, np.nan], [1.0, np.nan]))
    alone = dunnett(Moments(20, 1.0, 1.0), Moments([20], [1.5], [1.0]))
    assert found.reason.tolist() == [Reason.OK, Reason.EMPTY]
    assert found.p_value[0] == alone.p_value[0]
    flat = dunnett(Moments(20, 1.0, 0.0), Moments([20], [1.5], [0.0]))
    assert flat.reason.tolist() == [Reason.ZERO_VARIANCE]


def test_dunnett_refuses_other_shapes_and_adjusted_means() -> None:
    with pytest.raises(InvalidInput, match="Give one control and a row of treatments"):
        dunnett(Moments(20, 1.0, 1.0), Moments(20, 1.0, 1.0))
    arms = cuped(PairMoments([90, 90], [5.0, 5.5], [4.0, 4.0], 4.0, 4.0, 3.0))
    with pytest.raises(InvalidInput, match="adjusted together"):
        dunnett(arms[0], arms[[1]])
