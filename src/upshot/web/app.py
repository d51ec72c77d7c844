"""The application: routes, guard, error answers, live updates."""

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.routes import ASGIRoute, BaseRoute
from litestar.types import ControllerRouterHandler, Receive, Scope, Send

from upshot.core.settings import Settings
from upshot.web import api, assets, live, tracker
from upshot.web.answers import Answers
from upshot.web.collect import area as collect
from upshot.web.collect.routes import ADDRESSES
from upshot.web.dashboards import area as dashboards
from upshot.web.data import routes as data
from upshot.web.design import routes as design
from upshot.web.errors import EXCEPTION_HANDLERS
from upshot.web.events import routes as events
from upshot.web.experiments import routes as experiments
from upshot.web.explore import routes as explore
from upshot.web.feedback import routes as feedback
from upshot.web.filters import suggest as filters
from upshot.web.home import area as home
from upshot.web.launches import routes as launches
from upshot.web.ledger import routes as ledger
from upshot.web.live import Pulse, pulsing
from upshot.web.metric import routes as metric
from upshot.web.objectives import routes as objectives
from upshot.web.outputs import routes as outputs
from upshot.web.page import provide_page
from upshot.web.palette import routes as palette
from upshot.web.permit import Open, check_declared, permit
from upshot.web.retention import routes as retention
from upshot.web.segments import routes as segments
from upshot.web.served import ServedWorkspace
from upshot.web.shield import Shield
from upshot.web.sign_in import routes as sign_in

__all__ = ["AREAS", "ROUTES", "Application", "create_app"]

AREAS = (
    home.AREA,
    objectives.AREA,
    metric.AREA,
    dashboards.AREA,
    explore.AREA,
    experiments.AREA,
    ledger.AREA,
    feedback.AREA,
    retention.AREA,
    segments.AREA,
    events.AREA,
    data.AREA,
    api.AREA,
    assets.AREA,
    live.AREA,
    tracker.AREA,
    collect.AREA,
    design.AREA,
    filters.AREA,
    launches.AREA,
    outputs.AREA,
    palette.AREA,
    sign_in.AREA,
)
"""Areas in the order of the navigation, then those that stand nowhere."""
ROUTES: Sequence[ControllerRouterHandler] = tuple(route for area in AREAS for route in area.routes)
PLACES = tuple(place for area in AREAS for place in area.places)
_MEGABYTE = 1_000_000
_AS_THEY_ARE = [
    "^/live",
    "^/static",
    "^/upshot.js",
    "^/v1/projects/",
    *(f"^{address}/?$" for address in ADDRESSES),
]
"""Paths whose answers are not compressed on the way: streams, what is compressed already, short answers to clients."""
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # names that no browser should use


class _Direct:
    """An ASGI application that hands requests of clients who send events straight to their handlers.

    They bring a write key, which the handlers look for themselves, and need nothing of what the framework does for
    pages: that took more than a quarter of the time of a small request. All others go to the framework.
    """

    def __init__(self, litestar: Litestar) -> None:
        self._litestar = litestar
        self._handlers = {
            route.path: route.route_handler.fn
            for route in litestar.routes
            if isinstance(route, ASGIRoute) and route.route_handler.opt["permission"] is Open.WRITE_KEY
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        handler = self._handlers.get(scope["path"].rstrip("/")) if str(scope["type"]) == "http" else None
        if handler is None:
            await self._litestar(scope, receive, send)
        else:
            scope["litestar_app"] = self._litestar
            await handler(scope, receive, send)


class Application:
    """An ASGI application: the routes behind their shield.

    Attributes:
        litestar: The routes.
    """

    def __init__(self, litestar: Litestar, hosts: Sequence[str]) -> None:
        self.litestar = litestar
        self._shield = Shield(_Direct(litestar), hosts)

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Every route."""
        return self.litestar.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        await self._shield(scope, receive, send)


def create_app(
    workspace: ServedWorkspace,
    settings: Settings,
    *,
    clock: Callable[[ZoneInfo], datetime] = datetime.now,
    routes: Sequence[ControllerRouterHandler] = ROUTES,
) -> Application:
    """The application over ``workspace``.

    Args:
        workspace: What is served.
        settings: Which host names it answers to, and how large a request may be.
        clock: The present instant in a zone.
        routes: What is answered; each declares its permission.

    Raises:
        InternalError: A route declares no permission.
    """
    litestar = Litestar(
        route_handlers=routes,
        guards=[permit],
        dependencies={"page": Provide(provide_page, sync_to_thread=False)},
        exception_handlers=EXCEPTION_HANDLERS,
        state=State(
            {"workspace": workspace, "clock": clock, "pulse": Pulse(workspace), "answers": Answers(), "places": PLACES}
        ),
        lifespan=[pulsing],
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=4, exclude=_AS_THEY_ARE),
        request_max_body_size=settings.server.max_body_mb * _MEGABYTE,
        openapi_config=None,
        logging_config=None,
    )
    check_declared(litestar.routes)
    own = () if settings.server.host in _EVERY_ADDRESS else (settings.server.host,)
    return Application(litestar, (*own, *settings.server.allowed_hosts))
