"""Readings of studies: which are due, what they say now, and what is written down of them."""

import time
from dataclasses import dataclass
from datetime import date, timedelta

from upshot.answers.launch_book import LaunchBook, Measured
from upshot.answers.resources import Resources
from upshot.answers.study_inputs import collect, ripening_days
from upshot.catalog.kinds import Launch
from upshot.catalog.verdict import Verdict, VerdictRecord
from upshot.charts.words import day_label
from upshot.core.errors import UserError
from upshot.studies.inputs import StudyInputs

__all__ = ["Due", "as_of", "due_readings", "read_now", "record_due", "recorded_readings", "waits_for"]


@dataclass(frozen=True, slots=True)
class Due:
    """A reading date that has come and has no verdict yet."""

    launch: Launch
    measured: Measured
    reading: date


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a round of recording did."""

    records: tuple[VerdictRecord, ...]
    failed: tuple[str, ...]
    waiting: int


def recorded_readings(resources: Resources) -> dict[tuple[str, date], VerdictRecord]:
    """The newest record of each study's reading."""
    return {
        (record.verdict.study, record.verdict.reading): record for record in resources.catalog.conclusions.verdicts()
    }


def due_readings(book: LaunchBook, known: dict[tuple[str, date], VerdictRecord], launch: str = "") -> tuple[Due, ...]:
    """Readings whose day is over and that are not recorded, by launch and date; all of a launch where it is named."""
    today = book.resources.today()
    found = []
    for declared in book.launches.values():
        each = declared.value
        if launch and each.name != launch:
            continue
        measured = book.measured(each)
        if measured.study is None:
            continue
        found += [
            Due(each, measured, day)
            for day in measured.study.readings
            if day < today and (measured.study.name, day) not in known and day > book.day_of(each)
        ]
    return tuple(sorted(found, key=lambda due: (due.reading, due.launch.name)))


def waits_for(book: LaunchBook, inputs: StudyInputs) -> str:
    """What a reading must wait for before it can be final; empty where it can be read."""
    resources, primary = book.resources, inputs.primary
    ripe = inputs.reading + timedelta(days=ripening_days(resources, inputs.study))
    if ripe >= resources.today():
        return f"{primary.title} of {day_label(inputs.reading)} is known after {ripe}."
    last = resources.held().last_event_at
    if last is None or resources.local_day(last) < inputs.reading:
        return f"The data end before {day_label(inputs.reading)}: {_end(book)}."
    daily = inputs.daily(primary.name)
    if daily is not None and daily.last_day < inputs.reading:
        return (
            f"{primary.title} ends on {day_label(daily.last_day)}, before the reading of {day_label(inputs.reading)}."
        )
    return ""


def record_due(book: LaunchBook, *, by: str, launch: str = "", seconds: float = 20.0, again: bool = False) -> Recorded:
    """Conclude what is due and write it down, for about ``seconds``; the rest is left waiting."""
    resources = book.resources
    known = {} if again else recorded_readings(resources)
    due = [each for each in due_readings(book, known, launch) if launch or _worth_trying(resources, each)]
    until = time.monotonic() + seconds
    records, failed, done = [], [], 0
    for each in due:
        if done and time.monotonic() >= until:
            break
        done += 1
        name = f"{each.launch.name}, {each.reading}"
        try:
            inputs = collect(book, each.launch, each.measured, each.reading)
            waiting = waits_for(book, inputs)
        except UserError as error:
            failed.append(f"{name}: {error}")
            _note_tried(resources, each)
            continue
        if waiting:
            failed.append(f"{name}: {waiting}")
            _note_tried(resources, each)
            continue
        verdict = resources.worker.conclude(inputs, afresh=again)
        resources.catalog.conclusions.snapshot(inputs.to_bytes())
        records.append(resources.catalog.conclusions.record(verdict, by=by))
    return Recorded(tuple(records), tuple(failed), len(due) - done)


def as_of(book: LaunchBook, measured: Measured) -> date:
    """The day up to which a study can be read now: yesterday or the end of the data, at most the last reading."""
    resources = book.resources
    day = resources.today() - timedelta(days=1)
    last = resources.held().last_event_at
    if last is not None:
        day = min(day, resources.local_day(last))
    return day if measured.study is None else min(day, measured.study.readings[-1])


def read_now(book: LaunchBook, launch: Launch, measured: Measured) -> tuple[StudyInputs, Verdict] | None:
    """The study as it can be read now; nothing is written down. None where there is no study.

    Where the reading is recorded, that is what it says, with the inputs that it stands on; whatever the data have
    become since is told by a proof.
    """
    if measured.study is None:
        return None
    resources, day = book.resources, as_of(book, measured)
    for record in reversed(resources.catalog.conclusions.verdicts(launch.name, day)):
        if record.verdict.study == measured.study.name:
            content = resources.catalog.conclusions.snapshot_content(record.verdict.snapshot)
            return StudyInputs.from_bytes(content), record.verdict
    inputs = collect(book, launch, measured, day)
    return inputs, resources.worker.conclude(inputs)


def _end(book: LaunchBook) -> str:
    last = book.resources.held().last_event_at
    return "there are none" if last is None else f"the last event is of {book.resources.local_day(last)}"


def _worth_trying(resources: Resources, due: Due) -> bool:
    """Whether something changed since the reading could not be made."""
    return resources.tried.get((due.launch.name, due.reading)) != _state(resources)


def _note_tried(resources: Resources, due: Due) -> None:
    resources.tried[due.launch.name, due.reading] = _state(resources)


def _state(resources: Resources) -> tuple[int, date]:
    return resources.store.revision, resources.today()
