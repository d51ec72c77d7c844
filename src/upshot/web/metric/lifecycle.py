"""The units of a metric's periods by state, on its page and as files."""

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from upshot.answers.lifecycle_files import NAMES, lifecycle_csv, lifecycle_option
from upshot.api.lifecycle import METRIC_LIFECYCLE, Lifecycle, LifecyclePeriod, LifecycleQuery
from upshot.api.operation import Permission
from upshot.charts import Option, captioned, period_label
from upshot.core.units import format_value
from upshot.web.metric.exports import download_headers
from upshot.web.metric.view import TableRow
from upshot.web.page import Page
from upshot.web.window import View

__all__ = ["States", "metric_lifecycle_csv", "metric_lifecycle_png", "metric_lifecycle_svg", "read_states"]

_COLUMNS = (*NAMES.values(), "Active", "Quick ratio")


class States(msgspec.Struct, frozen=True):
    """The chart with the words around it, and its numbers as a table."""

    found: Lifecycle
    json: str
    names: tuple[str, ...]
    label: str
    compared: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


def read_states(page: Page, name: str, view: View) -> States:
    """Ask for the states and lay them out."""
    found = _ask(page, name, view)
    return States(
        found=found,
        json=msgspec.json.encode(lifecycle_option(found)).decode(),
        names=tuple(NAMES.values()),
        label=f"Lifecycle by {found.grain}, {view.words}",
        compared="",
        columns=_COLUMNS,
        rows=tuple(_row(found, period) for period in found.periods),
    )


def _ask(page: Page, name: str, view: View) -> Lifecycle:
    return page.ask(METRIC_LIFECYCLE, LifecycleQuery(name, view.first, view.last, view.grain, view.where))


def _row(found: Lifecycle, period: LifecyclePeriod) -> TableRow:
    counts = (*(getattr(period, state) for state in NAMES), period.active)
    return TableRow(
        period_label(period.period, found.grain),
        (*(format_value(count, "count", "") for count in counts), format_value(period.quick_ratio, "number", "")),
        period.note,
    )


@get("/metrics/{name:str}/lifecycle.csv", permission=Permission.READ, sync_to_thread=True)
def metric_lifecycle_csv(page: NamedDependency[Page], name: FromPath[str]) -> Response[str]:
    """The states as CSV."""
    found = _ask(page, name, view := page.view("30d"))
    headers = download_headers(f"{name}_lifecycle", view, "csv", found.grain)
    return Response(lifecycle_csv(found), media_type="text/csv", headers=headers)


@get("/metrics/{name:str}/lifecycle.svg", permission=Permission.READ, sync_to_thread=True)
def metric_lifecycle_svg(page: NamedDependency[Page], name: FromPath[str]) -> Response[str]:
    """The states' chart as SVG."""
    from upshot.charts.render import to_svg

    found = _ask(page, name, view := page.view("30d"))
    headers = download_headers(f"{name}_lifecycle", view, "svg", found.grain)
    body = to_svg(_picture(found, view), palette=page.palette)
    return Response(body, media_type="image/svg+xml", headers=headers)


@get("/metrics/{name:str}/lifecycle.png", permission=Permission.READ, sync_to_thread=True)
def metric_lifecycle_png(page: NamedDependency[Page], name: FromPath[str]) -> Response[bytes]:
    """The states' chart as PNG."""
    from upshot.charts.render import to_png

    found = _ask(page, name, view := page.view("30d"))
    headers = download_headers(f"{name}_lifecycle", view, "png", found.grain)
    body = to_png(_picture(found, view), palette=page.palette)
    return Response(body, media_type="image/png", headers=headers)


def _picture(found: Lifecycle, view: View) -> Option:
    words = "  ·  ".join((f"lifecycle by {found.grain}, {view.words}", *view.where))
    return captioned(lifecycle_option(found), found.metric.title, words)
