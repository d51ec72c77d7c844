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
from upshot.web.answers import Answers
from upshot.web.api import healthz, openapi, operate
from upshot.web.assets import asset
from upshot.web.collect.page import collect_page, key_add, key_revoke, quarantine_replay
from upshot.web.collect.routes import native_events, posthog_events, posthog_versioned, segment_call
from upshot.web.collect.start import (
    posthog_config,
    posthog_config_script,
    posthog_decide,
    posthog_flags,
    segment_settings,
)
from upshot.web.dashboards.editing import (
    add_tile,
    arrange_dashboard,
    change_settings,
    change_tile,
    delete_dashboard,
    edit_page,
    make_dashboard,
    new_page,
    remove_tile,
    restore_dashboard,
)
from upshot.web.dashboards.routes import (
    dashboard_export,
    dashboard_page,
    dashboard_tile,
    dashboard_tiles,
    dashboards_page,
)
from upshot.web.data.routes import data_page
from upshot.web.design.routes import design_page
from upshot.web.errors import EXCEPTION_HANDLERS
from upshot.web.events.routes import events_page
from upshot.web.experiments.routes import experiment_page, experiments_page
from upshot.web.explore.routes import explore_csv, explore_page, explore_png, explore_save, explore_svg
from upshot.web.feedback.routes import feedback_page
from upshot.web.filters.suggest import suggest
from upshot.web.home.arranging import arrange_home, home_arrange_page, restore_home
from upshot.web.home.routes import home_page
from upshot.web.launches.routes import launch_decide, launch_page, verdict_page
from upshot.web.ledger.routes import ledger_csv_file, ledger_page, ship
from upshot.web.live import Pulse, live, pulsing
from upshot.web.metric.routes import metric_csv, metric_page, metric_png, metric_svg, metrics_page
from upshot.web.objectives.routes import (
    objective_add,
    objective_page,
    objective_remove,
    objective_restore,
    objectives_page,
)
from upshot.web.outputs.routes import output_page
from upshot.web.page import provide_page
from upshot.web.palette.routes import search_results
from upshot.web.permit import Open, check_declared, permit
from upshot.web.retention.routes import retention_csv, retention_page, retention_png, retention_svg
from upshot.web.segments.routes import segment_delete, segment_edit, segment_restore, segment_save, segments_page
from upshot.web.served import ServedWorkspace
from upshot.web.shield import Shield
from upshot.web.sign_in.routes import sign_in, sign_in_page, sign_out
from upshot.web.tracker import tracker

__all__ = ["ROUTES", "Application", "create_app"]

ROUTES: Sequence[ControllerRouterHandler] = (
    add_tile,
    arrange_dashboard,
    arrange_home,
    experiment_page,
    experiments_page,
    feedback_page,
    launch_decide,
    launch_page,
    ledger_csv_file,
    ledger_page,
    objective_add,
    objective_page,
    objective_remove,
    objective_restore,
    objectives_page,
    output_page,
    ship,
    verdict_page,
    asset,
    change_settings,
    change_tile,
    dashboard_export,
    dashboard_page,
    dashboard_tile,
    dashboard_tiles,
    dashboards_page,
    collect_page,
    data_page,
    delete_dashboard,
    design_page,
    edit_page,
    events_page,
    explore_csv,
    explore_page,
    explore_png,
    explore_save,
    explore_svg,
    healthz,
    home_arrange_page,
    home_page,
    key_add,
    key_revoke,
    live,
    make_dashboard,
    metric_csv,
    metric_page,
    metric_png,
    metric_svg,
    metrics_page,
    native_events,
    new_page,
    openapi,
    operate,
    posthog_config,
    posthog_config_script,
    posthog_decide,
    posthog_events,
    posthog_flags,
    posthog_versioned,
    quarantine_replay,
    remove_tile,
    restore_dashboard,
    restore_home,
    retention_csv,
    retention_page,
    retention_png,
    retention_svg,
    search_results,
    segment_delete,
    segment_edit,
    segment_restore,
    segment_save,
    segments_page,
    segment_call,
    segment_settings,
    sign_in,
    sign_in_page,
    sign_out,
    suggest,
    tracker,
)
_MEGABYTE = 1_000_000
_AS_THEY_ARE = [
    "^/live",
    "^/static",
    "^/upshot.js",
    "^/(api/events|batch|capture|e|engage|track)/?$",
    "^/(i/v|v1/)",
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
        state=State({"workspace": workspace, "clock": clock, "pulse": Pulse(workspace), "answers": Answers()}),
        lifespan=[pulsing],
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=4, exclude=_AS_THEY_ARE),
        request_max_body_size=settings.server.max_body_mb * _MEGABYTE,
        openapi_config=None,
        logging_config=None,
    )
    check_declared(litestar.routes)
    own = () if settings.server.host in _EVERY_ADDRESS else (settings.server.host,)
    return Application(litestar, (*own, *settings.server.allowed_hosts))
