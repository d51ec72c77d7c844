"""What users say: surveys and their scores."""

from datetime import date, datetime

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.state import Nothing
from upshot.core.time import Grain

__all__ = [
    "ANSWERS_ADD",
    "ANSWERS_IMPORT",
    "FEEDBACK_COMMENTS",
    "FEEDBACK_SCORE",
    "SURVEY_LIST",
    "AnswersAdd",
    "AnswersAdded",
    "AnswersImport",
    "Comment",
    "Comments",
    "CommentsQuery",
    "NewAnswer",
    "ScorePoint",
    "ScoreQuery",
    "ScoreSeries",
    "SurveyList",
    "SurveyView",
]


class NewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One person's answer to one survey.

    ``score`` is the answer to the question of recommendation, 0 to 10; null where it was left out. ``weight`` makes a
    sample speak for its population. ``id`` is the respondent's or the sender's own; without one, a second sending
    cannot be told from a second answer.
    """

    survey: str
    at: datetime
    score: float | None = None
    comment: str = ""
    distinct_id: str | None = None
    id: str | None = None
    weight: float | None = None
    properties: dict[str, str | float | bool | None] = {}


class AnswersAdd(msgspec.Struct, frozen=True):
    """Answers over HTTP. ``source`` names the sender."""

    source: str
    answers: tuple[NewAnswer, ...]


class AnswersAdded(msgspec.Struct, frozen=True):
    """What became of them. ``rejected`` are listed with their reasons among the rejects.

    ``differing`` of the ``duplicates`` say something else than the answers of the same id that are kept; those stay.
    """

    stored: int
    duplicates: int
    rejected: int
    problems: tuple[str, ...]
    differing: int = 0


class AnswersImport(msgspec.Struct, frozen=True, kw_only=True):
    """Answers from a CSV file's text.

    The columns' names say what holds what. ``at`` may be empty where ``on`` gives one day for all answers; an answer
    whose score is empty or one of ``blank`` has none.
    """

    survey: str
    source: str
    csv: str
    score: str
    at: str = ""
    on: date | None = None
    comment: str = ""
    distinct_id: str = ""
    id: str = ""
    weight: str = ""
    blank: tuple[str, ...] = ()
    dry_run: bool = False


class SurveyView(msgspec.Struct, frozen=True):
    """One survey that somebody answered."""

    name: str
    answers: int
    scores: int
    comments: int
    weighted: bool
    first_day: date
    last_day: date


class SurveyList(msgspec.Struct, frozen=True):
    """All of them, the most answered first."""

    surveys: tuple[SurveyView, ...]


class ScoreQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The net promoter score of one survey over time. ``breakdown`` is a property of the answers."""

    survey: str
    first: date
    last: date
    grain: Grain = Grain.MONTH
    where: tuple[str, ...] = ()
    weighted: bool = False
    level: float = 0.95


class ScorePoint(msgspec.Struct, frozen=True, kw_only=True):
    """One period. ``score`` runs from -100 to 100; null where nobody answered, and ``why_not`` says so."""

    period: date
    score: float | None
    low: float | None
    high: float | None
    promoters: float
    passives: float
    detractors: float
    answers: int
    complete: bool
    why_not: str = ""


class ScoreSeries(msgspec.Struct, frozen=True):
    """The score of each period and of the whole window; ``method`` names the interval."""

    survey: str
    points: tuple[ScorePoint, ...]
    total: ScorePoint
    level: float
    method: str
    weighted: bool
    time_zone: str
    notes: tuple[str, ...] = ()


class CommentsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The newest comments; ``group`` is promoters, passives, detractors or empty, ``text`` a part of the words."""

    survey: str
    group: str = ""
    text: str = ""
    limit: int = 50


class Comment(msgspec.Struct, frozen=True):
    """What somebody wrote."""

    at: datetime
    score: float | None
    text: str
    distinct_id: str | None


class Comments(msgspec.Struct, frozen=True):
    """Comments, the newest first, and how many there are."""

    comments: tuple[Comment, ...]
    total: int


SURVEY_LIST = Operation("survey.list", Permission.READ, Nothing, SurveyList)
ANSWERS_ADD = Operation("answers.add", Permission.WRITE, AnswersAdd, AnswersAdded, changes=True)
ANSWERS_IMPORT = Operation("answers.import", Permission.WRITE, AnswersImport, AnswersAdded, changes=True)
FEEDBACK_SCORE = Operation("feedback.score", Permission.READ, ScoreQuery, ScoreSeries)
FEEDBACK_COMMENTS = Operation("feedback.comments", Permission.READ, CommentsQuery, Comments)
