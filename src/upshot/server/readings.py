"""Has verdicts recorded on their days: once a day, and soon after data have come in."""

import logging
import time
from typing import TYPE_CHECKING

from upshot.answers.background import Stopped
from upshot.api.imports import IMPORT_LIST
from upshot.api.state import Nothing
from upshot.api.studies import STUDIES_RECORD, StudiesRecord
from upshot.server.principal import UPSHOT
from upshot.workspace.local import LocalWorkspace

if TYPE_CHECKING:
    from datetime import date

__all__ = ["Readings"]

_log = logging.getLogger(__name__)
_SECONDS_A_TURN = 10.0
_PAUSE_SECONDS = 600.0


class Readings:
    """Looks for readings that are due when the day is a new one or data came in, and works a while at each turn."""

    def __init__(self, workspace: LocalWorkspace) -> None:
        self._workspace = workspace
        self._caller = workspace.acting_as(UPSHOT)
        self._seen: tuple[date, int] | None = None
        self._again_at = 0.0
        self._importing = False

    def turn(self) -> int:
        """Record what is due, for some seconds; returns how many verdicts were recorded."""
        now = time.monotonic()
        state = (self._workspace.today(), self._workspace.data_revision)
        new_day = self._seen is None or self._seen[0] != state[0]
        if self._caller.call(IMPORT_LIST, Nothing()).imports:  # it changes the data under a reading
            self._importing = True
            return 0
        waits = state == self._seen or (now < self._again_at and not self._importing)
        if not new_day and waits:
            return 0
        try:
            done = self._caller.call(STUDIES_RECORD, StudiesRecord(seconds=_SECONDS_A_TURN))
        except Stopped:  # the workspace closes; what is recorded stays, the rest is due at the next start
            return 0
        for text in done.failed:
            _log.info("Not read yet: %s", text)
        if not done.waiting:
            self._importing = False
            self._seen, self._again_at = state, now + _PAUSE_SECONDS
        return len(done.recorded)
