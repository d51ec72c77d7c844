"""From inputs to a verdict: the strongest valid design is used, and why stronger ones were not is kept."""

import platform
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib import resources
from importlib.metadata import version

from upshot.catalog.verdict import Check, Effect, Grade, Point, StudyDesign, Verdict, VerdictWord
from upshot.charts.words import day_label
from upshot.core.code import code_digest
from upshot.studies.before_after import describe_before_after
from upshot.studies.experiment import measure_experiment
from upshot.studies.findings import Finding, Refused
from upshot.studies.inputs import StudyInputs
from upshot.studies.time_series import measure_time_series
from upshot.studies.words import best_variant, judged

__all__ = ["conclude", "software"]


_ROOMS = ("upshot.studies", "upshot.causal", "upshot.stats")


@cache
def software() -> str:
    """What concludes: equal strings promise equal digits.

    The code of the rooms that calculate is in it as a digest, as a version's number does not change with every change.
    """
    digest = code_digest(resources.files(room) for room in _ROOMS)
    parts = [f"upshot {version('upshot')} ({digest[:12]})"]
    parts += [f"{name} {version(name)}" for name in ("numpy", "scipy")]
    return f"{', '.join(parts)}, Python {platform.python_version()}, {platform.machine()}"


def conclude(inputs: StudyInputs) -> Verdict:
    """The verdict on ``inputs``; the same inputs give the same verdict, to the last digit in one environment.

    On a day that is no declared reading date the word is ``too early``: the path and, for an experiment, always-valid
    intervals are there to be looked at, and nothing is decided by them.
    """
    if inputs.reading < inputs.launch_day:
        return _verdict(
            inputs,
            VerdictWord.TOO_EARLY,
            StudyDesign.NONE,
            f"Too early: nothing is known yet of the days since {day_label(inputs.launch_day)}.",
        )
    found, refused = _routed(inputs)
    if not inputs.final:
        return _peek(inputs, found, refused)
    if found is None:
        return _unmeasured(inputs, refused)
    if found.design is StudyDesign.BEFORE_AFTER:
        return _described(inputs, found, refused)
    variant = best_variant(found.effects) if found.design is StudyDesign.EXPERIMENT else ""
    judged_on = [e for e in found.effects if e.variant == variant]
    word, sentence = judged(judged_on, inputs.study.smallest_effect, _titles(inputs), transient=found.transient)
    grade = Grade.U if word is VerdictWord.NOT_MEASURABLE else found.grade
    return _verdict(
        inputs,
        word,
        found.design,
        sentence,
        grade=grade,
        effects=_ordered(found.effects, variant),
        checks=found.checks,
        reasons=(*_weaker(inputs, found), *_told(refused), *found.reasons),
        path=found.path,
        window=found.window,
    )


def _weaker(inputs: StudyInputs, found: Finding) -> tuple[str, ...]:
    """Why the evidence is not better, where no design was refused for it."""
    if found.design is not StudyDesign.TIME_SERIES:
        return ()
    if inputs.study.design == "time series":
        told = "No experiment: the study asks for a time series."
    else:
        told = "No experiment: everybody had it, and nobody drew lots."
    if all(metric.role is not None for metric in inputs.metrics):
        return told, "No control series are declared, so the evidence is C at best."
    return (told,)


def _routed(inputs: StudyInputs) -> tuple[Finding | None, list[Refused]]:
    """The strongest design that is valid, and those that are not."""
    refused: list[Refused] = []
    asked = inputs.study.design
    drawn = inputs.experiment is not None or inputs.launch.randomised
    if asked in ("auto", "experiment") and (drawn or asked == "experiment"):
        found = measure_experiment(inputs)
        if isinstance(found, Finding):
            return found, refused
        refused.append(found)
        # Half of the people had it: what all of them did together is no answer to what it does.
        return None, refused
    if asked in ("auto", "time series"):
        found = measure_time_series(inputs)
        if isinstance(found, Finding):
            return found, refused
        refused.append(found)
    if asked in ("auto", "before/after"):
        found = describe_before_after(inputs)
        if isinstance(found, Finding):
            return found, refused
        refused.append(found)
    return None, refused


