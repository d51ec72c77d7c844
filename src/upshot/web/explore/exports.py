"""What Explore shows, as files."""

from upshot.answers.csv_files import distribution_csv, grid_csv, several_groups_csv, several_series_csv
from upshot.answers.pictures import grid_picture
from upshot.api.metrics import MetricSeries
from upshot.charts import captioned
from upshot.charts.chart import Chart
from upshot.core.errors import InvalidInput, UserError
from upshot.core.time import Grain
from upshot.web.explore.answers import ask_distribution, ask_retention, ask_series
from upshot.web.explore.state import Question
from upshot.web.explore.view import read_spread, read_trends
from upshot.web.page import Page

__all__ = ["picture_of", "question_csv"]

_MOST_GROUPS = 1_000


def question_csv(page: Page, question: Question) -> tuple[str, Grain | None]:
    """The numbers in full: points of series, groups, steps or cells; what is missing is empty. And by which step.

    Raises:
        UserError: The question cannot be answered.
    """
    match question.tab:
        case "trends":
            found = _series(page, question)
            return several_series_csv(found), _one_step(found)
        case "breakdown":
            return several_groups_csv(_series(page, question), question.breakdown or "group"), None
        case "distribution":
            return distribution_csv(ask_distribution(page, question)), None
        case "retention":
            grid = ask_retention(page, question)
            return grid_csv(grid), grid.grain


def _one_step(found: list[MetricSeries]) -> Grain | None:
    """The step of all of them; None where they go by several."""
    steps = {series.grain for series in found}
    return steps.pop() if len(steps) == 1 else None


def _series(page: Page, question: Question) -> list[MetricSeries]:
    found = []
    for one in ask_series(page, question, limit=_MOST_GROUPS):
        if one.series is None:
            raise one.problem or InvalidInput("There is no answer.")
        found.append(one.series)
    return found


def picture_of(page: Page, question: Question) -> tuple[Chart, Grain | None]:
    """The first chart with its title, window and filters inside, and by which step it goes.

    Raises:
        UserError: There is none, or the question cannot be answered.
    """
    match question.tab:
        case "trends":
            panels, answered = read_trends(page, question)
            if not panels:
                raise next((a.problem for a in answered if a.problem), InvalidInput("There is nothing to draw."))
            subtitle = "  ·  ".join((f"by {panels[0].grain}, {question.words}", *question.where))
            option = captioned(panels[0].option, panels[0].title, subtitle)
            return Chart(option, title=panels[0].label), panels[0].grain
        case "distribution":
            spread = read_spread(page, question)
            if isinstance(spread, UserError):
                raise spread
            words = "  ·  ".join((question.words, *question.where))
            return Chart(captioned(spread.option, spread.title, words), title=spread.label), None
        case "retention":
            grid = ask_retention(page, question)
            return grid_picture(grid, question.days), grid.grain
        case "breakdown":
            raise InvalidInput("A breakdown is a table, and not drawn.", hint="Take it as CSV, or draw its trends.")
