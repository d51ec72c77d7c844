"""Launches, their outputs and how they are measured, as they stand in the catalog: read once for each question."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from upshot.answers.answering import Answering
from upshot.api.outputs import ExpectationView, LaunchView, OutputView
from upshot.catalog.declarations import Declared
from upshot.catalog.kinds import (
    Annotation,
    Decision,
    Experiment,
    Launch,
    Objective,
    Outcome,
    Output,
    OutputKind,
    Study,
    Team,
    parse_expectation,
)
from upshot.catalog.types import MetricVersion
from upshot.catalog.verdict import Seal, VerdictRecord
from upshot.core.errors import NotFound
from upshot.ledger.cost import cost_of
from upshot.metrics.definition import Metric
from upshot.studies.default import Stated, chosen_expectation, default_study

__all__ = ["LaunchBook", "Measurement"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """How a launch is measured.

    Attributes:
        study: Declared, or made from what was expected; None where nothing says what it should have moved.
        declared: Whether somebody declared it.
        declared_at: When, in its version in force.
        stated: The expectation that it tests.
        why_not: Why there is no study.
    """

    study: Study | None
    declared: bool
    declared_at: datetime | None
    stated: Stated | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class LaunchBook:
    """What is declared around launches, by name."""

    resources: Answering
    outputs: dict[str, Declared[Output]]
    launches: dict[str, Declared[Launch]]
    annotations: dict[str, Declared[Annotation]]
    experiments: dict[str, Declared[Experiment]]
    studies: dict[str, Declared[Study]]
    decisions: dict[str, Declared[Decision]]
    outcomes: dict[str, Declared[Outcome]]
    objectives: dict[str, Declared[Objective]]
    teams: dict[str, Declared[Team]]
    seals: tuple[Seal, ...]
    metrics: dict[str, tuple[Metric, MetricVersion]]
    index: "_Index"

    @classmethod
    def of(cls, resources: Answering) -> "LaunchBook":
        """Read it."""
        declared = resources.catalog.declarations
        launches, experiments = declared.current(Launch), declared.current(Experiment)
        studies, decisions = declared.current(Study), declared.current(Decision)
        seals = resources.catalog.conclusions.seals()
        return cls(
            resources=resources,
            outputs=declared.current(Output),
            launches=launches,
            annotations=declared.current(Annotation),
            experiments=experiments,
            studies=studies,
            decisions=decisions,
            outcomes=declared.current(Outcome),
            objectives=declared.current(Objective),
            teams=declared.current(Team),
            seals=seals,
            metrics=resources.metrics.all(),
            index=_Index(
                seals={seal.hash: seal for seal in seals},
                launches=_by_output(each.value for each in launches.values()),
                experiments=_by_launch(experiments.values()),
                studies=_by_launch(studies.values()),
                decisions=_by_launch(decisions.values()),
            ),
        )

    def launch(self, name: str) -> Launch:
        """The launch of that name.

        Raises:
            NotFound: There is none.
        """
        if name not in self.launches:
            raise NotFound("launch", name, self.launches, hint="`upshot ledger` lists the launches.")
        return self.launches[name].value

    def day_of(self, launch: Launch) -> date:
        """The local day of a launch."""
        return self.local_day(launch.at)

    def local_day(self, instant: datetime) -> date:
        """The local day of an instant with offset."""
        return instant.astimezone(self.resources.zone).date()

    def launches_of(self, output: str) -> tuple[Launch, ...]:
        """Launches that hold the output, earliest first."""
        return tuple(self.index.launches.get(output, ()))

    def experiment_of(self, launch: str) -> Experiment | None:
        """The experiment that randomises the launch; the newest where there are several."""
        found = self.index.experiments.get(launch)
        return found[-1].value if found else None

    def experiment_in(self, study: Study) -> Experiment | None:
        """The experiment that a study reads; None where it asks for another design, or nobody drew lots."""
        return self.experiment_of(study.launch) if study.design in ("auto", "experiment") else None

    def metric_title(self, name: str) -> str:
        """What people call a metric; its name where there is none any more."""
        return (self.metrics[name][0].title or name) if name in self.metrics else name

    def quiet(self, launch: Launch) -> bool:
        """Whether all of its outputs are upkeep, enabling or compliance, of which nobody expects an effect."""
        kinds = [self.outputs[name].value.kind for name in launch.outputs if name in self.outputs]
        return bool(kinds) and all(kind is not OutputKind.BET for kind in kinds)

    def stated(self, launch: Launch) -> tuple[Stated, ...]:
        """The expectations of its outputs with their seals, in the order of outputs and lines."""
        return tuple(
            Stated(name, expectation, self.index.seals.get(expectation.seal(name)))
            for name in launch.outputs
            if name in self.outputs
            for expectation in self.outputs[name].value.expectations
        )

    def measured(self, launch: Launch) -> Measurement:
        """The study of a launch: the newest declared one, else the one that its expectations make."""
        stated = self.stated(launch)
        own = self.index.studies.get(launch.name)
        if own:
            newest = max(own, key=lambda each: each.created_at)
            tested = chosen_expectation(stated, launch.at, newest.value.primary)
            return Measurement(newest.value, declared=True, declared_at=newest.created_at, stated=tested)
        tested = chosen_expectation(stated, launch.at)
        metric = self._fallback_metric(launch)
        study = default_study(launch.name, self.day_of(launch), tested, metric)
        why = (
            ""
            if study
            else (
                "Nobody said what it should move: its outputs have no expectation and no objective, and there is not "
                "exactly one outcome. Write one (expects: …) or declare a study."
            )
        )
        return Measurement(study, declared=False, declared_at=None, stated=tested, why_not=why)

    def decisions_of(self, launch: str) -> tuple[Declared[Decision], ...]:
        """Decisions about the launch, oldest first."""
        found = self.index.decisions.get(launch, [])
        return tuple(sorted(found, key=lambda each: (each.value.at, each.value.name)))

    def newest_verdicts(self, launch: str | None = None) -> dict[str, VerdictRecord]:
        """By launch, the newest record of its latest reading."""
        found: dict[str, VerdictRecord] = {}
        for record in self.resources.catalog.conclusions.verdicts(launch):
            known = found.get(record.verdict.launch)
            if known is None or record.verdict.reading >= known.verdict.reading:
                found[record.verdict.launch] = record
        return found

    def launch_view(self, name: str) -> LaunchView:
        """A launch as people see it."""
        declared = self.launches[name]
        launch = declared.value
        experiment = self.experiment_of(name)
        return LaunchView(
            name=name,
            title=launch.title or self._titles(launch) or name,
            at=launch.at,
            day=self.day_of(launch),
            outputs=launch.outputs,
            output_titles=tuple(self.output_title(output) for output in launch.outputs),
            audience=launch.audience,
            ramp=tuple((step.at, step.share) for step in launch.ramp),
            randomised=launch.randomised,
            ended_at=launch.ended_at,
            experiment=experiment.name if experiment else "",
            version=declared.version,
            managed=declared.managed,
        )

    def output_title(self, name: str) -> str:
        """What people call an output."""
        return (self.outputs[name].value.title or name) if name in self.outputs else name

    def output_view(self, name: str) -> OutputView:
        """An output as people see it.

        Raises:
            NotFound: There is none.
        """
        if name not in self.outputs:
            raise NotFound("output", name, self.outputs, hint="`upshot output list` shows all of them.")
        declared = self.outputs[name]
        output, cost = declared.value, declared.value.cost
        return OutputView(
            name=name,
            title=output.title or name,
            description=output.description,
            kind=output.kind.value,
            objective=output.objective,
            team=output.team,
            product_owner=output.owners.product,
            design_owner=output.owners.design,
            engineering_owner=output.owners.engineering,
            cost_days=cost.days if cost else None,
            cost_money=cost.money if cost else None,
            cost=self.cost_of(output),
            cost_estimated=bool(cost and cost.estimated),
            cost_how=cost.how if cost else "",
            expectations=self._expectations(output),
            launches=tuple(launch.name for launch in self.launches_of(name)),
            refs=output.refs,
            link=output.link,
            version=declared.version,
            managed=declared.managed,
        )

    def cost_of(self, output: Output) -> float | None:
        """What it cost, in the workspace's currency; None where that is not known."""
        team = self.teams.get(output.team)
        return cost_of(output, team.value if team else None)

    def _expectations(self, output: Output) -> tuple[ExpectationView, ...]:
        launches = self.launches_of(output.name)
        launched_at = launches[0].at if launches else None
        current = {expectation.seal(output.name): expectation for expectation in output.expectations}
        past = {seal.hash: seal for seal in self.seals if seal.output == output.name and seal.hash not in current}
        views = []
        for digest, expectation in [
            *current.items(),
            *((h, parse_expectation(s.expectation)) for h, s in past.items()),
        ]:
            seal = self.index.seals.get(digest)
            late = launched_at is not None and (seal is None or seal.sealed_at > launched_at)
            views.append(
                ExpectationView(
                    text=expectation.text,
                    metric=expectation.metric,
                    change=expectation.change,
                    relative=expectation.relative,
                    low=expectation.low,
                    high=expectation.high,
                    within_days=expectation.within_days,
                    seal=digest,
                    sealed_at=seal.sealed_at if seal else None,
                    sealed_by=seal.sealed_by if seal else "",
                    late=late,
                    withdrawn=digest in past,
                )
            )
        return tuple(views)

    def _titles(self, launch: Launch) -> str:
        return ", ".join(self.output_title(name) for name in launch.outputs[:3])

    def _fallback_metric(self, launch: Launch) -> str:
        """What to measure where nothing was expected: the metric of the outputs' objective, or the only outcome."""
        for name in launch.outputs:
            objective = self.outputs[name].value.objective if name in self.outputs else ""
            if objective in self.objectives:
                return self.objectives[objective].value.metric
        return next(iter(self.outcomes)) if len(self.outcomes) == 1 else ""


@dataclass(frozen=True, slots=True)
class _Index:
    """What is looked up often: seals by hash, launches by output (earliest first), the rest by launch."""

    seals: dict[str, Seal]
    launches: dict[str, list[Launch]]
    experiments: dict[str, list[Declared[Experiment]]]
    studies: dict[str, list[Declared[Study]]]
    decisions: dict[str, list[Declared[Decision]]]


def _by_output(launches: Iterable[Launch]) -> dict[str, list[Launch]]:
    found: dict[str, list[Launch]] = {}
    for launch in sorted(launches, key=lambda launch: (launch.at, launch.name)):
        for output in dict.fromkeys(launch.outputs):
            found.setdefault(output, []).append(launch)
    return found


D = TypeVar("D", Experiment, Study, Decision)


def _by_launch(declared: Iterable[Declared[D]]) -> dict[str, list[Declared[D]]]:
    found: dict[str, list[Declared[D]]] = {}
    for each in declared:
        found.setdefault(each.value.launch, []).append(each)
    return found
