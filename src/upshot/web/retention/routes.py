"""The addresses of the retention grid."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.response import Redirect

from upshot.answers.csv_files import grid_csv
from upshot.api.metrics import MetricView
from upshot.api.operation import Permission
from upshot.charts import captioned
from upshot.core.errors import InvalidInput
from upshot.core.time import DayRange, Grain
from upshot.metrics.kinds import Topic
from upshot.web.area import Area, Place
from upshot.web.filters.form import added
from upshot.web.metric.exports import download_headers
from upshot.web.metric.ordering import offered_metrics
from upshot.web.page import Page
from upshot.web.retention.view import GridView, grid_option, read_grid
from upshot.web.window import View

__all__ = ["AREA", "retention_csv", "retention_page", "retention_png", "retention_svg"]

_GRAINS = (Grain.DAY, Grain.WEEK, Grain.MONTH)
_MOST_PERIODS = 53
_ROW_HEIGHT, _AROUND_ROWS = 34, 130


@get("/retention", permission=Permission.READ, sync_to_thread=True)
def retention_page(page: NamedDependency[Page]) -> Response[str] | Redirect:
    """The grid of one metric."""
    if page.info.events == 0:
        return page.show("retention/no_events.html", area="explore")
    view = _view(page)
    name = _name(page)
    if filtered := added(page, view):
        return Redirect(_with_name(filtered.url(), name), status_code=303)
    grid = _read(page, name, view)
    return page.show(
        "retention/retention.html",
        area="explore",
        view=view,
        content=grid,
        metric=grid.grid.metric,
        metrics=_choices(page),
        grains=_GRAINS,
    )


@get("/retention/grid.csv", permission=Permission.READ, sync_to_thread=True)
def retention_csv(page: NamedDependency[Page]) -> Response[str]:
    """The grid as CSV."""
    view, name = _view(page), _name(page)
    grid = _read(page, name, view).grid
    return Response(grid_csv(grid), media_type="text/csv", headers=download_headers(name, view, "csv", grid.grain))


@get("/retention/grid.svg", permission=Permission.READ, sync_to_thread=True)
def retention_svg(page: NamedDependency[Page]) -> Response[str]:
    """The grid as SVG."""
    from upshot.charts.render import to_svg

    view, name = _view(page), _name(page)
    grid = _read(page, name, view)
    option = captioned(grid_option(grid), grid.grid.metric.title, view.words)
    body = to_svg(option, height=_AROUND_ROWS + _ROW_HEIGHT * len(grid.rows))
    headers = download_headers(name, view, "svg", grid.grid.grain)
    return Response(body, media_type="image/svg+xml", headers=headers)


@get("/retention/grid.png", permission=Permission.READ, sync_to_thread=True)
def retention_png(page: NamedDependency[Page]) -> Response[bytes]:
    """The grid as PNG."""
    from upshot.charts.render import to_png

    view, name = _view(page), _name(page)
    grid = _read(page, name, view)
    option = captioned(grid_option(grid), grid.grid.metric.title, view.words)
    body = to_png(option, height=_AROUND_ROWS + _ROW_HEIGHT * len(grid.rows))
    return Response(body, media_type="image/png", headers=download_headers(name, view, "png", grid.grid.grain))


def _view(page: Page) -> View:
    return page.view("12m")


def _read(page: Page, name: str, view: View) -> GridView:
    if view.grain not in _GRAINS:
        raise InvalidInput(
            f"A retention grid cannot go by {view.grain}.", hint="Use day, week or month, or a shorter window."
        )
    periods = len(list(DayRange.of(view.first, view.last).periods(view.grain)))
    if periods > _MOST_PERIODS:
        raise InvalidInput(
            f"{periods} cohorts by {view.grain} are more than a grid can show.", hint="Choose a longer step."
        )
    return read_grid(page, name, view.first, view.last, view.grain, periods, view.where)


def _choices(page: Page) -> list[MetricView]:
    metrics = offered_metrics(page)
    return sorted((m for m in metrics if m.grid), key=lambda m: m.topic is not Topic.RETENTION)


def _name(page: Page) -> str:
    if asked := page.parameter("metric"):
        return asked
    choices = _choices(page)
    if not choices:
        raise InvalidInput("No metric can be shown as a grid.", hint="Define one of the type retention or active.")
    return choices[0].name


def _with_name(url: str, name: str) -> str:
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}metric={name}"


AREA = Area(
    routes=(
        retention_csv,
        retention_page,
        retention_png,
        retention_svg,
    ),
    places=(Place("retention", "/retention", "Retention", "Who came back", in_navigation=False),),
)
