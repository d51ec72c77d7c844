"""Exactly once, as trusted databases are tested: kill -9 at random moments under load, then compare with every promise.

The client keeps a book of its own: an event whose request was answered with success is promised. A request without an
answer is sent again, as every SDK does, until it is answered. In the end each event is there once.
"""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.web.conftest import made
from upshot.api.data import FACTS_REFRESH
from upshot.api.events import EVENTS_RECENT, EventsRecent
from upshot.api.operation import LOCAL_OWNER
from upshot.api.state import Nothing
from upshot.core.settings import load_settings
from upshot.workspace.local import LocalWorkspace

SENDERS = 4
SIZES = (1, 7, 60, 300)


class Book:
    """What was sent, and what was promised."""

    def __init__(self) -> None:
        self.promised: list[str] = []
        self.answers: Counter[int] = Counter()
        self.cut = 0
        self.journalled = 0
        self.lock = threading.Lock()


class Server:
    """``upshot serve`` over one workspace, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "upshot.cli", "serve", "--json", "--workspace", str(self._folder)]
        self._process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(json.loads(self._process.stdout.readline())["address"].rpartition(":")[2])

    def kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def bodies(sender: int, stop: threading.Event) -> Iterator[tuple[list[str], bytes]]:
    """Requests of several sizes; their events bear ids of their own."""
    number = 0
    while not stop.is_set():
        size = SIZES[number % len(SIZES)]
        ids = [f"{sender}-{number}-{n}" for n in range(size)]
        number += 1
        events = [{"event": "counted", "id": i, "distinct_id": f"u{hash(i) % 50}"} for i in ids]
        yield ids, json.dumps(events).encode()


def send(server: Server, sender: int, book: Book, stop: threading.Event, over: threading.Event) -> None:
    """Send; what is not answered is sent again, also when no new requests are made any more, until ``over``."""
    for ids, body in bodies(sender, stop):
        while not over.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            try:
                connection.request("POST", "/api/events", body)
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException):
                with book.lock:
                    book.cut += 1
                over.wait(0.02)
                continue
            finally:
                connection.close()
            with book.lock:
                book.answers[answer.status] += 1
                if answer.status == 200:
                    book.promised += ids
                    book.journalled += b"duplicates" not in said
            if answer.status == 200:
                break
            over.wait(0.05)


@contextmanager
def senders(server: Server, book: Book, count: int) -> Iterator[None]:
    stop, over = threading.Event(), threading.Event()
    threads = [threading.Thread(target=send, args=(server, n, book, stop, over)) for n in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
        stop.set()  # the server runs: whatever still waits for an answer gets it
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
    finally:
        over.set()
        for thread in threads:
            thread.join(60)


def kept(folder: Path) -> Counter[str]:
    """How often the store has each event, by the client's id; before and after a refresh of the facts."""
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        rows = workspace.resources.store.run_sql("SELECT client_id, count(*) FROM events GROUP BY ALL").rows
        caller = workspace.acting_as(LOCAL_OWNER)
        caller.call(FACTS_REFRESH, Nothing())
        assert caller.call(EVENTS_RECENT, EventsRecent(1)).events
        again = workspace.resources.store.run_sql("SELECT client_id, count(*) FROM events GROUP BY ALL").rows
    assert sorted(rows) == sorted(again)
    return Counter(dict(rows))


def killed(
    folder: Path, kills: int, seed: int, *, count: int = SENDERS, answers: tuple[int, int] = (1, 8)
) -> tuple[Book, Counter[str]]:
    """Kill a server that many times under load; returns what was promised and what is there.

    Args:
        folder: Where the workspace is to be.
        kills: How many.
        seed: For the moments.
        count: Senders.
        answers: How many promises a server keeps before it is killed, at least and at most.
    """
    chance = random.Random(seed)
    server, book = Server(made(folder, filled=False)), Book()
    server.start()
    try:
        with senders(server, book, count):
            for _ in range(kills):
                await_answers(book, chance.randint(*answers))
                time.sleep(chance.uniform(0, 0.1))  # into the middle of whatever is under way then
                server.kill()
                server.start()
    finally:
        with suppress(ProcessLookupError):
            server.kill()
    return book, kept(folder)


def await_answers(book: Book, more: int) -> None:
    """Until the server that runs now has kept some promises."""
    wanted = book.answers[200] + more
    deadline = time.monotonic() + 60
    while book.answers[200] < wanted:
        assert time.monotonic() < deadline
        time.sleep(0.002)


def compare(book: Book, stored: Counter[str]) -> None:
    lost = [i for i in book.promised if not stored[i]]
    doubled = [i for i, times in stored.items() if times > 1]
    assert (lost, doubled) == ([], [])
    assert set(stored) == set(book.promised)
    assert len(book.promised) == len(set(book.promised))
    assert set(book.answers) <= {200, 429, 503}


@pytest.mark.slow
def test_dozen_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    book, stored = killed(tmp_path / "killed", 12, seed=1)
    compare(book, stored)
    assert book.cut > 0
    assert book.answers[200] >= 12


@pytest.mark.slow
def test_kills_under_a_stream_lose_and_double_nothing(tmp_path: Path) -> None:
    """So much comes in that the journal promises it."""
    book, stored = killed(tmp_path / "killed", 5, seed=3, count=12, answers=(150, 400))
    compare(book, stored)
    assert book.journalled > 0


@pytest.mark.study
def test_hundred_kills_under_a_stream_lose_and_double_nothing(tmp_path: Path) -> None:
    book, stored = killed(tmp_path / "killed", 100, seed=4, count=12, answers=(100, 400))
    compare(book, stored)
    assert book.journalled > 0


@pytest.mark.study
def test_hundred_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    book, stored = killed(tmp_path / "killed", 100, seed=2)
    compare(book, stored)
    assert book.cut > 0
