"""The process that concludes studies: started when it is needed, gone when it is not."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

import msgspec

from upshot.answers.background import Stopped
from upshot.catalog.verdict import Verdict
from upshot.core.errors import InternalError
from upshot.core.lru import Lru
from upshot.studies.checked import CheckInputs, CheckReport
from upshot.studies.customers import LifetimeInputs, LifetimeReport
from upshot.studies.inputs import StudyInputs
from upshot.studies.planned import PlanInputs, Planned
from upshot.studies.tabled import TableInputs, TableReport
from upshot.studies.worker import CHECK, CONCLUDE, CUSTOMERS, PLAN, SINGLE_THREAD, TABLE, read_frame, write_frame

__all__ = ["StudyWorker"]

T = TypeVar("T")
_KEPT = 256


class StudyWorker:
    """One process; questions wait for each other. What was concluded from the same inputs before is remembered."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._known = Lru[str, Verdict](_KEPT)

    def conclude(self, inputs: StudyInputs, *, afresh: bool = False) -> Verdict:
        """The verdict on ``inputs``.

        Args:
            inputs: All that the study reads.
            afresh: Whether to calculate even what is remembered.
        """
        digest = inputs.hash
        with self._lock:
            known = None if afresh else self._known.get(digest)
            if known is not None:
                return known
            verdict = self._ask(CONCLUDE + inputs.to_bytes(), lambda body: msgspec.json.decode(body, type=Verdict))
            self._known.put(digest, verdict)
            return verdict

    def plan(self, inputs: PlanInputs) -> Planned:
        """What each way of launching could detect."""
        with self._lock:
            return self._ask(PLAN + msgspec.json.encode(inputs), lambda body: msgspec.json.decode(body, type=Planned))

    def check(self, inputs: CheckInputs) -> CheckReport:
        """What the summaries of many experiments say."""
        with self._lock:
            return self._ask(
                CHECK + msgspec.json.encode(inputs), lambda body: msgspec.json.decode(body, type=CheckReport)
            )

    def read_table(self, inputs: TableInputs) -> TableReport:
        """What a table of people says."""
        with self._lock:
            return self._ask(
                TABLE + msgspec.json.encode(inputs), lambda body: msgspec.json.decode(body, type=TableReport)
            )

    def read_customers(self, inputs: LifetimeInputs) -> LifetimeReport:
        """What customers are worth."""
        with self._lock:
            return self._ask(
                CUSTOMERS + msgspec.json.encode(inputs), lambda body: msgspec.json.decode(body, type=LifetimeReport)
            )

    def close(self) -> None:
        """End the process, for good; who waits for an answer gets none."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def _ask(self, request: bytes, read: Callable[[bytes], T]) -> T:
        answer = self._exchange(request)
        if answer is None:  # it had ended for want of questions, perhaps at this very moment
            self._end()
            answer = self._exchange(request)
        if answer is None:
            raise InternalError("The process that concludes studies ended without an answer.")
        if answer[:1] != b"+":
            raise InternalError(f"A study failed:\n{answer[1:].decode(errors='replace')}")
        return read(answer[1:])

    def _exchange(self, request: bytes) -> bytes | None:
        if self._closed:
            raise Stopped
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "upshot.studies.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **SINGLE_THREAD},
                start_new_session=True,
            )
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise InternalError("The process that concludes studies has no pipes.")
        try:
            write_frame(process.stdin, request)
        except (BrokenPipeError, OSError):
            return None
        return read_frame(process.stdout)
