"""Experiments: which there are, and what one says now."""

import itertools
import math
import time
from datetime import date, timedelta
from typing import Literal

from upshot.answers.launch_book import LaunchBook
from upshot.answers.study_readings import read_now, waits_for
from upshot.api.operation import Principal
from upshot.api.state import Nothing
from upshot.api.studies import (
    EXPERIMENT_ANALYSE,
    EXPERIMENT_LIST,
    EXPERIMENT_SHOW,
    EXPERIMENTS_CHECK,
    ArmsEffect,
    ArmView,
    ExperimentList,
    ExperimentName,
    ExperimentReport,
    ExperimentView,
)
from upshot.catalog.kinds import Experiment
from upshot.catalog.verdict import Verdict
from upshot.charts.words import day_label
from upshot.core.errors import InvalidInput, NotFound
from upshot.engines.duckdb.person_table import MOST_ARMS
from upshot.studies.checked import CheckInputs, CheckReport
from upshot.studies.inputs import ArmValues, StudyInputs
from upshot.studies.tabled import ArmSpread, TableInputs, TableReport
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "analyse", "check", "list_experiments", "show"]

_MOST_ROWS = 500_000
_MOST_PEOPLE = 100_000_000
"""In an arm of which a quantile is asked: they are ranked in memory."""
_SHAPES = ("mean", "proportion", "ratio")

State = Literal["planned", "running", "ended"]
_PEEK = (
    "A peek: intervals are always-valid, so looking often costs nothing, and they are wider than those of a reading. "
    "Nothing is decided before {reading}."
)

_NO_DATA_YET = "Not read yet: the reading of {reading} is over, and the data reach to the end of {known} only."


def check(resources: Resources, principal: Principal, request: CheckInputs) -> CheckReport:
    """Summaries of many experiments: are their splits sound, where in time not, and who won? Nothing is kept.

    Raises:
        InvalidInput: There are no rows, or too many, or a level is out of range.
    """
    del principal
    if not 1 <= len(request.rows) <= _MOST_ROWS:
        raise InvalidInput(f"{len(request.rows):,} rows cannot be checked.", hint=f"Give 1 to {_MOST_ROWS:,}.")
    if not (0 < request.alarm < 1 and 0 < request.level < 1):
        raise InvalidInput("The alarm and the level lie between 0 and 1.", hint="Usual are 0.001 and 0.95.")
    return resources.answering.worker.check(request)


def analyse(resources: Resources, principal: Principal, request: TableInputs) -> TableReport:
    """A finished experiment's sums by arm: are the arms as planned, and what did each do? Nothing is kept.

    Raises:
        InvalidInput: There are fewer than two arms, names or weights that cannot be, an outcome without each arm's
            values, or a level out of range.
    """
    del principal
    names = [arm.variant for arm in request.arms]
    if not 2 <= len(names) <= MOST_ARMS or len(set(names)) < len(names):
        raise InvalidInput(f"{len(names)} arms cannot be compared.", hint=f"Give 2 to {MOST_ARMS} of different names.")
    if not all(0.0 < arm.weight < math.inf and arm.units >= 0 for arm in request.arms):
        raise InvalidInput("An arm has a share or a count below what can be.", hint="Shares are above 0.")
    if not sum(arm.units for arm in request.arms):
        raise InvalidInput("There is nobody in any arm.", hint="Give the number of people of each arm.")
    if not 0 < request.level < 1:
        raise InvalidInput(f"The level {request.level:g} does not lie between 0 and 1.", hint="Usual is 0.95.")
    if not request.outcomes:
        raise InvalidInput("There is no outcome.", hint="Give the values of at least one outcome.")
    for name in (*request.margins, *request.lower):
        if name not in request.outcomes or not 0.0 < request.margins.get(name, 0.5) < 1.0:
            raise InvalidInput(f"{name!r} is no outcome with a margin between 0 and 1.", hint="Name an outcome.")
    for outcome in request.outcomes:
        found = [value for value in request.values if value.metric == outcome]
        spreads = [spread for spread in request.spreads if spread.metric == outcome]
        whole = (_comparable(found) if found else _spread(spreads)) and bool(found) != bool(spreads)
        if [*(value.variant for value in found), *(spread.variant for spread in spreads)] != names or not whole:
            raise InvalidInput(
                f"The outcome {outcome!r} does not have values of one kind for each arm in order.",
                hint=f"Give them for {', '.join(names)}; a ratio needs its denominator's.",
            )
    return resources.answering.worker.read_table(request)


def _comparable(arms: list[ArmValues]) -> bool:
    shape = arms[0].shape
    whole = all(arm.n >= 0 and arm.variance_x >= 0.0 and (arm.mean_y is not None) == (shape == "ratio") for arm in arms)
    return whole and shape in _SHAPES and all(arm.shape == shape for arm in arms)


