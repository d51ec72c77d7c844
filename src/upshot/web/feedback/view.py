"""What the page of feedback shows."""

from urllib.parse import urlencode

import msgspec

from upshot.api.feedback import (
    FEEDBACK_COMMENTS,
    FEEDBACK_SCORE,
    SURVEY_LIST,
    Comments,
    CommentsQuery,
    ScorePoint,
    ScoreQuery,
    ScoreSeries,
    SurveyView,
)
from upshot.api.state import Nothing
from upshot.charts import Annotation, Axis, ChartPoint, Line, line_chart, period_label
from upshot.charts.line import Band
from upshot.core.errors import NotFound
from upshot.core.time import Grain
from upshot.core.units import counted
from upshot.feedback.answers import GROUPS
from upshot.web.marks import Marks, annotations_of, marked_on
from upshot.web.page import Page
from upshot.web.window import View

__all__ = ["FeedbackPage", "ScoreRow", "read_feedback", "score_words"]

_SHORT_DAYS = 100
_COMMENTS = 20


class ScoreRow(msgspec.Struct, frozen=True):
    """One period of the table."""

    period: str
    score: str
    interval: str
    promoters: str
    passives: str
    detractors: str
    answers: str
    note: str


class FeedbackPage(msgspec.Struct, frozen=True):
    """The page of one survey."""

    survey: SurveyView
    surveys: tuple[SurveyView, ...]
    series: ScoreSeries
    total: str
    interval: str
    shares: tuple[tuple[str, float, str], ...]
    chart: str
    marks: Marks
    label: str
    rows: tuple[ScoreRow, ...]
    comments: Comments
    group: str
    text: str
    weighted: bool
    view: View

    def url(self, **changes: str) -> str:
        """The address of this page with other choices."""
        state = {
            "survey": self.survey.name,
            "weighted": "1" if self.weighted else "",
            "group": self.group,
            "text": self.text,
        }
        kept = {key: value for key, value in {**state, **changes}.items() if value}
        return f"/feedback?{urlencode([*self.view.pairs(), *kept.items()])}"


def read_feedback(page: Page, view: View) -> FeedbackPage | None:
    """Ask for the score and the comments; None while nobody has answered anything.

    Raises:
        NotFound: The address names a survey or a group that is none.
    """
    surveys = page.ask(SURVEY_LIST, Nothing()).surveys
    if not surveys:
        return None
    name = page.parameter("survey", surveys[0].name)
    survey = next((s for s in surveys if s.name == name), None)
    group = page.parameter("group")
    if survey is None:
        raise NotFound("survey", name, (s.name for s in surveys))
    if group not in GROUPS:
        raise NotFound("group", group, GROUPS, hint="Choose promoters, passives or detractors.")
    weighted = survey.weighted and page.parameter("weighted") == "1"
    grain = view.grain if view.by else Grain.WEEK if view.days.days <= _SHORT_DAYS else Grain.MONTH
    series = page.ask(
        FEEDBACK_SCORE,
        ScoreQuery(survey=name, first=view.first, last=view.last, grain=grain, where=view.where, weighted=weighted),
    )
    text = page.parameter("text").strip()
    total, happened = series.total, annotations_of(page)
    return FeedbackPage(
        survey=survey,
        surveys=surveys,
        series=series,
        total=score_words(total.score),
        interval="" if total.low is None else f"{score_words(total.low)} to {score_words(total.high)}",
        shares=(
            ("promoters", 100 * total.promoters, f"{total.promoters:.0%}"),
            ("passives", 100 * total.passives, f"{total.passives:.0%}"),
            ("detractors", 100 * total.detractors, f"{total.detractors:.0%}"),
        ),
        chart=_chart(series, grain, happened),
        marks=marked_on(happened, [p.period for p in series.points], grain),
        label=f"Net promoter score of {name} by {grain}, {view.words}",
        rows=tuple(_row(point, grain) for point in series.points),
        comments=page.ask(FEEDBACK_COMMENTS, CommentsQuery(survey=name, group=group, text=text, limit=_COMMENTS)),
        group=group,
        text=text,
        weighted=weighted,
        view=view,
    )


def score_words(score: float | None) -> str:
    """A score in points; a dash for none.

    >>> score_words(39.84), score_words(-3.0), score_words(None)
    ('+39.8', '−3.0', '–')
    """
    return "–" if score is None else f"{'−' if score < 0 else '+'}{abs(score):.1f}"


def _row(point: ScorePoint, grain: Grain) -> ScoreRow:
    return ScoreRow(
        period=period_label(point.period, grain),
        score=score_words(point.score),
        interval="" if point.low is None else f"{score_words(point.low)} to {score_words(point.high)}",
        promoters=f"{point.promoters:.1%}" if point.answers else "",
        passives=f"{point.passives:.1%}" if point.answers else "",
        detractors=f"{point.detractors:.1%}" if point.answers else "",
        answers=f"{point.answers:,}",
        note="; ".join(part for part in (point.why_not, "" if point.complete else "not over") if part),
    )


def _chart(series: ScoreSeries, grain: Grain, happened: tuple[Annotation, ...]) -> str:
    points = tuple(
        ChartPoint(
            period=p.period,
            value=p.score,
            text=score_words(p.score),
            title=period_label(p.period, grain),
            complete=p.complete,
            note=counted(p.answers, "answer"),
        )
        for p in series.points
    )
    band = Band(tuple(p.low for p in series.points), tuple(p.high for p in series.points))
    return msgspec.json.encode(line_chart([Line("NPS", points, band)], grain, Axis("number"), happened)).decode()
