"""Opening Tempo's books: its history goes into a workspace through the operations that everybody uses.

The recent months come first, for the headline numbers; the older ones follow, and what has not happened yet today
arrives as an event when its time comes.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path

import msgspec

from upshot.core.errors import InternalError, UserError
from upshot.demo.tempo.files import RECENT_MONTHS, TRUTH_FILE, Written
from upshot.demo.tempo.life import simulate
from upshot.demo.tempo.world import World
from upshot.demo.tempo.write import ZONE, months, write_months
from upshot.workspace.messages import (
    DASHBOARD_APPLY,
    EVENTS_APPEND,
    IMPORT_START,
    IMPORT_STATUS,
    METRIC_APPLY,
    DashboardApply,
    EventsAppend,
    ImportMapping,
    ImportRequest,
    MetricApply,
    NewEvent,
)
from upshot.workspace.operation import Caller

__all__ = ["CURRENCY", "ZONE", "Opening"]

CURRENCY = "EUR"
SOURCE = "tempo"
_PROGRESS_FILE = "progress.json"
_LOOK_EVERY_SECONDS = 0.05
_MAPPING = ImportMapping(
    timestamp="at",
    distinct_id="listener",
    event_column="event",
    event_id="id",
    groups={"account": "account"},
    timezone="UTC",
    source=SOURCE,
    format="parquet",
)

Say = Callable[[str], None]


class _Progress(msgspec.Struct):
    """What is in the workspace already, so that opening it again goes on where it stopped."""

    world: World
    imported: list[str] = []
    complete: bool = False


class Opening:
    """Brings one world into one workspace.

    Args:
        caller: The workspace.
        folder: Where the files of the world go.
        world: The company; a folder that holds another one already keeps that.
        say: Told of progress, one line at a time.
    """

    def __init__(self, caller: Caller, folder: Path, world: World, say: Say) -> None:
        self._caller = caller
        self._folder = folder
        self._say = say
        self._stopping = threading.Event()
        folder.mkdir(parents=True, exist_ok=True)
        self._progress = self._read(world)

    @property
    def world(self) -> World:
        """The company whose books these are."""
        return self._progress.world

    @property
    def complete(self) -> bool:
        """Whether the whole history is in."""
        return self._progress.complete

    def stop(self) -> None:
        """Let ``older`` and ``live`` end soon."""
        self._stopping.set()

    def recent(self) -> None:
        """Import the recent months and define Tempo's metrics."""
        self._define()
        if any(name.startswith("recent") for name in self._progress.imported):
            return
        history = simulate(self.world)
        self._say(f"{history.people.count:,} people, {self.world.days:,} days, until {self.world.last_day:%d %B %Y}")
        now = datetime.now(UTC).replace(tzinfo=None)
        recent = write_months(history, self._folder, months(history)[-RECENT_MONTHS:], until=now)
        if self._import([str(file.path) for file in recent]):
            self._done("recent")

    def older(self) -> None:
        """Write and import the months before, newest first, and then the truth; returns early when stopped."""
        if self.complete:
            return
        with self._writer() as process:
            if process.stdout is None:
                raise InternalError("The process that writes Tempo's months has no output.")
            for line in process.stdout:
                if self._stopping.is_set():
                    return
                chunk = msgspec.json.decode(line, type=Written)
                if chunk.first not in self._progress.imported:
                    if not self._import(list(chunk.paths)):
                        return
                    self._done(chunk.first)
                    self._tell(chunk)
            if process.wait() == 0 and not self._stopping.is_set():
                self._progress.complete = True
                self._write()
                self._say(f"The whole history is in; what is true of it stands in {self._folder / TRUTH_FILE}")

    def live(self) -> None:
        """Append what the rest of today brings, each event when its time comes; returns when stopped or at midnight."""
        for at, event in self._events_to_come():
            wait = (at - datetime.now(UTC)).total_seconds()
            if self._stopping.wait(max(wait, 0.0)):
                return
            self._caller.call(EVENTS_APPEND, EventsAppend(SOURCE, (event,)))

    def _events_to_come(self) -> Iterator[tuple[datetime, NewEvent]]:
        from upshot.demo.tempo.today import rest_of_today

        yield from rest_of_today(self.world, datetime.now(UTC))

    def _tell(self, chunk: Written) -> None:
        """How much of the history is in, as a share of its days."""
        days_in = (self.world.last_day - date.fromisoformat(chunk.first)).days + 1
        self._say(f"Loading the history: {days_in / self.world.days:.0%}, back to {chunk.first}")

    def _define(self) -> None:
        """Tempo's metrics and its dashboard, as any team applies its own."""
        folder = files("upshot.demo.tempo")
        metrics = folder.joinpath("metrics.yaml").read_text(encoding="utf-8")
        dashboards = folder.joinpath("dashboards.yaml").read_text(encoding="utf-8")
        problems = (
            *self._caller.call(METRIC_APPLY, MetricApply(metrics, "tempo/metrics.yaml")).problems,
            *self._caller.call(DASHBOARD_APPLY, DashboardApply(dashboards, "tempo/dashboards.yaml")).problems,
        )
        errors = [problem.message for problem in problems if problem.level == "error"]
        if errors:
            raise InternalError("; ".join(errors))

    def _import(self, paths: list[str]) -> bool:
        """Import, and say whether all of it is in; false where the workspace closes meanwhile."""
        started = self._caller.call(IMPORT_START, ImportRequest(tuple(paths), _MAPPING))
        while (status := self._caller.call(IMPORT_STATUS, started)).state == "running":
            if self._stopping.wait(_LOOK_EVERY_SECONDS):
                return False
        if status.state == "failed":
            raise UserError(status.message, hint=status.hint)
        return status.state == "done"

    @contextmanager
    def _writer(self) -> "Iterator[subprocess.Popen[bytes]]":
        command = [sys.executable, "-m", "upshot.demo.tempo.files", str(self._folder)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - our module
            try:
                if process.stdin is None:
                    raise InternalError("The process that writes Tempo's months has no input.")
                process.stdin.write(msgspec.json.encode(self.world))
                process.stdin.close()
                yield process
            finally:
                process.terminate()

    def _read(self, world: World) -> _Progress:
        path = self._folder / _PROGRESS_FILE
        if path.exists():
            return msgspec.json.decode(path.read_bytes(), type=_Progress)
        return _Progress(world)

    def _done(self, name: str) -> None:
        if not self._stopping.is_set():
            self._progress.imported.append(name)
            self._write()

    def _write(self) -> None:
        (self._folder / _PROGRESS_FILE).write_bytes(msgspec.json.encode(self._progress))
