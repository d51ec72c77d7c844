"""Where the judgement of a launch stands: its newest verdict, or in the same words what an unread launch waits for."""

from dataclasses import dataclass
from datetime import date

from upshot.catalog.verdict import Grade, Verdict, VerdictWord
from upshot.charts.words import day_label

__all__ = ["Standing", "Unread", "awaited", "not_measurable", "recorded"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A word, a grade and a sentence; ``due`` says that a reading can be recorded and is not."""

    word: VerdictWord
    grade: Grade
    sentence: str
    due: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """What decides how far a launch without a verdict is.

    Attributes:
        reading: The day of its first reading.
        ripe: The day with whose end the numbers of that reading are final; not before it.
        known: The last day of which the data are known whole; None where there are no data, or where none are needed.
    """

    reading: date
    ripe: date
    known: date | None


def recorded(verdict: Verdict) -> Standing:
    """What the newest recorded verdict says."""
    return Standing(verdict.word, verdict.grade, verdict.sentence)


def not_measurable(why: str) -> Standing:
    """That nobody will be able to say what it did, and why in a sentence."""
    return Standing(VerdictWord.NOT_MEASURABLE, Grade.U, why)


def awaited(unread: Unread, today: date) -> Standing:
    """Too early: before the day of the reading, before the data reach it, or as nobody has recorded it.

    >>> awaited(Unread(date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 9)), date(2026, 3, 10)).due
    True
    >>> awaited(Unread(date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 8)), date(2026, 3, 10)).sentence
    'Too early: what 2 Mar 2026 did is known when the data reach the end of 9 Mar 2026.'
    """
    read_on = day_label(unread.reading)
    if unread.reading >= today:
        return _too_early(f"Too early: the first reading is on {read_on}.")
    if unread.known is not None and unread.known < unread.ripe:
        ripe_on = day_label(unread.ripe)
        return _too_early(f"Too early: what {read_on} did is known when the data reach the end of {ripe_on}.")
    return _too_early(
        f"The reading of {read_on} has come and is not recorded: `upshot study read` records it.", due=True
    )


def _too_early(sentence: str, *, due: bool = False) -> Standing:
    return Standing(VerdictWord.TOO_EARLY, Grade.U, sentence, due)
