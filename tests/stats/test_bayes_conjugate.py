import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from upshot.core.errors import InvalidInput
from upshot.stats.bayes_conjugate import BetaPrior, GammaPrior, beta_binomial, gamma_poisson
from upshot.stats.proportions import Successes
from upshot.stats.rates import Counts
from upshot.stats.result import NoEstimate, Reason, Scale

UNIFORM = BetaPrior(1.0, 1.0)
CASES = [(100, 3, 95, 9), (12, 11, 340, 40), (10_000, 1000, 10_000, 1100), (50, 0, 60, 4), (60, 60, 50, 49)]


def chance_by_counting(a: int, b: int, c: int, d: int) -> float:
    """P(Beta(c, d) > Beta(a, b)) for whole shapes, term by term (the closed form of a finite sum)."""
    i = np.arange(c)
    terms = special.betaln(a + i, b + d) - np.log(d + i) - special.betaln(1 + i, d) - special.betaln(a, b)
    return float(np.exp(terms).sum())


@pytest.mark.parametrize("case", CASES)
def test_beta_chance_agrees_with_the_finite_sum(case: tuple[int, int, int, int]) -> None:
    n, x, m, y = case
    result = beta_binomial(Successes(n, x), Successes(m, y), prior=UNIFORM)
    # The sum itself carries rounding of about 1e-12 for a thousand terms.
    assert float(result.chance_to_beat) == pytest.approx(
        chance_by_counting(x + 1, n - x + 1, y + 1, m - y + 1), abs=1e-10
    )


def by_quadrature(case: tuple[int, int, int, int], effect: float, scale: Scale) -> float:
    """P(effect > given), by adaptive quadrature over control's share."""
    n, x, m, y = case
    control, treatment = stats.beta(x + 1, n - x + 1), stats.beta(y + 1, m - y + 1)

    def density(share: float) -> float:
        cut = share * (1 + effect) if scale == "relative" else share + effect
        return float(control.pdf(share) * treatment.sf(cut))

    points = [float(control.ppf(q)) for q in (1e-9, 0.001, 0.1, 0.5, 0.9, 0.999, 1 - 1e-9)]
    ends = zip([0.0, *points], [*points, 1.0], strict=True)
    return sum(float(integrate.quad(density, low, high, epsabs=1e-13)[0]) for low, high in ends)


@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize("case", CASES[:3])
def test_beta_interval_and_region_agree_with_adaptive_quadrature(case: tuple[int, int, int, int], scale: Scale) -> None:
    result = beta_binomial(Successes(*case[:2]), Successes(*case[2:]), prior=UNIFORM, scale=scale, rope=(-0.02, 0.05))
    # The documented error where the interval reaches the edge of a share with few successes or failures.
    assert by_quadrature(case, float(result.low), scale) == pytest.approx(0.975, abs=1e-5)
    assert by_quadrature(case, float(result.high), scale) == pytest.approx(0.025, abs=1e-5)
    inside = by_quadrature(case, -0.02, scale) - by_quadrature(case, 0.05, scale)
    assert float(result.in_rope) == pytest.approx(inside, abs=1e-5)
    if case[1] > 100:
        assert by_quadrature(case, float(result.low), scale) == pytest.approx(0.975, abs=1e-10)
        assert by_quadrature(case, float(result.high), scale) == pytest.approx(0.025, abs=1e-10)


@pytest.mark.parametrize("scale", ["absolute", "relative"])
@pytest.mark.parametrize("case", CASES)
def test_beta_losses_differ_by_the_posterior_mean(case: tuple[int, int, int, int], scale: Scale) -> None:
    n, x, m, y = case
    result = beta_binomial(Successes(n, x), Successes(m, y), prior=BetaPrior(1.5, 2.0), scale=scale)
    assert float(result.loss_if_kept - result.loss_if_shipped) == pytest.approx(float(result.value), abs=1e-9)


@pytest.mark.parametrize("scale", ["absolute", "relative"])
def test_beta_posterior_agrees_with_many_draws(scale: Scale) -> None:
    rng = np.random.default_rng(7)
    c, t = rng.beta(4 + 1, 96 + 1, 1_000_000), rng.beta(9 + 1, 81 + 1, 1_000_000)
    effect = t - c if scale == "absolute" else t / c - 1
    result = beta_binomial(Successes(100, 4), Successes(90, 9), prior=UNIFORM, scale=scale).at()
    assert not isinstance(result, NoEstimate)
    spread = float(effect.std())
    assert result.value == pytest.approx(float(effect.mean()), abs=5e-3 * spread)
    assert result.standard_deviation == pytest.approx(spread, rel=0.02)
    assert [result.low, result.high] == pytest.approx(np.quantile(effect, [0.025, 0.975]).tolist(), abs=0.02 * spread)
    assert result.loss_if_shipped == pytest.approx(float(np.maximum(-effect, 0).mean()), rel=0.02)
    assert result.loss_if_kept == pytest.approx(float(np.maximum(effect, 0).mean()), rel=0.01)


