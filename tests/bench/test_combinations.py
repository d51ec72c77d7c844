"""A few experiments of a few chains; the page in docs/calibration comes from all of them."""

from dataclasses import replace

import numpy as np
import pytest
from bench.calibrate.combination_page import page
from bench.calibrate.combination_worlds import WORLDS, World, arm_statistics
from bench.calibrate.combinations import LEVEL, SPLITS, Chain, Looking, chains, experiments, measured

from tests.studies.worlds import arm
from upshot.stats import Moments, cuped, difference, lift, mean_difference_sequence
from upshot.studies.readout import ArmStatistics, Readout

SEED = 4
NAMES = [world.name for world in WORLDS]


def world(name: str) -> World:
    return WORLDS[NAMES.index(name)]


@pytest.mark.parametrize("looking", ["declared", "peeks"])
@pytest.mark.parametrize("name", [each.name for each in WORLDS if not each.why_early])
def test_every_chain_of_the_readout_keeps_its_promise(name: str, looking: Looking) -> None:
    splits = {"declared": SPLITS, "peeks": ("50/50", "95/5")}[looking]
    effects = {"declared": (-0.9, 0.0, 1.0), "peeks": (0.0, 1.0)}[looking]
    count = {"declared": 1_000, "peeks": 200}[looking]
    drawn = [
        measured(chain, count, SEED)
        for chain in chains()
        if (chain.metric.name, chain.looking) == (name, looking) and chain.split in splits and chain.effect in effects
    ]
    assert drawn
    # Bounds are of 99 %, and a declared reading may miss by a point more: chance alone fails a row in thousands.
    failed = [row for figures in drawn for row in figures.rows if row.verdict == "fails"]
    assert not failed, failed


def _as_if_independent(arms: ArmStatistics, looking: Looking) -> Readout:
    """Adjusted means without what they have in common."""
    assert looking == "declared"
    both = cuped(arms.pair)
    alone = Moments(both.n, both.mean, both.variance)
    control, treated = alone[..., :1], alone[..., 1:]
    return Readout(difference(control, treated, level=LEVEL), lift(control, treated, level=LEVEL), "apart")


def _without_least_size(arms: ArmStatistics, looking: Looking) -> Readout:
    assert looking == "peeks"
    control, treated = arms.value[..., :1], arms.value[..., 1:]
    share = float(arms.share[1])
    absolute, relative = (
        mean_difference_sequence(
            control,
            treated,
            totals="final",
            tuned_units=10_000,
            scale=scale,
            treatment_share=share,
            minimum_units=40,
        )
        for scale in ("absolute", "relative")
    )
    return Readout(absolute, relative, "early")


def test_grid_notices_arms_that_are_taken_as_independent() -> None:
    chain = Chain(NAMES.index("amounts, past with correlation 0.97"), "50/50", 1.0, "declared")
    apart = measured(chain, 400, SEED, _as_if_independent)
    assert apart.relative is not None
    assert apart.relative.verdict == "fails"
    assert apart.relative.estimate < 0.85


def test_grid_notices_peeks_that_come_too_early() -> None:
    chain = Chain(NAMES.index("conversion 1.0%"), "95/5", 0.0, "peeks")
    early = measured(chain, 200, SEED, _without_least_size)
    assert early.rejected is not None
    assert (early.rejected.quantity, early.rejected.verdict) == ("size", "fails")


def test_grid_notices_power_that_was_not_planned() -> None:
    name = "orders, with past"

    def noisier(arms: ArmStatistics, looking: Looking) -> Readout:
        del looking
        wide = arms.value
        wide = Moments(wide.n, wide.mean, 1.5 * wide.variance)
        control, treated = wide[..., :1], wide[..., 1:]
        return Readout(difference(control, treated), lift(control, treated), "Welch")

    chain = Chain(NAMES.index(name), "50/50", 0.2, "declared")
    for read, verdict in ((noisier, "fails"), (None, "holds")):
        found = measured(chain, 600, SEED, read) if read else measured(chain, 600, SEED)
        assert found.rejected is not None
        assert found.rejected.nominal == found.rejected.nominal
        assert found.rejected.verdict == verdict


@pytest.mark.parametrize("name", NAMES)
def test_statistics_of_cells_are_those_of_the_units(name: str) -> None:
    metric = world(name)
    rng = np.random.default_rng(SEED)
    cells = [metric.cells(effect) for effect in (0.0, -0.5)]
    counts = [rng.multinomial(n, each.shares) for n, each in zip((900, 300), cells, strict=True)]
    found = arm_statistics(metric.shape, np.asarray([0.75, 0.25]), cells, counts)
    arms = []
    for variant, each, count in zip(("old", "new"), cells, counts, strict=True):
        units = np.repeat(each.values, count, axis=0)
        beside = units[:, 1] if units.shape[1] == 2 else None
        y, past = (beside, None) if metric.shape == "ratio" else (None, beside)
        arms.append(arm(variant, units[:, 0], shape=metric.shape, y=y, past=past))
    collected = ArmStatistics.of_values(arms, (3, 1))
    for one, other in (
        (found.share, collected.share),
        (found.n, collected.n),
        (found.means, collected.means),
        (found.covariance, collected.covariance),
        (found.cubes, collected.cubes),
    ):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_effects_of_worlds_are_what_they_say(name: str) -> None:
    metric = world(name)
    base = metric.level(0.0)
    for effect in metric.effects:
        assert metric.cells(effect).shares.sum() == pytest.approx(1.0)
        assert (metric.cells(effect).shares >= 0.0).all()
        # Counts are cut off far out.
        assert metric.level(effect) / base - 1.0 == pytest.approx(effect, abs=1e-4)


def test_chain_is_the_same_whichever_others_are_drawn() -> None:
    chain = chains()[3]
    one, again = (next(experiments(chain, 50, SEED)) for _ in range(2))
    np.testing.assert_array_equal(one.means, again.means)
    other = next(experiments(replace(chain, split="90/10"), 50, SEED))
    assert not np.array_equal(one.means, other.means)


def test_page_tells_what_fails_and_what_was_silent() -> None:
    adjusted = Chain(NAMES.index("amounts, past with correlation 0.97"), "50/50", 1.0, "declared")
    silent = Chain(NAMES.index("conversion 0.2%"), "95/5", -0.9, "peeks")
    text = page(
        [measured(adjusted, 400, SEED, _as_if_independent), measured(silent, 20, SEED)],
        simulations=400,
        default=20_000,
        seed=SEED,
    )
    assert "--simulations 400" in text
    assert "1 fails" in text
    assert "1 chains never spoke" in text
    line = next(each for each in text.splitlines() if each.startswith("| 50/50 | +100 %"))
    assert line.count("**") == 2
    assert "| 95/5 | −90 % | – | 0 % | – | – | – |" in text
