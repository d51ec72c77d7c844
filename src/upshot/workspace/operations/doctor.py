"""What is wrong inside an open workspace, and what to do about it."""

from collections.abc import Iterator

from upshot.answers.ends import ended
from upshot.answers.extent import extent_of
from upshot.answers.left_out import left_out, told
from upshot.api.operation import Principal
from upshot.api.state import DOCTOR, Finding, Findings, Nothing
from upshot.charts.words import day_label
from upshot.core.errors import UserError
from upshot.core.suggest import did_you_mean, nearest
from upshot.core.time import DayRange
from upshot.core.units import counted, format_bytes
from upshot.metrics.definition import Metric
from upshot.metrics.library_web import web_library
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "doctor"]

_NAMED = 5


def doctor(resources: Resources, principal: Principal, request: Nothing) -> Findings:
    """Look at an open workspace from inside."""
    del principal, request
    return Findings.of(
        [
            *_store(resources),
            *_catalog(resources),
            Finding("time zone", "ok", f"Days are counted in {resources.zone.key}; it is {resources.today()} there."),
            *_metrics(resources),
            *_values(resources),
            *_sources(resources),
            *_rejects(resources),
            *_access(resources),
        ]
    )


def _store(resources: Resources) -> Iterator[Finding]:
    held = resources.held()
    yield Finding(
        "store",
        "ok",
        f"{held.engine} opens and holds {counted(held.events, 'event')} in {format_bytes(held.storage_bytes)}.",
    )
    if held.dirty_days:
        yield Finding(
            "facts",
            "warning",
            f"The facts of {counted(held.dirty_days, 'day')} are not rebuilt yet; answers are right but slower.",
            "A server rebuilds them by itself; without one: `upshot facts refresh`.",
        )
    else:
        yield Finding("facts", "ok", "All facts are fresh.")


def _catalog(resources: Resources) -> Iterator[Finding]:
    try:
        resources.catalog.check()
    except UserError as error:
        yield Finding("catalog", "error", error.message, error.hint)
        return
    yield Finding(
        "catalog", "ok", f"The catalog answers ({resources.catalog.kind}, schema {resources.catalog.schema})."
    )


def _metrics(resources: Resources) -> Iterator[Finding]:
    names = [e.event for e in resources.store.event_summaries()]
    missing = 0
    # ready-made metrics of browsers wait for a tracker that may never be put in
    ready_made = {metric.hash for metric in web_library()}
    for name, (metric, _) in sorted(resources.metrics.all().items()):
        if metric.hash in ready_made:
            continue
        for event in sorted(_events_of(metric) - set(names)):
            missing += 1
            close = nearest(event, names)
            yield Finding(
                "metrics",
                "warning",
                f"The metric {name} counts the event {event!r}, which never came in.",
                did_you_mean(close) or "`upshot data events` lists those that did.",
            )
    if not missing:
        yield Finding("metrics", "ok", "Every event that a metric names has come in.")


def _values(resources: Resources) -> Iterator[Finding]:
    """What sums and means leave out, over all days that have data."""
    extent = extent_of(resources.answering)
    if extent.first is None or extent.last is None:
        return
    days = DayRange.of(extent.first, extent.last)
    for name, (metric, _) in sorted(resources.metrics.all().items()):
        for one in left_out(resources.answering, metric, days):
            yield Finding(
                "metrics",
                "warning",
                f"The metric {name}: {told((one,))}.",
                f'See them with the filter "{one.property} is no number"; '
                f"files are read by --number {one.property}=1,234.56.",
            )


def _sources(resources: Resources) -> Iterator[Finding]:
    """Sources that ended while others go on: their metrics know nothing of the days after."""
    answering = resources.answering
    metrics = sorted((name, metric) for name, (metric, _) in resources.metrics.all().items())
    for stream, end in ended(answering):
        touched = [name for name, metric in metrics if _events_of(metric) & stream.events]
        events = _some([repr(event) for event in sorted(stream.events)])
        told = f"the metrics {_some(touched)} know nothing of the days after" if touched else "no metric counts them"
        yield Finding(
            "sources",
            "warning",
            f"The source {stream.source!r} ({events}) ended on {day_label(end.last)} while others go on; {told}.",
            "Import what is newer, or look at what sends it; what has ended for good needs nothing.",
        )


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _events_of(metric: Metric) -> set[str]:
    own = {name for selection in metric.selections for name in selection.events}
    return own.union(*(_events_of(part) for part in metric.parts))


def _rejects(resources: Resources) -> Iterator[Finding]:
    _, total = resources.store.rejects(0)
    if total:
        yield Finding(
            "rejects",
            "warning",
            f"{counted(total, 'row could not become an event', 'rows could not become events')}.",
            "`upshot data rejects` says why; correct the file or the mapping and import it again.",
        )
    else:
        yield Finding("rejects", "ok", "No row was rejected.")


def _access(resources: Resources) -> Iterator[Finding]:
    entries = resources.catalog.access.all()
    told = (
        f"{counted(len(entries), 'access entry')}."
        if entries
        else "No access entries: whoever uses this machine is the owner."
    )
    yield Finding("access", "ok", told)


BINDINGS = (Binding(DOCTOR, doctor),)
