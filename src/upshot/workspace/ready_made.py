"""Dashboards that a workspace can have at one click, made from whichever of its metrics there are."""

from collections.abc import Iterable, Sequence

from upshot.catalog.kinds.dashboard import Dashboard, Show, Tile, TileType, arranged
from upshot.metrics.definition import Metric, Window
from upshot.metrics.kinds import Topic
from upshot.metrics.library import library
from upshot.metrics.library_web import web_library

__all__ = ["ready_made"]

_NUMBERS = 4
_CHARTS = 6


def ready_made(metrics: Sequence[Metric]) -> tuple[Dashboard, ...]:
    """Those that at least two metrics can fill; a metric that the team has declared goes before a ready-made one.

    Args:
        metrics: All of the workspace's, in the order of definition.
    """
    common, of_browsers = ({metric.name for metric in all_of_them} for all_of_them in (library(), web_library()))
    own_first = sorted(metrics, key=lambda metric: (metric.name in of_browsers, metric.name in common))
    made = (_health(own_first), _money(own_first), _return(own_first))
    return tuple(arranged(dashboard) for dashboard in made if dashboard is not None)


def _health(metrics: Sequence[Metric]) -> Dashboard | None:
    daily = _first(metrics, Topic.ACTIVITY, Window.DAY)
    monthly = _first(metrics, Topic.ACTIVITY, Window.MONTH)
    sticky = _first(metrics, Topic.ENGAGEMENT)
    revenue = next((m for m in metrics if m.format == "money"), None)
    coming_back = _first(metrics, Topic.RETENTION)
    numbers = [m for m in (daily, monthly, sticky, revenue) if m is not None]
    if len(numbers) < 2:
        return None
    tiles = [*_numbers(numbers), *_charts(m for m in numbers if m is not monthly)]
    if coming_back is not None:
        tiles.append(Tile(type=TileType.TABLE, metric=coming_back.name, show=Show.COHORTS, width=6, height=4))
    return Dashboard(
        name="product-health",
        title="Product health",
        description="How many come, how often, whether they come back, and what they pay.",
        tiles=tuple(tiles),
    )


def _money(metrics: Sequence[Metric]) -> Dashboard | None:
    sums = [m for m in metrics if m.format == "money"]
    conversions = [m for m in metrics if m.is_a.topic is Topic.CONVERSION]
    if not sums or not (len(sums) > 1 or conversions):
        return None
    chosen = [*sums, *conversions][:_NUMBERS]
    return Dashboard(
        name="revenue",
        title="Revenue",
        description="What comes in, and what leads to it.",
        range="12m",
        compare="year",
        tiles=(*_numbers(chosen), *_charts(chosen)),
    )


def _return(metrics: Sequence[Metric]) -> Dashboard | None:
    grids = [m for m in metrics if m.is_a.topic is Topic.RETENTION]
    sticky = [m for m in metrics if m.is_a.topic is Topic.ENGAGEMENT]
    if not grids or not sticky:
        return None
    tables = tuple(Tile(type=TileType.TABLE, metric=m.name, show=Show.COHORTS, width=12, height=6) for m in grids)
    return Dashboard(
        name="coming-back",
        title="Coming back",
        description="Who returns, cohort by cohort, and how many days of a month they come.",
        range="90d",
        tiles=(*_charts(sticky), *tables[:2]),
    )


def _first(metrics: Iterable[Metric], topic: Topic, window: Window | None = None) -> Metric | None:
    return next((m for m in metrics if m.is_a.topic is topic and (window is None or m.window is window)), None)


def _numbers(metrics: Sequence[Metric]) -> tuple[Tile, ...]:
    return tuple(Tile(type=TileType.NUMBER, name=f"{m.name}-now", metric=m.name) for m in metrics[:_NUMBERS])


def _charts(metrics: Iterable[Metric]) -> tuple[Tile, ...]:
    return tuple(Tile(type=TileType.CHART, metric=m.name) for m in list(metrics)[:_CHARTS])
