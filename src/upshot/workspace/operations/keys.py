"""Keys with which clients send events."""

from upshot.api.keys import (
    WRITE_KEY_ADD,
    WRITE_KEY_LIST,
    WRITE_KEY_REVOKE,
    WriteKeyAdd,
    WriteKeyName,
    WriteKeys,
    WriteKeyView,
)
from upshot.api.operation import Principal
from upshot.api.state import Done, Nothing
from upshot.catalog.types import WriteKey
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "add", "list_keys", "revoke"]


def add(resources: Resources, principal: Principal, request: WriteKeyAdd) -> WriteKeyView:
    """Make a key."""
    made = resources.catalog.write_keys.add(
        request.name,
        by=principal.name,
        events_a_second=request.events_a_second,
        events_a_day=request.events_a_day,
        key=request.key,
    )
    return _view(made)


def list_keys(resources: Resources, principal: Principal, request: Nothing) -> WriteKeys:
    """Every key."""
    del principal, request
    keys = resources.catalog.write_keys.all()
    return WriteKeys(tuple(map(_view, keys)), asked_for=resources.collector.asks_for_keys)


def revoke(resources: Resources, principal: Principal, request: WriteKeyName) -> Done:
    """Refuse a key from now on."""
    del principal
    resources.catalog.write_keys.revoke(request.name)
    return Done(resources.store.revision)


def _view(key: WriteKey) -> WriteKeyView:
    return WriteKeyView(
        key.name, key.key, key.events_a_second, key.events_a_day, key.created_at, key.created_by, key.revoked_at
    )


BINDINGS = (
    Binding(WRITE_KEY_ADD, add),
    Binding(WRITE_KEY_LIST, list_keys),
    Binding(WRITE_KEY_REVOKE, revoke),
)
