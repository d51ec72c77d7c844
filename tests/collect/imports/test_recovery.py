"""Killed, or without room: what is durable is whole, and the import goes on there. Real processes, real signals."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.collect.imports.conftest import Bench

ROOT = Path(__file__).resolve().parents[3]

IMPORTER = """
import pathlib, resource, signal, sys, zoneinfo
from datetime import datetime
from upshot.collect.imports.mapping import Mapping
from upshot.collect.imports.plan import make_plan
from upshot.collect.imports.run import resume_import, start_import
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.duckdb.bulk import DuckDBBulkLoader

folder, file, limit = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = DuckDBStore(folder / "events.duckdb", zoneinfo.ZoneInfo("UTC"))
loader = DuckDBBulkLoader(store, datetime(2026, 1, 2))
begun = loader.unfinished()
over = loader.find("only")
if over is not None and over.state == "done":  # killed between the last commit and the last word
    sys.exit(0)
rejects = folder / "rejects"
if begun:
    run = resume_import(loader, begun[0].import_id, time_zone="UTC", rejects_folder=rejects)
else:
    plan = make_plan([file], Mapping(event="seen"), loader, "UTC")
    run = start_import(plan, loader, import_id="only", started_at=datetime(2026, 1, 2), rejects_folder=rejects,
                       piece_bytes=30_000)
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
status = run.run(lambda s: print(s.state, s.rows, s.stored, s.duplicates, s.rejected, flush=True))
print("end", status.state, status.rows, status.stored, status.duplicates, status.rejected, status.message, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
loader.close()
store.close()
"""


def rows_of_a_log() -> str:
    """Rows with repeats near and far, and a bad one in every thousand."""
    rows = [
        "not a time,x,y,0\n"
        if n % 1000 == 500
        else f"2024-01-{1 + n % 28:02} 10:00:00,u{n % 13},p{n % 3},{n // 4 % 2000}\n"
        for n in range(20_000)
    ]
    return "timestamp,user_id,plan,number\n" + "".join(rows)


def importer(folder: Path, file: Path, limit: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", IMPORTER, str(folder), str(file), str(limit)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def contents(folder: Path) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[tuple[object, ...]]]:
    bench = Bench(folder)
    try:
        return (
            bench.rows("SELECT event_id, occurred_at, distinct_id, properties::VARCHAR FROM events ORDER BY event_id"),
            bench.rows("SELECT line, reason, raw FROM rejects ORDER BY line"),
            bench.rows("SELECT rows, stored, duplicates, rejected FROM imports"),
        )
    finally:
        bench.store.close()


def test_import_that_is_killed_again_and_again_ends_as_one_that_was_not(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path / "log.csv"
    file.write_text(rows_of_a_log())
    dice = random.Random(5)
    kills = 0
    last = 0
    while True:
        process = importer(tmp_path, file)
        assert process.stdout is not None
        assert process.stderr is not None
        wanted = dice.randint(2, 8)
        for line in process.stdout:
            if line.startswith("end"):
                break
            last = int(line.split()[1])
            wanted -= 1
            if not wanted:
                process.kill()
                kills += 1
                break
        rest = process.stdout.read()
        errors = process.stderr.read()
        process.stdout.close()
        process.stderr.close()
        if process.wait() == 0:
            break
        assert process.returncode == -9, errors
        del rest
        _, _, ((rows, stored, duplicates, rejected),) = contents(tmp_path)
        assert rows == stored + duplicates + rejected  # type: ignore[operator]
        assert int(str(rows)) >= last
    assert kills >= 3
    whole = tmp_path_factory.mktemp("whole")
    uninterrupted = importer(whole, file)
    out, errors = uninterrupted.communicate()
    assert uninterrupted.returncode == 0, errors
    assert "end done 20000 19980 0 20" in out
    assert contents(tmp_path) == contents(whole)
    assert (tmp_path / "rejects" / "only.csv").read_text() == (whole / "rejects" / "only.csv").read_text()


def test_import_without_room_on_the_disk_says_so_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(rows_of_a_log())
    full = importer(tmp_path, file, limit=900_000)
    out, errors = full.communicate()
    assert full.returncode == 0, errors
    end = out.splitlines()[-1]
    assert end.startswith("end interrupted")
    assert "There is no room left" in end
    events, _, ((rows, stored, duplicates, rejected),) = contents(tmp_path)
    assert 0 < int(str(rows)) < 20_000
    assert len(events) == stored
    assert rows == stored + duplicates + rejected  # type: ignore[operator]
    again = importer(tmp_path, file)
    out, errors = again.communicate()
    assert again.returncode == 0, errors
    assert "end done 20000 19980 0 20" in out


MEASURED = """
import pathlib, resource, sys, zoneinfo
from datetime import datetime
from upshot.collect.imports.mapping import Mapping
from upshot.collect.imports.plan import make_plan
from upshot.collect.imports.run import start_import
from upshot.engines.duckdb import DuckDBStore, Resources
from upshot.engines.duckdb.bulk import DuckDBBulkLoader

folder, file = pathlib.Path(sys.argv[1]), sys.argv[2]
with DuckDBStore(folder / "events.duckdb", zoneinfo.ZoneInfo("UTC"), resources=Resources(memory_mib=100)) as store:
    loader = DuckDBBulkLoader(store, datetime(2026, 1, 2))
    plan = make_plan([file], Mapping(event="seen"), loader, "UTC")
    run = start_import(plan, loader, import_id="only", started_at=datetime(2026, 1, 2), rejects_folder=folder,
                       piece_bytes=4 << 20)
    status = run.run()
    loader.close()
print(status.state, status.stored, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    block = "".join(f"2024-01-{1 + n % 28:02} 10:00:{n % 60:02},u{n % 500},{n},{'text ' * 12}\n" for n in range(20_000))
    peaks: list[int] = []
    for repeats in (10, 60):
        folder = tmp_path_factory.mktemp("big")
        file = folder / "big.csv"
        with file.open("w") as stream:
            stream.write("timestamp,user_id,number,text\n")
            for number in range(repeats):
                stream.write(block.replace(",u", f",{number}u"))
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, str(folder), str(file)],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
        state, stored, peak = done.stdout.split()
        assert (state, int(stored)) == ("done", repeats * 20_000)
        peaks.append(int(peak))
        if repeats == 60:
            assert file.stat().st_size > 100 << 20  # more than the engine may use
    assert peaks[1] < peaks[0] * 1.4
