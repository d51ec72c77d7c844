r"""What a metric looks like before the experiment: its mean and the variance of one unit, in both arms.

The variance under an effect depends on the metric: a mean's stays, a proportion's is p(1 − p), a rate's is in
proportion to the rate. A relative lift has the delta-method variance of the ratio of two means.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from upshot.stats.arguments import chosen, fitting, floats, given, number
from upshot.stats.moments import Moments, PairMoments
from upshot.stats.result import SCALES, FloatArray, Scale
from upshot.stats.shown import Shown

__all__ = ["Baseline"]


@dataclass(frozen=True, slots=True, repr=False)
class Baseline(Shown):
    """A metric without the change. Make one with ``of_mean``, ``of_proportion``, ``of_ratio`` or ``of_rate``.

    Attributes:
        kind: How the variance follows the mean: "constant", "binomial" or "poisson".
        mean: Mean of the control, in the metric's unit, any shape.
        variance: Variance of one unit in the control, before any adjustment.
        adjustment: What CUPED leaves of the variance, 1 − R², in (0, 1].
    """

    kind: Literal["constant", "binomial", "poisson"]
    mean: FloatArray
    variance: FloatArray
    adjustment: float = 1.0

    @classmethod
    def of_mean(cls, mean: ArrayLike, standard_deviation: ArrayLike) -> "Baseline":
        """A mean of one value per unit.

        Args:
            mean: In the metric's unit; only relative effects read it.
            standard_deviation: Of one unit's value, at least 0.
        """
        sd, centre = floats("standard_deviation", standard_deviation, least=0.0), floats("mean", mean)
        fitting(mean=centre.shape, standard_deviation=sd.shape)
        with np.errstate(over="ignore"):
            return cls("constant", centre, sd * sd)

    @classmethod
    def of_moments(cls, moments: Moments) -> "Baseline":
        """A mean, ratio or adjusted mean whose sufficient statistics were measured before."""
        given("moments", moments, Moments)
        return cls("constant", moments.mean, moments.variance)

    @classmethod
    def of_proportion(cls, proportion: ArrayLike) -> "Baseline":
        """A share of units, in (0, 1)."""
        p = floats("proportion", proportion, above=0.0, below=1.0)
        return cls("binomial", p, p * (1.0 - p))

    @classmethod
    def of_ratio(cls, pair: PairMoments) -> "Baseline":
        """A ratio of two totals over units, by its linearisation (delta method)."""
        given("pair", pair, PairMoments)
        return cls.of_moments(pair.linearised())

    @classmethod
    def of_rate(cls, rate: ArrayLike, *, exposure: ArrayLike = 1.0, dispersion: ArrayLike = 1.0) -> "Baseline":
        """Events per unit of exposure.

        Args:
            rate: Events for each unit of exposure (a day, say), above 0.
            exposure: Exposure of one unit, above 0.
            dispersion: Variance over mean of a unit's count, above 0; 1 is Poisson, more where units differ.
        """
        r, e = floats("rate", rate, above=0.0), floats("exposure", exposure, above=0.0)
        d = floats("dispersion", dispersion, above=0.0)
        fitting(rate=r.shape, exposure=e.shape, dispersion=d.shape)
        return cls("poisson", r, d * r / e)

    def cuped(self, correlation: float) -> "Baseline":
        """The same after CUPED with a covariate of this correlation (or multiple correlation): variance × (1 − r²).

        Deng, Xu, Kohavi & Walker (2013, WSDM), eq. 4. Examples:

            >>> Baseline.of_mean(10.0, 2.0).cuped(0.6).unit_variance(0.0, "absolute", 0.5, 0.5).round(2).item()
            10.24
        """
        correlation = number("correlation", correlation, above=-1.0, below=1.0)
        return replace(self, adjustment=self.adjustment * (1.0 - correlation * correlation))

    def unit_variance(
        self, effect: ArrayLike, scale: Scale, control_share: float, treatment_share: float
    ) -> FloatArray:
        """Squared standard error of the effect times the number of units in the experiment.

        Args:
            effect: True effect, on ``scale``.
            scale: "absolute", or "relative" to the control's mean.
            control_share: Share of all units in the control.
            treatment_share: Share of all units in the treatment.

        Returns:
            V with standard error = √(V / n); NaN where the effect leads to an impossible mean.
        """
        delta = floats("effect", effect)
        chosen("scale", scale, SCALES)
        mean = self.mean
        with np.errstate(all="ignore"):
            treated = mean + delta if scale == "absolute" else mean * (1.0 + delta)
            match self.kind:
                case "constant":
                    variance = np.broadcast_to(self.variance, treated.shape)
                case "binomial":
                    variance = np.where((treated > 0.0) & (treated < 1.0), treated * (1.0 - treated), np.nan)
                case "poisson":
                    variance = np.where(treated > 0.0, self.variance * treated / mean, np.nan)
            if scale == "absolute":
                total = variance / treatment_share + self.variance / control_share
            else:
                ratio = treated / mean
                total = (variance / treatment_share + ratio * ratio * self.variance / control_share) / (mean * mean)
        return np.asarray(total * self.adjustment)

    def largest_effect(self, scale: Scale, sign: float) -> FloatArray:
        """Size of the largest effect that there can be.

        Args:
            scale: "absolute" or "relative".
            sign: 1.0 for increases, −1.0 for decreases.

        Returns:
            Sizes, just inside what is possible; infinite where nothing bounds them.
        """
        chosen("scale", scale, SCALES)
        match self.kind, number("sign", sign) > 0.0:
            case ("constant", _) | ("poisson", True):
                room = np.full(self.mean.shape, np.inf)
            case ("binomial", True):
                room = 1.0 - self.mean
            case _:
                room = self.mean
        inside = room * (1.0 - 1e-9)
        return np.asarray(inside if scale == "absolute" else inside / self.mean)
