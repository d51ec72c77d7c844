r"""Error spending functions: how much of alpha (or beta) may be used up by the time a share t of the information is in.

A spending function is increasing with f(0) = 0 and f(1) = alpha. Any number of looks at any times keeps the total error
at alpha (Lan & DeMets 1983, Biometrika 70:659-663), provided that the times do not depend on the estimate seen so far.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from upshot.stats.arguments import chosen, floats, number
from upshot.stats.result import FloatArray

__all__ = ["OBRIEN_FLEMING", "POCOCK", "Spending", "SpendingKind", "hwang_shih_decani", "power_family"]

_STEEPEST = 500.0
"""Beyond this a spending function is a step, and its exponential overflows."""

SpendingKind = Literal["obrien-fleming", "pocock", "hwang-shih-decani", "power"]


@dataclass(frozen=True, slots=True)
class Spending:
    """A spending function by name.

    Attributes:
        kind: ``"obrien-fleming"``: 2 − 2Φ(z_{α/2}/√t), little early, nearly all of alpha is left at the end
            (Lan & DeMets 1983). ``"pocock"``: α ln(1 + (e − 1)t), even over time (same). ``"hwang-shih-decani"``:
            α(1 − e^{−γt})/(1 − e^{−γ}) (Hwang, Shih & DeCani 1990, Statistics in Medicine 9:1439); γ = −4 is close to
            O'Brien-Fleming, γ = 1 to Pocock, γ = 0 is linear. ``"power"``: α t^ρ (Kim & DeMets 1987).
        parameter: γ of Hwang, Shih & DeCani (any finite number) or ρ of the power family (above 0); else unused.

    Examples:
        >>> POCOCK.spent([0.5, 1.0], 0.05).round(4).tolist()
        [0.031, 0.05]
    """

    kind: SpendingKind
    parameter: float = 0.0

    def __post_init__(self) -> None:
        chosen("kind", self.kind, get_args(SpendingKind))
        name, low = ("rho", 0.0) if self.kind == "power" else ("gamma", -_STEEPEST)
        object.__setattr__(self, "parameter", number(name, self.parameter, above=low, below=_STEEPEST))

    def spent(self, fraction: ArrayLike, alpha: float) -> FloatArray:
        """Cumulative error spent at each information fraction; fractions above 1 count as 1.

        Args:
            fraction: Information fractions, at least 0, any shape.
            alpha: Total to spend, in (0, 1). The error of one side: O'Brien-Fleming's shape depends on it.

        Returns:
            Array of the shape of ``fraction``, in [0, alpha].
        """
        alpha = number("alpha", alpha, above=0.0, below=1.0)
        t = np.clip(floats("fraction", fraction, least=0.0), 0.0, 1.0)
        match self.kind:
            case "obrien-fleming":
                with np.errstate(divide="ignore"):
                    spent = 2.0 * ndtr(ndtri(alpha / 2.0) / np.sqrt(t))
            case "pocock":
                spent = alpha * np.log1p((np.e - 1.0) * t)
            case "hwang-shih-decani":
                gamma = self.parameter
                spent = alpha * t if gamma == 0.0 else alpha * np.expm1(-gamma * t) / np.expm1(-gamma)
            case "power":
                spent = alpha * t**self.parameter
        return np.asarray(spent, np.float64)


OBRIEN_FLEMING = Spending("obrien-fleming")
POCOCK = Spending("pocock")


def hwang_shih_decani(gamma: float) -> Spending:
    """The Hwang-Shih-DeCani function with the given gamma (−4: nearly O'Brien-Fleming, 1: nearly Pocock).

    Examples:
        >>> hwang_shih_decani(-4.0).spent(0.5, 0.025).round(5).item()
        0.00298
    """
    return Spending("hwang-shih-decani", gamma)


def power_family(rho: float) -> Spending:
    """The Kim-DeMets power family α t^ρ, ρ above 0.

    Examples:
        >>> power_family(2.0).spent(0.5, 0.04).item()
        0.01
    """
    return Spending("power", rho)
