"""Live updates: an open stream that says when the store has changed; the page then fetches its parts anew."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from litestar import Litestar, Request, get
from litestar.datastructures import State
from litestar.params import FromQuery
from litestar.response import Stream

from upshot.api.operation import Permission
from upshot.web.area import Area
from upshot.web.served import ServedWorkspace

__all__ = ["AREA", "Pulse", "live", "pulsing"]

_HEARTBEAT_SECONDS = 15.0
_EVENT = "upshot:changed"


class Pulse:
    """The store's commits, thinned out for the pages that wait for them.

    Args:
        workspace: Whose commits.
        rest_seconds: How long a page is left in peace after it was told of a change.
    """

    def __init__(self, workspace: ServedWorkspace, rest_seconds: float = 1.0) -> None:
        self._workspace = workspace
        self._rest_seconds = rest_seconds
        self._waiting: set[asyncio.Event] = set()
        self._closing = asyncio.Event()
        self._told = False

    def listen(self) -> Callable[[], None]:
        """Follow the store from now on, in the running event loop; the answer ends it."""
        loop = asyncio.get_running_loop()

        def soon(act: Callable[[], None]) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(act)

        def committed(_revision: int) -> None:
            if not self._told:
                self._told = True
                soon(self._wake)

        ends = (self._workspace.on_commit(committed), self._workspace.on_closing(lambda: soon(self.close)))

        def end() -> None:
            for stop in ends:
                stop()

        return end

    def close(self) -> None:
        """End every stream."""
        self._closing.set()
        self._wake()

    def _wake(self) -> None:
        self._told = False
        for event in self._waiting:
            event.set()

    async def messages(self, since: int) -> AsyncIterator[bytes]:
        """Server-sent events: one for each change after the revision ``since``, until the server is asked to stop."""
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            yield b"retry: 1000\n\n"
            while not self._closing.is_set():
                changed.clear()
                if (revision := self._workspace.revision) > since:
                    since = revision
                    yield f"event: {_EVENT}\nid: {revision}\ndata: {revision}\n\n".encode()
                    await _within(self._closing, self._rest_seconds)
                elif not await _within(changed, _HEARTBEAT_SECONDS):
                    yield b": still here\n\n"
        finally:
            self._waiting.discard(changed)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    """Whether ``event`` is set within that time."""
    with suppress(TimeoutError):
        return await asyncio.wait_for(event.wait(), seconds)
    return False


@asynccontextmanager
async def pulsing(app: Litestar) -> AsyncIterator[None]:
    """Follow the store while the application runs."""
    stop = app.state.pulse.listen()
    try:
        yield
    finally:
        stop()


@get("/live", permission=Permission.READ)
async def live(request: Request[None, None, State], since: FromQuery[int] = 0) -> Stream:
    """A stream of ``upshot:changed`` events; ``since`` is the revision that the page shows."""
    seen = request.headers.get("last-event-id", "")
    pulse: Pulse = request.app.state.pulse
    return Stream(
        pulse.messages(int(seen) if seen.isdecimal() else since),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


AREA = Area(
    routes=(live,),
)
