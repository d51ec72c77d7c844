"""Where the judgement of a launch of this workspace stands; what that is called says ``upshot.ledger.standing``."""

from upshot.answers.launch_book import LaunchBook, Measurement
from upshot.answers.study_inputs import ripe_on, study_extent
from upshot.catalog.kinds import Study
from upshot.catalog.verdict import Verdict
from upshot.core.errors import NotFound
from upshot.ledger.standing import Standing, Unread, awaited, not_measurable, recorded

__all__ = ["standing"]


def standing(book: LaunchBook, measured: Measurement, verdict: Verdict | None) -> Standing:
    """Where the judgement of a launch stands: every page and command says this one.

    Args:
        book: Of the workspace's launches.
        measured: How the launch is measured.
        verdict: Its newest recorded verdict; None where none is.
    """
    if verdict is not None:
        return recorded(verdict)
    if measured.study is None:
        return not_measurable(measured.why_not)
    try:
        unread = _unread(book, measured.study)
    except NotFound as error:
        return not_measurable(str(error))
    return awaited(unread, book.resources.today())


def _unread(book: LaunchBook, study: Study) -> Unread:
    """How far its first reading is; of an experiment only those units count whose own time is over."""
    first = study.readings[0]
    if first >= book.resources.today():
        return Unread(first, first, None)
    drawn = any(each.value.launch == study.launch for each in book.experiments.values())
    ripe = first if drawn else ripe_on(book.resources, study, first)
    return Unread(first, ripe, study_extent(book, study).known)
