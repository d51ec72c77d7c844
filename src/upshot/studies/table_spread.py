"""Quantiles of a table's people, from the values around the quantile: what all of the values would give."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from upshot.stats import Quantiles, quantile_difference, quantile_lift
from upshot.studies.tabled import TableMean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from upshot.stats import Estimates
    from upshot.studies.tabled import ArmSpread

__all__ = ["Spreads"]


@dataclass(frozen=True, slots=True)
class Spreads:
    """One quantile in every arm.

    Attributes:
        outcome: Its name.
        arms: The control first.
        spreads: By arm.
        level: Coverage of each interval.
    """

    outcome: str
    arms: list[str]
    spreads: list[ArmSpread]
    level: float

    @classmethod
    def by_outcome(cls, spreads: Iterable[ArmSpread], levels: Mapping[str, float]) -> dict[str, Spreads]:
        """Those of each outcome, read at its level."""
        found: dict[str, Spreads] = {}
        for each in spreads:
            own = found.setdefault(each.metric, cls(each.metric, [], [], levels[each.metric]))
            own.arms.append(each.variant)
            own.spreads.append(each)
        return found

    def means(self) -> list[TableMean]:
        """The quantile of each arm; None where its people are too few for one with bounds."""
        return [
            TableMean(
                outcome=self.outcome,
                arm=each.variant,
                units=sum(each.counts),
                mean=None if np.isnan(found.value) else float(found.value),
            )
            for each, found in zip(self.spreads, self.quantiles(self.level), strict=True)
        ]

    def quantiles(self, level: float) -> list[Quantiles]:
        """By arm, with bounds of ``level``."""
        return [Quantiles.of(np.repeat(s.values, s.counts), s.share, level=level) for s in self.spreads]

    def compared(self) -> tuple[Estimates, Estimates, str]:
        """Differences and lifts of all treatments, shape (g − 1,), and the method in words."""
        control, *treated = self.quantiles(self.level)
        both = (
            _stacked([compare(control, each, level=self.level) for each in treated])
            for compare in (quantile_difference, quantile_lift)
        )
        absolute, relative = both
        tied = any(bool(each.tied) for each in (control, *treated) if each.tied is not None)
        return absolute, relative, "Woodruff, in whole steps where values tie" if tied else "Woodruff"


def _stacked(found: list[Estimates]) -> Estimates:
    """Estimates of shape () side by side."""
    return replace(
        found[0],
        value=np.stack([each.value for each in found]),
        low=np.stack([each.low for each in found]),
        high=np.stack([each.high for each in found]),
        standard_error=np.stack([each.standard_error for each in found]),
        p_value=np.stack([each.p_value for each in found]),
        n=np.stack([each.n for each in found]),
        reason=np.stack([each.reason for each in found]),
    )
