"""Readings of studies: which are due, and what they say now."""

from dataclasses import dataclass
from datetime import date, timedelta

from upshot.answers.answering import Answering
from upshot.answers.extent import Extent, extent_of
from upshot.answers.launch_book import LaunchBook, Measurement
from upshot.answers.study_inputs import collect, ripe_on, study_extent
from upshot.catalog.kinds import Launch
from upshot.catalog.verdict import Verdict, VerdictRecord
from upshot.charts.words import day_label
from upshot.metrics.ripening import ripening
from upshot.studies.inputs import StudyInputs

__all__ = ["Due", "as_of", "due_readings", "read_now", "recorded_readings", "waits_for"]


@dataclass(frozen=True, slots=True)
class Due:
    """A reading date that has come and has no verdict yet."""

    launch: Launch
    measured: Measurement
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
    extent = study_extent(book, inputs.study)
    known = extent.known
    if known is None or known < inputs.reading:
        return f"The data end before the end of {day_label(inputs.reading)}: {_end(resources, extent)}."
    if inputs.experiment is not None:
        return ""  # only units whose own time is over count, and nobody may come any more
    ripe = ripe_on(resources, inputs.study, inputs.reading)
    if ripe > known:
        when = f"when the data reach the end of {day_label(ripe)}"
        return f"{primary.title} of {day_label(inputs.reading)} is known {when}."
    daily = inputs.daily(primary.name)
    if daily is not None and daily.last_day < inputs.reading:
        return (
            f"{primary.title} ends on {day_label(daily.last_day)}, before the reading of {day_label(inputs.reading)}."
        )
    return ""


def as_of(book: LaunchBook, measured: Measurement) -> date:
    """The day up to which a study can be read now, at most that of the last reading.

    It is the last whole day of the study's data; where no lots were drawn, the last day that all of the
    study's metrics know by then.
    """
    resources, study = book.resources, measured.study
    extent = extent_of(resources) if study is None else study_extent(book, study)
    day = extent.known or resources.today() - timedelta(days=1)
    if study is None:
        return day
    if book.experiment_in(study) is None:
        names = (study.primary, *study.secondary, *study.guardrails, *study.controls)
        day = min(ripening(resources.metrics.get(name)[0]).last_ripe(day) for name in names)
    return min(day, study.readings[-1])


def read_now(book: LaunchBook, launch: Launch, measured: Measurement) -> tuple[StudyInputs, Verdict] | None:
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


def _end(resources: Answering, extent: Extent) -> str:
    last = extent.last_at
    return "there are none" if last is None else f"the last event is of {resources.local_day(last)}"
