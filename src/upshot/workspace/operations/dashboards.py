"""Dashboards: list, show, save, apply, delete, restore; the ready-made ones; the home page's metrics."""

from collections.abc import Iterable, Iterator

from upshot.api.dashboards import (
    DASHBOARD_APPLY,
    DASHBOARD_DELETE,
    DASHBOARD_LIST,
    DASHBOARD_OFFERED,
    DASHBOARD_RESTORE,
    DASHBOARD_SAVE,
    DASHBOARD_SHOW,
    HOME_RESTORE,
    HOME_SAVE,
    HOME_SHOW,
    DashboardApply,
    DashboardChange,
    DashboardDelete,
    DashboardList,
    DashboardName,
    DashboardRestore,
    DashboardsApplied,
    DashboardSave,
    DashboardsOffered,
    DashboardView,
    HomeRestore,
    HomeSave,
    HomeView,
)
from upshot.api.operation import Principal
from upshot.api.state import Done, Nothing
from upshot.catalog.declarations import Declared, Put, Remove
from upshot.catalog.kinds.dashboard import Dashboard, Home, Tile, arranged
from upshot.core.errors import InvalidInput, NotAllowed, NotFound
from upshot.core.problems import Problem
from upshot.core.suggest import did_you_mean, nearest
from upshot.metrics.filters import parse_field, parse_filter
from upshot.metrics.kinds import MetricType
from upshot.workspace.binding import Binding
from upshot.workspace.dashboard_text import dashboard_to_yaml, parse_dashboards
from upshot.workspace.ready_made import ready_made
from upshot.workspace.resources import Resources

__all__ = [
    "BINDINGS",
    "apply",
    "delete",
    "home",
    "list_dashboards",
    "offered",
    "restore",
    "restore_home",
    "save",
    "save_home",
    "show",
    "tile_problems",
]

_PAGE = "page"
_HOME = "home"


def list_dashboards(resources: Resources, principal: Principal, request: Nothing) -> DashboardList:
    """All dashboards."""
    del principal, request
    return DashboardList(tuple(_view(found) for found in resources.catalog.declarations.current(Dashboard).values()))


def show(resources: Resources, principal: Principal, request: DashboardName) -> DashboardView:
    """One dashboard."""
    del principal
    return _view(resources.catalog.declarations.get(Dashboard, request.name))


def save(resources: Resources, principal: Principal, request: DashboardSave) -> DashboardView:
    """Keep a dashboard made by hand.

    Raises:
        NotAllowed: It is managed from code.
        InvalidInput: A tile cannot be answered, or the dashboard was changed meanwhile.
    """
    name = request.dashboard.name
    there = resources.catalog.declarations.current(Dashboard).get(name)
    if there is not None and there.managed == "code":
        raise _managed(there)
    if there is not None and request.after == 0:
        raise InvalidInput(f"There is a dashboard named {name!r} already.", hint="Choose another name.")
    whole = _arranged(request.dashboard)
    if problem := next((p for p in tile_problems(resources, [whole]) if p.level == "error"), None):
        raise InvalidInput(problem.message, hint=did_you_mean(problem.suggestions) or "Nothing was saved.")
    resources.catalog.declarations.change(
        [Put(whole, after=request.after)], by=principal.name, source=_PAGE, managed="hand"
    )
    return _view(resources.catalog.declarations.get(Dashboard, name))


def apply(resources: Resources, principal: Principal, request: DashboardApply) -> DashboardsApplied:
    """Add or change dashboards from YAML, all of them or, where one is wrong, none."""
    read, wrong = parse_dashboards(request.yaml, request.source)
    problems = (*wrong, *(() if wrong else tile_problems(resources, read, request.source)))
    if any(problem.level == "error" for problem in problems):
        return DashboardsApplied((), problems)
    current = resources.catalog.declarations.current(Dashboard)
    changes = tuple(_change(current.get(dashboard.name), dashboard) for dashboard in read)
    if not request.dry_run:
        resources.catalog.declarations.change(
            [Put(dashboard) for dashboard in read], by=principal.name, source=request.source, managed="code"
        )
        now = resources.catalog.declarations.current(Dashboard)
        changes = tuple(DashboardChange(c.name, c.change, now[c.name].version) for c in changes)
    return DashboardsApplied(changes, problems)


def delete(resources: Resources, principal: Principal, request: DashboardDelete) -> Done:
    """Delete one; ``restore`` brings it back.

    Raises:
        NotAllowed: It is managed from code, and the request does not say that this is meant.
    """
    there = resources.catalog.declarations.get(Dashboard, request.name)
    if there.managed == "code" and not request.even_if_managed:
        raise _managed(there)
    resources.catalog.declarations.change(
        [Remove(Dashboard, request.name, after=there.version)],
        by=principal.name,
        source=there.source,
        managed=there.managed,
    )
    return Done(resources.store.revision)


def restore(resources: Resources, principal: Principal, request: DashboardRestore) -> DashboardView:
    """Put one back as it was.

    Raises:
        NotFound: There was never one of that name, or it had no such version.
        InvalidInput: It has no earlier version.
    """
    declarations = resources.catalog.declarations
    history = declarations.history(Dashboard, request.name)
    if not history or not request.version:
        declarations.restore(Dashboard, request.name, by=principal.name)
        return _view(declarations.get(Dashboard, request.name))
    wanted = next((each for each in history if each.version == request.version and not each.removed), None)
    if wanted is None:
        raise NotFound("version", f"{request.name} {request.version}", hint="Versions count from 1.")
    last = history[-1]
    if last.managed == "code" and not last.removed:
        raise _managed(last)
    after = 0 if last.removed else last.version
    declarations.change(
        [Put(wanted.value, after=after)], by=principal.name, source=wanted.source, managed=wanted.managed
    )
    return _view(declarations.get(Dashboard, request.name))


