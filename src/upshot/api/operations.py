"""Every operation."""

from upshot.api import (
    access,
    collect,
    dashboards,
    data,
    declarations,
    events,
    explore,
    feedback,
    imports,
    keys,
    ledger,
    metrics,
    objectives,
    outputs,
    segments,
    series,
    state,
    studies,
)

__all__ = ["OPERATIONS"]

OPERATIONS = (
    *access.OPERATIONS,
    *collect.OPERATIONS,
    *dashboards.OPERATIONS,
    *data.OPERATIONS,
    *declarations.OPERATIONS,
    *events.OPERATIONS,
    *explore.OPERATIONS,
    *feedback.OPERATIONS,
    *imports.OPERATIONS,
    *keys.OPERATIONS,
    *ledger.OPERATIONS,
    *metrics.OPERATIONS,
    *objectives.OPERATIONS,
    *outputs.OPERATIONS,
    *segments.OPERATIONS,
    *series.OPERATIONS,
    *state.OPERATIONS,
    *studies.OPERATIONS,
)
