import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.shop import EVENTS, WANTED
from upshot.api.events import EVENTS_APPEND, EventsAppend
from upshot.api.operation import LOCAL_OWNER
from upshot.core.settings import load_settings
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace

START_SECONDS = 60


class Server(msgspec.Struct):
    """A real server in a process of its own."""

    process: subprocess.Popen[bytes]
    address: str

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(by)
        return self.process.wait(START_SECONDS)


Serve = Callable[[Path], Server]


def wait_until_some_is_kept(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Return when an import in ``process`` has committed its first rows, or has ended."""

    def size() -> int:
        return sum(file.stat().st_size for file in folder.glob("events.duckdb*") if file.is_file())

    before = size()
    while process.poll() is None and size() < before + 1_000_000:
        time.sleep(0.005)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a few events, made once; tests take copies."""
    place = tmp_path_factory.mktemp("filled") / "shop"
    initialise(place, WANTED, load_settings(None, {}))
    with LocalWorkspace.open(place, load_settings(place, {})) as opened:
        opened.acting_as(LOCAL_OWNER).call(EVENTS_APPEND, EventsAppend("test", EVENTS))
    return place


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A workspace of the test's own."""
    return Path(shutil.copytree(filled, tmp_path / "shop"))


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers; whatever still runs at the end is stopped."""
    started: list[subprocess.Popen[bytes]] = []

    def start(folder: Path) -> Server:
        command = [sys.executable, "-m", "upshot.cli", "serve", "--port", "0", "--json", "--workspace", str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        return Server(process, msgspec.json.decode(line)["address"])

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(START_SECONDS)
        if process.stdout is not None:
            process.stdout.close()
