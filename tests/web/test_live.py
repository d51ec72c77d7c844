"""The stream that tells pages of changes."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tests.web.conftest import Served
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import LOCAL_OWNER, Caller, Principal
from upshot.web.live import Pulse


class Store:
    """A workspace of which only commits matter."""

    def __init__(self) -> None:
        self.revision = 0
        self.committed: Callable[[int], object] = int
        self.closed: Callable[[], None] = lambda: None

    def on_commit(self, listener: Callable[[int], None]) -> Callable[[], None]:
        self.committed = listener
        return lambda: None

    def on_closing(self, listener: Callable[[], None]) -> Callable[[], None]:
        self.closed = listener
        return lambda: None

    def commit(self) -> None:
        self.revision += 1
        self.committed(self.revision)


async def following(store: Store, act: Callable[[], None], rest_seconds: float, wait_seconds: float) -> list[bytes]:
    pulse = Pulse(store, rest_seconds)  # type: ignore[arg-type]  # only commits matter
    stop = pulse.listen()
    seen: list[bytes] = []

    async def follow() -> None:
        async for message in pulse.messages(0):
            seen.append(message)  # noqa: PERF401  # what was seen before the end must be kept

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.02)
    thread = threading.Thread(target=act)
    thread.start()
    await asyncio.sleep(wait_seconds)
    thread.join()
    store.closed()
    await asyncio.wait_for(task, 1)
    stop()
    return seen


def run(work: Coroutine[object, object, list[bytes]]) -> list[bytes]:
    """Run ``work`` in a loop of its own: Playwright keeps one in the tests' thread for as long as they last."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def test_pulse_thins_out_many_commits() -> None:
    store = Store()

    def burst() -> None:
        for _ in range(500):
            store.commit()

    seen = run(following(store, burst, rest_seconds=0.2, wait_seconds=0.6))
    told = [m for m in seen if m.startswith(b"event: upshot:changed\n")]
    assert 1 <= len(told) <= 3
    assert told[-1].endswith(b"data: 500\n\n")


def test_pulse_tells_the_last_commit_of_a_burst_after_its_rest() -> None:
    store = Store()

    def two() -> None:
        store.commit()
        threading.Event().wait(0.05)
        store.commit()

    seen = run(following(store, two, rest_seconds=0.2, wait_seconds=0.6))
    assert [m.split(b"\n")[1] for m in seen[1:]] == [b"id: 1", b"id: 2"]


def test_pulse_ends_at_once_when_the_server_closes_while_it_rests() -> None:
    store = Store()
    began = time.monotonic()
    run(following(store, store.commit, rest_seconds=60, wait_seconds=0.1))
    assert time.monotonic() - began < 5


def append(owner: Caller, name: str) -> None:
    event = NewEvent(name, datetime.now(UTC), "p1")
    owner.call(EVENTS_APPEND, EventsAppend("test", (event,)))


@pytest.mark.parametrize("seen_by", ["address", "header"])
def test_stream_tells_what_happened_since_the_page_was_made(fresh: Served, seen_by: str) -> None:
    owner = fresh.workspace.acting_as(Principal("test", LOCAL_OWNER.role))
    before = fresh.workspace.revision
    append(owner, "hello")
    revision = fresh.workspace.revision
    path = f"/live?since={before}" if seen_by == "address" else "/live?since=999999"
    headers = {} if seen_by == "address" else {"Last-Event-ID": str(before)}
    with fresh.client(**headers) as client, client.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        lines = answer.iter_lines()
        assert next(line for line in lines if line.startswith("id:")) == f"id: {revision}"


def test_stream_tells_of_a_commit_that_comes_later(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    with fresh.client() as client, client.stream("GET", f"/live?since={fresh.workspace.revision}") as answer:
        lines = answer.iter_lines()
        assert next(lines) == "retry: 1000"
        append(owner, "later")
        assert next(line for line in lines if line.startswith("id:")) == f"id: {fresh.workspace.revision}"


def test_stream_tells_of_what_somebody_declares(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)
    before = fresh.workspace.revision
    with fresh.client() as client, client.stream("GET", f"/live?since={before}") as answer:
        lines = answer.iter_lines()
        assert next(lines) == "retry: 1000"
        owner.call(METRIC_APPLY, MetricApply("name: greetings\ntype: count\nevent: hello\n"))
        told = next(line for line in lines if line.startswith("id:"))
        assert int(told.removeprefix("id: ")) > before


def test_open_stream_does_not_keep_the_server(fresh: Served) -> None:
    with fresh.client() as client, client.stream("GET", f"/live?since={fresh.workspace.revision}") as answer:
        lines = answer.iter_lines()
        next(lines)
        began = time.monotonic()
        fresh.workspace.begin_closing()
        assert [line for line in lines if line] == []
        assert time.monotonic() - began < 1
