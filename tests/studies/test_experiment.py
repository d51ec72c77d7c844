"""Experiments beside SciPy and statsmodels, and what makes one refuse."""

import msgspec
import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import confint_proportions_2indep, score_test_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from tests.studies.worlds import arm, experiment, metric
from upshot.catalog.verdict import Check, Effect, Grade, Interval, MetricRole, StudyDesign, VerdictWord
from upshot.studies.conclude import conclude
from upshot.studies.inputs import ArmValues, StudyInputs, UndeclaredExposures


def found(effect: Effect) -> Interval:
    assert effect.absolute is not None
    return effect.absolute


def test_difference_is_welchs() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.gamma(2.0, 5.0, 900), rng.gamma(2.0, 5.6, 1_000)
    verdict = conclude(experiment((arm("old", a), arm("new", b))))
    low, high = CompareMeans(DescrStatsW(b), DescrStatsW(a)).tconfint_diff(usevar="unequal")
    interval = found(verdict.effects[0])
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-12)
    test = scipy_stats.ttest_ind(b, a, equal_var=False)
    assert verdict.effects[0].p_value == pytest.approx(float(test.pvalue), rel=1e-9)
    assert (verdict.grade, verdict.design, verdict.word) == (Grade.A, StudyDesign.EXPERIMENT, VerdictWord.IMPROVED)
    assert verdict.effects[0].reach == 1_000.0


def test_few_successes_get_the_score_interval() -> None:
    a, b = np.repeat([1.0, 0.0], [12, 388]), np.repeat([1.0, 0.0], [30, 370])
    verdict = conclude(experiment((arm("old", a, shape="proportion"), arm("new", b, shape="proportion"))))
    low, high = confint_proportions_2indep(30, 400, 12, 400, compare="ratio", method="score")
    effect = verdict.effects[0]
    assert effect.relative is not None
    assert (effect.relative.low, effect.relative.high) == pytest.approx((low - 1, high - 1), abs=1e-7)
    test = score_test_proportions_2indep(30, 400, 12, 400, value=0.0, compare="diff", correction=True)
    assert effect.p_value == pytest.approx(float(test.pvalue), rel=1e-6)
    assert verdict.effects[0].method == "score interval"


def test_what_units_did_before_narrows_the_interval_as_regression_does() -> None:
    rng = np.random.default_rng(2)
    past = rng.gamma(2.0, 5.0, 4_000)
    drawn = np.arange(4_000) % 2 == 0
    during = 0.8 * past + rng.normal(0.0, 3.0, 4_000) + np.where(drawn, 0.4, 0.0)
    plain = conclude(experiment((arm("old", during[~drawn]), arm("new", during[drawn]))))
    adjusted = conclude(
        experiment(
            (arm("old", during[~drawn], past=past[~drawn]), arm("new", during[drawn], past=past[drawn])),
        )
    )
    design = np.column_stack([np.ones(4_000), drawn, past - past.mean()])
    coefficients = np.linalg.lstsq(design, during, rcond=None)[0]
    interval = found(adjusted.effects[0])
    assert interval.value == pytest.approx(coefficients[1], rel=1e-9)
    width = interval.high - interval.low
    assert width < 0.5 * (found(plain.effects[0]).high - found(plain.effects[0]).low)


def test_ratio_is_of_means_by_the_delta_method() -> None:
    rng = np.random.default_rng(3)
    orders = [rng.poisson(3.0, 2_000).astype(float), rng.poisson(3.0, 2_000).astype(float)]
    money = [orders[0] * 10.0 + rng.normal(0, 5, 2_000), orders[1] * 11.0 + rng.normal(0, 5, 2_000)]
    verdict = conclude(
        experiment(
            (
                arm("old", money[0], y=orders[0], shape="ratio"),
                arm("new", money[1], y=orders[1], shape="ratio"),
            )
        )
    )
    ratios = [m.mean() / o.mean() for m, o in zip(money, orders, strict=True)]
    # the residual m - R o over the mean of o is the linear part of a ratio of means
    errors = [
        (m - r * o).std(ddof=1) / o.mean() / np.sqrt(2_000) for m, o, r in zip(money, orders, ratios, strict=True)
    ]
    half = 1.9608 * np.hypot(*errors)
    interval = found(verdict.effects[0])
    assert interval.value == pytest.approx(ratios[1] - ratios[0], rel=1e-12)
    assert (interval.high - interval.low) / 2 == pytest.approx(half, rel=2e-3)


