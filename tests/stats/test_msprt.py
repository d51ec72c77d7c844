import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from upshot.core.errors import InvalidInput
from upshot.stats.confidence_sequences import asymptotic_confidence_sequence, tuned_rho_squared
from upshot.stats.moments import Moments
from upshot.stats.msprt import log_mixture_ratio, mixture_sprt, mixture_sprt_difference
from upshot.stats.result import Reason


@pytest.mark.parametrize(
    ("estimate", "se", "tau", "null"), [(0.4, 0.1, 0.2, 0.0), (-0.03, 0.02, 0.01, 0.01), (0, 1, 5, 0)]
)
def test_mixture_ratio_is_the_integral_it_stands_for(estimate: float, se: float, tau: float, null: float) -> None:
    def integrand(effect: float) -> float:
        return float(norm.pdf(estimate, effect, se) * norm.pdf(effect, null, tau))

    centre = (estimate / se**2 + null / tau**2) / (1 / se**2 + 1 / tau**2)
    reach = 12 / np.sqrt(1 / se**2 + 1 / tau**2)
    marginal = quad(integrand, centre - reach, centre + reach, epsabs=0, epsrel=1e-11)[0]
    expected = np.log(marginal / norm.pdf(estimate, null, se))
    assert float(log_mixture_ratio(estimate, se, tau, null=null)) == pytest.approx(expected, abs=1e-9)


def test_mixture_sprt_p_value_is_one_over_the_ratio() -> None:
    estimate = np.array([0.0, 0.2, 0.4, -0.4])
    found = mixture_sprt(estimate, 0.1, 500, tau=0.2, totals="final")
    expected = np.minimum(1.0, np.exp(-log_mixture_ratio(estimate, 0.1, 0.2)))
    np.testing.assert_allclose(found.p_value, expected, rtol=1e-12)
    np.testing.assert_array_equal(found.p_value < 0.05, (found.low > 0) | (found.high < 0))


def test_mixture_sprt_is_the_confidence_sequence_with_the_same_mixture() -> None:
    se, n, tau = 0.1, 1000.0, 0.2
    rho_squared = tau**2 / se**2 / n
    sequence = asymptotic_confidence_sequence(
        0.4, se, n, totals="final", tuned_units=float(tuned_rho_squared(1.0)) / rho_squared
    )
    sprt = mixture_sprt(0.4, se, n / 2, tau=tau, totals="final")
    assert sprt.low == pytest.approx(sequence.low, rel=1e-12)
    assert sprt.p_value == pytest.approx(sequence.p_value, rel=1e-12)


def test_mixture_sprt_names_reasons_and_refuses_growing_totals() -> None:
    control = Moments([1000, 1000, 10], [0.0, 2.0, 2.0], [1.0, 1.0, 1.0])
    treatment = Moments([1000, 1000, 10], [1.0, 2.1, 2.1], [1.0, 1.0, 1.0])
    found = mixture_sprt_difference(control, treatment, tau=0.1, totals="final", scale="relative")
    assert found.reason.tolist() == [Reason.ZERO_BASELINE, Reason.OK, Reason.BELOW_VALID_SAMPLE]
    growing = mixture_sprt_difference(control, treatment, tau=0.1, totals="growing")
    assert set(growing.reason.tolist()) == {Reason.GROWING_UNITS}


def test_mixture_sprt_rejects_a_tau_that_is_not_positive() -> None:
    with pytest.raises(InvalidInput, match="tau"):
        mixture_sprt(0.4, 0.1, 500, tau=[0.1, 0.0], totals="final")
