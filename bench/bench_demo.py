"""``python -m bench.bench_demo [SCALE…]``: opening Tempo, as ``make demo`` does.

Seconds until the address is printed, until the first page is there, and until the whole history is in; and how long
pages take meanwhile. Goal: the first page in under 20 seconds. Processor seconds (the server's and its writing
process's) stand beside those of the clock, as the clock's depend on what else the machine does. Pages are asked for one
after the other, with a short pause, as one reader would.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from bench.command import run

GOAL_SECONDS = 20.0
TOY_SCALE = "0.01"
PAUSE_SECONDS = 0.3
PAGES = ("/", "/metrics/listeners?range=90d", "/metrics/revenue", "/retention", "/events", "/data")
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def spent(process: int) -> float:
    """Processor seconds of a running process, of those that it has ended, and of those that it runs."""
    total = 0.0
    for number in (process, *children(process)):
        fields = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()
        total += sum(map(int, fields[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def children(process: int) -> list[int]:
    """The processes that it runs."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    return [int(each) for task in tasks for each in (task / "children").read_text().split()]


def took(address: str) -> float:
    """Seconds until a page is there."""
    begin = time.perf_counter()
    with OPENER.open(address, timeout=600) as answer:
        answer.read()
    return time.perf_counter() - begin


class Reader(threading.Thread):
    """Looks at page after page until it is told that it is enough."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.enough = threading.Event()
        self.seconds: list[float] = []

    def run(self) -> None:
        """Look."""
        while not self.enough.is_set():
            for page in PAGES:
                self.seconds.append(took(self.address + page))
                if self.enough.wait(PAUSE_SECONDS):
                    return


def opened(scale: str, folder: str) -> bool:
    """Open Tempo once and print its line; whether the goal is met."""
    command = [sys.executable, "-m", "upshot.cli", "demo", "--workspace", folder, "--scale", scale, "--port", "0"]
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            lines = iter(server.stdout)
            address = next(found[1] for line in lines if (found := re.search(r"is at (http\S+)", line)))
            announced = time.perf_counter() - begin
            took(address + "/")
            first, processor = time.perf_counter() - begin, spent(server.pid)
            reader = Reader(address)
            reader.start()
            assert any("whole history is in" in line for line in lines)
            whole, all_processor = time.perf_counter() - begin, spent(server.pid)
            reader.enough.set()
            reader.join()
        finally:
            server.terminate()
    ordered = sorted(reader.seconds)
    p50, p95 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)]
    print(
        f"| {scale} | {announced:.1f} | {first:.1f} | {processor:.1f} | {whole:.0f} | {all_processor:.0f} "
        f"| {len(ordered)} | {p50:.2f} | {p95:.2f} |",
        flush=True,
    )
    return first < GOAL_SECONDS


def main(scales: list[str]) -> int:
    """Print the table; how often the first page takes 20 seconds or more."""
    print(f"Seconds, at a load of {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors before the run.\n")
    print("| scale | address | first page | processor | whole history | processor | pages meanwhile | p50 | p95 |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    met = []
    for scale in scales or ["0.4"]:
        with tempfile.TemporaryDirectory() as place:
            met.append(opened(scale, str(Path(place) / "tempo")))
    return met.count(False)


if __name__ == "__main__":
    sys.exit(run(main, lambda: main([TOY_SCALE]), __doc__))
