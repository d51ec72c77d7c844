"""What the overview shows, from a handful of questions to the workspace."""

import time
from datetime import timedelta

import msgspec

from upshot.api.dashboards import HOME_SHOW
from upshot.api.events import EVENTS_RECENT, EventRow, EventsRecent
from upshot.api.metrics import METRIC_QUERY, MetricQuery, MetricSeries, MetricView
from upshot.api.state import Nothing
from upshot.charts import Sparkline, sparkline
from upshot.core.errors import UserError
from upshot.core.time import Grain
from upshot.metrics.kinds import Topic
from upshot.web.figures import Change, Words, change_of, chart_points, headline_note
from upshot.web.home.course import Course, read_course
from upshot.web.home.moved import Moves, read_moves
from upshot.web.metric.ordering import offered_metrics
from upshot.web.metric.view import SeriesChart, series_chart
from upshot.web.page import Page
from upshot.web.retention.view import GridView, read_grid
from upshot.web.window import View

__all__ = ["BUDGET_SECONDS", "MOST_CARDS", "Card", "Home", "home_metrics", "read_home"]

BUDGET_SECONDS = 0.4
"""How long the page waits for its parts; what is not there by then is fetched by the page itself."""
_CARDS = 12
MOST_CARDS = 36
"""More are a dashboard."""
_EVENTS = 8
_GRID_PERIODS = 8


class Card(msgspec.Struct, frozen=True):
    """A metric at a glance, against the days before and the same days of the year before, where there were any.

    ``problem`` stands where its question failed, ``waiting`` where it has not been asked; the others are empty then.
    """

    metric: MetricView
    value: str = ""
    change: Change | None = None
    year: Change | None = None
    note: str = ""
    spark: Sparkline = Sparkline("", "")
    problem: str = ""
    waiting: bool = False


class Home(msgspec.Struct, frozen=True):
    """The overview. ``chart`` is the first card's metric over the window, ``grid`` the first retention metric's.

    ``waiting`` says that parts have not been asked: cards that say so, and all of ``moved``, ``grid`` and ``course``.
    """

    cards: tuple[Card, ...]
    moved: Moves | None
    chart: SeriesChart | None
    grid: GridView | None
    course: Course | None
    events: tuple[EventRow, ...]
    more: int
    waiting: bool


def read_home(page: Page, view: View, budget_seconds: float | None = None) -> Home:
    """Ask for as much of it as can be answered in the time; a metric that cannot be answered costs its card only."""
    until = time.monotonic() + (BUDGET_SECONDS if budget_seconds is None else budget_seconds)
    metrics = offered_metrics(page)
    shown = home_metrics(page, metrics)
    cards = [metric for metric, chosen in shown if chosen]
    answers = [_ask(page, view, metric) if time.monotonic() < until else None for metric in cards]
    retention = next((m for m in metrics if m.topic is Topic.RETENTION), None)
    first = next((a for a in answers if isinstance(a, MetricSeries)), None)
    course = read_course(page) if time.monotonic() < until else None
    moved = read_moves(page, cards) if time.monotonic() < until else None
    in_time = time.monotonic() < until
    return Home(
        cards=tuple(_card(page, view, *pair) for pair in zip(cards, answers, strict=True)),
        moved=moved,
        chart=series_chart(first, view) if first else None,
        grid=_grid(page, retention) if retention and in_time else None,
        course=course,
        events=page.ask(EVENTS_RECENT, EventsRecent(limit=_EVENTS)).events,
        more=len(shown) - len(cards),
        waiting=not in_time,
    )


def home_metrics(
    page: Page, metrics: list[MetricView], sent: tuple[str, ...] | None = None
) -> list[tuple[MetricView, bool]]:
    """Metrics that can have a card, those that have one first and in their order; and whether they have one.

    ``sent`` are those that were just chosen, and could not be kept.
    """
    able = [metric for metric in metrics if metric.topic is not Topic.RETENTION]
    chosen = page.caller.call(HOME_SHOW, Nothing()).metrics if sent is None else sent
    if not chosen and sent is None:
        return [(metric, place < _CARDS) for place, metric in enumerate(able)]
    named = {metric.name: metric for metric in page.metrics if metric.topic is not Topic.RETENTION}
    first = [(named[name], True) for name in chosen if name in named]
    return [*first, *((metric, False) for metric in able if metric.name not in chosen)]


def _ask(page: Page, view: View, metric: MetricView) -> MetricSeries | UserError:
    query = MetricQuery(metric.name, view.first, view.last, grain=view.grain, compare=view.compare, year=True)
    try:
        return page.ask(METRIC_QUERY, query)
    except UserError as error:
        return error


def _card(page: Page, view: View, metric: MetricView, answer: MetricSeries | UserError | None) -> Card:
    if answer is None:
        return Card(metric, waiting=True)
    if isinstance(answer, UserError):
        return Card(metric, problem=answer.message)
    words = Words.of(answer)
    found, so_far = answer.headline, _today_so_far(page, answer, words)
    return Card(
        metric=metric,
        value=words.brief(found.value),
        change=change_of(metric, found.before, words),
        year=change_of(metric, found.year_before, words) if view.compare != "year" else None,
        note=headline_note(answer, view.first, view.last, so_far),
        spark=sparkline(chart_points(answer.points, answer.grain, words)),
    )


def _today_so_far(page: Page, series: MetricSeries, words: Words) -> str:
    """Today's value beside that of the days to yesterday; none of a metric whose days take longer to ripen."""
    last, found = series.points[-1] if series.points else None, series.headline
    if last is None or last.period != page.today or last.complete or last.value is None:
        return ""
    if not found.complete or found.last != page.today - timedelta(days=1):
        return ""
    return f"{words.write(last.value)} today so far"


def _grid(page: Page, metric: MetricView) -> GridView | None:
    grain = Grain.WEEK
    last = page.days.end
    first = last - timedelta(weeks=_GRID_PERIODS - 1)
    try:
        return read_grid(page, metric.name, first, last, grain, _GRID_PERIODS)
    except UserError:
        return None
