"""Readings of studies: which are due, and what they say now."""

from dataclasses import dataclass
from datetime import date, timedelta

from upshot.answers.answering import Answering
from upshot.answers.launch_book import LaunchBook, Measured
from upshot.answers.study_inputs import collect, ripening_days
from upshot.catalog.kinds import Launch
from upshot.catalog.verdict import Verdict, VerdictRecord
from upshot.charts.words import day_label
from upshot.studies.inputs import StudyInputs

__all__ = ["Due", "as_of", "due_readings", "read_now", "recorded_readings", "waits_for"]


@dataclass(frozen=True, slots=True)
class Due:
    """A reading date that has come and has no verdict yet."""

    launch: Launch
    measured: Measured
    reading: date


def recorded_readings(resources: Answering) -> dict[tuple[str, date], VerdictRecord]:
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
