r"""What the adjusted means of several arms have in common.

An adjusted mean is compared with others that were adjusted together with it, and those have random parts in common: the
mean of the covariate over all units (CUPED), the strata's shares of all units (post-stratification). With
:math:`F_1 \dots F_k` for the shared parts, each of variance one and uncorrelated,

.. math:: m_a = o_a + \sum_k L_{ak} F_k, \qquad \mathrm{Cov}(o_a, F_k) = G_{ak},

where the arms' own parts :math:`o_a` are independent of each other. In a difference of means what is shared alike
cancels; in a ratio it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.stats.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upshot.stats.result import FloatArray

__all__ = ["Shared", "mixed_arms"]


@dataclass(frozen=True, slots=True, repr=False)
class Shared(Shown):
    """How arms' means hang on what they share.

    Attributes:
        loadings: L, shape (k, …): the change of the mean, in the metric's unit, when a shared part moves by one
            standard deviation.
        own: G, shape (k, …): covariance of the arm's own part with each shared part, in the metric's unit.
        freedom: Degrees of freedom of the shared parts' variance, shape (…): units of all arms less the arms.

    Examples:
        >>> from upshot.stats.adjust import cuped
        >>> from upshot.stats.moments import PairMoments
        >>> arms = cuped(PairMoments([1000, 1000], [10.0, 5.0], 0.0, 100.0, 1.0, 9.0))
        >>> round(float(arms[0].shared.loadings[0]) ** 2, 4)
        0.0405
    """

    loadings: FloatArray
    own: FloatArray
    freedom: FloatArray

    def at(self, index: object, shape: tuple[int, ...]) -> Shared:
        """What stands at an index of the moments' broadcast shape (NumPy indexing)."""
        rest = index if isinstance(index, tuple) else (index,)
        wide = (self.loadings.shape[0], *shape)
        loadings, own = (np.broadcast_to(a, wide)[(slice(None), *rest)] for a in (self.loadings, self.own))
        return Shared(loadings, own, np.asarray(np.broadcast_to(self.freedom, shape)[rest]))

    @classmethod
    def stacked(cls, arms: Sequence[tuple[Shared | None, tuple[int, ...]]]) -> Shared | None:
        """Of several arms as one, along a new last axis; None where none shares anything.

        Args:
            arms: What each shares, and the shape of its moments.

        Raises:
            InvalidInput: Only some of them share something.
        """
        known = [(shared, shape) for shared, shape in arms if shared is not None]
        if not known:
            return None
        if len(known) < len(arms):
            raise mixed_arms()
        shape = np.broadcast_shapes(*(shape for _, shape in known))
        wide = [shared.at(..., shape) for shared, _ in known]
        return cls(
            np.stack([shared.loadings for shared in wide], axis=-1),
            np.stack([shared.own for shared in wide], axis=-1),
            np.stack([shared.freedom for shared in wide], axis=-1),
        )


def mixed_arms() -> InvalidInput:
    """The error for arms that were not adjusted together."""
    return InvalidInput(
        "The arms were not adjusted together: what one shares with the other is not known.",
        hint="Adjust control and treatments in one call, with the arms along the last axis, then compare its results.",
    )