@pytest.mark.parametrize("counts", [(3.0, 100.0, 9.0, 90.0), (0.0, 10.0, 5.0, 12.0), (1e6, 1e7, 1.001e6, 1e7)])
def test_gamma_lift_agrees_with_its_closed_form(counts: tuple[float, float, float, float]) -> None:
    x, e, y, f = counts
    prior = GammaPrior(2.0, 1.0)
    result = gamma_poisson(Counts(x, e), Counts(y, f), prior=prior)
    a, b, c, d = x + 2, e + 1, y + 2, f + 1
    # X/(X + Y) of two Gammas is a Beta: chance and interval follow from its distribution function.
    assert float(result.chance_to_beat) == pytest.approx(float(special.betainc(a, c, b / (b + d))), abs=1e-11)
    for end, q in ((result.low, 0.025), (result.high, 0.975)):
        u = special.betaincinv(c, a, q)
        assert float(end) == pytest.approx(u / (1 - u) * b / d - 1, rel=1e-8, abs=1e-9)


def test_gamma_losses_agree_with_their_closed_form() -> None:
    a, b, c, d = 12.0, 101.0, 17.0, 111.0
    result = gamma_poisson(Counts(11, 100), Counts(16, 110), prior=GammaPrior(1.0, 1.0), scale="absolute")

    def below(shape_c: float, shape_t: float) -> float:
        """P(treatment < control) with these shapes."""
        return float(special.betainc(shape_t, shape_c, d / (b + d)))

    expected = a / b * below(a + 1, c) - c / d * below(a, c + 1)
    assert float(result.loss_if_shipped) == pytest.approx(expected, rel=1e-9)


def test_beta_posterior_holds_for_very_unequal_groups_and_billions_of_units() -> None:
    wide = beta_binomial(Successes(20, 3), Successes(2_000_000, 300_000), prior=UNIFORM)
    swapped = beta_binomial(Successes(2_000_000, 300_000), Successes(20, 3), prior=UNIFORM)
    assert float(wide.chance_to_beat) == pytest.approx(1.0 - float(swapped.chance_to_beat), abs=1e-10)
    assert float(wide.low) == pytest.approx(-float(swapped.high), rel=1e-7)
    many = beta_binomial(Successes(4e9, 4e8), Successes(4e9, 4e8 + 2e4), prior=UNIFORM)
    z = 2e4 / 4e9 / math.sqrt(2 * 0.09 / 4e9)
    assert float(many.chance_to_beat) == pytest.approx(float(stats.norm.cdf(z)), abs=1e-5)


def test_beta_lower_is_better_and_broadcasts() -> None:
    result = beta_binomial(Successes(100, 10), Successes(100, [5, 10, 15]), prior=UNIFORM, better="lower")
    assert result.shape == (3,)
    assert (np.diff(result.chance_to_beat) < 0).all()
    assert float(result.chance_to_beat[1]) == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize(
    ("control", "treatment", "scale", "reason"),
    [
        (Successes(0, 0), Successes(10, 1), "absolute", Reason.EMPTY),
        (Successes(10, 11), Successes(10, 1), "absolute", Reason.INVALID_STATISTICS),
        (Successes(math.nan, 1), Successes(10, 1), "absolute", Reason.NOT_FINITE),
        (Successes(10, 0), Successes(10, 1), "relative", Reason.ZERO_BASELINE),
    ],
)
def test_beta_names_why_there_is_no_posterior(
    control: Successes, treatment: Successes, scale: Scale, reason: Reason
) -> None:
    assert beta_binomial(control, treatment, prior=UNIFORM, scale=scale).at() == NoEstimate(reason, "beta_binomial")


def test_conjugate_priors_that_are_none_are_refused() -> None:
    with pytest.raises(InvalidInput):
        BetaPrior(0.0, 1.0)
    with pytest.raises(InvalidInput):
        GammaPrior(1.0, math.inf)


def test_beta_intervals_cover_shares_that_follow_the_prior() -> None:
    rng = np.random.default_rng(11)
    control, treatment = rng.beta(2.0, 20.0, (2, 4000))
    x, y = rng.binomial(60, control), rng.binomial(80, treatment)
    result = beta_binomial(Successes(60, x), Successes(80, y), prior=BetaPrior(2.0, 20.0))
    truth = treatment - control
    covered = int(((result.low <= truth) & (truth <= result.high)).sum())
    low, high = stats.binomtest(covered, truth.size).proportion_ci(0.999)
    assert low <= 0.95 <= high


def test_beta_intervals_settle_for_every_pair_of_counts() -> None:
    x, y = np.meshgrid(np.arange(0, 201, 7), np.arange(0, 201, 7))
    scales: tuple[Scale, ...] = ("absolute", "relative")
    for scale in scales:
        result = beta_binomial(Successes(200, x), Successes(200, y), prior=BetaPrior(1.5, 1.5), scale=scale)
        assert (result.reason == Reason.OK).all()
        assert (result.low < result.value).all()
        assert (result.value < result.high).all()
