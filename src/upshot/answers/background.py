"""Work that goes on after its request was answered, in threads of this process."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["Background", "Stopped"]

_log = logging.getLogger(__name__)


class Stopped(Exception):
    """The workspace closes while work goes on; what is done so far is kept."""


class Background:
    """One thread for long work, so that two imports do not fight for the writer."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self.stopping = threading.Event()

    def start(self, work: Callable[[], None]) -> Future[None]:
        """Queue ``work``; it should raise ``Stopped`` soon after ``stopping`` is set."""
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="upshot-work")
            future = self._pool.submit(work)
        future.add_done_callback(_report)
        return future

    def check(self) -> None:
        """Let work go on.

        Raises:
            Stopped: The workspace closes.
        """
        if self.stopping.is_set():
            raise Stopped

    def close(self) -> None:
        """Ask work to stop, and wait until it has."""
        self.stopping.set()
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)


def _report(future: Future[None]) -> None:
    if future.cancelled():
        return
    error = future.exception()
    if error is not None and not isinstance(error, Stopped):
        _log.error("Background work failed", exc_info=error)
