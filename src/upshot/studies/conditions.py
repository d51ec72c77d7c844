"""What else happened: the days that may be measured, and the days that may not.

A counterfactual from one series cannot tell two changes apart that lie close together. Before the launch, close means
less than two weeks: that long it takes until the level and the weekdays after the earlier change are known again. After
it, close means that less than a week of days could be measured in between: a week holds every weekday once. So another
launch, a change of price or of logging, an outage, or the beginning or end of a campaign that is close makes a study
refuse; one that comes later ends the measured window on the day before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from upshot.catalog.kinds import AnnotationKind
from upshot.catalog.verdict import Check
from upshot.causal.series import RHYTHMS
from upshot.charts.words import day_label
from upshot.core.units import counted
from upshot.studies.inputs import MetricInput, OtherNote, StudyInputs

__all__ = ["NEAR_DAYS", "RELEARNING_DAYS", "Change", "Clear", "clear_window", "definition_check"]

RELEARNING_DAYS = RHYTHMS["day"].relearning
"""A change less than this many days before a launch cannot be told from it in one series."""
NEAR_DAYS = 7
"""So many days must lie between a launch and the next change, to be measured."""

_REFUSING = frozenset({AnnotationKind.LOGGING, AnnotationKind.PRICE, AnnotationKind.CAMPAIGN, AnnotationKind.OUTAGE})


@dataclass(frozen=True, slots=True)
class Change:
    """A day on which something else changed; ``what`` in words."""

    day: date
    what: str
    logging: bool = False


@dataclass(frozen=True, slots=True)
class Clear:
    """The days that may be measured.

    Attributes:
        first: First measured local day.
        last: Last one; before ``first`` where there is none.
        checks: What was looked at.
        refusals: Why nothing can be measured; empty where it can.
        remarks: What narrowed the window.
        changes: All other changes, by day.
    """

    first: date
    last: date
    checks: tuple[Check, ...]
    refusals: tuple[str, ...]
    remarks: tuple[str, ...]
    changes: tuple[Change, ...]


def clear_window(inputs: StudyInputs, metric: MetricInput) -> Clear:
    """The days on which only this launch differs from before, up to the reading."""
    settled = max((inputs.launch_day, *inputs.ramp_days))
    first, last = settled + timedelta(days=inputs.study.first_day), inputs.reading
    needed = min(NEAR_DAYS, (last - first).days + 1)
    changes = tuple(sorted(_changes(inputs, metric), key=lambda change: (change.day, change.what)))
    near = [change for change in changes if _near(change.day, inputs.launch_day, first, last)]
    remarks = (
        []
        if settled == inputs.launch_day
        else [f"Measured from {day_label(first)} on, when all of it had reached everybody."]
    )
    later = [change for change in changes if first < change.day <= last and change not in near]
    if later:
        last = later[0].day - timedelta(days=1)
        remarks.append(f"Measured until {day_label(last)} only: then {later[0].what}.")
    if inputs.ended_day is not None and inputs.ended_day <= last:
        last = inputs.ended_day - timedelta(days=1)
        remarks.append(f"Measured until {day_label(last)} only: then it was taken back.")
    refusals = [
        f"{change.what[0].upper()}{change.what[1:]} on {day_label(change.day)}, "
        f"{_distance(change.day, inputs.launch_day)}; so "
        "near, the two cannot be told apart in one series. Measure them together, or draw lots for who gets one first."
        for change in near
    ]
    if not refusals and (last - first).days + 1 < needed:
        refusals.append(f"Only {counted(max(0, (last - first).days + 1), 'day')} can be measured; it takes {needed}.")
    return Clear(first, last, _checks(near, changes, inputs), tuple(refusals), tuple(remarks), changes)


def definition_check(metric: MetricInput) -> Check:
    """Whether the metric still means what it meant when its effect was foretold."""
    if not metric.hash_then:
        return Check(
            name="definition",
            passed=None,
            sentence=f"When {metric.title} was foretold is not known, nor how it was defined.",
        )
    if metric.hash_then == metric.hash:
        return Check(name="definition", passed=True, sentence=f"{metric.title} is defined as it was beforehand.")
    return Check(
        name="definition",
        passed=False,
        sentence=(
            f"{metric.title} was defined otherwise when the expectation was sealed ({metric.hash_then[:8]}, now "
            f"{metric.hash[:8]}). Put the old definition back, or declare a study on the new one."
        ),
    )


def _changes(inputs: StudyInputs, metric: MetricInput) -> Iterator[Change]:
    for other in inputs.others:
        if other.quiet:
            continue
        for number, day in enumerate(other.changes):
            yield Change(day, f"{other.title or other.name} was {'launched' if number == 0 else 'changed again'}")
    for note in inputs.notes:
        if note.kind not in _REFUSING or (note.metrics and metric.name not in note.metrics):
            continue
        yield from _of_note(note)


def _of_note(note: OtherNote) -> Iterator[Change]:
    title = note.title or note.name
    logging = note.kind is AnnotationKind.LOGGING
    words = {
        AnnotationKind.LOGGING: f"the logging changed ({title})",
        AnnotationKind.PRICE: f"the price changed ({title})",
        AnnotationKind.CAMPAIGN: f"a campaign began ({title})",
        AnnotationKind.OUTAGE: f"an outage began ({title})",
    }
    yield Change(note.first_day, words[note.kind], logging)
    if note.last_day is not None:
        yield Change(note.last_day + timedelta(days=1), f"{note.kind} ended ({title})", logging)


def _near(day: date, launch: date, first: date, last: date) -> bool:
    """Whether a change lies shortly before the launch, or so soon after it that no week remains between."""
    if day <= launch:
        return (launch - day).days < RELEARNING_DAYS
    return day <= last and (day - first).days < NEAR_DAYS


def _distance(day: date, launch: date) -> str:
    days = (day - launch).days
    if days == 0:
        return "on the same day"
    return f"{counted(abs(days), 'day')} {'after' if days > 0 else 'before'} the launch"


def _checks(near: list[Change], changes: tuple[Change, ...], inputs: StudyInputs) -> tuple[Check, ...]:
    quiet = [
        other.title or other.name
        for other in inputs.others
        if other.quiet
        and any(_near(day, inputs.launch_day, inputs.launch_day, inputs.reading) for day in other.changes)
    ]
    found = [
        Check(
            name="neighbours",
            passed=not near,
            sentence=(
                f"Of {counted(len(changes), 'other change')} none lies less than {RELEARNING_DAYS} days before or "
                f"{NEAR_DAYS} after."
                if not near
                else "; ".join(f"{change.what} on {day_label(change.day)}" for change in near) + "."
            ),
        )
    ]
    if quiet:
        found.append(
            Check(
                name="quiet neighbours",
                passed=None,
                sentence=f"Also near, and said to move nothing: {', '.join(quiet[:5])}"
                + (f" and {len(quiet) - 5} more." if len(quiet) > 5 else "."),
            )
        )
    return tuple(found)