def _peek(inputs: StudyInputs, found: Finding | None, refused: list[Refused]) -> Verdict:
    following = [day for day in inputs.study.readings if day > inputs.reading]
    if following:
        sentence = f"Too early: the {'first' if len(following) == len(inputs.study.readings) else 'next'} reading "
        sentence += f"is on {following[0]}."
    else:
        sentence = f"All readings are over; the last was on {inputs.study.readings[-1]}."
    usable = found is not None and found.design is not StudyDesign.BEFORE_AFTER
    if not usable and refused:
        sentence += f" As things stand it cannot be measured: {refused[0].reasons[0]}"
    shown: tuple[Effect, ...] = ()
    if found is not None and found.design is StudyDesign.EXPERIMENT:
        shown = _ordered(found.effects, best_variant(found.effects))
        sentence += " What is shown is a peek: always-valid intervals, by which nothing is decided."
    return _verdict(
        inputs,
        VerdictWord.TOO_EARLY,
        found.design if found is not None and usable else StudyDesign.NONE,
        sentence,
        effects=shown,
        checks=found.checks if found is not None and usable else _checks(refused),
        reasons=(*_told(refused), *(found.reasons if found else ())),
        path=_path(found, refused),
    )


def _unmeasured(inputs: StudyInputs, refused: list[Refused]) -> Verdict:
    why = refused[0].reasons[0] if refused else "No design fits."
    return _verdict(
        inputs,
        VerdictWord.NOT_MEASURABLE,
        StudyDesign.NONE,
        f"Not measurable: {why}",
        checks=_checks(refused),
        reasons=_told(refused),
        path=_path(None, refused),
    )


def _described(inputs: StudyInputs, found: Finding, refused: list[Refused]) -> Verdict:
    why = f" {refused[0].reasons[0]}" if refused else " A comparison of before and after was asked for, and no more."
    shown = f" Described only: {found.effects[0].why_not}"
    return _verdict(
        inputs,
        VerdictWord.NOT_MEASURABLE,
        StudyDesign.BEFORE_AFTER,
        f"Not measurable:{why}{shown}",
        grade=Grade.D,
        effects=found.effects,
        checks=(*_checks(refused), *found.checks),
        reasons=_told(refused),
        path=_path(found, refused),
        window=found.window,
    )


def _verdict(
    inputs: StudyInputs,
    word: VerdictWord,
    design: StudyDesign,
    sentence: str,
    *,
    grade: Grade = Grade.U,
    effects: tuple[Effect, ...] = (),
    checks: tuple[Check, ...] = (),
    reasons: tuple[str, ...] = (),
    path: tuple[Point, ...] = (),
    window: tuple[date, date] | None = None,
) -> Verdict:
    late = inputs.expectation is not None and inputs.expectation.late
    if late:
        reasons = (*reasons, "The expectation was stated after the launch: it says nothing about foresight.")
    return Verdict(
        study=inputs.study.name,
        launch=inputs.launch.name,
        reading=inputs.reading,
        word=word,
        grade=grade,
        design=design,
        sentence=sentence,
        effects=effects,
        checks=checks,
        reasons=reasons,
        path=path,
        estimand=inputs.study.estimand or _estimand(inputs, design, window),
        smallest_effect=inputs.study.smallest_effect,
        snapshot=inputs.hash,
        seed=inputs.seed,
        software=software(),
    )


def _estimand(inputs: StudyInputs, design: StudyDesign, window: tuple[date, date] | None) -> str:
    title, what = inputs.primary.title, inputs.launch.title or inputs.launch.name
    days = (
        f"{day_label(window[0])} to {day_label(window[1])}"
        if window
        else f"from the launch to {day_label(inputs.reading)}"
    )
    match design:
        case StudyDesign.EXPERIMENT:
            unit = inputs.experiment.experiment.unit if inputs.experiment else "unit"
            return (
                f"The effect of {what} on {title} of each {unit} that met a variant on {days}, over "
                f"{inputs.study.horizon_days} days from then on, against what it would have been with the control."
            )
        case StudyDesign.TIME_SERIES:
            over = "summed over" if inputs.primary.additive else "on the mean day of"
            return f"The effect of {what} on {title}, {over} {days}, among everybody, against no launch."
        case StudyDesign.BEFORE_AFTER:
            return f"The change of {title} from the days before to {days}: a description, not an effect."
        case StudyDesign.NONE:
            return f"The effect of {what} on {title}, {days}."


def _titles(inputs: StudyInputs) -> dict[str, str]:
    return {metric.name: metric.title for metric in inputs.metrics}


def _ordered(effects: tuple[Effect, ...], variant: str) -> tuple[Effect, ...]:
    """The variant that the verdict falls on first; within one, as measured."""
    return tuple(sorted(effects, key=lambda effect: effect.variant != variant))


def _told(refused: Iterable[Refused]) -> tuple[str, ...]:
    return tuple(f"No {each.design}: {reason}" for each in refused for reason in each.reasons)


def _checks(refused: Iterable[Refused]) -> tuple[Check, ...]:
    return tuple(check for each in refused for check in each.checks)


def _path(found: Finding | None, refused: Iterable[Refused]) -> tuple[Point, ...]:
    if found is not None and found.path:
        return found.path
    return next((each.path for each in refused if each.path), ())
