"""Launches to everybody: what is measured, what is refused and why."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import binomtest

from tests.studies.worlds import LAUNCH_DAY, START, daily, launched, metric, other, series
from upshot.catalog.kinds import AnnotationKind
from upshot.catalog.verdict import Grade, MetricRole, StudyDesign, VerdictWord
from upshot.studies.conclude import conclude
from upshot.studies.inputs import OtherNote, Sealed, StudyInputs

AFTER = 40


def note(kind: AnnotationKind, first: int, last: int | None = None, metrics: tuple[str, ...] = ()) -> OtherNote:
    return OtherNote(
        name="n",
        title="a note",
        kind=kind,
        first_day=LAUNCH_DAY + timedelta(days=first),
        last_day=None if last is None else LAUNCH_DAY + timedelta(days=last),
        metrics=metrics,
    )


def test_large_effect_is_measured_with_grade_c() -> None:
    verdict = conclude(launched(daily(1, days=AFTER, effect=0.25)))
    effect = verdict.effects[0]
    assert (verdict.word, verdict.grade, verdict.design) == (
        VerdictWord.IMPROVED,
        Grade.C,
        StudyDesign.TIME_SERIES,
    )
    assert effect.relative is not None
    assert effect.relative.low < 0.25 < effect.relative.high
    assert effect.absolute is not None
    assert effect.per == "total"
    assert effect.first_day == LAUNCH_DAY + timedelta(days=1)
    assert {"placebos in time", "neighbours", "definition", "history"} <= {check.name for check in verdict.checks}
    assert any("nobody drew lots" in reason for reason in verdict.reasons)
    assert any("C at best" in reason for reason in verdict.reasons)
    after = [point for point in verdict.path if point.day >= LAUNCH_DAY]
    assert all(point.without is not None for point in after[:29])


def test_same_inputs_give_the_same_digits() -> None:
    inputs = launched(daily(2, days=AFTER, effect=0.1))
    again = StudyInputs.from_bytes(inputs.to_bytes())
    assert again == inputs
    assert conclude(again) == conclude(inputs)


def test_harm_of_a_metric_that_should_fall() -> None:
    inputs = launched(daily(3, days=AFTER, effect=0.3), metrics=(metric("sales", direction="down"),))
    assert conclude(inputs).word is VerdictWord.HARMED


def test_metric_without_direction_gets_no_verdict() -> None:
    inputs = launched(daily(3, days=AFTER, effect=0.3), metrics=(metric("sales", direction="none"),))
    verdict = conclude(inputs)
    assert verdict.word is VerdictWord.NOT_MEASURABLE
    assert "give it a direction" in verdict.sentence


def test_spike_that_fades_is_transient() -> None:
    values = daily(4, days=AFTER, effect=1.5, fades_after=4)
    assert conclude(launched(values)).word is VerdictWord.TRANSIENT


def test_spike_in_a_window_too_vague_to_tell_is_not_called_transient() -> None:
    rng = np.random.default_rng(900)
    values = daily(0, days=AFTER, effect=0.35, fades_after=3)
    restless = np.rint(values * np.exp(np.cumsum(0.03 * rng.standard_normal(len(values)))))
    verdict = conclude(launched(restless))
    found = verdict.effects[0].relative
    assert found is not None
    assert found.low < 0 < 0.3 < found.high, "the window says neither that nothing was left nor that something was"
    assert verdict.word is VerdictWord.INCONCLUSIVE


def test_before_the_first_reading_there_is_a_path_and_no_verdict() -> None:
    verdict = conclude(launched(daily(5, days=AFTER, effect=0.5), after=20))
    assert verdict.word is VerdictWord.TOO_EARLY
    assert verdict.effects == ()
    assert any(point.without is not None for point in verdict.path)
    assert str(LAUNCH_DAY + timedelta(days=28)) in verdict.sentence


def test_before_the_launch_it_is_too_early() -> None:
    inputs = launched(daily(5, days=AFTER), after=-3)
    assert conclude(inputs).word is VerdictWord.TOO_EARLY


@pytest.mark.parametrize("days", [-13, -1, 0, 3, 7])
def test_neighbour_too_near_refuses(days: int) -> None:
    verdict = conclude(launched(daily(6, days=AFTER, effect=0.2), others=(other(days, "new search"),)))
    assert verdict.word is VerdictWord.NOT_MEASURABLE
    assert verdict.grade is Grade.D
    assert "New search was launched" in verdict.sentence
    assert "Described only" in verdict.sentence
    assert verdict.effects[0].absolute is None


def test_quiet_neighbour_is_named_and_hinders_nothing() -> None:
    verdict = conclude(launched(daily(6, days=AFTER, effect=0.2), others=(other(2, "upgrade", quiet=True),)))
    assert verdict.word is VerdictWord.IMPROVED
    assert any("upgrade" in check.sentence for check in verdict.checks if check.name == "quiet neighbours")


def test_later_neighbour_ends_the_window() -> None:
    verdict = conclude(launched(daily(7, days=AFTER, effect=0.3), others=(other(15),)))
    assert verdict.word is VerdictWord.IMPROVED
    assert verdict.effects[0].last_day == LAUNCH_DAY + timedelta(days=14)
    assert any("until" in reason for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("kind", "first", "last", "refused"),
    [
        (AnnotationKind.LOGGING, 1, None, True),
        (AnnotationKind.PRICE, -5, None, True),
        (AnnotationKind.CAMPAIGN, -30, 2, True),
        (AnnotationKind.CAMPAIGN, -60, -40, False),
        (AnnotationKind.HOLIDAY, 1, 1, False),
    ],
)
def test_annotations_at_the_launch(kind: AnnotationKind, first: int, last: int | None, refused: bool) -> None:
    verdict = conclude(launched(daily(8, days=AFTER, effect=0.3), notes=(note(kind, first, last),)))
    assert (verdict.word is VerdictWord.NOT_MEASURABLE) is refused


def test_annotation_of_another_metric_hinders_nothing() -> None:
    verdict = conclude(
        launched(daily(8, days=AFTER, effect=0.3), notes=(note(AnnotationKind.LOGGING, 1, metrics=("clicks",)),))
    )
    assert verdict.word is VerdictWord.IMPROVED


def test_definition_changed_since_the_seal_refuses() -> None:
    inputs = launched(daily(9, days=AFTER, effect=0.3), metrics=(metric("sales", hash_then="older"),))
    verdict = conclude(inputs)
    assert verdict.word is VerdictWord.NOT_MEASURABLE
    assert "defined otherwise when the expectation was sealed" in verdict.sentence


def test_short_history_refuses() -> None:
    values = daily(10, days=AFTER, effect=0.3)
    values[:-90] = np.nan
    inputs = launched(values[-90:])
    moved = series("sales", values[-90:])
    begun = moved.__class__(metric="sales", first_day=START + timedelta(days=len(values) - 90), values=moved.values)
    verdict = conclude(StudyInputs(**{**{f: getattr(inputs, f) for f in inputs.__struct_fields__}, "series": (begun,)}))
    assert verdict.word is VerdictWord.NOT_MEASURABLE
    assert "days with values before the launch" in verdict.sentence


def test_gaps_around_the_launch_refuse() -> None:
    values = daily(11, days=AFTER, effect=0.3)
    launch = (LAUNCH_DAY - START).days
    values[launch + 1 : launch + 6] = np.nan
    verdict = conclude(launched(values))
    assert verdict.word is VerdictWord.NOT_MEASURABLE
    assert "have no value" in verdict.sentence


def test_control_that_carries_the_forecast_makes_it_b() -> None:
    rng = np.random.default_rng(12)
    common = np.cumsum(rng.normal(0, 0.04, (LAUNCH_DAY - START).days + AFTER))
    launch = (LAUNCH_DAY - START).days
    outcome = np.rint(np.exp(6.0 + common + rng.normal(0, 0.01, len(common))))
    outcome[launch:] = np.rint(outcome[launch:] * 1.2)
    control = np.rint(np.exp(6.5 + common + rng.normal(0, 0.01, len(common))))
    inputs = launched(
        outcome,
        metrics=(metric("sales"), metric("abroad", None)),
        more=(series("abroad", control),),
        study={"controls": ("abroad",)},
    )
    verdict = conclude(inputs)
    assert (verdict.word, verdict.grade) == (VerdictWord.IMPROVED, Grade.B)


def test_harmed_guardrail_makes_it_mixed() -> None:
    errors = daily(14, days=AFTER, effect=0.6)
    inputs = launched(
        daily(13, days=AFTER, effect=0.3),
        metrics=(metric("sales"), metric("errors", MetricRole.GUARDRAIL, direction="down")),
        more=(series("errors", errors),),
        study={"guardrails": ("errors",)},
    )
    verdict = conclude(inputs)
    assert verdict.word is VerdictWord.MIXED
    assert "Guardrail harmed: Errors" in verdict.sentence


def test_late_expectation_is_marked() -> None:
    late = Sealed(output="o", expectation="sales +5% within 28d", sealed_at=datetime(2026, 2, 1, tzinfo=UTC), late=True)
    verdict = conclude(launched(daily(15, days=AFTER, effect=0.3), sealed=late))
    assert any("stated after the launch" in reason for reason in verdict.reasons)


def test_weekly_metric_says_why_it_has_no_series() -> None:
    inputs = launched(daily(16, days=AFTER), metrics=(metric("sales", no_daily="Sales counts by week."),))
    verdict = conclude(inputs)
    assert verdict.word is VerdictWord.NOT_MEASURABLE
    assert "counts by week" in verdict.sentence


@pytest.mark.study
def test_false_verdicts_are_as_rare_and_true_ones_as_frequent_as_said() -> None:
    nothing = [conclude(launched(daily(seed, days=AFTER))).word for seed in range(1_000, 1_300)]
    something = [conclude(launched(daily(seed, days=AFTER, effect=0.2))).word for seed in range(2_000, 2_100)]
    claims = (VerdictWord.IMPROVED, VerdictWord.HARMED, VerdictWord.TRANSIENT)
    false = sum(word in claims for word in nothing)
    # a claim, or a spike of three days that is called transient: two chances at 5 % each
    assert binomtest(false, len(nothing), 0.10, alternative="greater").pvalue > 0.001
    assert VerdictWord.HARMED not in something
    assert sum(word is VerdictWord.IMPROVED for word in something) > 80


def test_holidays_are_learned_from_the_past_and_taken_out() -> None:
    values = daily(17, days=AFTER)
    launch = (LAUNCH_DAY - START).days
    notes = []
    for first in (-150, -100, -60, 5):
        values[launch + first : launch + first + 3] *= 2.5
        notes.append(note(AnnotationKind.HOLIDAY, first, first + 2))
    known, unknown = conclude(launched(values, notes=tuple(notes))), conclude(launched(values))
    with_them, without = known.effects[0].relative, unknown.effects[0].relative
    assert with_them is not None
    assert with_them.low < 0 < with_them.high
    assert without is None or without.high - without.low > with_them.high - with_them.low
