"""Worlds through ``upshot.causal.assess``: what was claimed, refused, covered."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from bench.calibrate.causal_worlds import WORLDS, Made
from bench.calibrate.row import clopper_pearson
from upshot.causal.assessment import Assessment, Reading, assess
from upshot.causal.refusal import Refusal, RefusalCode
from upshot.causal.series import Series, Window
from upshot.stats.result import Estimate

__all__ = ["EFFECTS", "LEVEL", "WINDOWS", "Outcome", "Summary", "measured", "summary"]

WINDOWS = (Window(0, 27), Window(0, 6))
EFFECTS = (0.05, 0.1, 0.2)
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Outcome:
    """One window of one world: the relative interval and the truth, or the code of the refusal."""

    truth: float
    low: float = float("nan")
    high: float = float("nan")
    refused: RefusalCode | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """One kind of world, one window.

    Attributes:
        worlds: How many were made.
        answered: How many gave an interval.
        covered: How many of those hold the truth.
        width: Median width of the interval.
        claimed_wrongly: Intervals that exclude zero where the truth is zero, or lie on the wrong side of it.
        found: For each of ``EFFECTS``, how often it would be claimed, of all worlds.
        wrong_sign: How often an effect of +5 % would be claimed as harm, of all worlds.
        refusals: Codes with their counts, the most frequent first.
    """

    worlds: int
    answered: int
    covered: int
    width: float
    claimed_wrongly: int
    found: tuple[int, ...]
    wrong_sign: int
    refusals: tuple[tuple[RefusalCode, int], ...]

    @property
    def bounds(self) -> tuple[float, float]:
        """Exact 99 % bounds of the coverage."""
        return clopper_pearson(self.covered, self.answered) if self.answered else (0.0, 1.0)


def truth_of(made: Made, window: Window) -> float:
    """The launch's relative effect on the sum that was observed."""
    y = made.y[made.launch :][window.first : window.last + 1]
    there = np.isfinite(y)
    without = y / (1.0 + made.effect[window.first : window.last + 1])
    total = float(without[there].sum())
    return float(y[there].sum()) / total - 1.0 if total > 0 else float("nan")


def measured(job: tuple[str, int, int, int]) -> tuple[str, list[tuple[Outcome, ...]]]:
    """Worlds ``first`` to ``last`` of a kind, each with its own seed; one outcome for each window."""
    name, first, last, seed = job
    found = []
    for index in range(first, last):
        made = WORLDS[name].make(np.random.default_rng([seed, index, zlib.crc32(name.encode())]))
        series = Series(
            made.y,
            made.launch,
            controls=made.controls,
            others=made.others,
            changes=made.changes,
            position=made.position,
        )
        answer = assess(series, WINDOWS, level=LEVEL, rng=seed + index)
        readings = answer.readings if isinstance(answer, Assessment) else (answer, answer)
        found.append(tuple(_outcome(made, w, r) for w, r in zip(WINDOWS, readings, strict=True)))
    return name, found


def _outcome(made: Made, window: Window, reading: Reading | Refusal) -> Outcome:
    truth = truth_of(made, window)
    if isinstance(reading, Refusal):
        return Outcome(truth, refused=reading.code)
    if not isinstance(reading.relative, Estimate):
        return Outcome(truth, refused=RefusalCode.COUNTS_TOO_LOW)
    return Outcome(truth, reading.relative.low, reading.relative.high)


def summary(outcomes: list[Outcome]) -> Summary:
    """Count. An effect e multiplies all days from the launch on, and with them 1 + each bound; so one run of a world
    without an effect tells what would have been said of every effect.
    """
    answered = [o for o in outcomes if o.refused is None]
    codes = [o.refused for o in outcomes if o.refused is not None]
    counts = sorted(((code, codes.count(code)) for code in set(codes)), key=lambda pair: (-pair[1], pair[0]))
    wrong = [(o.low > 0 or o.high < 0) if o.truth == 0 else (o.high < 0 < o.truth) for o in answered]
    base = [(1 + o.low) / (1 + o.truth) for o in answered]
    tops = [(1 + o.high) / (1 + o.truth) for o in answered]
    return Summary(
        worlds=len(outcomes),
        answered=len(answered),
        covered=sum(o.low <= o.truth <= o.high for o in answered),
        width=float(np.median([o.high - o.low for o in answered])) if answered else float("nan"),
        claimed_wrongly=sum(wrong),
        found=tuple(sum(b * (1 + effect) > 1 for b in base) for effect in EFFECTS),
        wrong_sign=sum(top * (1 + EFFECTS[0]) < 1 for top in tops),
        refusals=tuple(counts),
    )
