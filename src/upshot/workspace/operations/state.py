"""What the workspace is."""

from importlib.metadata import version

from upshot.api.operation import Principal
from upshot.api.state import WORKSPACE_INFO, Nothing, WorkspaceInfo
from upshot.core.time import aware
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "info"]


def info(resources: Resources, principal: Principal, request: Nothing) -> WorkspaceInfo:
    """What the workspace is and holds."""
    del principal, request
    held = resources.held()
    return WorkspaceInfo(
        name=resources.name,
        version=version("upshot"),
        time_zone=resources.zone.key,
        currency=resources.loaded.settings.workspace.currency,
        events=held.events,
        first_event_at=aware(held.first_event_at),
        last_event_at=aware(held.last_event_at),
        last_received_at=aware(held.last_received_at),
        revision=held.revision,
        dirty_days=held.dirty_days,
        storage_bytes=held.storage_bytes,
        engine=held.engine,
        catalog=resources.catalog.url,
        declared=resources.catalog.revision(),
    )


BINDINGS = (Binding(WORKSPACE_INFO, info),)