def test_broken_split_refuses_every_number() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(10, 2, 5_000), rng.normal(12, 2, 5_600)
    verdict = conclude(experiment((arm("old", a), arm("new", b))))
    assert verdict.word is VerdictWord.NOT_MEASURABLE
    assert verdict.grade is Grade.U
    assert verdict.effects == ()
    assert "Sample ratio" in verdict.sentence
    assert scipy_stats.chisquare([5_000, 5_600]).pvalue < 0.001


def test_units_in_two_variants_refuse_when_they_are_many() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(10, 2, 1_000), rng.normal(10, 2, 1_000)
    units = {"old": 1_030, "new": 1_030}
    verdict = conclude(experiment((arm("old", a), arm("new", b)), units, crossed=60))
    assert verdict.word is VerdictWord.NOT_MEASURABLE
    assert "more than one variant" in verdict.sentence


@pytest.mark.parametrize(
    ("strange", "undeclared", "sentence"),
    [
        (0, UndeclaredExposures(exposures=0), None),
        (
            0,
            UndeclaredExposures(exposures=90, named=(("false", 90),)),
            (
                "90 exposures name none of the variants ('false' 90) and are left out; "
                "every unit of them met a variant too."
            ),
        ),
        (
            7,
            UndeclaredExposures(exposures=1_234, named=(("false", 1_200), (None, 20), ("off", 10)), others=2),
            (
                "1,234 exposures name none of the variants ('false' 1,200, nothing 20, 'off' 10 and 2 more) and are "
                "left out, and so 7 units that met no variant."
            ),
        ),
    ],
)
def test_exposures_to_no_variant_are_told_and_refuse_nothing(
    strange: int, undeclared: UndeclaredExposures, sentence: str | None
) -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(10, 2, 1_000), rng.normal(14, 2, 1_000)
    inputs = experiment((arm("old", a), arm("new", b)), strange=strange, undeclared=undeclared)
    verdict = conclude(StudyInputs.from_bytes(inputs.to_bytes()))
    assert verdict.word is VerdictWord.IMPROVED
    told = [check for check in verdict.checks if check.name == "declared variants"]
    assert [(check.passed, check.sentence) for check in told] == ([] if sentence is None else [(None, sentence)])


def test_inputs_from_before_undeclared_variants_were_counted_keep_their_bytes() -> None:
    rng = np.random.default_rng(5)
    inputs = experiment((arm("old", rng.normal(10, 2, 50)), arm("new", rng.normal(14, 2, 50))), strange=3)
    assert b"undeclared" not in inputs.to_bytes()
    assert "declared variants" not in {check.name for check in conclude(inputs).checks}


def test_arms_that_differed_before_refuse() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(10, 2, 2_000)
    verdict = conclude(
        experiment(
            (
                arm("old", x[:1_000], past=rng.normal(5.0, 1.0, 1_000)),
                arm("new", x[1_000:], past=rng.normal(5.4, 1.0, 1_000)),
            )
        )
    )
    assert verdict.word is VerdictWord.NOT_MEASURABLE
    assert "different before anybody was exposed" in verdict.sentence


def test_nobody_whose_days_are_over_is_not_measured() -> None:
    rng = np.random.default_rng(7)
    values = (arm("old", rng.normal(10, 2, 900)), arm("new", rng.normal(10, 2, 900)))
    verdict = conclude(experiment(values, mature={"old": 0, "new": 0}))
    assert verdict.word is VerdictWord.NOT_MEASURABLE


def test_peek_shows_wider_intervals_and_decides_nothing() -> None:
    rng = np.random.default_rng(8)
    values = (arm("old", rng.normal(10, 2, 3_000)), arm("new", rng.normal(11, 2, 3_000)))
    peek, final = conclude(experiment(values, final=False)), conclude(experiment(values))
    assert peek.word is VerdictWord.TOO_EARLY
    assert peek.effects[0].method.startswith("always-valid")
    narrow, wide = found(final.effects[0]), found(peek.effects[0])
    assert wide.high - wide.low > 1.3 * (narrow.high - narrow.low)
    assert wide.value == narrow.value


