"""A store survives the death of its process and a disk without room: what was acknowledged is there, once."""
# ruff: noqa: DTZ001 - instants of the stores are UTC without offset

import os
import signal
import subprocess
import sys
import uuid
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.engines.duckdb.cases import Reference, activity, event, unit_days
from upshot.core.errors import StoreFull
from upshot.engines.duckdb import DuckDBStore, Resources

UTC = ZoneInfo("UTC")
NOON = datetime(2024, 3, 1, 12)

APPENDER = """
import pathlib, sys, threading, zoneinfo
from datetime import datetime, timedelta
from tests.engines.duckdb.cases import event
from upshot.engines.duckdb import DuckDBStore

store = DuckDBStore(pathlib.Path(sys.argv[1]), zoneinfo.ZoneInfo("UTC"))
start = int(sys.argv[2])
lock = threading.Lock()

def append(worker):
    number = start + worker
    while True:
        at = datetime(2024, 3, 1) + timedelta(hours=number)
        batch = [event(number * 100 + n, f"u{n % 7}", at) for n in range(40)]
        store.append(batch)
        with lock:
            sys.stdout.write(f"{number}\\n")
            sys.stdout.flush()
        number += 4

def refresh():
    while True:
        store.refresh_facts()

for target, args in [(append, (0,)), (append, (1,)), (append, (2,)), (refresh, ())]:
    threading.Thread(target=target, args=args, daemon=True).start()
threading.Event().wait()
"""


@pytest.mark.slow
def test_acknowledged_events_survive_kill_9_each_once(tmp_path: Path) -> None:
    file = tmp_path / "events.duckdb"
    acknowledged: list[int] = []
    for round_number, lines_before_the_end in enumerate([1, 4, 9, 23, 40]):
        command = [sys.executable, "-c", APPENDER, str(file), str(1000 * round_number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as child:
            assert child.stdout is not None
            acknowledged += [int(child.stdout.readline()) for _ in range(lines_before_the_end)]
            os.kill(child.pid, signal.SIGKILL)
            # What it had said before it died counts too.
            acknowledged += [int(line) for line in child.stdout.read().splitlines() if line]
    with DuckDBStore(file, UTC) as store:
        rows = store.run(store.dialect().events().select("event_id", "distinct_id", "occurred_at", "event")).rows
        numbers = [uuid.UUID(str(row[0])).int for row in rows]
        assert len(numbers) == len(set(numbers))
        assert {n * 100 + i for n in acknowledged for i in range(40)} <= set(numbers)
        # A batch is there whole or not at all, and the facts agree with the events, refreshed or not.
        assert len(numbers) % 40 == 0
        reference = Reference(
            UTC, rows=[event(n, row[1], row[2], row[3]) for n, row in zip(numbers, rows, strict=True)]
        )
        for _ in range(2):
            assert unit_days(store, "person") == reference.unit_days("person")
            assert activity(store, "person") == reference.activity("person")
            store.refresh_facts()


FILLER = """
import pathlib, resource, signal, sys, zoneinfo
from datetime import datetime
from tests.engines.duckdb.cases import event
from upshot.core.errors import StoreFull
from upshot.engines.duckdb import DuckDBStore

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = DuckDBStore(pathlib.Path(sys.argv[1]), zoneinfo.ZoneInfo("UTC"))
store.append([event(n, "ann", datetime(2024, 3, 1)) for n in range(100)])
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
refused = 0
number = 1000
for _ in range(40):
    batch = [event(number + n, "bob", datetime(2024, 3, 2), text=f"{number * n}" * 20) for n in range(200)]
    try:
        store.append(batch)
        number += 1000
    except StoreFull as error:
        refused += 1
assert refused, "the limit was never reached"
kept = store.info().events
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
again = store.append(batch)
print(refused, kept, again.stored, store.info().events)
store.refresh_facts()
store.close()
"""


def test_store_without_room_keeps_nothing_of_the_request_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    file = tmp_path / "events.duckdb"
    done = subprocess.run(
        [sys.executable, "-c", FILLER, str(file)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    refused, kept, stored, total = map(int, done.stdout.split())
    assert refused > 0
    assert (kept - 100) % 200 == 0
    assert stored in {0, 200}
    assert total == kept + stored
    with DuckDBStore(file, UTC) as store:
        assert store.info().events == total


CHECKPOINTER = """
import pathlib, resource, signal, sys, zoneinfo
from datetime import datetime
from tests.engines.duckdb.cases import event
from upshot.core.errors import StoreFull
from upshot.engines.duckdb import DuckDBStore

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = DuckDBStore(pathlib.Path(sys.argv[1]), zoneinfo.ZoneInfo("UTC"))
for k in range(20):
    store.append([event(1000 * k + n, "ann", datetime(2024, 3, 1), text=f"{n * k}" * 30) for n in range(1000)])
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
# What the writer does when it is idle: the engine gives up the database when a checkpoint fails.
store._writer._checkpoint()
print(store.info().events)
try:
    store.append([event(90_000, "ann", datetime(2024, 3, 1))])
except StoreFull as error:
    print("full")
print(store.info().events)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(store.append([event(90_000, "ann", datetime(2024, 3, 1))]).stored)
store.close()
"""


def test_checkpoint_without_room_loses_nothing_and_is_survived(tmp_path: Path) -> None:
    file = tmp_path / "events.duckdb"
    command = [sys.executable, "-c", CHECKPOINTER, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[3], check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["20000", "full", "20000", "1"]
    with DuckDBStore(file, UTC) as store:
        assert store.info().events == 20_001


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A file system of 8 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system takes root")
    return folder


def test_full_disk_is_said_and_survived(small_disk: Path) -> None:
    file = small_disk / "events.duckdb"
    try:
        with DuckDBStore(file, UTC, resources=Resources(memory_mib=256)) as store:
            stored = 0
            with pytest.raises(StoreFull, match="no room left"):  # noqa: PT012 - the disk fills at some batch
                for start in range(0, 1_000_000, 500):
                    batch = [event(start + n, f"u{n}", NOON, noise=uuid.uuid4().hex * 4) for n in range(500)]
                    stored += store.append(batch).stored
            assert store.info().events == stored > 0
        with DuckDBStore(file, UTC, resources=Resources(memory_mib=256)) as store:
            assert store.info().events == stored
    finally:
        subprocess.run(["umount", str(small_disk)], check=True)
