"""What comes in faster than the tables should be written: promised by the journal, and put into the tables each second.

A commit of the tables costs milliseconds however little it brings, waits for as long as the engine writes a checkpoint,
and leaves its events to be added to the facts later. So when much comes in, intakes are kept in the journal first: one
write and one sync for all that wait, and their clients are answered. What has gathered goes into the tables in one
transaction about once a second, with its facts, so that questions need not look anywhere else. When little comes in,
nothing of this happens: an intake is committed at once, and is in every answer that follows its own.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING

import msgspec

from upshot.core.errors import Busy, InvalidInput, UserError
from upshot.engines.columns import EventColumns
from upshot.engines.duckdb.connection import is_of_the_data
from upshot.engines.duckdb.intake import prepared
from upshot.engines.intake import Intake, Taken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from upshot.engines.duckdb.columns import Batch
    from upshot.engines.journal import Journal

__all__ = ["Backlog"]

_log = logging.getLogger(__name__)
_MUCH_EVENTS, _MUCH_INTAKES = 5_000, 50
"""In about a second: from here on, intakes are journalled."""
_EVERY_SECONDS = 1.0
_MANY_WAITING = 50_000
"""When so many events wait, the next transaction begins at once; until then it waits as long as the last one took, so
that others get on."""
_MOST_WAITING, _MOST_WAITING_BYTES = 300_000, 256 << 20
"""When so many events wait, whoever brings more waits for the tables."""
_PIECE_WEIGHT = 2_000
"""So many events are brought into the engine's form together: one by one it takes twice as long, and all at once it
would hold the interpreter for too long."""
_TRANSACTION_WEIGHT = 150_000
_AGAIN_SECONDS = 1.0
_BUSY_SECONDS, _BUSY_AT_MOST_SECONDS = 0.05, 1.0
"""How often it is looked whether others are still busy with the facts, and how long at most."""
_WAKE, _END = False, True

_encoder = msgspec.msgpack.Encoder()
_intakes = msgspec.msgpack.Decoder(Intake)
_records = msgspec.msgpack.Decoder(list[bytes])


@dataclass(slots=True, eq=False)
class _Waiting:
    """An intake that waits for its promise."""

    intake: Intake
    payload: bytes
    future: Future[Taken]


@dataclass(slots=True, eq=False)
class _Piece:
    """Intakes that are promised, and not in the tables.

    Attributes:
        number: The journal's last record of them.
        payloads: As they stand there.
        weight: How much they bring.
        length: How many bytes the payloads have.
        events: Their events; None where the engine cannot read them.
        rest: Those that bring more than events.
    """

    number: int
    payloads: list[bytes]
    weight: int
    length: int
    events: Batch | None
    rest: list[Intake]


class Backlog:
    """Promises intakes, and sees to it that the tables get them.

    Args:
        journal: Keeps the promises; what it holds already is put into the tables first.
        put: Queue a transaction that keeps events, and intakes that bring more than these, and notes the number of the
            last record that the tables hold.
        set_aside: Queue a transaction that brings an intake into quarantine, with the reason why it cannot be kept.
        is_busy: Whether somebody changes facts, so that it is better to wait a moment.
    """

    def __init__(
        self,
        journal: Journal,
        put: Callable[[Sequence[Batch], Sequence[Intake], int], Future[None]],
        set_aside: Callable[[Intake, str], Future[None]],
        is_busy: Callable[[], bool],
    ) -> None:
        self._journal, self._put, self._set_aside, self._is_busy = journal, put, set_aside, is_busy
        self._queue: queue.SimpleQueue[_Waiting | Future[None] | bool] = queue.SimpleQueue()
        self._wanted: list[tuple[int, Future[None]]] = []
        self._guard = threading.Lock()
        self._level_events = self._level_intakes = 0.0
        self._level_at = time.monotonic()
        self._weight = self._length = 0
        self._closed = self._failed = False
        self._gathered: list[tuple[Intake, bytes]] = []
        self._gathered_weight = 0
        self._last = self._applied = journal.applied
        self._pieces: list[_Piece] = []
        self._under_way: tuple[Future[None], list[_Piece], float] | None = None
        self._due = 0.0
        for number, payload in journal.recovered():
            intakes = [(_intakes.decode(each), each) for each in _records.decode(payload)]
            self._weight += sum(_weight(intake) for intake, _ in intakes)
            self._length += sum(len(each) for _, each in intakes)
            self._gather(number, intakes)
        self._put_all()
        self._thread = threading.Thread(target=self._run, name="upshot-backlog", daemon=True)
        self._thread.start()

    def take(self, intake: Intake) -> Future[Taken] | None:
        """Promise an intake; None where it should be committed at once, as little comes in, or cannot be promised.

        Raises:
            Busy: It must not overtake what waits, and too much waits already.
        """
        has_much = self._has_much(_weight(intake))
        # What is said of persons depends on what was said before: it does not overtake what waits.
        follows = bool(self._weight and (intake.merges or intake.traits))
        if not (has_much or follows) or intake.let_go or intake.events.doubtful:
            return None
        try:
            payload = _encoder.encode(intake)
        except (UnicodeEncodeError, OverflowError):
            return None  # a text that is none, or a whole number of more than 64 bits
        waiting = _Waiting(intake, payload, Future())
        waiting.future.set_running_or_notify_cancel()  # whoever no longer listens cannot take it back
        with self._guard:
            if self._closed or self._failed or self._journal.is_broken:
                return None
            if self._weight > _MOST_WAITING or self._length > _MOST_WAITING_BYTES:
                if follows:
                    raise Busy(f"{self._weight} events wait to be stored already.", hint="Send them again later.")
                return None
            self._weight += _weight(intake)
            self._length += len(payload)
            self._queue.put(waiting)
        return waiting.future

    def catch_up(self) -> None:
        """Put what was promised by now into the tables, and wait until it is there.

        Raises:
            StoreFull: The tables have no room for it; it stays in the journal.
            UserError: They fail otherwise; it stays in the journal.
        """
        future: Future[None] = Future()
        with self._guard:
            if self._closed:
                return
            self._queue.put(future)
        future.result()

    def close(self) -> None:
        """Put everything into the tables. What they will not take stays in the journal for the next opening."""
        with self._guard:
            is_first, self._closed = not self._closed, True
            if is_first:
                self._queue.put(_END)
        self._thread.join()
        if is_first:
            self._journal.close()

    def _has_much(self, weight: int) -> bool:
        """Whether much came in before this one, within about a second."""
        with self._guard:
            now = time.monotonic()
            fade = exp(self._level_at - now)
            self._level_at = now
            events, intakes = self._level_events * fade, self._level_intakes * fade
            self._level_events, self._level_intakes = events + weight, intakes + 1
        return events > _MUCH_EVENTS or intakes > _MUCH_INTAKES

    # --- the thread ---

    def _run(self) -> None:
        ended = False
        while not ended:
            ended = self._next()
            try:
                self._go_on()
            except Exception:  # whatever it is: without this thread nobody would be answered any more
                _log.exception("The backlog could not go on; it tries again")
                self._due = time.monotonic() + _AGAIN_SECONDS
        self._finish()
        self._put_all()
        self._tell()

    def _go_on(self) -> None:
        if self._under_way is not None and self._under_way[0].done():
            self._finish()
        self._tell()
        if self._under_way is None and self._is_due():
            self._begin()

    @property
    def _is_waiting(self) -> bool:
        return bool(self._pieces or self._gathered)

    def _is_due(self) -> bool:
        if not self._is_waiting:
            return False
        if (self._wanted or self._weight > _MANY_WAITING) and not self._failed:
            return True
        now = time.monotonic()
        return now >= self._due and (not self._is_busy() or now >= self._due + _BUSY_AT_MOST_SECONDS)

    def _patience(self) -> float | None:
        """How many seconds there is nothing to do, if nothing comes; None for ever."""
        if self._under_way is not None or not self._is_waiting:
            return None
        left = self._due - time.monotonic()
        return left if left > 0 else _BUSY_SECONDS

    def _tell(self) -> None:
        """Let those go on who wait for what the tables hold now."""
        for number, future in self._wanted:
            if number <= self._applied:
                future.set_result(None)
        self._wanted = [each for each in self._wanted if each[0] > self._applied]

    def _put_all(self) -> None:
        self._failed = False
        while self._is_waiting and not self._failed:
            self._begin()
            self._finish()

    def _next(self) -> bool:
        """Promise what waits now, after something came or is due; whether it is the end."""
        taken: list[_Waiting] = []
        wanted: list[Future[None]] = []
        ended = False
        try:
            each = self._queue.get(timeout=self._patience())
            while True:
                if isinstance(each, _Waiting):
                    taken.append(each)
                elif isinstance(each, Future):
                    wanted.append(each)
                else:
                    ended |= each
                each = self._queue.get_nowait()
        except queue.Empty:
            pass
        if taken:
            self._promise(taken)
        self._wanted += [(self._last, future) for future in wanted]
        return ended

    def _promise(self, taken: list[_Waiting]) -> None:
        try:
            number = self._journal.append(_encoder.encode([each.payload for each in taken]))
            self._gather(number, [(each.intake, each.payload) for each in taken])
        except Exception as error:
            with self._guard:
                self._weight -= sum(_weight(each.intake) for each in taken)
                self._length -= sum(len(each.payload) for each in taken)
            for each in taken:
                each.future.set_exception(error)
            return
        for each in taken:
            each.future.set_result(Taken(len(each.intake.events), None, len(each.intake.held), None))

    def _gather(self, number: int, intakes: list[tuple[Intake, bytes]]) -> None:
        self._gathered += intakes
        self._gathered_weight += sum(_weight(intake) for intake, _ in intakes)
        self._last = number
        if self._gathered_weight >= _PIECE_WEIGHT:
            self._form_piece()

    def _form_piece(self) -> None:
        """Bring what has gathered into the engine's form."""
        intakes = [intake for intake, _ in self._gathered]
        events: Batch | None = None
        try:
            events = prepared(EventColumns.joined(intake.events for intake in intakes))
        except InvalidInput:
            _log.exception("Events that were promised cannot be read by the engine")
        rest = [intake for intake in intakes if intake.merges or intake.traits or intake.held]
        payloads = [payload for _, payload in self._gathered]
        length = sum(map(len, payloads))
        self._pieces.append(_Piece(self._last, payloads, self._gathered_weight, length, events, rest))
        self._gathered, self._gathered_weight = [], 0

    def _begin(self) -> None:
        """Let the writer put the oldest pieces into the tables."""
        if self._gathered:
            self._form_piece()
        pieces = self._oldest()
        started = time.monotonic()
        try:
            events = [piece.events for piece in pieces if piece.events is not None]
            if len(events) < len(pieces):
                raise InvalidInput("An event cannot be read by the engine.")
            future = self._put(events, [intake for piece in pieces for intake in piece.rest], pieces[-1].number)
        except UserError as error:
            future = Future()
            future.set_exception(error)
        self._under_way = (future, pieces, started)
        future.add_done_callback(lambda _: self._queue.put(_WAKE))

    def _oldest(self) -> list[_Piece]:
        """As many pieces as go into one transaction."""
        weight = 0
        for count, piece in enumerate(self._pieces):
            weight += piece.weight
            if count and weight > _TRANSACTION_WEIGHT:
                return self._pieces[:count]
        return self._pieces[:]

    def _finish(self) -> None:
        """Wait until the tables hold what they were given, or find out why they do not."""
        if self._under_way is None:
            return
        future, pieces, started = self._under_way
        self._under_way = None
        failure = self._failure(future, pieces)
        self._failed = failure is not None
        now = time.monotonic()
        if failure is not None:
            self._due = now + _AGAIN_SECONDS
            for _, wanted in self._wanted:
                wanted.set_exception(failure)
            self._wanted = []
            return
        self._due = max(started + _EVERY_SECONDS, now + (now - started))
        self._applied = pieces[-1].number
        self._journal.forget(self._applied)
        del self._pieces[: len(pieces)]
        with self._guard:
            self._weight -= sum(piece.weight for piece in pieces)
            self._length -= sum(piece.length for piece in pieces)

    def _failure(self, future: Future[None], pieces: Sequence[_Piece]) -> Exception | None:
        """Why the tables do not hold these pieces; None when they do."""
        try:
            try:
                future.result()
            except UserError as error:
                if not is_of_the_data(error):
                    raise
                self._keep_each(pieces)
        except Exception as error:
            _log.exception("What the journal holds could not be put into the tables; it is tried again")
            return error
        return None

    def _keep_each(self, pieces: Sequence[_Piece]) -> None:
        """Keep what can be kept; the rest goes into quarantine, with the reason."""
        for payload in (payload for piece in pieces for payload in piece.payloads):
            intake = _intakes.decode(payload)
            try:
                self._put([prepared(intake.events)], [intake], self._applied).result()
            except UserError as error:
                if not is_of_the_data(error):
                    raise
                self._set_aside(intake, str(error)).result()
        self._put([], [], pieces[-1].number).result()


def _weight(intake: Intake) -> int:
    return max(1, len(intake.events) + len(intake.merges) + len(intake.traits) + len(intake.held))
