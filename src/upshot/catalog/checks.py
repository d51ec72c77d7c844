"""Whether declarations fit together: names that are there, a tree that is one, targets on outcomes.

What is wrong is a value; ``error`` stands in the way of the change, ``warning`` should be looked at and does not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from upshot.catalog.kinds import (
    Declaration,
    Experiment,
    Launch,
    Objective,
    Outcome,
    Output,
    OutputKind,
    Segment,
    Study,
)
from upshot.catalog.kinds.declaration import with_article
from upshot.catalog.output_words import counts_outputs
from upshot.core.problems import Problem
from upshot.core.suggest import nearest
from upshot.metrics.definition import Metric
from upshot.metrics.filters import parse_filter
from upshot.metrics.segments import named_segments, segments_in
from upshot.metrics.unit_sums import why_not_by_unit

__all__ = ["Book", "Fault", "faults"]

D = TypeVar("D", bound=Declaration)
Key = tuple[str, str]
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one declaration, and in which of its fields (empty: with the whole).

    ``is_advice`` marks a warning that is meant for who writes the declaration, and not for who reads it from elsewhere.
    """

    kind: str
    name: str
    field: str
    message: str
    suggestions: tuple[str, ...] = ()
    level: Literal["error", "warning"] = "error"
    is_advice: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that would be in force.

    Attributes:
        declarations: By kind and name.
        metrics: By name.
        seals: When each expectation was sealed, by its hash.
        zone: Whose local days count.
        now: The instant of the change.
        unread: What is there and could not be read, so that nobody who refers to it is blamed.
    """

    declarations: Mapping[str, Mapping[str, Declaration]]
    metrics: Mapping[str, Metric]
    seals: Mapping[str, datetime]
    zone: ZoneInfo
    now: datetime
    unread: frozenset[Key] = frozenset()

    def of(self, kind: type[D]) -> Mapping[str, D]:
        """Those of one kind."""
        found = self.declarations.get(kind.KIND, {})
        return {name: value for name, value in found.items() if isinstance(value, kind)}


def faults(book: Book, touched: Iterable[Declaration], removed: Iterable[Key] = ()) -> Iterator[Fault]:
    """What is wrong once ``touched`` are in force and ``removed`` are not, errors first."""
    touched = tuple(touched)
    gone = set(removed)
    for value in touched:
        yield from _unknown(book, value)
        yield from _unreadable(book, value)
    yield from _needed(book, gone, {(value.KIND, value.name) for value in touched})
    yield from _on_outputs(book, [value for value in touched if isinstance(value, Objective)])
    yield from _cycles(book, {value.name for value in touched if isinstance(value, Objective)})
    yield from _launched(book, {(value.KIND, value.name) for value in touched})
    yield from _of_units(book, {(value.KIND, value.name) for value in touched})
    for value in touched:
        if isinstance(value, Output):
            yield from _bets(value)


def _unknown(book: Book, value: Declaration) -> Iterator[Fault]:
    for field, kind, name in value.references():
        known: Iterable[str] = book.metrics if kind == "metric" else book.declarations.get(kind, {})
        if (
            name in known
            or (kind, name) in book.unread
            or (isinstance(value, Objective) and kind == "metric" and _is_shipped(book, name))
        ):
            continue
        message = f"The {value.KIND} {value.name!r} names {with_article(kind)} that is not there: {name!r}."
        yield Fault(value.KIND, value.name, field, message, nearest(name, known))


def _unreadable(book: Book, value: Declaration) -> Iterator[Fault]:
    fields = {"objective": "where", "launch": "audience", "experiment": "where"}
    if not isinstance(value, Objective | Launch | Experiment):
        return
    field = fields[value.KIND]
    texts: tuple[str, ...] = getattr(value, field)
    for text in texts:
        parsed = parse_filter(text)
        if isinstance(parsed, Problem):
            message = f"In the {value.KIND} {value.name!r}: {parsed.message}"
            yield Fault(value.KIND, value.name, field, message, parsed.suggestions)
            continue
        known = book.of(Segment)
        for name in named_segments([parsed]):
            if name not in known and (Segment.KIND, name) not in book.unread:
                message = f"The {value.KIND} {value.name!r} names a segment that is not there: {name!r}."
                yield Fault(value.KIND, value.name, field, message, nearest(name, known))


def _needed(book: Book, gone: set[Key], touched: set[Key]) -> Iterator[Fault]:
    if not gone:
        return
    for metric in book.metrics.values():
        for name in segments_in(metric):
            if (Segment.KIND, name) in gone:
                message = f"The segment {name!r} cannot be removed: the metric {metric.name!r} refers to it."
                yield Fault(Segment.KIND, name, "", message)
    for values in book.declarations.values():
        for value in values.values():
            for field, kind, name in value.references():
                if (kind, name) in gone and (value.KIND, value.name) not in touched:
                    message = f"The {kind} {name!r} cannot be removed: the {value.KIND} {value.name!r} refers to it."
                    yield Fault(value.KIND, value.name, field, message)


def _on_outputs(book: Book, objectives: Iterable[Objective]) -> Iterator[Fault]:
    outputs = book.of(Output)
    for objective in objectives:
        if not _is_shipped(book, objective.metric):
            continue
        output = outputs.get(objective.metric)
        what = "is an output" if output is not None else "counts what is shipped"
        message = (
            f"The objective {objective.name!r} aims at {objective.metric!r}, which {what}: shipping is no outcome. "
            "Aim at a metric of what users do."
        )
        yield Fault(objective.KIND, objective.name, "metric", message, _outcomes(book, output))


def _is_shipped(book: Book, name: str) -> bool:
    """Whether what an objective aims at is an output, or a count of them, and no metric of what users do."""
    metric = book.metrics.get(name)
    return counts_outputs(name, metric) or (metric is None and name in book.declarations.get(Output.KIND, {}))


def _outcomes(book: Book, output: Output | None) -> tuple[str, ...]:
    """Metrics to aim at instead: those that the output is expected to move, else the outcomes, else some metrics."""
    expected = [expectation.metric for expectation in output.expectations] if output is not None else []
    known = [name for name in (*expected, *book.of(Outcome)) if name in book.metrics]
    return tuple(dict.fromkeys(known or book.metrics))[:_MOST_NAMED]


def _cycles(book: Book, touched: set[str]) -> Iterator[Fault]:
    objectives = book.of(Objective)
    told: set[str] = set()
    for start in objectives:
        path: list[str] = []
        name = start
        while name in objectives and name not in path and name not in told:
            path.append(name)
            name = objectives[name].parent
        circle = path[path.index(name) :] if name in path else []
        told |= set(path)
        if touched & set(circle):
            first = next(each for each in circle if each in touched)
            at = circle.index(first)
            shown = " → ".join((*circle[at:], *circle[:at], first))
            message = f"Objectives form a tree, and these lead back to where they begin: {shown}."
            yield Fault(Objective.KIND, first, "parent", message)


def _launched(book: Book, touched: set[Key]) -> Iterator[Fault]:
    """Warnings about launches: alone on their day, with outputs, after what was expected of them."""
    by_day: dict[date, list[Launch]] = {}
    first: dict[str, Launch] = {}
    for launch in sorted(book.of(Launch).values(), key=lambda each: each.at):
        by_day.setdefault(launch.at.astimezone(book.zone).date(), []).append(launch)
        for name in launch.outputs:
            first.setdefault(name, launch)
        if not launch.outputs and (launch.KIND, launch.name) in touched:
            yield Fault(launch.KIND, launch.name, "", f"The launch {launch.name!r} has no outputs.", level="warning")
    for day, launches in by_day.items():
        fresh = [launch for launch in launches if (launch.KIND, launch.name) in touched]
        if len(launches) > 1 and fresh:
            message = (
                f"{_listed(launches)} are launched on one day, {day}: what they did cannot be told apart, unless they "
                "reached different people. Outputs that reached the same people together share a launch."
            )
            yield Fault(Launch.KIND, fresh[-1].name, "at", message, level="warning")
    for name, output in book.of(Output).items():
        launch_of = first.get(name)
        if launch_of is None or not {(Output.KIND, name), (Launch.KIND, launch_of.name)} & touched:
            continue
        yield from _late(book, output, launch_of)


def _of_units(book: Book, touched: set[Key]) -> Iterator[Fault]:
    """Metrics of an experiment's study that have no value of each unit: it compares what units did."""
    drawn = {experiment.launch: experiment for experiment in book.of(Experiment).values()}
    for study in book.of(Study).values():
        experiment = drawn.get(study.launch) if study.design in ("auto", "experiment") else None
        if experiment is None or not {(study.KIND, study.name), (experiment.KIND, experiment.name)} & touched:
            continue
        for field, kind, name in study.references():
            if kind == "metric" and field != "controls" and name in book.metrics:
                reason = why_not_by_unit(book.metrics[name])
                if reason:
                    message = f"The study {study.name!r} cannot measure {name!r} in an experiment. {reason}"
                    yield Fault(study.KIND, study.name, field, message)


def _listed(launches: Sequence[Launch]) -> str:
    names = [repr(launch.name) for launch in launches]
    if len(names) > _MOST_NAMED:
        names = [*names[:_MOST_NAMED], f"{len(names) - _MOST_NAMED:,} more"]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _late(book: Book, output: Output, launch: Launch) -> Iterator[Fault]:
    for expectation in output.expectations:
        stated = book.seals.get(expectation.seal(output.name), book.now)
        if stated > launch.at:
            said, begun = (instant.astimezone(book.zone).date() for instant in (stated, launch.at))
            message = (
                f"What the output {output.name!r} expects ({expectation.text}) is stated on {said}, after its launch "
                f"on {begun}: it is kept, and marked late."
            )
            yield Fault(Output.KIND, output.name, "expects", message, level="warning")


def _bets(output: Output) -> Iterator[Fault]:
    missing = [word for word, there in (("objective", output.objective), ("expectation", output.expects)) if not there]
    if output.kind is OutputKind.BET and missing:
        message = (
            f"The output {output.name!r} is a bet without {' and without '.join(missing)}. If it should move no "
            "outcome, its kind is upkeep, enabling or compliance."
        )
        yield Fault(Output.KIND, output.name, "", message, level="warning", is_advice=True)
