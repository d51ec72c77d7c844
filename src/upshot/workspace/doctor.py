"""What is wrong with a workspace, and what to do about it."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from upshot.answers.extent import extent_of
from upshot.answers.left_out import left_out, said
from upshot.api.operation import LOCAL_OWNER
from upshot.api.state import DOCTOR, Finding, Findings, Nothing
from upshot.core.errors import NotFound, UserError
from upshot.core.settings import SETTINGS_FILE, LoadedSettings, load_settings
from upshot.core.suggest import nearest
from upshot.core.time import DayRange
from upshot.core.units import format_bytes
from upshot.metrics.definition import Metric
from upshot.metrics.library_web import web_library
from upshot.workspace.connect import connect, running_server
from upshot.workspace.lockfile import LOCK_FILE, process_lives, read_lock
from upshot.workspace.resources import Resources

__all__ = ["examine", "examine_open"]

_LITTLE_ROOM = 1_000_000_000
_NO_ROOM = 50_000_000
_LEVELS = ("ok", "warning", "error")


def examine(folder: Path, environment: Mapping[str, str]) -> Findings:
    """Look at the workspace in ``folder`` from outside, then, if it opens, from inside (through its server, if any)."""
    findings = [*_disk(folder)]
    try:
        loaded = load_settings(folder, environment)
        if not (folder / SETTINGS_FILE).is_file():
            raise NotFound("workspace", str(folder), hint=f"Make one with `upshot init {folder}`.")
    except UserError as error:
        findings.append(Finding("settings", "error", error.message, error.hint))
        return _sorted(findings)
    findings.append(Finding("settings", "ok", _origins(loaded)))
    findings += _lock(folder)
    findings += _inside(folder, loaded)
    return _sorted(findings)


def examine_open(resources: Resources) -> Iterator[Finding]:
    """Look at an open workspace from inside."""
    yield from _store(resources)
    yield from _catalog(resources)
    yield Finding("time zone", "ok", f"Days are counted in {resources.zone.key}; it is {resources.today()} there.")
    yield from _metrics(resources)
    yield from _values(resources)
    yield from _rejects(resources)
    yield from _access(resources)


def _sorted(findings: list[Finding]) -> Findings:
    return Findings(tuple(sorted(findings, key=lambda f: _LEVELS.index(f.level))))


def _origins(loaded: LoadedSettings) -> str:
    count = len(loaded.origins)
    return f"All settings are allowed; {count} {'is' if count == 1 else 'are'} not at the default."


def _disk(folder: Path) -> Iterator[Finding]:
    place = next((p for p in (folder, *folder.parents) if p.exists()), Path("/"))
    free = shutil.disk_usage(place).free
    told = f"{format_bytes(free)} are free where the workspace is."
    if free < _NO_ROOM:
        yield Finding("disk", "error", told, "Make room: events cannot be kept.")
    elif free < _LITTLE_ROOM:
        yield Finding("disk", "warning", told, "Make room before a large import.")
    else:
        yield Finding("disk", "ok", told)
    if place == folder and not os.access(folder, os.W_OK):
        yield Finding("disk", "error", f"{folder} is not writable for this user.", "Give this user the folder.")


def _lock(folder: Path) -> Iterator[Finding]:
    lock = read_lock(folder)
    if lock is None:
        if (folder / LOCK_FILE).exists():
            yield Finding("server", "warning", f"{LOCK_FILE} is damaged.", "Remove it if no server runs.")
        else:
            yield Finding("server", "ok", "No server runs; commands open the workspace themselves.")
    elif running_server(folder) is not None:
        yield Finding("server", "ok", f"A server runs at {lock.address} (process {lock.pid}).")
    elif process_lives(lock.pid):
        yield Finding(
            "server",
            "warning",
            f"{LOCK_FILE} names a server at {lock.address} that does not answer, yet process {lock.pid} runs.",
            f"If that process is no server of Upshot, remove {LOCK_FILE}; if it is, stop it and start it again.",
        )
    else:
        yield Finding(
            "server",
            "warning",
            f"{LOCK_FILE} was left by a server that is gone (process {lock.pid}).",
            f"Nothing to do: it is passed over, and the next server replaces it. You may remove {LOCK_FILE}.",
        )


def _inside(folder: Path, loaded: LoadedSettings) -> Iterator[Finding]:
    try:
        with connect(folder, loaded, LOCAL_OWNER) as workspace:
            yield from workspace.call(DOCTOR, Nothing()).findings
    except UserError as error:
        yield Finding("workspace", "error", error.message, error.hint)


def _store(resources: Resources) -> Iterator[Finding]:
    held = resources.held()
    yield Finding(
        "store", "ok", f"{held.engine} opens and holds {held.events:,} events in {format_bytes(held.storage_bytes)}."
    )
    if held.dirty_days:
        yield Finding(
            "facts",
            "warning",
            f"The facts of {held.dirty_days:,} days are not rebuilt yet; their answers are right but slower.",
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
                f"Did you mean {' or '.join(map(repr, close))}?"
                if close
                else "`upshot data events` lists those that did.",
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
        for prop, count in left_out(resources.answering, metric, days):
            yield Finding(
                "metrics",
                "warning",
                f"The metric {name}: {said(prop, count)} left out.",
                f'See them with the filter "{prop} is no number"; files are read by --number {prop}=1,234.56.',
            )


def _events_of(metric: Metric) -> set[str]:
    parts = [part for part in (metric.numerator, metric.denominator) if part is not None]
    own = set(metric.selection.events) | set(metric.of.events if metric.of else ())
    return own.union(*(_events_of(part) for part in parts))


def _rejects(resources: Resources) -> Iterator[Finding]:
    _, total = resources.store.rejects(0)
    if total:
        yield Finding(
            "rejects",
            "warning",
            f"{total:,} rows could not become events.",
            "`upshot data rejects` says why; correct the file or the mapping and import it again.",
        )
    else:
        yield Finding("rejects", "ok", "No row was rejected.")


def _access(resources: Resources) -> Iterator[Finding]:
    entries = resources.catalog.access.all()
    told = (
        f"{len(entries)} access entries." if entries else "No access entries: whoever uses this machine is the owner."
    )
    yield Finding("access", "ok", told)
