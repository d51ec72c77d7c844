"""What is asked of the event store about surveys. Ibis is loaded by the first question, not by the first command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upshot.feedback.answers import DETRACTOR_TO, EVENT, PROMOTER_FROM
from upshot.metrics.definition import Field, Filter, Op, Property, Scope, Selection, Value

if TYPE_CHECKING:
    from ibis.expr.types import Table

    from upshot.core.time import DayRange
    from upshot.metrics.dialect import Dialect

__all__ = ["comments", "kept_answers", "scored_answers", "surveys"]


def _answers(dialect: Dialect, survey: str | None) -> Table:
    events = dialect.events()
    found: Table = events.filter(events.event == EVENT)
    return found if survey is None else found.filter(dialect.property_text(found, "survey") == survey)


def surveys(dialect: Dialect) -> Table:
    """Every survey: survey, answers, scores, comments, weights, first_day, last_day; the most answered first."""
    rows = _answers(dialect, None)
    named = rows.select(
        survey=dialect.property_text(rows, "survey"),
        score=dialect.property_number(rows, "score"),
        comment=dialect.property_text(rows, "comment"),
        weight=dialect.property_number(rows, "weight"),
        day=rows.day,
    )
    named = named.filter(named.survey.notnull())
    counted = named.group_by("survey").agg(
        answers=named.count(),
        scores=named.score.count(),
        comments=named.comment.count(),
        weights=named.weight.count(),
        first_day=named.day.min(),
        last_day=named.day.max(),
    )
    return counted.order_by([counted.answers.desc(), counted.survey])


def kept_answers(dialect: Dialect, survey: str) -> Table:
    """Every answer: event_id, score and comment (null for none), in no order."""
    rows = _answers(dialect, survey)
    return rows.select(
        event_id=rows.event_id,
        score=dialect.property_number(rows, "score"),
        comment=dialect.property_text(rows, "comment"),
    )


def scored_answers(dialect: Dialect, survey: str, days: DayRange, where: tuple[Filter, ...]) -> Table:
    """Answers with a score: day, score, weight (text, null for none), in no order."""
    from upshot.metrics.compile.events import event_rows

    asked = Filter(Field(Scope.EVENT, "survey"), Op.EQ, (Value(survey),))
    rows = event_rows(
        dialect,
        Selection((EVENT,), (asked, *where)),
        days=days,
        unit_type="person",
        keyed=False,
        breakdown=(Field(Scope.EVENT, "weight"),),
        value=Property("score"),
    )
    return rows.filter(rows["value"].notnull()).select(day=rows.day, score=rows["value"], weight=rows.group_0)


def comments(dialect: Dialect, survey: str, group: str, text: str) -> Table:
    """What people wrote: occurred_at, score (null for none), comment, distinct_id; the newest first.

    Args:
        dialect: The store's tables.
        survey: Of which survey.
        group: One of ``GROUPS``; empty: everybody, also those who gave no score.
        text: A part of the words, whatever its case; empty: any.
    """
    rows = _answers(dialect, survey)
    written = rows.select(
        occurred_at=rows.occurred_at,
        score=dialect.property_number(rows, "score"),
        comment=dialect.property_text(rows, "comment"),
        distinct_id=rows.distinct_id,
    )
    written = written.filter(written.comment.notnull())
    if group == "promoters":
        written = written.filter(written.score >= PROMOTER_FROM)
    elif group == "detractors":
        written = written.filter(written.score <= DETRACTOR_TO)
    elif group == "passives":
        written = written.filter((written.score > DETRACTOR_TO) & (written.score < PROMOTER_FROM))
    if text:
        written = written.filter(written.comment.lower().contains(text.lower()))
    return written.order_by([written.occurred_at.desc(), written.comment])
