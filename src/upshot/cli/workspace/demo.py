"""``upshot demo``."""

import sys
import threading
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Protocol, Self

import msgspec
from cyclopts import Parameter

from upshot.cli.common import Common, loaded_settings
from upshot.cli.output import line
from upshot.core.units import counted, format_change

if TYPE_CHECKING:
    from collections.abc import Callable

    from upshot.api.operation import Caller
    from upshot.workspace.local import LocalWorkspace

__all__ = ["demo"]

COMPANY = "upshot.demo.tempo.opening:Opening"
"""The company's books, by import path: the rooms cli and demo stand on one floor and do not import each other."""

STORY = "upshot.demo.tempo.story:"
"""What its people wrote down."""

_DEFAULT_FOLDER = "tempo"
_HEADLINES = ("listeners", "monthly_listeners", "saved_songs_users", "new_subscriptions", "revenue")


def demo(
    *,
    world: Path | None = None,
    scale: float | None = None,
    seed: int | None = None,
    until: date | None = None,
    once: Annotated[bool, Parameter(negative="")] = False,
    host: str | None = None,
    port: Annotated[int | None, Parameter(negative="")] = None,
    common: Common | None = None,
) -> None:
    """Open the books of Tempo, a simulated music service whose truth is known, and serve them.

    The headline numbers and the pages are there within seconds; the older months stream in meanwhile, and then today
    goes on live. Opening a folder again goes on where it stopped.

    Args:
        world: A YAML file with another world; it says only what differs from Tempo.
        scale: How large the company is; 1 is about 18,000 people a month at the end.
        seed: Of every random draw.
        until: The last day of the history. Default: today.
        once: Load the whole history and end, without serving.
        host: Address to listen on (setting server.host).
        port: Port to listen on (setting server.port); 0 takes a free one.
        common: The options of every command. The default folder is tempo.
    """
    from pkgutil import resolve_name

    from upshot.api.operation import LOCAL_OWNER
    from upshot.workspace.local import LocalWorkspace

    common = common or Common()
    if common.workspace == Path():
        common = Common(Path(_DEFAULT_FOLDER), common.json)
    chosen = _world(world, scale, seed, until)
    _made(common, chosen)
    loaded = loaded_settings(common, {"server.host": host, "server.port": port})
    with LocalWorkspace.open(common.folder, loaded) as workspace:
        caller = workspace.acting_as(LOCAL_OWNER)
        books: _Books = resolve_name(COMPANY)(caller, common.folder / "company", chosen, _say(common))
        with books as opening:
            warming = threading.Thread(target=_warm, name="upshot-warm")
            warming.start()
            opening.recent()
            warming.join()
            _headlines(common, caller, opening.world.last_day)
            if once:
                opening.older()
            else:
                _serve(common, workspace, opening)


class _World(Protocol):
    @property
    def last_day(self) -> date: ...


class _Books(Protocol):
    """What a company's books can do; see the demo room."""

    @property
    def world(self) -> _World: ...
    @property
    def complete(self) -> bool: ...
    def recent(self) -> None: ...
    def older(self) -> None: ...
    def live(self) -> None: ...
    def stop(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def _warm() -> None:
    """Load what questions and pages take, while the first months are read."""
    from importlib import import_module
    from pkgutil import resolve_name

    from upshot.cli.workspace.serve import APPLICATION

    import_module("upshot.metrics.compile")
    resolve_name(APPLICATION)


def _say(common: Common) -> "Callable[[str], None]":
    def say(text: str) -> None:
        if not common.json:
            line(text)
            sys.stdout.flush()

    return say


def _world(path: Path | None, scale: float | None, seed: int | None, until: date | None) -> msgspec.Struct:
    from datetime import datetime
    from pkgutil import resolve_name
    from zoneinfo import ZoneInfo

    last_day = until or datetime.now(ZoneInfo(resolve_name("upshot.demo.tempo.write:ZONE"))).date()
    if path is None:
        chosen = resolve_name("upshot.demo.tempo.world:World")(last_day=last_day)
    else:
        chosen = resolve_name("upshot.demo.tempo.world:load_world")(path, last_day=last_day)
    given = {name: value for name, value in (("scale", scale), ("seed", seed)) if value is not None}
    changed: msgspec.Struct = msgspec.structs.replace(chosen, **given)
    return changed


def _made(common: Common, world: msgspec.Struct) -> None:
    """The workspace, made if there is none, with what the company's people wrote down as they went."""
    import os
    from datetime import UTC, datetime
    from pkgutil import resolve_name

    from upshot.api.operation import LOCAL_OWNER
    from upshot.core.settings import SETTINGS_FILE, WorkspaceSettings, load_settings
    from upshot.workspace.initialise import initialise
    from upshot.workspace.local import LocalWorkspace

    if not (common.folder / SETTINGS_FILE).exists():
        initialise(common.folder, WorkspaceSettings("Tempo", "Europe/Berlin", "EUR"), load_settings(None, os.environ))
        clock = resolve_name(STORY + "Clock")(datetime.now(UTC))
        with LocalWorkspace.open(common.folder, loaded_settings(common, {}), clock=clock) as past:
            resolve_name(STORY + "tell_story")(past.acting_as(LOCAL_OWNER), world, clock)
        _say(common)(f"Tempo's workspace is in {common.folder}")


def _headlines(common: Common, caller: "Caller", last_day: date) -> None:
    """The numbers that home opens with, each with the days that it stands for, beside the days before."""
    from datetime import timedelta

    from upshot.api.metrics import METRIC_QUERY, MetricQuery
    from upshot.api.state import WORKSPACE_INFO, Nothing
    from upshot.charts.words import range_label
    from upshot.cli.output import print_json, table
    from upshot.core.units import format_value

    info = caller.call(WORKSPACE_INFO, Nothing())
    if common.json:
        print_json(info)
        return
    rows = []
    for name in _HEADLINES:
        query = MetricQuery(name, last_day - timedelta(days=29), last_day, compare="previous")
        series = caller.call(METRIC_QUERY, query)
        found = series.headline
        change = "" if found.before is None or found.before.change is None else format_change(found.before.change)
        value = format_value(found.value, series.metric.format, series.currency)
        rows.append((series.metric.title, value, range_label(found.first, found.last), change))
    line(f"{counted(info.events, 'event')}, {info.first_event_at:%d %B %Y} to {info.last_event_at:%d %B %Y}")
    table((("", "left"), ("", "right"), ("days", "left"), ("against those before", "right")), rows)


def _serve(common: Common, workspace: "LocalWorkspace", opening: _Books) -> None:
    from pkgutil import resolve_name

    from upshot.cli.workspace.serve import APPLICATION, announce
    from upshot.core.errors import UserError
    from upshot.server import serving
    from upshot.server.scheduler import Scheduler

    server = workspace.settings.server
    listener = serving.bind(workspace, server.host, server.port)
    app: serving.AsgiApp = resolve_name(APPLICATION)(workspace, workspace.settings)

    def go_on() -> None:
        try:
            opening.older()
            if opening.complete:
                # Not before: a verdict over half of a history would be recorded for good.
                jobs.enter_context(Scheduler(workspace))
                opening.live()
        except UserError as error:
            _say(common)(f"The history cannot go on: {error.message} {error.hint}")

    rest = threading.Thread(target=go_on, name="upshot-demo")
    with ExitStack() as stack:
        jobs = stack.enter_context(ExitStack())
        stack.callback(rest.join)
        stack.callback(opening.stop)
        rest.start()
        serving.serve(workspace, app, listener, lambda address: announce(common, workspace.resources.name, address))
