"""Where the judgement of a launch stands."""

from upshot.answers.extent import extent_of
from upshot.answers.launch_book import LaunchBook, Measured
from upshot.answers.study_inputs import ripe_on
from upshot.catalog.verdict import Grade, Verdict, VerdictWord
from upshot.charts.words import day_label

__all__ = ["standing"]


def standing(book: LaunchBook, measured: Measured, verdict: Verdict | None) -> tuple[VerdictWord, Grade, str]:
    """Where the judgement of a launch stands, in a word, a grade and a sentence: every page and command says this one.

    Args:
        book: Of the workspace's launches.
        measured: How the launch is measured.
        verdict: Its newest recorded verdict; None where none is.
    """
    if verdict is not None:
        return verdict.word, verdict.grade, verdict.sentence
    if measured.study is None:
        return VerdictWord.NOT_MEASURABLE, Grade.U, measured.why_not
    first = measured.study.readings[0]
    drawn = any(each.value.launch == measured.study.launch for each in book.experiments.values())
    known, ripe = extent_of(book.resources).known, ripe_on(book.resources, measured.study, first)
    if first < book.resources.today() and known is not None and known < ripe and not drawn:
        said = f"Too early: what {day_label(first)} did is known when the data reach the end of {day_label(ripe)}."
    elif first < book.resources.today():
        said = f"The reading of {day_label(first)} has come and is not recorded: `upshot study read` records it."
    else:
        said = f"Too early: the first reading is on {day_label(first)}."
    return VerdictWord.TOO_EARLY, Grade.U, said
