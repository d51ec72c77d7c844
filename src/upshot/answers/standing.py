"""Where the judgement of a launch stands."""

from dataclasses import dataclass

from upshot.answers.extent import extent_of
from upshot.answers.launch_book import LaunchBook, Measured
from upshot.answers.study_inputs import ripe_on
from upshot.catalog.kinds import Study
from upshot.catalog.verdict import Grade, Verdict, VerdictWord
from upshot.charts.words import day_label
from upshot.core.errors import NotFound

__all__ = ["Standing", "standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A word, a grade and a sentence; ``due`` says that a reading can be recorded and is not."""

    word: VerdictWord
    grade: Grade
    sentence: str
    due: bool = False


def standing(book: LaunchBook, measured: Measured, verdict: Verdict | None) -> Standing:
    """Where the judgement of a launch stands: every page and command says this one.

    Args:
        book: Of the workspace's launches.
        measured: How the launch is measured.
        verdict: Its newest recorded verdict; None where none is.
    """
    if verdict is not None:
        return Standing(verdict.word, verdict.grade, verdict.sentence)
    if measured.study is None:
        return Standing(VerdictWord.NOT_MEASURABLE, Grade.U, measured.why_not)
    first = measured.study.readings[0]
    if first >= book.resources.today():
        return _too_early(f"Too early: the first reading is on {day_label(first)}.")
    try:
        waits = _waits(book, measured.study)
    except NotFound as error:
        return Standing(VerdictWord.NOT_MEASURABLE, Grade.U, str(error))
    return waits or _too_early(
        f"The reading of {day_label(first)} has come and is not recorded: `upshot study read` records it.", due=True
    )


def _waits(book: LaunchBook, study: Study) -> Standing | None:
    """That the first reading waits for data; of an experiment only those units count whose own time is over."""
    first = study.readings[0]
    drawn = any(each.value.launch == study.launch for each in book.experiments.values())
    known, ripe = extent_of(book.resources).known, first if drawn else ripe_on(book.resources, study, first)
    if known is None or known >= ripe:
        return None
    return _too_early(
        f"Too early: what {day_label(first)} did is known when the data reach the end of {day_label(ripe)}."
    )


def _too_early(sentence: str, *, due: bool = False) -> Standing:
    return Standing(VerdictWord.TOO_EARLY, Grade.U, sentence, due)
