"""Live updates: an open stream that says when the store has changed; the page then fetches its parts anew."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from litestar import Litestar, Request, get
from litestar.datastructures import State
from litestar.response import Stream

from upshot.web.served import ServedWorkspace
from upshot.workspace.operation import Permission

__all__ = ["Pulse", "live", "pulsing"]

_LOOK_SECONDS = 0.25
_HEARTBEAT_LOOKS = 60
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
        self._told = False

    def listen(self) -> Callable[[], None]:
        """Follow the store from now on, in the running event loop; the answer ends it."""
        loop = asyncio.get_running_loop()

        def committed(_revision: int) -> None:
            if not self._told:
                self._told = True
                with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(self._wake)

        return self._workspace.on_commit(committed)

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
            looks = 0
            while not self._workspace.closing.is_set():
                if (revision := self._workspace.revision) > since:
                    since, looks = revision, 0
                    yield f"event: {_EVENT}\nid: {revision}\ndata: {revision}\n\n".encode()
                    await self._rest()
                    continue
                changed.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), _LOOK_SECONDS)
                looks += 1
                if looks % _HEARTBEAT_LOOKS == 0:
                    yield b": still here\n\n"
        finally:
            self._waiting.discard(changed)

    async def _rest(self) -> None:
        left = self._rest_seconds
        while left > 0 and not self._workspace.closing.is_set():
            await asyncio.sleep(min(left, _LOOK_SECONDS))
            left -= _LOOK_SECONDS


@asynccontextmanager
async def pulsing(app: Litestar) -> AsyncIterator[None]:
    """Follow the store while the application runs."""
    stop = app.state.pulse.listen()
    try:
        yield
    finally:
        stop()


@get("/live", permission=Permission.READ)
async def live(request: Request[None, None, State], since: int = 0) -> Stream:
    """A stream of ``upshot:changed`` events; ``since`` is the revision that the page shows."""
    seen = request.headers.get("last-event-id", "")
    pulse: Pulse = request.app.state.pulse
    return Stream(
        pulse.messages(int(seen) if seen.isdecimal() else since),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
