"""Records verdicts on their days: once a day, and soon after data have come in."""

import logging
import time
from typing import TYPE_CHECKING

from upshot.answers.background import Stopped
from upshot.answers.launch_book import LaunchBook
from upshot.answers.resources import Resources
from upshot.answers.study_readings import record_due

if TYPE_CHECKING:
    from datetime import date

__all__ = ["Readings"]

_log = logging.getLogger(__name__)
_BY = "upshot"
_SECONDS_A_TURN = 10.0
_PAUSE_SECONDS = 600.0


class Readings:
    """Looks for readings that are due when the day is a new one or data came in, and works a while at each turn."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._seen: tuple[date, int] | None = None
        self._again_at = 0.0
        self._importing = False

    def turn(self) -> int:
        """Record what is due, for some seconds; returns how many verdicts were recorded."""
        now = time.monotonic()
        state = (self._resources.today(), self._resources.store.revision)
        new_day = self._seen is None or self._seen[0] != state[0]
        if self._resources.running:  # an import that runs changes the data under a reading
            self._importing = True
            return 0
        waits = state == self._seen or (now < self._again_at and not self._importing)
        if not new_day and waits:
            return 0
        try:
            done = record_due(LaunchBook.of(self._resources), by=_BY, seconds=_SECONDS_A_TURN)
        except Stopped:  # the workspace closes; what is recorded stays, the rest is due at the next start
            return 0
        for text in done.failed:
            _log.info("Not read yet: %s", text)
        if not done.waiting:
            self._importing = False
            self._seen, self._again_at = state, now + _PAUSE_SECONDS
        return len(done.records)
