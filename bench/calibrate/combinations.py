"""Calibrates what the product combines: ``python -m bench.calibrate.combinations [--simulations N]``.

Methods keep their promises one by one (``bench.calibrate``); a readout chains them: an adjustment, an estimand, a
scale, a split, and a look on a declared day or on any other. Every chain is drawn from units to the readout's own
answer (``upshot.studies.readout``), at effects from −90 to +200 %. Writes ``docs/calibration/combinations.md``; fails
if a chain does not keep its promise.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtr

from bench.calibrate.combination_page import TARGET, page
from bench.calibrate.combination_worlds import WORLDS, World, arm_statistics, drawn
from bench.calibrate.row import CalibrationRow, calibrated
from upshot.stats import Reason
from upshot.studies.readout import read_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from bench.calibrate.combination_worlds import Cells
    from upshot.stats import Estimates
    from upshot.studies.readout import ArmStatistics, Readout

__all__ = ["LOOKINGS", "SPLITS", "Chain", "Figures", "by_product", "chains", "experiments", "main", "measured"]

SIMULATIONS, SEED, LEVEL, CHUNK = 20_000, 20_130_625, 0.95, 500
SPLITS: dict[str, tuple[float, ...]] = {
    "50/50": (0.5, 0.5),
    "90/10": (0.9, 0.1),
    "95/5": (0.95, 0.05),
    "5/95": (0.05, 0.95),
    "50/25/25": (0.5, 0.25, 0.25),
}
"""Planned shares, the control's first; of three arms the third has half the effect taken away, and is not counted."""
FIRST, LAST, LOOKS = 1_000, 100_000, 20
"""Units of all arms at the first and last peek, and how many peeks there are, evenly on a log scale."""
FEWEST = 1.0
"""Conversions expected in each arm from which on a relative effect promises its level: below, one conversion more or
less decides, and the score interval is approximate."""
FIRST_ORDER = 0.01
"""What a large-sample interval may miss by."""

Looking = Literal["declared", "peeks"]
LOOKINGS: tuple[Looking, ...] = ("declared", "peeks")


@dataclass(frozen=True, slots=True)
class Chain:
    """One combination: places in ``WORLDS`` and names, so that it can be sent to a process and seeded by itself."""

    world: int
    split: str
    effect: float
    looking: Looking

    @property
    def metric(self) -> World:
        """The kind of metric."""
        return WORLDS[self.world]

    def generator(self, seed: int) -> np.random.Generator:
        """Chance of its own: the same whichever other chains are drawn."""
        where = (
            self.world,
            list(SPLITS).index(self.split),
            round(100 * (self.effect + 1)),
            LOOKINGS.index(self.looking),
        )
        return np.random.default_rng([seed, *where])


@dataclass(frozen=True, slots=True)
class Figures:
    """What a chain did.

    Attributes:
        chain: Which.
        method: The readout's, in words.
        spoke: Share of experiments that got an absolute effect (peeks: at any look).
        absolute: Coverage of absolute effects among those; of peeks over all looks together. None where none spoke.
        relative: The same of relative effects.
        rejected: Size where there is no effect, else power (peeks: at any look); of those that spoke.
    """

    chain: Chain
    method: str
    spoke: float
    absolute: CalibrationRow | None
    relative: CalibrationRow | None
    rejected: CalibrationRow | None

    @property
    def rows(self) -> list[CalibrationRow]:
        """The rows that there are."""
        return [row for row in (self.absolute, self.relative, self.rejected) if row is not None]


def chains() -> list[Chain]:
    """All combinations."""
    return [
        Chain(place, split, effect, looking)
        for looking in LOOKINGS
        for place, world in enumerate(WORLDS)
        if looking == "declared" or not world.why_early
        for split in SPLITS
        for effect in world.effects
    ]


def _joins(chain: Chain) -> NDArray[np.int64]:
    """Units that join each arm between the looks, shape (looks, arms)."""
    split = np.asarray(SPLITS[chain.split])
    if chain.looking == "declared":
        return np.asarray(np.rint(split / split.min() * chain.metric.smallest)[None, :], np.int64)
    totals = np.geomspace(FIRST, LAST, LOOKS)
    return np.asarray(np.diff(np.rint(totals[:, None] * split).astype(np.int64), axis=0, prepend=0), np.int64)


def _arms(chain: Chain, arms: int) -> list[Cells]:
    changes = [0.0, chain.effect, 0.5 * chain.effect]
    return [chain.metric.cells(change) for change in changes[:arms]]