def test_each_declared_reading_and_variant_costs_width() -> None:
    rng = np.random.default_rng(9)
    a, b, c = (arm(n, rng.normal(10, 2, 800)) for n in ("old", "new", "newer"))
    one, looks, arms = (
        conclude(experiment((a, b))),
        conclude(experiment((a, b), readings=3)),
        conclude(experiment((a, b, c))),
    )
    assert one.effects[0].level == 0.95
    assert looks.effects[0].level == pytest.approx(1 - 0.05 / 3)
    assert [e.level for e in arms.effects] == pytest.approx([0.975, 0.975])
    assert {e.variant for e in arms.effects} == {"new", "newer"}


def test_verdict_falls_on_the_best_variant() -> None:
    rng = np.random.default_rng(10)
    values = tuple(arm(n, rng.normal(mean, 2, 2_000)) for n, mean in (("old", 10), ("worse", 9.5), ("better", 10.6)))
    verdict = conclude(experiment(values))
    assert verdict.word is VerdictWord.IMPROVED
    assert verdict.effects[0].variant == "better"
    assert "with better" in verdict.sentence


@pytest.mark.parametrize(
    ("shift", "pages", "word"),
    [
        (0.6, 0.0, VerdictWord.IMPROVED),
        (-0.6, 0.0, VerdictWord.HARMED),
        (0.0, 0.0, VerdictWord.NO_EFFECT),
        (0.6, 0.6, VerdictWord.MIXED),
        (0.0, 0.6, VerdictWord.HARMED),
    ],
)
def test_words_follow_primary_and_guardrails(shift: float, pages: float, word: VerdictWord) -> None:
    rng = np.random.default_rng(11)
    n = 20_000
    guard = metric("load", MetricRole.GUARDRAIL, direction="down")
    values = (
        arm("old", rng.normal(10, 2, n)),
        arm("new", rng.normal(10 + shift, 2, n)),
        arm("old", rng.normal(5, 1, n), name="load"),
        arm("new", rng.normal(5 + pages, 1, n), name="load"),
    )
    inputs = experiment(values, {"old": n, "new": n}, metrics=(metric("sales"), guard), study={"guardrails": ("load",)})
    assert conclude(inputs).word is word


def test_false_alarms_are_as_many_as_the_level_says() -> None:
    rng = np.random.default_rng(12)
    alarms = sum(
        conclude(experiment((arm("old", rng.exponential(3, 300)), arm("new", rng.exponential(3, 300))))).word
        in (VerdictWord.IMPROVED, VerdictWord.HARMED)
        for _ in range(200)
    )
    assert scipy_stats.binomtest(alarms, 200, 0.05).pvalue > 0.001


def test_a_peek_is_silent_while_successes_are_few() -> None:
    def share(n: int, successes: int) -> np.ndarray:
        return np.repeat([1.0, 0.0], [successes, n - successes])

    for few in (0, 1, 5):
        values = (arm("old", share(3_800, 38), shape="proportion"), arm("new", share(200, few), shape="proportion"))
        verdict = conclude(experiment(values, final=False, weights=(0.95, 0.05)))
        assert verdict.effects == ()
        assert any("below the size" in reason for reason in verdict.reasons)
    enough = (arm("old", share(57_000, 570), shape="proportion"), arm("new", share(3_000, 30), shape="proportion"))
    spoken = conclude(experiment(enough, final=False, weights=(0.95, 0.05)))
    assert spoken.effects[0].method.startswith("always-valid")
    assert spoken.effects[0].absolute is not None


