"""How long a connection may take to say what it wants, and how much it may say before it does.

Uvicorn waits for the head of a request for ever and keeps all of it; clients that dribble, or never end it, would hold
connections and memory.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["HEAD_BYTES", "HEAD_SECONDS", "PatientProtocol"]

HEAD_SECONDS = 20.0
"""How long the head of a request, its line and its headers, may take to come in."""
HEAD_BYTES = 1 << 20
"""How much may come in before the head is over; a body may come in with it."""


class PatientProtocol(HttpToolsProtocol):
    """One connection, closed when the head of a request takes too long or is too large."""

    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first request."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head grows too large."""
        if self._timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._let_go()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Wait for the head of this request."""
        super().on_message_begin()
        if self._timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """The head is over."""
        self._forget()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._forget()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._timer = self.loop.call_later(HEAD_SECONDS, self._let_go)

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _let_go(self) -> None:
        self._forget()
        self.transport.abort()
