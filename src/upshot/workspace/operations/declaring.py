"""From what somebody wants declared to what changes: compared with what is there, checked, and made all at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from upshot.answers.unseen import warnings_on_metrics
from upshot.api.declarations import DeclarationChange, DeclarationsApplied, FieldChange
from upshot.catalog.catalog import Made
from upshot.catalog.checks import Book, Fault, faults
from upshot.catalog.declarations import Declared, Managed, Put, Remove
from upshot.catalog.kinds import KINDS, Dashboard, Declaration
from upshot.catalog.kinds.dashboard import arranged
from upshot.catalog.yaml.diff import Difference, declaration_differences, metric_differences
from upshot.catalog.yaml.read import METRIC, Key, Place
from upshot.core.errors import NotAllowed
from upshot.core.problems import Problem
from upshot.metrics.definition import Metric
from upshot.metrics.text import metric_to_yaml
from upshot.workspace.operations.dashboards import tile_problems
from upshot.workspace.operations.metrics import declare
from upshot.workspace.resources import Resources

__all__ = ["Current", "Submission", "carry_out", "current", "refuse_managed", "weigh"]

Current = Mapping[str, Mapping[str, Declared[Declaration]]]
"""What is in force, by kind and name."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody wants.

    Attributes:
        puts: Declarations to add or change.
        managed: How they are managed from then on.
        source: Where they come from, where ``places`` do not say.
        metrics: Metrics to add or change, with their source.
        removes: Kind and name of what is taken away.
        places: Where in their files they stand.
        after: The versions that the change was made from; those that are there where nothing is said.
        unread: What is written and could not be read.
    """

    puts: tuple[Declaration, ...]
    managed: Managed
    source: str
    metrics: tuple[tuple[Metric, str], ...] = ()
    removes: tuple[Key, ...] = ()
    places: Mapping[Key, Place] = field(default_factory=dict)
    after: Mapping[Key, int | None] = field(default_factory=dict)
    unread: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True)
class Weighed:
    """What would change, and what is wrong with it."""

    submission: Submission
    changes: tuple[DeclarationChange, ...]
    problems: tuple[Problem, ...]
    steps: tuple[Put | Remove, ...]
    metrics: tuple[tuple[str, str, str, str], ...]

    @property
    def refused(self) -> bool:
        """Whether something is wrong, so that nothing may change."""
        return any(problem.level == "error" for problem in self.problems)

    @property
    def answer(self) -> DeclarationsApplied:
        """As it is answered."""
        return DeclarationsApplied(self.changes, self.problems)


def current(resources: Resources) -> Current:
    """What is in force, in the order of declaration."""
    return {name: resources.catalog.declarations.current(kind) for name, kind in KINDS.items()}


def weigh(resources: Resources, submission: Submission, there: Current | None = None) -> Weighed:
    """Compare a submission with what is there, and check what would then be in force."""
    there = there if there is not None else current(resources)
    puts, problems = _arranged(submission)
    metric_changes, fresh = _metrics(resources, submission)
    changes = list(metric_changes)
    steps: list[Put | Remove] = []
    touched: list[Declaration] = []
    for value in puts:
        key, old = (value.KIND, value.name), there[value.KIND].get(value.name)
        differences = _differences(old, value, submission.managed)
        if old is not None and not differences:
            changes.append(DeclarationChange(*key, "unchanged"))
            continue
        if old is not None and value.IMMUTABLE and old.value != value:
            message = f"The {value.KIND} {value.name!r} cannot be changed; add another one beside it."
            problems.append(_problem(submission, Fault(*key, "", message)))
        changes.append(DeclarationChange(*key, "added" if old is None else "changed", _shown(differences)))
        steps.append(Put(value, _after(submission, key, old), _source(submission, key)))
        touched.append(value)
    for kind, name in submission.removes:
        old = there[kind].get(name)
        changes.append(DeclarationChange(kind, name, "removed"))
        steps.append(Remove(KINDS[kind], name, _after(submission, (kind, name), old)))
    found = faults(_book(resources, submission, puts, there), touched, submission.removes)
    problems += (
        _problem(submission, fault) for fault in found if not (fault.is_advice and submission.managed == "import")
    )
    problems += _tiles(resources, submission, touched)
    problems += warnings_on_metrics(resources.answering, [metric for metric, _ in submission.metrics])
    order = {kind: place for place, kind in enumerate((METRIC, *KINDS))}
    in_order = sorted(changes, key=lambda change: order[change.kind])
    return Weighed(submission, tuple(in_order), tuple(problems), tuple(steps), fresh)


def carry_out(resources: Resources, weighed: Weighed, *, by: str) -> Made:
    """Make the changes, all of them or none, and seal what changed outputs expect."""
    submission = weighed.submission
    made = resources.catalog.declare(
        weighed.steps, weighed.metrics, by=by, source=submission.source, managed=submission.managed
    )
    if weighed.metrics:
        declare(resources)
    return made


def refuse_managed(found: Declared[Declaration]) -> None:
    """Let through what may be changed by hand.

    Raises:
        NotAllowed: It is managed from code.
    """
    if found.managed == "code" and not found.removed:
        where = f" ({found.source})" if found.source else ""
        kind, name = found.value.KIND, found.value.name
        raise NotAllowed(
            f"The {kind} {name!r} is managed from code{where}.",
            hint="Change it there and run `upshot apply`.",
        )


def _arranged(submission: Submission) -> tuple[list[Declaration], list[Problem]]:
    """The declarations as they are kept: a dashboard's tiles have their places."""
    kept: list[Declaration] = []
    problems: list[Problem] = []
    for value in submission.puts:
        try:
            kept.append(arranged(value) if isinstance(value, Dashboard) else value)
        except ValueError as error:
            fault = Fault(value.KIND, value.name, "tiles", f"The dashboard {value.name!r} does not fit: {error}.")
            problems.append(_problem(submission, fault))
    return kept, problems


