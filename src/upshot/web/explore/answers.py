"""Questions of the page, asked: saved metrics by name, everything else by its definition."""

from dataclasses import dataclass

from upshot.api.explore import (
    EXPLORE_DISTRIBUTION,
    EXPLORE_RETENTION,
    EXPLORE_SERIES,
    Distribution,
    ExploreDistribution,
    ExploreRetention,
    ExploreSeries,
)
from upshot.api.metrics import METRIC_QUERY, MetricQuery, MetricSeries, RetentionGrid
from upshot.core.errors import InvalidInput, UserError
from upshot.core.problems import Problem
from upshot.core.time import DayRange, Grain
from upshot.metrics.definition import Metric
from upshot.metrics.filters import parse_filter
from upshot.metrics.text import metric_to_yaml
from upshot.web.explore.state import Question
from upshot.web.explore.things import Thing
from upshot.web.page import Page

__all__ = ["GRID_GRAINS", "Answered", "ask_distribution", "ask_retention", "ask_series", "definition_of"]

GRID_GRAINS = (Grain.DAY, Grain.WEEK, Grain.MONTH)
_STEPS = 30
_MOST_PERIODS = 53


@dataclass(frozen=True, slots=True)
class Answered:
    """One thing with its series, or with why there is none."""

    thing: Thing
    series: MetricSeries | None = None
    problem: UserError | None = None

    @property
    def title(self) -> str:
        """What it is called."""
        return self.series.metric.title if self.series else self.thing.title


def ask_series(page: Page, question: Question, *, limit: int = 20) -> tuple[Answered, ...]:
    """The series of each thing; a mistake in one leaves the others."""
    return tuple(_answered(page, question, thing, limit) for thing in question.things)


def _answered(page: Page, question: Question, thing: Thing, limit: int) -> Answered:
    try:
        return Answered(thing, _series(page, question, thing, limit))
    except UserError as error:
        return Answered(thing, problem=error)


def _series(page: Page, question: Question, thing: Thing, limit: int) -> MetricSeries:
    alone = len(question.show) == 1
    grouped = (question.breakdown,) if question.breakdown else ()
    compare = question.compare if (alone and not grouped) or question.tab == "breakdown" else "none"
    intervals = alone and not grouped
    window = (question.first, question.last, question.grain, grouped, question.where, compare, limit, intervals)
    if thing.saved:
        return page.ask(METRIC_QUERY, MetricQuery(thing.name, *window))
    return page.ask(EXPLORE_SERIES, ExploreSeries(metric_to_yaml(thing.metric()), *window))


def ask_retention(page: Page, question: Question) -> RetentionGrid:
    """The grid of who did ``back`` after ``start``.

    Raises:
        InvalidInput: The window has too many cohorts, or ones of no use.
    """
    if question.grain not in GRID_GRAINS:
        raise InvalidInput(
            f"A retention grid cannot go by {question.grain}.", hint="Choose day, week or month, or fewer days."
        )
    periods = len(list(DayRange.of(question.first, question.last).periods(question.grain)))
    if periods > _MOST_PERIODS:
        raise InvalidInput(
            f"{periods} cohorts by {question.grain} are more than a grid can show.", hint="Choose a longer step."
        )
    asked = ExploreRetention(
        metric_to_yaml(question.retention()),
        question.grain.floor(question.first),
        question.last,
        question.grain,
        periods,
        question.where,
    )
    return page.ask(EXPLORE_RETENTION, asked)


def ask_distribution(page: Page, question: Question) -> Distribution:
    """How the first thing's values are spread."""
    thing = question.things[0]
    definition, name = ("", thing.name) if thing.saved else (metric_to_yaml(thing.metric()), "")
    asked = ExploreDistribution(question.first, question.last, definition, name, question.each, question.where, _STEPS)
    return page.ask(EXPLORE_DISTRIBUTION, asked)


def definition_of(question: Question, title: str = "") -> Metric | None:
    """The one metric that the page asks about with its filters in it; None where it is saved or there are several."""
    if question.tab == "retention":
        made = question.retention(title)
    elif len(question.show) == 1 and not question.things[0].saved:
        made = question.things[0].metric(title)
    else:
        return None
    parsed = [parse_filter(text) for text in question.where]
    return made.narrowed(tuple(found for found in parsed if not isinstance(found, Problem)))
