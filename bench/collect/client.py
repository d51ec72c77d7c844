"""A client that costs little: whole requests are written to connections that stay open, answers are only counted."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import uvloop

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Load", "as_fast_as_it_takes", "at_a_steady_rate"]

_OK = b"HTTP/1.1 200"
_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


@dataclass
class Load:
    """What was sent and how it went. Seconds; ``latencies`` are from when a request was due to its acknowledgement."""

    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0

    def quantile(self, share: float) -> float:
        """Of the latencies, in milliseconds."""
        ranked = sorted(self.latencies)
        return 1000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))]


class _Connection(asyncio.Protocol):
    """One request after the other."""

    def __init__(self, work: _Work) -> None:
        self._work, self._buffer, self._due = work, b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's own class
        self._work.idle.append(self)
        self._work.pump()

    def start(self, request: bytes, due: float) -> None:
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(_END)
        if end < 0:
            return
        at = self._buffer.find(_LENGTH)
        length = int(self._buffer[at + len(_LENGTH) : self._buffer.index(b"\r", at)])
        if len(self._buffer) < end + len(_END) + length:
            return
        self._work.answered(time.perf_counter() - self._due, fine=self._buffer.startswith(_OK))
        self._buffer = b""
        self._work.idle.append(self)
        self._work.pump()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._work.done.done():
            self._work.done.set_exception(exc or ConnectionError("the server closed a connection"))


class _Work:
    """Requests that are due, and connections that are idle."""

    def __init__(self, load: Load, expected: int, *, queue: deque[bytes]) -> None:
        self.load, self.expected, self.queue = load, expected, queue
        self.due: deque[tuple[bytes, float]] = deque()
        self.idle: deque[_Connection] = deque()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.until = float("inf")
        self._open = 0

    def pump(self) -> None:
        """Give work to whoever is idle: what is due first, and then what is only queued."""
        while self.idle and (self.due or self.queue):
            now = time.perf_counter()
            if self.due:
                request, due = self.due.popleft()
            elif now < self.until:
                request, due = self.queue.popleft(), now
            else:
                self.queue.clear()
                break
            self._open += 1
            self.idle.popleft().start(request, due)
        if self._open or self.queue or self.due or self.done.done():
            return
        if self.load.latencies and self.expected in (0, len(self.load.latencies)):
            self.done.set_result(None)

    def answered(self, seconds: float, *, fine: bool) -> None:
        self._open -= 1
        self.load.latencies.append(seconds)
        self.load.refused += not fine


async def _connected(work: _Work, port: int, connections: int) -> list[asyncio.BaseTransport]:
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: _Connection(work), "127.0.0.1", port) for _ in range(connections)]
    return [transport for transport, _ in made]


async def _closed(port: int, requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    load = Load()
    work = _Work(load, 0, queue=deque(requests))
    begin, processor = time.perf_counter(), time.process_time()
    work.until = begin + seconds
    transports = await _connected(work, port, connections)
    await work.done
    load.seconds, load.processor_seconds = time.perf_counter() - begin, time.process_time() - processor
    for transport in transports:
        transport.close()
    return load


async def _paced(port: int, requests: Sequence[bytes], connections: int, a_second: float) -> Load:
    load = Load()
    work = _Work(load, len(requests), queue=deque())
    transports = await _connected(work, port, connections)
    begin, processor = time.perf_counter(), time.process_time()
    for number, request in enumerate(requests):
        due = begin + number / a_second
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        work.due.append((request, due))
        work.pump()
    await work.done
    load.seconds, load.processor_seconds = time.perf_counter() - begin, time.process_time() - processor
    for transport in transports:
        transport.close()
    return load


def as_fast_as_it_takes(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> Load:
    """Each connection sends its next request when the last was acknowledged, until the time is over."""
    return uvloop.run(_closed(port, requests, connections, seconds))


def at_a_steady_rate(port: int, requests: Sequence[bytes], *, connections: int, a_second: float) -> Load:
    """All of ``requests`` at their times, whether or not the server keeps up: what waits for a connection counts."""
    return uvloop.run(_paced(port, requests, connections, a_second))