def experiments(chain: Chain, simulations: int, seed: int) -> Iterator[ArmStatistics]:
    """A chain's experiments as they were collected, some at a time: arrays of shape (n, looks, arms)."""
    rng, split = chain.generator(seed), np.asarray(SPLITS[chain.split])
    cells, joins = _arms(chain, split.size), _joins(chain)
    sizes = [CHUNK] * (simulations // CHUNK) + [simulations % CHUNK] * bool(simulations % CHUNK)
    for size in sizes:
        yield arm_statistics(chain.metric.shape, split, cells, drawn(rng, cells, joins, size))


def by_product(arms: ArmStatistics, looking: Looking) -> Readout:
    """The readout that writes verdicts."""
    return read_out(arms, level=LEVEL, final=looking == "declared")


def _counted(parts: Sequence[Estimates], truth: float) -> NDArray[np.int64]:
    """How many experiments spoke, held the truth at every look that spoke, and rejected at any."""
    counts = np.zeros(3, np.int64)
    for part in parts:
        spoke = part.reason[..., 0] == Reason.OK
        with np.errstate(invalid="ignore"):
            missed = spoke & ~((part.low[..., 0] <= truth) & (truth <= part.high[..., 0]))
            rejected = spoke & (part.p_value[..., 0] < 1.0 - LEVEL)
        answered = spoke.any(axis=1)
        counts += [answered.sum(), (answered & ~missed.any(axis=1)).sum(), rejected.any(axis=1).sum()]
    return counts


def measured(
    chain: Chain, simulations: int, seed: int, read: Callable[[ArmStatistics, Looking], Readout] = by_product
) -> Figures:
    """Draws a chain and counts how often its readouts, the product's or another, were right."""
    found = [read(arms, chain.looking) for arms in experiments(chain, simulations, seed)]
    level, base = chain.metric.level(chain.effect), chain.metric.level(0.0)
    answered, held, rejected = _counted([part.absolute for part in found], level - base)
    answered_of, held_of, _ = _counted([part.relative for part in found], level / base - 1.0)
    methods = sorted({part.method for part in found})
    method = " or ".join(methods)
    scenario = f"{chain.metric.name}, {chain.split}, {chain.effect:+.0%}, {chain.looking}"

    def coverage(scale: str, of: int, count: int) -> CalibrationRow | None:
        if not of:
            return None
        promised, tolerance = _promise(chain, LEVEL)
        if scale == "relative" and _expected_conversions(chain) < FEWEST:
            promised = float("nan")
        return calibrated(f"{method}, {scale}", scenario, "coverage", promised, count, of, tolerance=tolerance)

    return Figures(
        chain,
        method,
        float(answered / simulations),
        coverage("absolute", int(answered), int(held)),
        coverage("relative", int(answered_of), int(held_of)),
        _rejection(chain, method, scenario, int(rejected), int(answered)) if answered else None,
    )


def _promise(chain: Chain, promised: float) -> tuple[float, float]:
    """What is promised (NaN where nothing is), and by how much a chain may miss it."""
    if chain.looking == "peeks":
        return promised, 0.0
    return (float("nan") if chain.metric.why_early else promised), FIRST_ORDER


def _expected_conversions(chain: Chain) -> float:
    """Conversions that the arm with fewest expects on a declared reading; infinite for other metrics and for peeks."""
    if chain.metric.shape != "proportion" or chain.looking == "peeks":
        return float("inf")
    control, treatment = (float(n) for n in _joins(chain)[0, :2])
    return min(control * chain.metric.level(0.0), treatment * chain.metric.level(chain.effect))


def _rejection(chain: Chain, method: str, scenario: str, count: int, of: int) -> CalibrationRow:
    if chain.effect == 0.0:
        promised, tolerance = _promise(chain, 1.0 - LEVEL)
        return calibrated(method, scenario, "size", promised, count, of, tolerance=tolerance)
    predicted = float("nan")
    if method.startswith("Welch") and " or " not in method and not chain.metric.why_early:
        drift = chain.metric.drift(chain.effect, _joins(chain)[0, :2].tolist())
        predicted = float(ndtr(drift - 1.959964) + ndtr(-drift - 1.959964))
    return calibrated(method, scenario, "power", predicted, count, of, tolerance=0.02)


def _job(job: tuple[Chain, int, int]) -> Figures:
    return measured(*job)


def main(arguments: list[str]) -> int:
    """Draw every chain and write the page; the number of figures that fail is the exit code's reason."""
    parser = argparse.ArgumentParser(prog="python -m bench.calibrate.combinations", description=__doc__)
    parser.add_argument("--simulations", type=int, default=SIMULATIONS, help="experiments a declared reading")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", help="print the chains whose metric's name holds these words; write nothing")
    chosen = parser.parse_args(arguments)
    wanted = [chain for chain in chains() if (chosen.only or "") in chain.metric.name]
    started = time.perf_counter()
    # A run of peeks is as much work as twenty readings.
    jobs = [
        (chain, chosen.simulations if chain.looking == "declared" else max(chosen.simulations // 10, 1), chosen.seed)
        for chain in wanted
    ]
    with multiprocessing.get_context("spawn").Pool(chosen.processes) as pool:
        found = list(pool.imap(_job, jobs, chunksize=4))
    text = page(found, simulations=chosen.simulations, default=SIMULATIONS, seed=chosen.seed)
    print(f"{len(found)} chains in {time.perf_counter() - started:.0f} s")
    if chosen.only:
        print(text)
    else:
        TARGET.write_text(text, encoding="utf-8")
        print(f"wrote docs/calibration/{TARGET.name}")
    failed = [row for figures in found for row in figures.rows if row.verdict == "fails"]
    for row in failed:
        print(f"fails: {row.method}, {row.scenario}: {row.quantity} {row.estimate:.4f}, promised {row.nominal:.4f}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