def _metrics(
    resources: Resources, submission: Submission
) -> tuple[list[DeclarationChange], tuple[tuple[str, str, str, str], ...]]:
    known = resources.metrics.all() if submission.metrics else {}
    changes, fresh = [], []
    for metric, source in submission.metrics:
        old, definition = known.get(metric.name), metric_to_yaml(metric)
        if old is not None and old[1].definition == definition:
            changes.append(DeclarationChange(METRIC, metric.name, "unchanged"))
            continue
        fields = _shown(metric_differences(None if old is None else old[0], metric))
        changes.append(DeclarationChange(METRIC, metric.name, "added" if old is None else "changed", fields))
        fresh.append((metric.name, metric.hash, definition, source))
    return changes, tuple(fresh)


def _differences(old: Declared[Declaration] | None, value: Declaration, managed: Managed) -> tuple[Difference, ...]:
    if old is None:
        return declaration_differences(None, value)
    taken_over = () if old.managed == managed else (Difference("managed", old.managed, managed),)
    return (*declaration_differences(old.value, value), *taken_over)


def _shown(differences: Iterable[Difference]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(each.field, each.before, each.after) for each in differences)


def _after(submission: Submission, key: Key, old: Declared[Declaration] | None) -> int | None:
    given = submission.after.get(key)
    return given if given is not None else old.version if old is not None else 0


def _source(submission: Submission, key: Key) -> str:
    place = submission.places.get(key)
    return place.source if place is not None else submission.source


def _book(resources: Resources, submission: Submission, puts: Iterable[Declaration], there: Current) -> Book:
    declarations = {kind: {name: found.value for name, found in values.items()} for kind, values in there.items()}
    for kind, name in submission.removes:
        declarations[kind].pop(name, None)
    for value in puts:
        declarations[value.KIND][value.name] = value
    metrics = {name: metric for name, (metric, _) in resources.metrics.all().items()}
    metrics |= {metric.name: metric for metric, _ in submission.metrics}
    seals = {seal.hash: seal.sealed_at for seal in resources.catalog.conclusions.seals()}
    return Book(declarations, metrics, seals, resources.zone, resources.clock(), submission.unread)


def _problem(submission: Submission, fault: Fault) -> Problem:
    place = submission.places.get((fault.kind, fault.name))
    if place is None:
        where = fault.name if submission.managed == "import" else fault.field
        return Problem(fault.message, where, 0, fault.suggestions, fault.level)
    return Problem(fault.message, place.source, place.of(fault.field), fault.suggestions, fault.level)


def _tiles(resources: Resources, submission: Submission, touched: Iterable[Declaration]) -> list[Problem]:
    found: list[Problem] = []
    for value in touched:
        if isinstance(value, Dashboard) and all(name in resources.metrics.all() for _, _, name in value.references()):
            for problem in tile_problems(resources, [value]):
                fault = Fault(value.KIND, value.name, "tiles", problem.message, problem.suggestions, problem.level)
                found.append(_problem(submission, fault))
    return found