def test_a_peek_waits_for_what_skewed_values_ask_for() -> None:
    rng = np.random.default_rng(21)
    money = np.where(rng.random(40_000) < 0.02, rng.lognormal(3.0, 1.0, 40_000), 0.0)
    past = money + rng.normal(0.0, 1.0, 40_000)
    sessions = 1.0 + 0.1 * rng.random(40_000)
    few, many = slice(900), slice(900, None)
    kinds = (
        [arm(name, money[part]) for name, part in (("old", many), ("new", few))],
        [arm(name, money[part], past=past[part]) for name, part in (("old", many), ("new", few))],
        [arm(name, money[part], y=sessions[part], shape="ratio") for name, part in (("old", many), ("new", few))],
    )
    for values in kinds:
        verdict = conclude(experiment(tuple(values), final=False, weights=(391, 9)))
        assert verdict.effects == ()
        assert any("below the size" in reason for reason in verdict.reasons)


def test_lifts_of_adjusted_means_cover_through_the_readout() -> None:
    rng = np.random.default_rng(22)
    hits = 0
    for _ in range(300):
        past = rng.normal(5.0, 0.97, (2, 400))
        now = 1.0 + past - 5.0 + rng.normal(0.0, 0.24, past.shape)
        now[1] += 1.0
        verdict = conclude(experiment((arm("old", now[0], past=past[0]), arm("new", now[1], past=past[1]))))
        relative = verdict.effects[0].relative
        assert relative is not None
        hits += relative.low <= 1.0 <= relative.high
    # 99.9 % bounds of Binomial(300, 0.95); without what arms share it is 77 %.
    assert 271 <= hits <= 297


def test_inputs_from_before_cubes_keep_their_bytes() -> None:
    rng = np.random.default_rng(23)
    values = tuple(arm(name, rng.normal(9, 1, 500)) for name in ("old", "new"))
    older = experiment(tuple(msgspec.structs.replace(each, cubes=msgspec.UNSET) for each in values), final=False)
    kept = older.to_bytes()
    assert b"cubes" not in kept
    assert type(older).from_bytes(kept).to_bytes() == kept
    assert conclude(older).effects[0].absolute is not None


def _even_tails(values: tuple[ArmValues, ...], weights: tuple[float, ...] = (1, 1)) -> Check | None:
    checks = conclude(experiment(values, weights=weights)).checks
    return next((check for check in checks if check.name == "even tails"), None)


def test_a_declared_reading_tells_when_large_values_tilt_it() -> None:
    rng = np.random.default_rng(24)
    money = np.where(rng.random(80_000) < 0.05, rng.lognormal(3.0, 1.2, 80_000), 0.0)
    small, large = money[:1_000], money[1_000:20_000]
    told = _even_tails((arm("old", large), arm("new", small)), (95, 5))
    assert told is not None
    assert told.passed is None
    assert "instead of 2.5%" in told.sentence
    assert "times as many units" in told.sentence
    # Halves cancel each other's skewness, few different values have none to speak of.
    halves = _even_tails((arm("old", money[:40_000]), arm("new", money[40_000:])))
    assert halves is not None
    assert halves.passed
    plain = _even_tails((arm("old", rng.normal(9, 1, 19_000)), arm("new", rng.normal(9, 1, 1_000))), (95, 5))
    assert plain is not None
    assert plain.passed


def test_a_declared_reading_tells_which_metric_is_too_skewed_for_its_units_in_any_split() -> None:
    rng = np.random.default_rng(26)
    money = np.where(rng.random(40_000) < 0.05, rng.lognormal(3.0, 1.2, 40_000), 0.0)
    told = _even_tails((arm("old", money[:1_000]), arm("new", money[1_000:2_000])))
    assert told is not None
    assert told.passed is None
    assert "is skewed by about" in told.sentence
    assert "in the smallest variant on, which has 1,000." in told.sentence
    enough = _even_tails((arm("old", money[:20_000]), arm("new", money[20_000:])))
    assert enough is not None
    assert enough.passed


def test_tails_are_not_spoken_of_where_skewness_is_not_known() -> None:
    rng = np.random.default_rng(25)
    values = tuple(arm(name, rng.normal(9, 1, 500)) for name in ("old", "new"))
    older = tuple(msgspec.structs.replace(each, cubes=msgspec.UNSET) for each in values)
    assert _even_tails(older) is None
    yes_no = tuple(arm(name, np.repeat([1.0, 0.0], [20, 480]), shape="proportion") for name in ("old", "new"))
    assert _even_tails(yes_no) is None
