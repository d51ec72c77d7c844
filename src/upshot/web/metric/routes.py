"""The addresses of metrics."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from upshot.answers.csv_files import series_csv
from upshot.api.metrics import METRIC_SHOW, MetricName, MetricSeries
from upshot.api.operation import Permission
from upshot.charts import Option
from upshot.core.time import Grain
from upshot.web.area import Area, Place
from upshot.web.filters.form import added
from upshot.web.marks import annotations_of, marked_in
from upshot.web.metric.exports import download_headers, picture
from upshot.web.metric.lifecycle import metric_lifecycle_csv, metric_lifecycle_png, metric_lifecycle_svg, read_states
from upshot.web.metric.ordering import offered_metrics
from upshot.web.metric.view import ask_series, read_metric, series_chart
from upshot.web.page import Page
from upshot.web.window import View

__all__ = ["AREA", "metric_csv", "metric_page", "metric_png", "metric_svg", "metrics_page"]


@get("/metrics", permission=Permission.READ, sync_to_thread=True)
def metrics_page(page: NamedDependency[Page]) -> Response[str]:
    """All metrics."""
    metrics = offered_metrics(page)
    return page.show("metric/list.html", area="metrics", metrics=metrics)


@get("/metrics/{name:str}", permission=Permission.READ, sync_to_thread=True)
def metric_page(page: NamedDependency[Page], name: FromPath[str]) -> Response[str] | Redirect:
    """One metric; a filter that a form adds becomes part of the address."""
    view = page.view("30d")
    if filtered := added(page, view):
        return Redirect(filtered.url(), status_code=303)
    if page.info.events == 0:
        metric = page.caller.call(METRIC_SHOW, MetricName(name))
        return page.show("metric/no_events.html", area="metrics", metric=metric)
    content = read_metric(page, name, view)
    return page.show(
        "metric/metric.html",
        area="metrics",
        view=view,
        metric=content.chart.series.metric,
        content=content,
        states=read_states(page, name, view) if content.chart.series.metric.states else None,
        grains=tuple(Grain),
    )


@get("/metrics/{name:str}/series.csv", permission=Permission.READ, sync_to_thread=True)
def metric_csv(page: NamedDependency[Page], name: FromPath[str]) -> Response[str]:
    """The series as CSV."""
    view = _exported(page, name)
    series = ask_series(page, name, view)
    body = series_csv(series, (view.breakdown,) if view.breakdown else ())
    return Response(body, media_type="text/csv", headers=download_headers(name, view, "csv", series.grain))


@get("/metrics/{name:str}/chart.svg", permission=Permission.READ, sync_to_thread=True)
def metric_svg(page: NamedDependency[Page], name: FromPath[str]) -> Response[str]:
    """The chart as SVG."""
    from upshot.charts.render import to_svg

    series = ask_series(page, name, view := _exported(page, name))
    body = to_svg(_picture(page, series, view), palette=page.palette)
    return Response(body, media_type="image/svg+xml", headers=download_headers(name, view, "svg", series.grain))


@get("/metrics/{name:str}/chart.png", permission=Permission.READ, sync_to_thread=True)
def metric_png(page: NamedDependency[Page], name: FromPath[str]) -> Response[bytes]:
    """The chart as PNG."""
    from upshot.charts.render import to_png

    series = ask_series(page, name, view := _exported(page, name))
    body = to_png(_picture(page, series, view), palette=page.palette)
    return Response(body, media_type="image/png", headers=download_headers(name, view, "png", series.grain))


def _picture(page: Page, series: MetricSeries, view: View) -> Option:
    annotations = annotations_of(page, series.metric.name)
    return picture(series_chart(series, view, annotations), view, marked_in(annotations, series))


def _exported(page: Page, name: str) -> View:
    page.caller.call(METRIC_SHOW, MetricName(name))
    return page.view("30d")


AREA = Area(
    routes=(
        metric_csv,
        metric_lifecycle_csv,
        metric_lifecycle_png,
        metric_lifecycle_svg,
        metric_page,
        metric_png,
        metric_svg,
        metrics_page,
    ),
    places=(Place("metrics", "/metrics", "Metrics", "Every definition"),),
)
