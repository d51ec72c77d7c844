"""Ready-made metrics of browsers: of events of the tracker (``docs/tracker.md``), or of the same from other clients.

Pages show them as soon as such an event has come in.
"""

from functools import cache

from upshot.core.errors import InternalError
from upshot.metrics.definition import Metric
from upshot.metrics.parse import parse_metrics

__all__ = ["WEB_LIBRARY_YAML", "events_of", "web_library"]

WEB_LIBRARY_YAML = """\
metrics:
  - name: page_views
    title: Page views
    description: How many pages were seen, those that an app shows without loading anew too.
    type: count
    event: $pageview
  - name: visitors
    title: Visitors
    description: Persons who saw a page in the period.
    type: active
    event: $pageview
  - name: visits
    title: Visits
    description: Sessions in which a page was seen; half an hour without activity ends one.
    type: active
    unit: session
    event: $pageview
  - name: engaged_time
    title: Engaged time
    description: For how long pages were in front and in use; each sign of life counts for half a minute at most.
    type: sum
    event: $engagement
    value: engaged_seconds
    format: duration
  - name: engaged_time_per_visit
    title: Engaged time per visit
    description: Engaged time over the sessions in which a page was seen.
    type: ratio
    unit: session
    numerator: {type: sum, unit: session, event: $engagement, value: engaged_seconds}
    denominator: visits
    format: duration
  - name: good_lcp
    title: Good LCP
    description: Loads whose largest content was there within 2.5 s. From 75% on, the 75th percentile is good too.
    type: ratio
    numerator: {type: count, event: $web_vital, where: [vital = LCP, rating = good]}
    denominator: {type: count, event: $web_vital, where: [vital = LCP]}
    format: percent
  - name: good_inp
    title: Good INP
    description: Loads in which interactions showed within 200 ms. From 75% on, the 75th percentile is good too.
    type: ratio
    numerator: {type: count, event: $web_vital, where: [vital = INP, rating = good]}
    denominator: {type: count, event: $web_vital, where: [vital = INP]}
    format: percent
  - name: good_cls
    title: Good CLS
    description: Loads whose layout shifted by 0.1 at most. From 75% on, the 75th percentile is good too.
    type: ratio
    numerator: {type: count, event: $web_vital, where: [vital = CLS, rating = good]}
    denominator: {type: count, event: $web_vital, where: [vital = CLS]}
    format: percent
  - name: rage_clicks
    title: Rage clicks
    description: Bursts of three clicks or more on one spot.
    type: count
    event: $rageclick
    direction: down
  - name: dead_clicks
    title: Dead clicks
    description: Clicks on what looks as if it could be clicked, after which nothing happened.
    type: count
    event: $dead_click
    direction: down
  - name: uncaught_errors
    title: Uncaught errors
    description: Errors in browsers that no code caught, ten a load at most.
    type: count
    event: $exception
    direction: down
  - name: outbound_clicks
    title: Outbound clicks
    description: Clicks on links to other sites.
    type: count
    event: $outbound_click
    direction: none
"""


@cache
def web_library() -> tuple[Metric, ...]:
    """The ready-made metrics of browsers, in the order in which pages show them."""
    parsed = parse_metrics(WEB_LIBRARY_YAML, "library")
    if parsed.problems:
        raise InternalError("; ".join(map(str, parsed.problems)))
    return parsed.metrics


def events_of(metric: Metric) -> frozenset[str]:
    """The events that a metric names, its parts included."""
    return frozenset(metric.selection.events).union(*map(events_of, metric.parts))
