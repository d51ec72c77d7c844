"""What each operation does: one module for each area, which binds its operations to what carries them out."""

from typing import Any

from upshot.workspace.binding import Binding
from upshot.workspace.operations import (
    access,
    collect,
    dashboards,
    data,
    declarations,
    doctor,
    events,
    experiments,
    explore,
    feedback,
    imports,
    joining,
    keys,
    ledger,
    lifetime,
    metrics,
    objectives,
    outputs,
    segments,
    series,
    state,
    studies,
)

__all__ = ["BINDINGS", "OPERATIONS"]

_AREAS = (
    state,
    doctor,
    metrics,
    lifetime,
    dashboards,
    events,
    data,
    explore,
    imports,
    ledger,
    series,
    studies,
    joining,
    experiments,
    access,
    feedback,
    segments,
    declarations,
    objectives,
    outputs,
    collect,
    keys,
)
# operations of many types in one table; each binding was checked where it was made
BINDINGS: dict[str, Binding[Any, Any]] = {
    binding.operation.name: binding for area in _AREAS for binding in area.BINDINGS
}
OPERATIONS = tuple(binding.operation for binding in BINDINGS.values())