def _spread(arms: list[ArmSpread]) -> bool:
    return all(
        0.0 < arm.share < 1.0
        and len(arm.values) == len(arm.counts) > 0
        and all(count > 0 for count in arm.counts)
        and all(math.isfinite(value) for value in arm.values)
        and all(one < other for one, other in itertools.pairwise(arm.values))
        and sum(arm.counts) <= _MOST_PEOPLE
        for arm in arms
    )


def list_experiments(resources: Resources, principal: Principal, request: Nothing) -> ExperimentList:
    """All experiments, the newest first, with their newest recorded verdict."""
    del principal, request
    book = LaunchBook.of(resources.answering)
    newest = book.newest_verdicts()
    found = [
        _view(resources, each.value, record.verdict if (record := newest.get(each.value.launch)) else None)
        for each in book.experiments.values()
    ]
    return ExperimentList(tuple(sorted(found, key=lambda view: (view.starts, view.name), reverse=True)))


def show(resources: Resources, principal: Principal, request: ExperimentName) -> ExperimentReport:
    """The readout as of now; on a reading date or after the last one it is the verdict.

    Raises:
        NotFound: There is no such experiment.
        InvalidInput: Nothing says what it should move.
    """
    del principal
    started = time.perf_counter()
    book = LaunchBook.of(resources.answering)
    if request.name not in book.experiments:
        raise NotFound("experiment", request.name, book.experiments, hint="`upshot experiment list` shows all of them.")
    experiment = book.experiments[request.name].value
    launch = book.launch(experiment.launch)
    measured = book.measured(launch)
    found = read_now(book, launch, measured)
    if found is None:
        raise InvalidInput(f"The experiment {request.name!r} cannot be read.", hint=measured.why_not)
    inputs, verdict = found
    final = inputs.final and not waits_for(book, inputs)
    hypothesis = tuple(each.expectation.text for each in book.stated(launch))
    return ExperimentReport(
        experiment=_view(resources, experiment, verdict),
        launch=book.launch_view(launch.name),
        hypothesis=hypothesis,
        arms=_arms(inputs),
        effects=_effects(inputs, verdict),
        checks=verdict.checks,
        verdict=verdict,
        final=final,
        note="" if final else _note(inputs, verdict, resources.today()),
        currency=resources.loaded.settings.workspace.currency,
        elapsed_ms=(time.perf_counter() - started) * 1000,
    )


def _note(inputs: StudyInputs, verdict: Verdict, today: date) -> str:
    following = [day for day in inputs.study.readings if day > inputs.reading]
    if following and following[0] < today:
        return _NO_DATA_YET.format(reading=day_label(following[0]), known=day_label(inputs.reading))
    if not verdict.effects:
        return verdict.sentence
    return _PEEK.format(reading=following[0] if following else "the data are whole")


def _view(resources: Resources, experiment: Experiment, verdict: Verdict | None) -> ExperimentView:
    return ExperimentView(
        name=experiment.name,
        title=experiment.title or experiment.name,
        launch=experiment.launch,
        unit=experiment.unit,
        starts=experiment.starts,
        ends=experiment.ends,
        state=_state(experiment, resources.today()),
        variants=tuple(variant.name for variant in experiment.variants),
        word=verdict.word if verdict else "",
        sentence=verdict.sentence if verdict else "",
    )


def _state(experiment: Experiment, today: date) -> State:
    if today < experiment.starts:
        return "planned"
    return "running" if experiment.ends is None or today < experiment.ends + timedelta(days=1) else "ended"


def _arms(inputs: StudyInputs) -> tuple[ArmView, ...]:
    found = inputs.experiment
    if found is None:
        return ()
    total = sum(arm.weight for arm in found.arms)
    return tuple(
        ArmView(name=arm.variant, control=place == 0, units=arm.units, expected_share=arm.weight / total)
        for place, arm in enumerate(found.arms)
    )


def _effects(inputs: StudyInputs, verdict: Verdict) -> tuple[ArmsEffect, ...]:
    found = inputs.experiment
    if found is None or not verdict.effects:
        return ()
    means = {(values.metric, values.variant): _mean(values) for values in found.values}
    metrics = {metric.name: metric for metric in inputs.metrics}
    control = found.arms[0].variant
    return tuple(
        ArmsEffect(
            metric=effect.metric,
            metric_title=metrics[effect.metric].title,
            format=metrics[effect.metric].format,
            variant=effect.variant,
            control_mean=means.get((effect.metric, control)),
            variant_mean=means.get((effect.metric, effect.variant)),
            effect=effect,
        )
        for effect in verdict.effects
    )


def _mean(values: ArmValues) -> float | None:
    if values.shape != "ratio":
        return values.mean_x
    return values.mean_x / values.mean_y if values.mean_y else None


BINDINGS = (
    Binding(EXPERIMENT_LIST, list_experiments),
    Binding(EXPERIMENTS_CHECK, check),
    Binding(EXPERIMENT_ANALYSE, analyse),
    Binding(EXPERIMENT_SHOW, show),
)
