"""What Explore shows, as files."""

from upshot.answers.csv_files import distribution_csv, grid_csv, several_groups_csv, several_series_csv
from upshot.answers.pictures import grid_picture
from upshot.api.metrics import MetricSeries
from upshot.charts import captioned
from upshot.charts.chart import Chart
from upshot.core.errors import InvalidInput, UserError
from upshot.web.explore.answers import ask_distribution, ask_retention, ask_series
from upshot.web.explore.state import Question
from upshot.web.explore.view import read_spread, read_trends
from upshot.web.page import Page

__all__ = ["picture_of", "question_csv"]

_MOST_GROUPS = 1_000


def question_csv(page: Page, question: Question) -> str:
    """The numbers in full: points of series, groups, steps or cells; what is missing is empty.

    Raises:
        UserError: The question cannot be answered.
    """
    match question.tab:
        case "trends":
            return several_series_csv(_series(page, question))
        case "breakdown":
            return several_groups_csv(_series(page, question), question.breakdown or "group")
        case "distribution":
            return distribution_csv(ask_distribution(page, question))
        case "retention":
            return grid_csv(ask_retention(page, question))


def _series(page: Page, question: Question) -> list[MetricSeries]:
    found = []
    for one in ask_series(page, question, limit=_MOST_GROUPS):
        if one.series is None:
            raise one.problem or InvalidInput("There is no answer.")
        found.append(one.series)
    return found


def picture_of(page: Page, question: Question) -> Chart:
    """The first chart with its title, window and filters inside.

    Raises:
        UserError: There is none, or the question cannot be answered.
    """
    match question.tab:
        case "trends":
            panels, answered = read_trends(page, question)
            if not panels:
                raise next((a.problem for a in answered if a.problem), InvalidInput("There is nothing to draw."))
            subtitle = "  ·  ".join((f"by {panels[0].grain}, {question.words}", *question.where))
            return Chart(captioned(panels[0].option, panels[0].title, subtitle), title=panels[0].label)
        case "distribution":
            spread = read_spread(page, question)
            if isinstance(spread, UserError):
                raise spread
            words = "  ·  ".join((question.words, *question.where))
            return Chart(captioned(spread.option, spread.title, words), title=spread.label)
        case "retention":
            return grid_picture(ask_retention(page, question), question.days)
        case "breakdown":
            raise InvalidInput("A breakdown is a table, and not drawn.", hint="Take it as CSV, or draw its trends.")
