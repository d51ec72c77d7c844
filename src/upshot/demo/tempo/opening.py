"""Opening Tempo's books: its history goes into a workspace through the operations that everybody uses.

The recent months come first, for the headline numbers; the older ones follow while the pages are served already, and
what has not happened yet today arrives as an event when its time comes. Files are written by a process of their own.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from itertools import groupby, islice
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from upshot.api.dashboards import DASHBOARD_APPLY, DashboardApply
from upshot.api.events import EVENTS_APPEND, EventsAppend
from upshot.api.imports import IMPORT_START, IMPORT_STATUS, ImportMapping, ImportRequest, ImportStatus
from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import Caller
from upshot.core.errors import InternalError, UserError
from upshot.core.units import counted
from upshot.demo.tempo.files import TRUTH_FILE, Order, Written
from upshot.demo.tempo.today import ToCome
from upshot.demo.tempo.world import World
from upshot.demo.tempo.write import ZONE

__all__ = ["CURRENCY", "ZONE", "Opening"]

CURRENCY = "EUR"
SOURCE = "tempo"
_PROGRESS_FILE = "progress.json"
_LOOK_EVERY_SECONDS = 0.05
_AT_ONCE = 1_000
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
Told = TypeVar("Told", bound=msgspec.Struct)


class _Progress(msgspec.Struct):
    """What is in the workspace already, so that opening it again goes on where it stopped.

    Attributes:
        until: Up to when the recent months were written; what came after it comes live.
        imported: Whether the recent months are in.
        older: The files of the months before, newest first; None until all of them are whole.
        complete: Whether the whole history is in, and its truth told.
    """

    world: World
    until: datetime
    imported: bool = False
    older: tuple[str, ...] | None = None
    complete: bool = False


class Opening:
    """Brings one world into one workspace; a context manager.

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
        self._process: subprocess.Popen[bytes] | None = None
        self._told = 0
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
        """Let ``older`` and ``live`` end soon; call ``close`` when they have."""
        self._stopping.set()
        if (process := self._process) is not None:
            process.terminate()

    def recent(self) -> None:
        """Import the recent months and define Tempo's metrics."""
        if not self._progress.imported:
            self._begin_writing()
        self._define()
        if self._progress.imported:
            return
        if (written := self._written()) is None:
            return
        world = self.world
        self._say(
            f"{counted(written.people, 'person', 'people')}, {counted(world.days, 'day')}, "
            f"until {world.last_day:%d %B %Y}"
        )
        if self._import(list(written.paths)):
            self._progress.imported = True
            self._write()

    def older(self) -> None:
        """Import the months before, newest first, and wait for the truth; returns early when stopped."""
        if self.complete:
            return
        self._begin_writing()
        if self._progress.older is None:
            if (written := self._written()) is None:
                return
            self._progress.older = written.paths
            self._write()
        if self._progress.older and not self._import(list(self._progress.older), self._tell):
            return
        if self._wait_for_truth():
            self._progress.complete = True
            self._write()
            self._say(f"The whole history is in; what is true of it stands in {self._folder / TRUTH_FILE}")

    def live(self) -> None:
        """Append what today brings, each event when its time comes; returns when stopped or at midnight."""
        for due, group in groupby(self._events_to_come(), key=_until_due):
            if self._stopping.wait(due):
                return
            while events := tuple(each.event for each in islice(group, _AT_ONCE)):
                self._caller.call(EVENTS_APPEND, EventsAppend(SOURCE, events))

    def _events_to_come(self) -> Iterator[ToCome]:
        """Since the recent months were written: what is over already by now, too."""
        self.close()
        process = self._process = _started("today")
        _order(process, Order(self.world, self._progress.until))
        yield from _lines(process, ToCome)

    def _tell(self, status: ImportStatus) -> None:
        """How much of the older months is in, once for each tenth."""
        tenth = int((status.fraction or 0.0) * 10)
        if tenth > self._told:
            self._told = tenth
            of = f" of {status.total_rows:,}" if status.total_rows else ""
            self._say(f"Loading the history: {tenth * 10}%, {status.rows:,}{of} events")

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

    def _import(self, paths: list[str], tell: Callable[[ImportStatus], None] | None = None) -> bool:
        """Import, and say whether all of it is in; false where the workspace closes meanwhile."""
        started = self._caller.call(IMPORT_START, ImportRequest(tuple(paths), _MAPPING))
        while (status := self._caller.call(IMPORT_STATUS, started)).state == "running":
            if tell:
                tell(status)
            if self._stopping.wait(_LOOK_EVERY_SECONDS):
                return False
        if status.state == "failed":
            raise UserError(status.message, hint=status.hint)
        return status.state == "done"

    # --- the process that writes ---

    def _begin_writing(self) -> None:
        """Start it, unless it runs; it writes what is not whole yet, and the truth."""
        if self._process is not None:
            return
        self._process = _started("files", str(self._folder))
        recent, older = not self._progress.imported, self._progress.older is None
        _order(self._process, Order(self.world, self._progress.until, recent, older))

    def _written(self) -> Written | None:
        """The files that it tells of next; None when it was stopped."""
        if self._process is None:
            raise InternalError("The process that writes Tempo's months does not run.")
        written = next(_lines(self._process, Written), None)
        if written is None and not self._stopping.is_set():
            raise InternalError("The process that writes Tempo's months has ended too early.")
        return written

    def _wait_for_truth(self) -> bool:
        while self._process is not None and self._process.poll() is None:
            if self._stopping.wait(_LOOK_EVERY_SECONDS):
                return False
        return self._process is not None and self._process.returncode == 0

    def close(self) -> None:
        """End the process that writes, if it still does."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- how far it has come ---

    def _read(self, world: World) -> _Progress:
        path = self._folder / _PROGRESS_FILE
        if path.exists():
            return msgspec.json.decode(path.read_bytes(), type=_Progress)
        return _Progress(world, datetime.now(UTC).replace(tzinfo=None))

    def _write(self) -> None:
        (self._folder / _PROGRESS_FILE).write_bytes(msgspec.json.encode(self._progress))


def _started(module: str, *words: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", f"upshot.demo.tempo.{module}", *words]
    # A session of its own: Ctrl-C is for the server, which then ends this one.
    return subprocess.Popen(  # noqa: S603 - our module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )


def _order(process: "subprocess.Popen[bytes]", order: Order) -> None:
    if process.stdin is None:
        raise InternalError("Tempo's process has no input.")
    with process.stdin as pipe:
        pipe.write(msgspec.json.encode(order))
    process.stdin = None


def _lines(process: "subprocess.Popen[bytes]", shape: type[Told]) -> Iterator[Told]:
    """What it says, until it is over or stopped."""
    if process.stdout is None:
        raise InternalError("Tempo's process has no output.")
    while line := process.stdout.readline():
        yield msgspec.json.decode(line, type=shape)


def _until_due(coming: ToCome) -> float:
    """Seconds until then; 0 for all that is over, which is sent at once and together."""
    return max((coming.at - datetime.now(UTC)).total_seconds(), 0.0)
