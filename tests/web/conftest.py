"""Real servers over real workspaces, and the cast: owner, editor, viewer, outsider."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest
import uvicorn
from litestar.types import Receive, Scope, Send

from upshot.api.access import ACCESS_ADD, AccessAdd
from upshot.api.dashboards import DASHBOARD_APPLY, DashboardApply
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import LOCAL_OWNER
from upshot.core.settings import WorkspaceSettings, load_settings
from upshot.core.time import utc_now
from upshot.web.app import Application, create_app
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace
from upshot.workspace.lockfile import ServerLock, remove_lock, write_lock

NOW = datetime(2024, 3, 10, 11, 30, tzinfo=UTC)
"""The present instant of every server here; events end the day before, at 12:00 UTC."""
WANTED = WorkspaceSettings("Shop", "Europe/Berlin", "EUR")
METRICS = """
metrics:
  - name: revenue
    title: Revenue
    description: What customers paid.
    type: sum
    event: purchase
    value: amount
    format: money
    direction: up
  - name: buyers
    title: Buyers
    type: active
    event: purchase
    direction: up
"""
DASHBOARDS = """
name: revenue
title: What comes in
description: Sales of the shop.
tiles:
  - {name: revenue, type: chart, metric: revenue, breakdown: country, x: 0, y: 0, width: 6, height: 4}
  - {name: total, type: number, metric: revenue, x: 6, y: 0, width: 3, height: 2}
  - {name: buyers, type: number, metric: buyers, x: 9, y: 0, width: 3, height: 2}
  - {name: by-country, type: table, metric: revenue, show: groups, breakdown: country, x: 6, y: 2, width: 6, height: 4}
  - {name: back, type: table, metric: buyers, show: cohorts, x: 0, y: 4, width: 6, height: 3}
  - name: words
    type: text
    text: |
      **Mind** <b>this</b>

      | a | b |
      |---|--:|
      | 1 | 2 |
    x: 6
    y: 6
    width: 6
    height: 2
"""
COUNTRIES = ("FR", "DE", "=HYPERLINK(1)")
DAYS = 60
ROLES: tuple[Literal["owner", "editor", "viewer"], ...] = ("owner", "editor", "viewer")


def history() -> Iterator[NewEvent]:
    """Sixty days: each day three persons buy for 10, 20 and 30, and one event has nobody."""
    for day in range(DAYS):
        at = NOW.replace(hour=12, minute=0) - timedelta(days=DAYS - day)
        for person in range(4):
            properties = {"amount": 10.0 * (person + 1), "country": COUNTRIES[person % 3], "odd name.x": "a b"}
            raw = msgspec.Raw(msgspec.json.encode(properties))
            who = f"p{person}" if person < 3 else None
            yield NewEvent("purchase", at, who, f"{day}-{person}", properties=raw)


def made(place: Path, *, filled: bool = True) -> Path:
    initialise(place, WANTED, load_settings(None, {}))
    with LocalWorkspace.open(place, load_settings(place, {})) as workspace:
        owner = workspace.acting_as(LOCAL_OWNER)
        if filled:
            owner.call(EVENTS_APPEND, EventsAppend("web", tuple(history())))
            applied = owner.call(METRIC_APPLY, MetricApply(METRICS))
            assert applied.problems == ()
            boards = owner.call(DASHBOARD_APPLY, DashboardApply(DASHBOARDS, "shop.yaml"))
            assert boards.problems == ()
    return place


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs: where, over what, and the tokens of its cast."""

    url: str
    workspace: LocalWorkspace
    app: Application
    tokens: dict[str, str]

    def client(self, role: str = "", **more: str) -> httpx.Client:
        """A program with the token of ``role``; an outsider's token is nobody's, and the empty role sends none."""
        headers = dict(more)
        if role:
            headers["Authorization"] = f"Bearer {self.tokens.get(role, 'not-a-token')}"
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def get(self, path: str, role: str = "") -> httpx.Response:
        with self.client(role) as client:
            return client.get(path)


@contextlib.contextmanager
def serving(
    folder: Path,
    clock: Callable[[ZoneInfo], datetime] = NOW.astimezone,
    around: Callable[[Application], Callable[[Scope, Receive, Send], Awaitable[None]]] = lambda app: app,
    now: datetime | None = None,
) -> Iterator[Served]:
    """A server over the workspace in ``folder``; ``around`` may stand between it and its clients.

    With ``now`` it is that instant for the operations too, and commands find the server by its lock file.
    """
    settings = load_settings(folder, {})
    told = utc_now if now is None else lambda: now.astimezone(UTC)
    clock = clock if now is None else now.astimezone
    with LocalWorkspace.open(folder, settings, clock=told) as workspace, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = create_app(workspace, settings.settings, clock=clock)
        server = uvicorn.Server(uvicorn.Config(around(app), log_level="error", timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < deadline
            threading.Event().wait(0.01)
        if now is not None:
            write_lock(folder, ServerLock(os.getpid(), address, workspace.server_token, datetime.now(UTC), "test"))
        try:
            yield Served(address, workspace, app, {})
        finally:
            remove_lock(folder, pid=os.getpid())
            server.should_exit = True
            workspace.begin_closing()
            thread.join(timeout=10)
            assert not thread.is_alive()


@pytest.fixture(scope="session", autouse=True)
def _pages_wait_for_all_of_them() -> Iterator[None]:
    """Home and dashboards, however slow the machine is; tests of what comes later say so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("upshot.web.home.view.BUDGET_SECONDS", 60.0)
        patch.setattr("upshot.web.dashboards.view.BUDGET_SECONDS", 60.0)
        yield


@pytest.fixture(scope="session")
def base_url() -> None:
    """No address: each test names its server (the plugin's own fixture is of a deprecated kind)."""


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A workspace without access entries; tests only read it."""
    with serving(made(tmp_path_factory.mktemp("open") / "shop")) as running:
        yield running


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A workspace with an access entry for each role; tests only read it."""
    with serving(made(tmp_path_factory.mktemp("guarded") / "shop")) as running:
        owner = running.workspace.acting_as(LOCAL_OWNER)
        for role in ROLES:
            running.tokens[role] = owner.call(ACCESS_ADD, AccessAdd(role, role)).token
        yield running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Served]:
    """A workspace of the test's own, without events."""
    with serving(made(tmp_path / "fresh", filled=False)) as running:
        yield running
