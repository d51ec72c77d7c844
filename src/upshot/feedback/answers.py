"""Answers become events, so that they have a person, a day and properties like all that users do.

An answer is an event named ``survey answered`` with the properties ``survey``, ``score``, ``comment`` and ``weight``,
and whatever else was asked.
"""

import csv
import hashlib
import io
import math
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import msgspec

from upshot.core.errors import InvalidInput, NotFound
from upshot.core.ids import event_id
from upshot.core.instants import read_instant
from upshot.engines.values import EventRecord, Rejected, utc_naive

__all__ = [
    "DETRACTOR_TO",
    "EVENT",
    "GROUPS",
    "PROMOTER_FROM",
    "Answer",
    "Columns",
    "Read",
    "read_csv",
    "record_of",
    "split",
]

EVENT = "survey answered"
PROMOTER_FROM, DETRACTOR_TO = 9.0, 6.0
GROUPS = ("", "promoters", "passives", "detractors")
"""Who is meant by comments: everybody, or those whose score is in a range."""
_BEST = 10.0
_LONGEST_COMMENT = 100_000
Scalar = str | float | bool | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's answer; ``score`` is between 0 and 10, ``weight`` is above 0; None for none of it.

    ``has_own_id`` says that ``client_id`` is what the survey's tool calls the answer: it is one answer in any file.
    """

    survey: str
    at: datetime
    score: float | None = None
    comment: str = ""
    distinct_id: str | None = None
    client_id: str | None = None
    weight: float | None = None
    properties: Mapping[str, Scalar] | None = None
    has_own_id: bool = False

    def wrong(self) -> str:
        """What is wrong with it, in one sentence; empty when nothing is."""
        if not self.survey.strip():
            return "The survey has no name."
        if self.score is not None and not (math.isfinite(self.score) and 0.0 <= self.score <= _BEST):
            return f"The score {self.score:g} is not between 0 and 10."
        if self.weight is not None and not (math.isfinite(self.weight) and self.weight > 0.0):
            return f"The weight {self.weight:g} is not above 0."
        if len(self.comment) > _LONGEST_COMMENT:
            return f"The comment is longer than {_LONGEST_COMMENT:,} characters."
        if self.score is None and not self.comment.strip():
            return "There is neither a score nor a comment."
        return ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a table holds what; empty where none does. ``on`` is the day of answers without an instant."""

    score: str
    at: str = ""
    on: date | None = None
    comment: str = ""
    distinct_id: str = ""
    client_id: str = ""
    weight: str = ""
    blank: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that it names."""
        every = (self.score, self.at, self.comment, self.distinct_id, self.client_id, self.weight)
        return tuple(name for name in every if name)


@dataclass(frozen=True, slots=True)
class Read:
    """The answers of a table, and the lines that are none; ``left_out`` counts lines with neither score nor comment."""

    answers: tuple[Answer, ...]
    rejected: tuple[Rejected, ...]
    left_out: int


def record_of(answer: Answer, source: str, received_at: datetime) -> EventRecord:
    """The event that an answer is kept as.

    Args:
        answer: An answer with nothing wrong.
        source: Who sent it.
        received_at: When it came in.
    """
    said: dict[str, Scalar] = {"survey": answer.survey}
    if answer.score is not None:
        said["score"] = answer.score
    if answer.comment.strip():
        said["comment"] = answer.comment
    if answer.weight is not None:
        said["weight"] = answer.weight
    return EventRecord(
        event_id=_key(answer, source),
        event=EVENT,
        occurred_at=utc_naive(answer.at),
        received_at=utc_naive(received_at),
        distinct_id=answer.distinct_id,
        source=source,
        client_id=answer.client_id,
        properties=msgspec.json.encode({**(answer.properties or {}), **said}).decode(),
    )


def _key(answer: Answer, source: str) -> uuid.UUID:
    if answer.client_id is None:
        return uuid.uuid4()
    return event_id(f"survey:{answer.survey}" if answer.has_own_id else source, answer.client_id)


def read_csv(text: str, survey: str, source: str, columns: Columns, zone: ZoneInfo, received_at: datetime) -> Read:
    """The answers in a CSV file.

    A line with an id of its own is that answer in any file. One without is known by the file's name, its content and
    how many lines like it stood before, so that a second import of the file changes nothing and repetitions stay.

    Args:
        text: The file, with a header.
        survey: The survey's name.
        source: The file's name.
        columns: Which column holds what.
        zone: Of instants without an offset.
        received_at: When the rejected lines are noted.

    Raises:
        NotFound: The file has no column of that name.
        InvalidInput: It has no header, or nothing says when people answered.
    """
    if not columns.at and columns.on is None:
        raise InvalidInput(
            "Nothing says when people answered.", hint="Name the column with the instant, or give one day for all."
        )
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = reader.fieldnames or ()
    except csv.Error as error:
        raise InvalidInput(f"{source} cannot be read as CSV: {error}.") from None
    if not header:
        raise InvalidInput(f"{source} has no header line.", hint="Its first line names the columns.")
    for name in columns.named:
        if name not in header:
            raise NotFound("column", name, header, hint=f"The columns are: {', '.join(header)}.")
    lines = _Lines(survey, source, columns, zone, received_at)
    try:
        for row in reader:
            lines.take(row, reader.line_num)
    except csv.Error as error:
        lines.reject(reader.line_num, f"From here on the file is no CSV: {error}.", "")
    return Read(tuple(lines.answers), tuple(lines.rejected), lines.left_out)


class _Lines:
    def __init__(self, survey: str, source: str, columns: Columns, zone: ZoneInfo, received_at: datetime) -> None:
        self._survey, self._source, self._columns, self._zone = survey, source, columns, zone
        self._received_at = utc_naive(received_at)
        self._seen: Counter[str] = Counter()
        self._blank = {float(value) for value in columns.blank if _is_number(value)}
        self.answers: list[Answer] = []
        self.rejected: list[Rejected] = []
        self.left_out = 0

    def reject(self, line: int, reason: str, raw: str) -> None:
        self.rejected.append(Rejected(self._source, line, reason, raw, self._received_at))

    def take(self, row: Mapping[str | None, str | list[str] | None], line: int) -> None:
        cells = {key: value for key, value in row.items() if isinstance(key, str) and isinstance(value, str)}
        raw = ",".join(cells.values())
        if len(cells) != len(row):
            self.reject(line, "The line has more or fewer fields than the header.", raw)
            return
        try:
            answer = self._answer(cells)
        except ValueError as error:
            self.reject(line, str(error), raw)
            return
        if answer.score is None and not answer.comment.strip():
            self.left_out += 1
        elif reason := answer.wrong():
            self.reject(line, reason, raw)
        else:
            self.answers.append(answer)

    def _answer(self, cells: Mapping[str, str]) -> Answer:
        columns = self._columns

        def cell(name: str) -> str:
            return cells[name].strip() if name else ""

        rest = {key: value for key, value in cells.items() if key not in columns.named and value.strip()}
        return Answer(
            survey=self._survey,
            at=self._instant(cell(columns.at)),
            score=self._score(cell(columns.score)),
            comment=cell(columns.comment),
            distinct_id=cell(columns.distinct_id) or None,
            client_id=cell(columns.client_id) or self._known_by(cells),
            weight=_number(cell(columns.weight), "weight") if cell(columns.weight) else None,
            properties=rest,
            has_own_id=bool(cell(columns.client_id)),
        )

    def _score(self, text: str) -> float | None:
        if text in ("", *self._columns.blank):
            return None
        score = _number(text, "score")
        return None if score in self._blank else score

    def _known_by(self, cells: Mapping[str, str]) -> str:
        digest = hashlib.sha256("\x1f".join(cells.values()).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._seen[digest] += 1
        return f"line:{digest}:{self._seen[digest]}"

    def _instant(self, text: str) -> datetime:
        if not text and self._columns.on is not None:
            return datetime.combine(self._columns.on, time(12), self._zone)
        at = read_instant(text, self._zone)
        if at is None:
            raise ValueError(f"{text!r} is not an instant; write 2024-02-29 or 2024-02-29T12:00:00+01:00.")
        return at


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"The {what} {text!r} is not a number.") from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def split(answers: Iterable[Answer]) -> tuple[list[Answer], list[tuple[Answer, str]]]:
    """Answers with nothing wrong, and the others with what is wrong."""
    good, bad = [], []
    for answer in answers:
        reason = answer.wrong()
        if reason:
            bad.append((answer, reason))
        else:
            good.append(answer)
    return good, bad
