"""Every estimator, at the edges: one unit, no spread, no baseline, everybody converted, billions, huge means, nobody.

A result is an estimate or a reason, never a number that means "failed"; and one comparison says the same as the many.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest

from upshot.core.errors import InvalidInput
from upshot.stats import (
    Alternative,
    BetaPrior,
    Counts,
    Dispersion,
    Estimates,
    GammaPrior,
    Moments,
    NormalPrior,
    PairMoments,
    Posterior,
    Quantiles,
    Reason,
    Scale,
    Successes,
    asymptotic_confidence_sequence,
    bayes_difference,
    bayes_lift,
    beta_binomial,
    clopper_pearson,
    difference,
    equivalence,
    fieller_lift,
    gamma_poisson,
    inferiority,
    lift,
    mean_difference_sequence,
    mixture_sprt_difference,
    net_score,
    newcombe_difference,
    non_inferiority,
    quantile_difference,
    quantile_interval,
    quantile_lift,
    quasi_rate_lift,
    rate_difference,
    rate_lift,
    ratio_difference,
    ratio_fieller_lift,
    ratio_lift,
    score_difference,
    score_lift,
    skew_adjusted_difference,
    superiority,
    top_box,
    wilson,
)

Result = Estimates | Posterior
PRIOR = NormalPrior(0.0, 1.0)


def _pairs(arm: Moments) -> PairMoments:
    """The same mean as a ratio to a denominator that is 1 in every unit."""
    zero = np.where(arm.n >= 2.0, 0.0, np.nan)
    return PairMoments(arm.n, arm.mean, np.where(arm.n > 0, 1.0, np.nan), arm.variance, zero, zero)


def _sequence(control: Moments, treatment: Moments, least: float | None = None, *, scale: Scale = "absolute") -> Result:
    return mean_difference_sequence(
        control, treatment, totals="final", tuned_units=1000.0, scale=scale, minimum_units=least
    )


def _sprt(control: Moments, treatment: Moments, least: float | None = None, *, scale: Scale = "absolute") -> Result:
    return mixture_sprt_difference(control, treatment, tau=0.1, totals="final", scale=scale, minimum_units=least)


MEANS: dict[str, Callable[[Moments, Moments], Result]] = {
    "difference": difference,
    "superiority": superiority,
    "inferiority": inferiority,
    "non_inferiority": lambda c, t: non_inferiority(c, t, margin=0.1),
    "equivalence": lambda c, t: equivalence(c, t, margin=(-0.1, 0.1)),
    "skew_adjusted_difference": lambda c, t: skew_adjusted_difference(c, t, 1.0, 1.0),
    "mean_difference_sequence": _sequence,
    "mixture_sprt_difference": _sprt,
    "bayes_difference": lambda c, t: bayes_difference(c, t, prior=PRIOR),
    "ratio_difference": lambda c, t: ratio_difference(_pairs(c), _pairs(t)),
}
LIFTS: dict[str, Callable[[Moments, Moments], Result]] = {
    "lift": lift,
    "fieller_lift": fieller_lift,
    "relative_sequence": lambda c, t: _sequence(c, t, scale="relative"),
    "relative_sprt": lambda c, t: _sprt(c, t, scale="relative"),
    "bayes_lift": lambda c, t: bayes_lift(c, t, prior=PRIOR),
    "ratio_lift": lambda c, t: ratio_lift(_pairs(c), _pairs(t)),
    "ratio_fieller_lift": lambda c, t: ratio_fieller_lift(_pairs(c), _pairs(t)),
}
SEQUENCES: dict[str, Callable[[Moments, Moments, float | None], Result]] = {
    "mean_difference_sequence": _sequence,
    "mixture_sprt_difference": _sprt,
    "relative_sequence": lambda c, t, least: _sequence(c, t, least, scale="relative"),
    "relative_sprt": lambda c, t, least: _sprt(c, t, least, scale="relative"),
}
SHARES: dict[str, Callable[[Successes, Successes], Result]] = {
    "newcombe_difference": newcombe_difference,
    "score_difference": score_difference,
    "score_lift": score_lift,
    "beta_binomial": lambda c, t: beta_binomial(c, t, prior=BetaPrior(1.0, 1.0)),
    "beta_binomial_lift": lambda c, t: beta_binomial(c, t, prior=BetaPrior(2.0, 2.0), scale="relative"),
    "wilson": lambda _, t: wilson(t),
    "clopper_pearson": lambda _, t: clopper_pearson(t),
    "top_box": lambda _, t: top_box(t.successes, t.n),
}
RATES: dict[str, Callable[[Counts, Counts], Result]] = {
    "rate_difference": rate_difference,
    "rate_lift": rate_lift,
    "quasi_rate_lift": lambda c, t: quasi_rate_lift(c, t, Dispersion(3990.0, 1998.0)),
    "gamma_poisson": lambda c, t: gamma_poisson(c, t, prior=GammaPrior(1.0, 1.0)),
}

N, MEAN, SPREAD = 1000.0, 10.0, 4.0
NAN, INF = np.nan, np.inf
ARMS = {
    "one unit": ((1.0, MEAN, NAN), Reason.TOO_FEW_UNITS),
    "nobody": ((0.0, NAN, NAN), Reason.EMPTY),
    "nobody, sums of zero": ((0.0, 0.0, 0.0), Reason.EMPTY),
    "a missing value": ((N, NAN, NAN), Reason.NOT_FINITE),
    "an infinite value": ((N, INF, NAN), Reason.NOT_FINITE),
    "a negative variance": ((N, MEAN, -1.0), Reason.INVALID_STATISTICS),
    "infinitely many": ((INF, MEAN, SPREAD), Reason.NOT_FINITE),
    "digits lost": ((N, MEAN, NAN), Reason.PRECISION_LOST),
}
SOUND = Moments(N, MEAN, SPREAD)


def spread_of(result: Result) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return result.standard_error if isinstance(result, Estimates) else result.standard_deviation


def assert_honest(result: Result) -> None:
    """Numbers in order where there is an estimate, and none where there is not."""
    ok = result.reason == Reason.OK
    for numbers in (result.value, result.low, result.high):
        assert np.isnan(numbers[~ok]).all()
        assert not np.isnan(numbers[ok]).any()
    assert np.isfinite(result.value[ok]).all()
    slack = 1e-12 * np.abs(result.value[ok])
    assert (result.low[ok] <= result.high[ok]).all()
    if isinstance(result, Estimates):
        assert (result.low[ok] <= result.value[ok] + slack).all()
        assert (result.value[ok] - slack <= result.high[ok]).all()
        assert (spread_of(result)[ok] >= 0.0).all()
        p = result.p_value[ok]
        assert (np.isnan(p) | ((p >= 0.0) & (p <= 1.0))).all()
    else:
        assert ((result.chance_to_beat[ok] >= 0.0) & (result.chance_to_beat[ok] <= 1.0)).all()
        assert (result.loss_if_shipped[ok] >= 0.0).all()
        assert (result.loss_if_kept[ok] >= 0.0).all()


def reason_of(result: Result) -> Reason:
    assert_honest(result)
    return Reason(int(result.reason))


@pytest.mark.parametrize("edge", ARMS)
@pytest.mark.parametrize("name", MEANS | LIFTS)
def test_a_broken_arm_is_named_whichever_arm_it_is(name: str, edge: str) -> None:
    method = (MEANS | LIFTS)[name]
    numbers, reason = ARMS[edge]
    arm = Moments(*numbers)
    if name.startswith("ratio"):
        # A linearised mean that is missing is a ratio without a denominator.
        reason = {"a missing value": Reason.NOT_IDENTIFIED}.get(edge, reason)
    for control, treatment in ((arm, arm), (arm, SOUND), (SOUND, arm)):
        assert reason_of(method(control, treatment)) is reason


@pytest.mark.parametrize("name", [name for name in MEANS | LIFTS if name not in SEQUENCES])
def test_no_spread_is_refused_in_both_arms_and_allowed_in_one(name: str) -> None:
    method = (MEANS | LIFTS)[name]
    flat = Moments(N, MEAN, 0.0)
    assert reason_of(method(flat, flat)) is Reason.ZERO_VARIANCE
    assert reason_of(method(flat, SOUND)) is Reason.OK
    assert reason_of(method(SOUND, flat)) is Reason.OK


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_peek_at_an_arm_that_has_not_varied_yet_is_too_early_unless_its_size_was_settled(name: str) -> None:
    method = SEQUENCES[name]
    flat = Moments(N, MEAN, 0.0)
    assert reason_of(method(flat, flat, None)) is Reason.ZERO_VARIANCE
    for control, treatment in ((flat, SOUND), (SOUND, flat)):
        assert reason_of(method(control, treatment, None)) is Reason.BELOW_VALID_SAMPLE
        assert reason_of(method(control, treatment, 500.0)) is Reason.OK


@pytest.mark.parametrize("name", LIFTS)
@pytest.mark.parametrize("variance", [0.0, 4.0])
def test_a_lift_on_a_baseline_of_zero_is_refused(name: str, variance: float) -> None:
    assert reason_of(LIFTS[name](Moments(N, 0.0, variance), SOUND)) is Reason.ZERO_BASELINE


@pytest.mark.parametrize("name", LIFTS)
def test_a_lift_on_a_negative_baseline_is_positive_where_the_mean_rose(name: str) -> None:
    result = LIFTS[name](Moments(5000.0, -10.0, 4.0), Moments(5000.0, -9.0, 4.0))
    assert_honest(result)
    # The prior of the Bayesian one shrinks by the share of noise, 8e-6 / (1 + 8e-6) at most.
    assert float(result.value) == pytest.approx(0.1, rel=2e-5)
    assert float(result.low) > 0.0


@pytest.mark.parametrize("name", MEANS | LIFTS)
def test_billions_of_units_give_the_interval_of_the_formula(name: str) -> None:
    n, p = 4e9, 0.1
    arm, better = Moments.of_successes(n, n * p), Moments.of_successes(n, n * (p + 1e-4))
    result = (MEANS | LIFTS)[name](arm, better)
    assert_honest(result)
    base, ratio = (p, 1.0 + 1e-3) if name in LIFTS else (1.0, 1.0)
    error = np.sqrt(((p + 1e-4) * (0.9 - 1e-4) + ratio**2 * p * 0.9) / n) / base
    assert float(result.value) == pytest.approx(1e-4 / base, rel=1e-6)
    assert float(spread_of(result)) == pytest.approx(error, rel=1e-6)
    assert float(result.low) > 0.0 or name == "inferiority"


@pytest.mark.parametrize("name", MEANS)
def test_huge_means_leave_the_difference_its_digits(name: str) -> None:
    result = MEANS[name](Moments(1e6, 2.0**40, 4.0), Moments(1e6, 2.0**40 + 0.0625, 4.0))
    assert_honest(result)
    assert float(result.value) == pytest.approx(0.0625, rel=1e-5)
    assert float(spread_of(result)) == pytest.approx(np.sqrt(8e-6), rel=1e-5)


@pytest.mark.parametrize("name", LIFTS)
def test_huge_means_leave_the_lift_its_digits(name: str) -> None:
    result = LIFTS[name](Moments(1e6, 2.0**40, 4.0), Moments(1e6, 2.0**40 + 0.0625, 4.0))
    assert_honest(result)
    assert float(result.value) == pytest.approx(2.0**-44, rel=1e-5)


@pytest.mark.parametrize("name", MEANS | LIFTS)
def test_many_comparisons_say_what_each_says_alone(name: str) -> None:
    method = (MEANS | LIFTS)[name]
    rows = [numbers for numbers, _ in ARMS.values()] + [
        (N, 0.0, SPREAD),
        (N, MEAN, 0.0),
        (4e9, 0.1, 0.09),
        (N, -9.0, 4.0),
    ]
    many = Moments(*np.transpose(rows))
    together = method(many[:, None], many[None, :])
    assert together.value.shape == (len(rows), len(rows))
    assert_honest(together)
    for i in range(len(rows)):
        for j in range(len(rows)):
            alone = method(many[i], many[j])
            assert together.reason[i, j] == alone.reason
            for both, one in ((together.low, alone.low), (together.high, alone.high), (together.value, alone.value)):
                np.testing.assert_allclose(both[i, j], one, rtol=1e-9, atol=1e-12)


SAMPLES = {
    "nobody": ((0.0, 0.0), Reason.EMPTY),
    "a missing value": ((N, NAN), Reason.NOT_FINITE),
    "more successes than units": ((10.0, 11.0), Reason.INVALID_STATISTICS),
    "fewer successes than none": ((10.0, -1.0), Reason.INVALID_STATISTICS),
    "infinitely many": ((INF, 5.0), Reason.NOT_FINITE),
}


@pytest.mark.parametrize("edge", SAMPLES)
@pytest.mark.parametrize("name", SHARES)
def test_broken_shares_are_named(name: str, edge: str) -> None:
    numbers, reason = SAMPLES[edge]
    assert reason_of(SHARES[name](Successes(N, 100.0), Successes(*numbers))) is reason


@pytest.mark.parametrize("n", [1.0, 2.0, N, 1e6, 4e9])
@pytest.mark.parametrize("converted", [0.0, 1.0])
@pytest.mark.parametrize("name", SHARES)
def test_nobody_or_everybody_converted_gives_an_interval(name: str, converted: float, n: float) -> None:
    edge, usual = Successes(n, n * converted), Successes(N, 100.0)
    for control, treatment in ((usual, edge), (edge, edge), (edge, usual)):
        result = SHARES[name](control, treatment)
        expected = Reason.ZERO_BASELINE if name == "score_lift" and float(control.successes) == 0.0 else Reason.OK
        assert reason_of(result) is expected
        if expected is Reason.OK:
            assert float(result.low) < float(result.high)


@pytest.mark.parametrize("name", ["beta_binomial", "score_difference", "newcombe_difference"])
def test_an_arm_of_billions_is_as_good_as_known(name: str) -> None:
    """Against an arm without noise, the interval is that of the other arm alone, moved."""
    result = SHARES[name](Successes(4e9, 4e9), Successes(N, 100.0))
    alone = wilson(Successes(N, 100.0))
    # Wilson's and the posterior's differ by terms of order 1/n; the crossed ends that once came out, by 0.3.
    assert float(result.low) == pytest.approx(float(alone.low) - 1.0, abs=1e-3)
    assert float(result.high) == pytest.approx(float(alone.high) - 1.0, abs=1e-3)


@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize(
    ("control", "treatment"),
    [
        ((1000, 1000), (1000, 100)),
        ((10_000, 3), (200, 2)),
        ((4_000_000_000, 1), (1000, 100)),
        ((100_000, 99_997), (200, 100)),
    ],
)
def test_posterior_of_unlike_shares_is_that_of_draws(
    control: tuple[int, int], treatment: tuple[int, int], scale: Literal["absolute", "relative"]
) -> None:
    result = beta_binomial(Successes(*control), Successes(*treatment), prior=BetaPrior(1.0, 1.0), scale=scale)
    generator = np.random.default_rng(20)
    c, t = (generator.beta(1 + x, 1 + n - x, 200_000) for n, x in (control, treatment))
    effect = t - c if scale == "absolute" else t / c - 1.0
    # Five standard errors of a share of 0.025 among so many draws: 0.0017.
    assert np.mean(effect < float(result.low)) == pytest.approx(0.025, abs=0.0018)
    assert np.mean(effect > float(result.high)) == pytest.approx(0.025, abs=0.0018)


EVENTS = {
    "no exposure": ((0.0, 0.0), {Reason.EMPTY}),
    "events without exposure": ((3.0, 0.0), {Reason.INVALID_STATISTICS, Reason.EMPTY}),
    "a missing value": ((NAN, 10.0), {Reason.NOT_FINITE}),
    "fewer events than none": ((-1.0, 10.0), {Reason.INVALID_STATISTICS}),
}


@pytest.mark.parametrize("edge", EVENTS)
@pytest.mark.parametrize("name", RATES)
def test_broken_counts_are_named(name: str, edge: str) -> None:
    numbers, allowed = EVENTS[edge]
    for control, treatment in ((Counts(90.0, N), Counts(*numbers)), (Counts(*numbers), Counts(90.0, N))):
        assert reason_of(RATES[name](control, treatment)) in allowed


@pytest.mark.parametrize("name", RATES)
def test_rates_at_the_edges_are_honest(name: str) -> None:
    counts = Counts([0.0, 1.0, 90.0, 4e9], [N, 1.0, N, 4e10])
    together = RATES[name](
        Counts(counts.events[:, None], counts.exposure[:, None]), Counts(counts.events[None], counts.exposure[None])
    )
    assert_honest(together)
    ok = together.reason == Reason.OK
    assert ok[1:, 1:].all()
    assert (together.low[ok] < together.high[ok]).all()


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("values", [[], [3.0], [3.0, 3.0], [5.0] * 500, [1e15 + k for k in range(500)], [1.0, NAN]])
def test_quantiles_at_the_edges_are_honest(values: list[float], share: float) -> None:
    sample, sound = Quantiles.of(values, share), Quantiles.of([float(k) for k in range(2000)], share)
    results = [quantile_interval(sample), *(f(sample, sound) for f in (quantile_difference, quantile_lift))]
    for result in (*results, quantile_difference(sound, sample)):
        assert_honest(result)
    expected = {0: Reason.EMPTY, 1: Reason.TOO_FEW_UNITS}.get(len(values))
    if expected is not None:
        assert {Reason(int(r.reason)) for r in results} == {expected}
    if values[:2] == [5.0, 5.0]:
        assert Reason(int(results[0].reason)) in {Reason.ZERO_VARIANCE, Reason.TOO_FEW_UNITS}


@pytest.mark.parametrize("n", [0.0, 1.0, 2.0, 4e9])
@pytest.mark.parametrize("up", [0.0, 1.0])
def test_scores_at_the_edges_are_honest(up: float, n: float) -> None:
    result = net_score(up * n, (1.0 - up) * n, n)
    assert_honest(result)
    if n == 0.0:
        assert reason_of(result) is Reason.EMPTY


@pytest.mark.parametrize("alternative", ["greater", "less"])
@pytest.mark.parametrize("method", [difference, lift, fieller_lift])
def test_one_sided_levels_below_one_half_are_refused(
    method: Callable[..., Estimates], alternative: Alternative
) -> None:
    with pytest.raises(InvalidInput, match="below one half"):
        method(SOUND, SOUND, level=0.4, alternative=alternative)


def test_sequence_without_spread_or_units_has_no_interval() -> None:
    looks = asymptotic_confidence_sequence(
        [0.1, 0.1, NAN, 0.1], [0.1, 0.0, 0.1, NAN], 1000.0, totals="final", tuned_units=1000.0
    )
    assert_honest(looks)
    codes = [Reason(code) for code in looks.reason.tolist()]
    assert codes == [Reason.OK, Reason.ZERO_VARIANCE, Reason.NOT_FINITE, Reason.NOT_FINITE]


def test_moments_of_pairs_keep_the_digits_that_moments_keep() -> None:
    small = np.random.default_rng(1).normal(0.0, 2.0, 300_000)
    pair, alone = PairMoments.of(1e12 + small, small), Moments.of(1e12 + small)
    assert float(pair.mean_x) == float(alone.mean)
    assert float(pair.variance_x) == pytest.approx(float(alone.variance), rel=1e-12)
