"""What the palette finds: pages, metrics, events, properties, and things to do."""

from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec

from upshot.api.data import DATA_EVENTS, DATA_PROPERTIES, EventName
from upshot.api.objectives import OBJECTIVE_LIST
from upshot.api.operation import Permission
from upshot.api.outputs import LAUNCH_LIST
from upshot.api.state import Nothing
from upshot.web.metric.ordering import offered_metrics
from upshot.web.page import Page
from upshot.web.palette.ranking import Fit, fit
from upshot.web.window import PRESETS

__all__ = ["Found", "Group", "ranged", "search"]

_EACH = 6
_RANGED = ("/metrics/", "/dashboards/", "/retention", "/explore")
_UNRANGED = ("/dashboards/new",)
_DAYS = frozenset({"range", "from", "to", "by"})


class Found(msgspec.Struct, frozen=True):
    """One thing: its name, what it is, and the address that shows it; an ``action`` has no address."""

    name: str
    about: str
    url: str = ""
    action: str = ""
    also: tuple[str, ...] = ()
    """Other names that it answers to as well as to its own."""
    icon: str = ""
    """A name of the layout's, where it is not its kind's."""


class Group(msgspec.Struct, frozen=True):
    """Things of one kind, the best first; ``icon`` is a name of the layout's."""

    name: str
    icon: str
    found: tuple[Found, ...]


def search(page: Page, typed: str, here: str) -> tuple[Group, ...]:
    """What fits ``typed``, the kind with the best fit first.

    Nothing typed gives pages, metrics and actions, to choose from.

    Args:
        page: Who asks; only what they may read is found.
        typed: In whatever case.
        here: The address where the palette was opened: days are set on that page.
    """
    kinds = [
        ("Pages", "home", _pages(page)),
        ("Metrics", "metrics", _metrics(page)),
        ("Dashboards", "dashboards", _dashboards(page)),
        ("Actions", "theme", _actions(page, typed, here)),
    ]
    if typed.strip():
        kinds += [("Objectives", "objectives", _objectives(page)), ("Launches", "ledger", _launches(page))]
    if typed.strip():
        kinds += [("Events", "data", _events(page)), ("Properties", "filter", _properties(page))]
    ranked = [(name, icon, _best(typed, things, name)) for name, icon, things in kinds]
    there = [(found[0][0], Group(name, icon, tuple(f for _, f in found))) for name, icon, found in ranked if found]
    return tuple(group for _, group in sorted(there, key=lambda pair: -pair[0]))


def _best(typed: str, things: Iterable[Found], kind: str) -> list[tuple[float, Found]]:
    """The best of a kind; pages are few, and all of them are offered."""
    scored = [(score, thing) for thing in things if (score := _score(typed, thing)) > 0]
    return sorted(scored, key=lambda pair: -pair[0])[: None if kind == "Pages" else _EACH]


def _score(typed: str, thing: Found) -> float:
    """A fit of the name; that of the description counts less than any but a likely slip of the name."""
    named = max(fit(typed, name) for name in (thing.name, *thing.also))
    about = fit(typed, thing.about)
    return max(float(named), Fit.FUZZY + 0.5 if about >= Fit.WORD else 0.0)


def _pages(page: Page) -> Iterator[Found]:
    routes = {route.path for route in page.request.app.routes}
    return (Found(place.name, place.about, place.path) for place in page.places if place.path in routes)


def _metrics(page: Page) -> Iterator[Found]:
    for metric in offered_metrics(page):
        yield Found(metric.title, metric.description, f"/metrics/{metric.name}", also=(metric.name,))


def _objectives(page: Page) -> Iterator[Found]:
    for objective in page.ask(OBJECTIVE_LIST, Nothing()).objectives:
        url = f"/objectives/{quote(objective.name)}"
        yield Found(objective.title or objective.name, objective.status, url, also=(objective.name,))


def _launches(page: Page) -> Iterator[Found]:
    for launch in page.ask(LAUNCH_LIST, Nothing()).launches:
        url = f"/launches/{quote(launch.name)}"
        yield Found(launch.title or launch.name, f"Launched {launch.day}", url, also=(launch.name,))


def _events(page: Page) -> Iterator[Found]:
    for event in page.ask(DATA_EVENTS, Nothing()).events:
        yield Found(event.event, f"{event.count:,} stored", f"/data?{urlencode({'event': event.event})}")


def _properties(page: Page) -> Iterator[Found]:
    for seen in page.ask(DATA_PROPERTIES, EventName()).properties:
        yield Found(seen.name, f"{' or '.join(seen.types)}, on {seen.share:.0%} of events", "/data#properties-title")


def _dashboards(page: Page) -> Iterator[Found]:
    for view in page.dashboards:
        board = view.dashboard
        yield Found(board.shown, board.description, f"/dashboards/{board.name}", also=(board.name,))


def _actions(page: Page, typed: str, here: str) -> Iterator[Found]:
    yield Found("Switch between light and dark", "", action="theme", also=("Toggle theme", "Dark mode", "Light mode"))
    if page.may(Permission.WRITE):
        yield Found("New dashboard", "", "/dashboards/new", also=("Add dashboard", "Create dashboard"), icon="plus")
        yield Found("Choose the metrics on home", "", "/home/arrange", also=("Arrange home", "Edit home"), icon="edit")
    for view in page.dashboards:
        board, url = view.dashboard, f"/dashboards/{view.dashboard.name}"
        if not typed.strip() and not _path(here).startswith(url):
            continue
        if page.may(Permission.WRITE):
            if not view.managed:
                yield Found(f"Edit {board.shown}", "", f"{url}/edit", icon="edit")
            yield Found(f"Duplicate {board.shown}", "", f"/dashboards/new?from={board.name}", icon="copy")
        yield Found(f"{board.shown} in TV mode", "", f"{url}?tv=1", also=("TV mode", "Full screen"), icon="dashboards")
    for preset, words in PRESETS.items():
        if url := ranged(here, preset):
            named = "Show all days" if preset == "all" else f"Show the last {words}"
            yield Found(named, "", url, also=(f"Range {preset}", words))


def _path(here: str) -> str:
    """The path of an address; empty where it is none."""
    try:
        return urlsplit(here).path
    except ValueError:
        return ""


def ranged(here: str, preset: str) -> str:
    """The address ``here`` with other days; empty where a page has none, or where that is no address of ours.

    >>> ranged("/metrics/revenue?from=2024-01-01&to=2024-02-01&where=a+%3D+b", "7d")
    '/metrics/revenue?where=a+%3D+b&range=7d'
    >>> ranged("/data", "7d"), ranged("//evil.example/metrics/", "7d")
    ('', '')
    """
    try:
        parts = urlsplit(here)
    except ValueError:
        return ""
    known = parts.path == "/" or (parts.path.startswith(_RANGED) and parts.path not in _UNRANGED)
    if parts.scheme or parts.netloc or "\\" in here or not known or parts.path.endswith("/edit"):
        return ""
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in _DAYS]
    return f"{parts.path}?{urlencode([*kept, ('range', preset)])}"
