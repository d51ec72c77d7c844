"""Who may call a route: each one declares it, and one guard checks it.

A route says ``permission=Permission.READ`` (or ``WRITE``, ``ADMIN``), ``PUBLIC``, ``PER_OPERATION`` where the name in
the address decides, or ``WRITE_KEY`` where clients send events. A route that says nothing is a defect: the application
does not start with it.
"""

import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING

from anyio import to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.routes import ASGIRoute, BaseRoute, HTTPRoute

from upshot.api.operation import LOCAL_OWNER, Permission, Principal
from upshot.core.errors import InternalError, NotAllowed
from upshot.web.shield import host_name
from upshot.workspace.dispatch import find_operation

if TYPE_CHECKING:
    from upshot.web.served import ServedWorkspace

__all__ = ["ACCESS_COOKIE", "NotSignedIn", "Open", "Visitor", "check_declared", "permit", "visitor_of"]

ACCESS_COOKIE = "upshot_access"
_AUTOMATIC = {HttpMethod.OPTIONS}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})
_LOOPBACK = frozenset({"127.0.0.1", "::1"})

Visitor = ASGIConnection[BaseRouteHandler, Principal | None, None, State]


class Open(enum.Enum):
    """What a route declares when it asks for no fixed permission."""

    PUBLIC = enum.auto()
    PER_OPERATION = enum.auto()
    WRITE_KEY = enum.auto()
    """The route looks for a write key itself; pages of other sites may call it, and no cookie counts there."""


class NotSignedIn(NotAllowed):
    """Nobody is known to ask; a token would change that."""

    code = "unauthorized"


def check_declared(routes: Iterable[BaseRoute]) -> None:
    """Every handler of ``routes`` declares who may call it; those that the framework adds for OPTIONS are refused.

    Raises:
        InternalError: One does not.
    """
    for route in routes:
        for handler in _handlers(route):
            if isinstance(handler, HTTPRouteHandler) and handler.http_methods == _AUTOMATIC:
                continue
            if not isinstance(handler.opt.get("permission"), Permission | Open):
                raise InternalError(f"The route {route.path} ({handler.handler_name}) declares no permission.")


def _handlers(route: BaseRoute) -> Iterable[BaseRouteHandler]:
    match route:
        case HTTPRoute():
            return route.route_handlers
        case ASGIRoute():
            return (route.route_handler,)
        case _:
            raise InternalError(f"The route {route.path} is of a kind that nobody guards.")


async def permit(connection: Visitor, handler: BaseRouteHandler) -> None:
    """The guard of every route; leaves the principal in the connection's state.

    Raises:
        NotSignedIn: The route asks for a permission, and nobody is known.
        NotAllowed: The principal lacks it, or another site sent the request.
    """
    if handler.opt.get("permission") is Open.WRITE_KEY:
        return
    _refuse_other_sites(connection)
    principal = await to_thread.run_sync(visitor_of, connection)
    connection.state.principal = principal
    needed = handler.opt.get("permission")
    if needed is None:
        raise NotAllowed("This method is not for this address.")
    if needed is Open.PUBLIC:
        return
    if principal is None:
        raise NotSignedIn(
            "This workspace asks who you are.", hint="Send an access token; an owner makes one: upshot access add NAME."
        )
    if needed is Open.PER_OPERATION:
        needed = find_operation(str(connection.path_params["name"])).permission
    principal.require(needed)


def visitor_of(connection: Visitor) -> Principal | None:
    """Who asks: by bearer token, by cookie, or as the local owner of an open workspace.

    A token that nobody has is nobody, even where no token is needed.
    """
    workspace: ServedWorkspace = connection.app.state.workspace
    bearer = _bearer(connection)
    if bearer:
        return workspace.principal_of(bearer)
    if workspace.is_open:
        near = connection.client is not None and connection.client.host in _LOOPBACK
        return LOCAL_OWNER if near else None
    cookie = connection.cookies.get(ACCESS_COOKIE, "")
    return workspace.principal_of(cookie) if cookie else None


def _bearer(connection: Visitor) -> str:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _refuse_other_sites(connection: Visitor) -> None:
    """A request that changes something comes from this server's own pages, or from no browser at all."""
    if connection.scope.get("method", "") in _SAFE_METHODS:
        return
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    if (site is not None and site not in _OWN_SITES) or (origin is not None and not _is_own(origin, connection)):
        raise NotAllowed(
            "The request comes from another site, and was refused.", hint="Open the page on this server itself."
        )


def _is_own(origin: str, connection: Visitor) -> bool:
    scheme, _, host = origin.partition("://")
    return (
        scheme in ("http", "https")
        and host.lower() == connection.headers.get("host", "").lower() != ""
        and bool(host_name(host))
    )
