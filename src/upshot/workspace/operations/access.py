"""Who may come in."""

from upshot.api.access import (
    ACCESS_ADD,
    ACCESS_LIST,
    ACCESS_REVOKE,
    AccessAdd,
    AccessEntries,
    AccessEntry,
    AccessName,
    AccessToken,
)
from upshot.api.operation import Principal
from upshot.api.state import Done, Nothing
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "add", "list_access", "revoke"]


def add(resources: Resources, principal: Principal, request: AccessAdd) -> AccessToken:
    """Let somebody in; the token is shown this once."""
    del principal
    token = resources.catalog.access.add(request.name, request.role)
    return AccessToken(request.name, request.role, token)


def list_access(resources: Resources, principal: Principal, request: Nothing) -> AccessEntries:
    """Who has access."""
    del principal, request
    return AccessEntries(
        tuple(AccessEntry(e.name, e.role, e.created_at, e.last_used_at) for e in resources.catalog.access.all())
    )


def revoke(resources: Resources, principal: Principal, request: AccessName) -> Done:
    """Take access away, from the next request on."""
    del principal
    resources.catalog.access.revoke(request.name)
    return Done(resources.store.revision)


BINDINGS = (
    Binding(ACCESS_ADD, add),
    Binding(ACCESS_LIST, list_access),
    Binding(ACCESS_REVOKE, revoke),
)