def offered(resources: Resources, principal: Principal, request: Nothing) -> DashboardsOffered:
    """Ready-made dashboards that the metrics can fill and that are not there yet."""
    del principal, request
    there = resources.catalog.declarations.current(Dashboard)
    metrics = tuple(metric for metric, _ in resources.metrics.all().values())
    return DashboardsOffered(tuple(made for made in ready_made(metrics) if made.name not in there))


def home(resources: Resources, principal: Principal, request: Nothing) -> HomeView:
    """The home page's metrics; those that are no more are left out."""
    del principal, request
    found = resources.catalog.declarations.current(Home).get(_HOME)
    if found is None:
        return HomeView((), _version(resources))
    known = resources.metrics.all()
    return HomeView(tuple(name for name in found.value.metrics if name in known), found.version)


def save_home(resources: Resources, principal: Principal, request: HomeSave) -> HomeView:
    """Choose them.

    Raises:
        NotFound: One is no metric.
    """
    for name in request.metrics:
        resources.metrics.get(name)
    if len(set(request.metrics)) != len(request.metrics):
        raise InvalidInput("A metric has one card on the home page.", hint="Name each metric once.")
    _put_home(resources, principal, request.metrics)
    return home(resources, principal, Nothing())


def restore_home(resources: Resources, principal: Principal, request: HomeRestore) -> HomeView:
    """Put it back as it was.

    Raises:
        NotFound: There was no such version.
    """
    history = resources.catalog.declarations.history(Home, _HOME)
    wanted = next((each for each in history if each.version == request.version), None)
    if request.version and wanted is None:
        raise NotFound("version of the home page", str(request.version))
    _put_home(resources, principal, () if wanted is None or wanted.removed else wanted.value.metrics)
    return home(resources, principal, Nothing())


def _put_home(resources: Resources, principal: Principal, metrics: tuple[str, ...]) -> None:
    declarations = resources.catalog.declarations
    there = _HOME in declarations.current(Home)
    if not metrics and not there:
        return
    change = Put(Home(name=_HOME, metrics=metrics)) if metrics else Remove(Home, _HOME)
    declarations.change([change], by=principal.name, source=_PAGE, managed="hand")


def _version(resources: Resources) -> int:
    history = resources.catalog.declarations.history(Home, _HOME)
    return history[-1].version if history else 0


def _view(found: Declared[Dashboard]) -> DashboardView:
    return DashboardView(
        dashboard=found.value,
        version=found.version,
        managed=found.managed == "code",
        source=found.source,
        changed_at=found.created_at,
        changed_by=found.created_by,
        definition=dashboard_to_yaml(found.value),
    )


def _change(there: Declared[Dashboard] | None, dashboard: Dashboard) -> DashboardChange:
    if there is None:
        return DashboardChange(dashboard.name, "added", 1)
    same = there.value == dashboard and there.managed == "code"
    return DashboardChange(
        dashboard.name, "unchanged" if same else "changed", there.version if same else there.version + 1
    )


def _managed(found: Declared[Dashboard]) -> NotAllowed:
    where = f", in {found.source}" if found.source else ""
    return NotAllowed(
        f"The dashboard {found.value.name!r} is managed from code{where}.",
        hint="Change it there and apply it, or duplicate it and change the copy.",
    )


def _arranged(dashboard: Dashboard) -> Dashboard:
    try:
        return arranged(dashboard)
    except ValueError as error:
        raise InvalidInput(f"The dashboard does not fit: {error}.", hint="Nothing was saved.") from None


def tile_problems(resources: Resources, dashboards: Iterable[Dashboard], source: str = "") -> tuple[Problem, ...]:
    """What its tiles ask for and cannot have."""
    types = {name: metric.type for name, (metric, _) in resources.metrics.all().items()}
    found: list[Problem] = []
    for dashboard in dashboards:
        texts = [(f"dashboard {dashboard.name!r}", text) for text in dashboard.where]
        for tile in dashboard.tiles:
            called = f"tile {tile.name!r} of {dashboard.name!r}"
            texts += [(called, text) for text in tile.where]
            found += _of_tile(called, tile, types, source)
        for called, text in texts:
            parsed = parse_filter(text)
            if isinstance(parsed, Problem):
                found.append(Problem(f"In a filter of the {called}: {parsed.message}", source, 0, parsed.suggestions))
    return tuple(found)


def _of_tile(called: str, tile: Tile, types: dict[str, MetricType], source: str) -> Iterator[Problem]:
    if not tile.metric:
        return
    if tile.metric not in types:
        message = f"The {called} shows a metric that is not there: {tile.metric!r}."
        yield Problem(message, source, 0, nearest(tile.metric, types))
    elif tile.show == "cohorts" and not types[tile.metric].kind.grid:
        yield Problem(f"The {called} shows cohorts, and {tile.metric!r} says nothing about coming back.", source)
    if tile.breakdown:
        parsed = parse_field(tile.breakdown)
        if isinstance(parsed, Problem):
            yield Problem(f"In the breakdown of the {called}: {parsed.message}", source, 0, parsed.suggestions)


BINDINGS = (
    Binding(DASHBOARD_LIST, list_dashboards),
    Binding(DASHBOARD_SHOW, show),
    Binding(DASHBOARD_SAVE, save),
    Binding(DASHBOARD_APPLY, apply),
    Binding(DASHBOARD_DELETE, delete),
    Binding(DASHBOARD_RESTORE, restore),
    Binding(DASHBOARD_OFFERED, offered),
    Binding(HOME_SHOW, home),
    Binding(HOME_SAVE, save_home),
    Binding(HOME_RESTORE, restore_home),
)
