"""Verdicts written down on their days."""

import time
from dataclasses import dataclass
from datetime import date

from upshot.answers.launch_book import LaunchBook
from upshot.answers.study_inputs import collect
from upshot.answers.study_readings import Due, due_readings, recorded_readings, waits_for
from upshot.catalog.verdict import VerdictRecord
from upshot.core.errors import UserError
from upshot.workspace.resources import Resources

__all__ = ["Recorded", "record_due"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a round of recording did."""

    records: tuple[VerdictRecord, ...]
    failed: tuple[str, ...]
    waiting: int


def record_due(
    resources: Resources, *, by: str, launch: str = "", seconds: float = 20.0, again: bool = False
) -> Recorded:
    """Conclude what is due and write it down, for about ``seconds``; the rest is left waiting."""
    book = LaunchBook.of(resources.answering)
    known = {} if again else recorded_readings(resources.answering)
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
        verdict = resources.answering.worker.conclude(inputs, afresh=again)
        resources.catalog.conclusions.snapshot(inputs.to_bytes())
        records.append(resources.catalog.conclusions.record(verdict, by=by))
    return Recorded(tuple(records), tuple(failed), len(due) - done)


def _worth_trying(resources: Resources, due: Due) -> bool:
    """Whether something changed since the reading could not be made."""
    return resources.unready.get((due.launch.name, due.reading)) != _state(resources)


def _note_tried(resources: Resources, due: Due) -> None:
    resources.unready[due.launch.name, due.reading] = _state(resources)


def _state(resources: Resources) -> tuple[int, date]:
    return resources.store.revision, resources.today()
