"""Surveys: answers come in, scores and comments are read."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from upshot.answers.extent import extent_of_event
from upshot.answers.fields import read_filters
from upshot.api.feedback import (
    ANSWERS_ADD,
    ANSWERS_IMPORT,
    FEEDBACK_COMMENTS,
    FEEDBACK_SCORE,
    SURVEY_LIST,
    AnswersAdd,
    AnswersAdded,
    AnswersImport,
    Comment,
    Comments,
    CommentsQuery,
    ScorePoint,
    ScoreQuery,
    ScoreSeries,
    SurveyList,
    SurveyView,
)
from upshot.api.operation import Principal
from upshot.api.state import Nothing
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.time import DayRange, aware_instant
from upshot.core.units import counted
from upshot.engines.values import EventRecord, Rejected, utc_naive
from upshot.feedback.answers import EVENT, GROUPS, Answer, Columns, read_csv, record_of, split
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

if TYPE_CHECKING:
    from upshot.feedback.score import Period

__all__ = ["BINDINGS", "add", "comments", "import_answers", "list_surveys", "score"]

_TOLD = 20
_MOST_COMMENTS = 1_000
_CHUNK = 10_000


def list_surveys(resources: Resources, principal: Principal, request: Nothing) -> SurveyList:
    """Every survey that somebody answered."""
    del principal, request
    return SurveyList(
        tuple(
            SurveyView(str(name), int(answers), int(scores), int(written), bool(weights), first, last)
            for name, answers, scores, written, weights, first, last in _surveys(resources)
        )
    )


def add(resources: Resources, principal: Principal, request: AnswersAdd) -> AnswersAdded:
    """Keep answers; those that are none are kept among the rejects."""
    del principal
    if not request.source.strip():
        raise InvalidInput("The source of the answers is empty.", hint="Name where they come from.")
    answers = [
        Answer(
            survey=a.survey,
            at=a.at if a.at.tzinfo is not None else a.at.replace(tzinfo=resources.zone),
            score=a.score,
            comment=a.comment,
            distinct_id=a.distinct_id,
            client_id=a.id,
            weight=a.weight,
            properties=a.properties,
        )
        for a in request.answers
    ]
    good, bad = split(answers)
    now = utc_naive(resources.clock())
    raw = {
        id(answer): msgspec.json.encode(sent).decode() for answer, sent in zip(answers, request.answers, strict=True)
    }
    rejected = [Rejected(request.source, 0, reason, raw[id(answer)], now) for answer, reason in bad]
    return _kept(resources, request.source, good, rejected, kind="api")


def import_answers(resources: Resources, principal: Principal, request: AnswersImport) -> AnswersAdded:
    """Keep the answers of a CSV file; a second import of the same file changes nothing."""
    del principal
    columns = Columns(
        score=request.score,
        at=request.at,
        on=request.on,
        comment=request.comment,
        distinct_id=request.distinct_id,
        client_id=request.id,
        weight=request.weight,
        blank=request.blank,
    )
    read = read_csv(request.csv, request.survey, request.source, columns, resources.zone, resources.clock())
    if request.dry_run:
        problems = tuple(f"Line {r.line}: {r.reason}" for r in read.rejected[:_TOLD])
        return AnswersAdded(
            0, 0, len(read.rejected), (f"{counted(len(read.answers), 'answer')} would be kept.", *problems)
        )
    return _kept(resources, request.source, read.answers, read.rejected, kind="file")


def score(resources: Resources, principal: Principal, request: ScoreQuery) -> ScoreSeries:
    """The net promoter score by period, with its interval."""
    import numpy as np

    from upshot.feedback.expressions import scored_answers
    from upshot.feedback.score import Scored, score_periods

    del principal
    _known(resources, request.survey)
    days = DayRange.asked(request.first, request.last)
    if not 0.0 < request.level < 1.0:
        raise InvalidInput(f"The level {request.level} is not between 0 and 1.", hint="95% is 0.95.")
    expression = scored_answers(
        resources.store.dialect(), request.survey, days, read_filters(resources.answering, request.where)
    )
    rows = resources.store.run(expression).rows
    notes = []
    weights = np.array([_weight(w) for _, _, w in rows], dtype=np.float64)
    if request.weighted and np.isnan(weights).any():
        none = counted(int(np.isnan(weights).sum()), "answer has no weight and is", "answers have no weight and are")
        notes.append(f"{none} left out of the weighted score.")
        rows = [row for row, weight in zip(rows, weights, strict=True) if not math.isnan(weight)]
        weights = weights[~np.isnan(weights)]
    scored = Scored(
        days=[day for day, _, _ in rows],
        scores=np.array([value for _, value, _ in rows], dtype=np.float64),
        weights=weights if request.weighted else None,
    )
    periods, total = score_periods(scored, days, request.grain, request.level)
    known = extent_of_event(resources.answering, EVENT).known
    end = date.min if known is None else known + timedelta(days=1)
    return ScoreSeries(
        survey=request.survey,
        points=tuple(_point(p, complete=request.grain.next(p.start) <= end) for p in periods),
        total=_point(total, complete=request.last < end),
        level=request.level,
        method="score interval of a difference of two shares" + (", weighted by design" if request.weighted else ""),
        weighted=request.weighted,
        time_zone=resources.zone.key,
        notes=tuple(notes),
    )


def comments(resources: Resources, principal: Principal, request: CommentsQuery) -> Comments:
    """What people wrote, the newest first."""
    from upshot.feedback.expressions import comments as written

    del principal
    _known(resources, request.survey)
    if request.group not in GROUPS:
        raise InvalidInput(f"There is no group {request.group!r}.", hint="Ask for promoters, passives or detractors.")
    rows = written(resources.store.dialect(), request.survey, request.group, request.text.strip())
    total = resources.store.run(rows.agg(count=rows.count())).rows[0][0]
    found = resources.store.run(rows.limit(min(max(request.limit, 0), _MOST_COMMENTS))).rows
    return Comments(tuple(Comment(aware_instant(at), value, text, who) for at, value, text, who in found), int(total))


def _surveys(resources: Resources) -> list[tuple[Any, ...]]:  # Any: rows, whose columns the expression names
    from upshot.feedback.expressions import surveys

    return resources.answering.compiled.rows(resources.store, "surveys", lambda _, dialect: surveys(dialect)).rows


def _known(resources: Resources, survey: str) -> None:
    names = [str(row[0]) for row in _surveys(resources)]
    if survey not in names:
        raise NotFound("survey", survey, names, hint="`upshot survey import` brings answers in.")


def _kept(
    resources: Resources, source: str, answers: Sequence[Answer], rejected: Sequence[Rejected], *, kind: str
) -> AnswersAdded:
    now = resources.clock()
    records, duplicates, differing = _unknown(resources, [(a, record_of(a, source, now)) for a in answers])
    stored = 0
    for start in range(0, len(records), _CHUNK):
        done = resources.store.append(records[start : start + _CHUNK])
        stored, duplicates = stored + done.stored, duplicates + done.duplicates
    if rejected:
        resources.store.reject(rejected)
    resources.sources.note(source, kind)
    resources.answering.names.events.add(EVENT)
    told = tuple(f"Line {r.line}: {r.reason}" if r.line else r.reason for r in rejected[:_TOLD])
    return AnswersAdded(stored, duplicates, len(rejected), (*told, *_told_differing(differing)), len(differing))


def _unknown(
    resources: Resources, answers: Sequence[tuple[Answer, EventRecord]]
) -> tuple[list[EventRecord], int, list[str]]:
    """What is to be kept, how many answers are known by their own ids, and which of those say something else now."""
    from upshot.feedback.expressions import kept_answers

    known: dict[object, tuple[float | None, str]] = {}
    for survey in sorted({answer.survey for answer, _ in answers if answer.has_own_id}):
        rows = resources.store.run(kept_answers(resources.store.dialect(), survey)).rows
        known.update({key: (value, words or "") for key, value, words in rows})
    records, duplicates, differing = [], 0, []
    for answer, record in answers:
        had = known.get(record.event_id) if answer.has_own_id else None
        if had is None:
            records.append(record)
            continue
        duplicates += 1
        if had[0] != answer.score:
            differing.append(
                f"{answer.client_id}: the score kept is {_said(had[0])}, this one is {_said(answer.score)}"
            )
        elif had[1] != answer.comment and (had[1] or answer.comment.strip()):
            differing.append(f"{answer.client_id}: the comment differs")
    return records, duplicates, differing


def _said(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def _told_differing(differing: Sequence[str]) -> tuple[str, ...]:
    if not differing:
        return ()
    more = f"; and {len(differing) - _TOLD:,} more" if len(differing) > _TOLD else ""
    return (f"Differ from the answers kept, which stay as they are: {'; '.join(differing[:_TOLD])}{more}.",)


def _weight(text: object) -> float:
    try:
        return math.nan if text is None else float(str(text))
    except ValueError:
        return math.nan


def _point(period: "Period", *, complete: bool) -> ScorePoint:
    found = period.score
    return ScorePoint(
        period=period.start,
        score=None if found is None else found.value,
        low=None if found is None else found.low,
        high=None if found is None else found.high,
        promoters=period.promoters,
        passives=period.passives,
        detractors=period.detractors,
        answers=period.answers,
        complete=complete,
        why_not=period.why_not,
    )


BINDINGS = (
    Binding(SURVEY_LIST, list_surveys),
    Binding(ANSWERS_ADD, add),
    Binding(ANSWERS_IMPORT, import_answers),
    Binding(FEEDBACK_SCORE, score),
    Binding(FEEDBACK_COMMENTS, comments),
)
