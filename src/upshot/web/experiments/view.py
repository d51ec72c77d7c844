"""What the pages of experiments show."""

import msgspec

from upshot.answers.pictures import Words
from upshot.api.state import Nothing
from upshot.api.studies import (
    EXPERIMENT_LIST,
    EXPERIMENT_SHOW,
    ArmView,
    ExperimentName,
    ExperimentReport,
    ExperimentView,
)
from upshot.catalog.verdict import VerdictWord
from upshot.web.evidence import (
    GRADES,
    IntervalBar,
    Tone,
    day_words,
    interval_bar,
    interval_words,
    reach_of,
    tone_of,
    window_words,
)
from upshot.web.page import Page

__all__ = ["ArmRow", "ArmsRow", "ExperimentPage", "ListRow", "read_experiment", "read_experiments"]


class ListRow(msgspec.Struct, frozen=True):
    """An experiment in the list."""

    experiment: ExperimentView
    days: str
    tone: Tone


class ArmRow(msgspec.Struct, frozen=True):
    """A variant: its units, their share and the share that it should have, from 0 to 1."""

    arm: ArmView
    units: str
    share: float
    share_text: str
    expected_text: str


class ArmsRow(msgspec.Struct, frozen=True):
    """The effect of one variant on one metric."""

    title: str
    metric: str
    variant: str
    role: str
    control: str
    treated: str
    effect: str
    bar: IntervalBar | None
    p_value: str
    window: str
    why_not: str


class ExperimentPage(msgspec.Struct, frozen=True):
    """The page of one experiment."""

    report: ExperimentReport
    word: str
    tone: Tone
    grade: str
    grade_words: str
    sentence: str
    arms: tuple[ArmRow, ...]
    rows: tuple[ArmsRow, ...]
    days: str


def read_experiments(page: Page) -> tuple[ListRow, ...]:
    """All of them, the newest first."""
    found = page.ask(EXPERIMENT_LIST, Nothing()).experiments
    return tuple(ListRow(e, _days(e), _tone(e.word)) for e in found)


def read_experiment(page: Page, name: str) -> ExperimentPage:
    """Ask for the readout, and lay it out."""
    report = page.ask(EXPERIMENT_SHOW, ExperimentName(name))
    verdict = report.verdict
    total = sum(arm.units for arm in report.arms)
    reach = reach_of(each.effect.relative for each in report.effects)
    rows = []
    for each in report.effects:
        words = Words(each.format, report.currency)
        effect = each.effect
        rows.append(
            ArmsRow(
                title=each.metric_title,
                metric=each.metric,
                variant=each.variant,
                role=str(effect.role),
                control=words.write(each.control_mean),
                treated=words.write(each.variant_mean),
                effect=interval_words(effect.relative),
                bar=interval_bar(effect.relative, reach, effect.direction),
                p_value="–"
                if effect.p_value is None
                else f"{effect.p_value:.3f}"
                if effect.p_value >= 0.001
                else "<0.001",
                window=window_words(effect),
                why_not=effect.why_not,
            )
        )
    return ExperimentPage(
        report=report,
        word=str(verdict.word) if verdict else "not read",
        tone=tone_of(verdict.word) if verdict else "plain",
        grade=str(verdict.grade) if verdict else "",
        grade_words=GRADES[verdict.grade] if verdict else "",
        sentence=verdict.sentence if verdict else "",
        arms=tuple(_arm(arm, total) for arm in report.arms),
        rows=tuple(rows),
        days=_days(report.experiment),
    )


def _arm(arm: ArmView, total: int) -> ArmRow:
    share = arm.units / total if total else 0.0
    return ArmRow(arm, f"{arm.units:,}", share, f"{share:.2%}" if total else "–", f"{arm.expected_share:.2%}")


def _days(experiment: ExperimentView) -> str:
    if experiment.ends is None:
        return f"since {day_words(experiment.starts)}"
    return f"{day_words(experiment.starts)} to {day_words(experiment.ends)}"


def _tone(word: str) -> Tone:
    return tone_of(VerdictWord(word)) if word in set(VerdictWord) else "plain"
