"""The server's own work, by operations: imports go on, facts are kept fresh, and verdicts are recorded."""

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from upshot.api.data import FACTS_REFRESH
from upshot.api.imports import IMPORT_RESUME
from upshot.api.state import Nothing
from upshot.core.errors import UserError
from upshot.server.principal import UPSHOT
from upshot.server.readings import Readings
from upshot.workspace.local import LocalWorkspace

__all__ = ["Scheduler"]

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
_MANY_EVENTS = 130_000
"""A little more than the engine writes past its log: moved in smaller pieces, a stream of 20,000 a second filled 1 GB
of log in a minute, and the checkpoint held every request up for two to four seconds."""


class Scheduler:
    """One thread beside the server; a context manager."""

    def __init__(self, workspace: LocalWorkspace) -> None:
        self._workspace = workspace
        self._caller = workspace.acting_as(UPSHOT)
        self._readings = Readings(workspace)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upshot-jobs", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def turn(self) -> None:
        """Do now what is due."""
        self._caller.call(FACTS_REFRESH, Nothing())
        self._readings.turn()

    def _run(self) -> None:
        _try(lambda: self._caller.call(IMPORT_RESUME, Nothing()))
        every = self._workspace.settings.facts.refresh_seconds
        due = time.monotonic() + every
        while not self._stop.wait(_LOOK_SECONDS):
            if time.monotonic() >= due:
                _try(self.turn)
                due = time.monotonic() + every
            else:
                _try(self._refresh_many)

    def _refresh_many(self) -> None:
        if self._workspace.waiting_events() >= _MANY_EVENTS:
            self._caller.call(FACTS_REFRESH, Nothing())


def _try(work: Callable[[], object]) -> None:
    """Do ``work``; what goes wrong is told in the log, and the next turn tries again."""
    try:
        work()
    except UserError as error:
        _log.warning("%s", error)
    except Exception:
        _log.exception("The server's own work failed; it is tried again at the next turn")
