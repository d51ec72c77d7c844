"""``python -m bench.bench_serve``: how long until ``upshot serve`` answers, and how much memory it takes when idle.

Goals: ready in under 2 seconds, under 250 MB. Ready is when ``/healthz`` answers 200. Processor seconds are given
beside the seconds of the clock, as the clock's depend on what else the machine does; loading the largest parts alone
is the yardstick for the machine.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench.command import run

READY_GOAL_SECONDS = 2.0
MEMORY_GOAL_MB = 250
IDLE_SECONDS, REPEATS = 3.0, 3


def spent(process: int) -> float:
    """Processor seconds of a running process."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(process: int) -> float:
    """Resident memory of a running process."""
    line = next(row for row in Path(f"/proc/{process}/status").read_text().splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


def started(folder: str, idle_seconds: float) -> tuple[float, float, float, float]:
    """Seconds until ready, processor seconds until then, idle memory in MB, seconds to stop."""
    command = [sys.executable, "-m", "upshot.cli", "serve", "--port", "0", "--json", "--workspace", folder]
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["address"]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        assert opener.open(f"{address}/healthz").status == 200
        ready, processor = time.perf_counter() - begin, spent(server.pid)
        time.sleep(idle_seconds)
        memory = resident_mb(server.pid)
        begin = time.perf_counter()
        server.terminate()
        server.wait()
        return ready, processor, memory, time.perf_counter() - begin


def yardstick() -> float:
    """Processor seconds of loading the largest parts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "import litestar, duckdb, sqlalchemy, uvicorn"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(repeats: int = REPEATS, idle_seconds: float = IDLE_SECONDS) -> int:
    """Print the table; how many goals are missed, by processor seconds or memory."""
    with tempfile.TemporaryDirectory() as place:
        folder = str(Path(place) / "workspace")
        subprocess.run([sys.executable, "-m", "upshot.cli", "init", folder], check=True, stdout=subprocess.DEVNULL)
        runs = [started(folder, idle_seconds) for _ in range(repeats)]
    ready, processor, memory, stop = (min(column) for column in zip(*runs, strict=True))
    print(f"serve: ready {ready:.2f} s (processor {processor:.2f} s; goal {READY_GOAL_SECONDS:.0f} s)")
    print(f"serve: idle memory {memory:.0f} MB (goal {MEMORY_GOAL_MB} MB); stopped in {stop:.2f} s")
    print(f"serve: loading litestar, duckdb, sqlalchemy and uvicorn alone takes {yardstick():.2f} processor seconds")
    return [processor < READY_GOAL_SECONDS, memory < MEMORY_GOAL_MB].count(False)


if __name__ == "__main__":
    sys.exit(run(lambda _: main(), lambda: main(1, 0.0), __doc__))
