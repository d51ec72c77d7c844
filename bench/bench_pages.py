"""How fast every page and command is: on Tempo, and on a workspace of 180 releases; at first, while data come in, warm.

``python -m bench.bench_pages [SCALE [RELEASES]]``. Every page of the application's own table of routes is asked, at an
address that the pages themselves link to, and each tab. ``cold`` is the first time after the server started, on a
workspace that was looked at before it, with all that its pages load by themselves; ``after an event`` right after one
has come in, when no answer is kept; ``new range`` days that nobody asked for. What a page loads by itself after it is
there (the slow cards of home) is its parts: the slowest stands beside it, and no page waits for it. Commands open the
workspace themselves; Python's start and the loading of modules, which are compiled already as after an installation,
are in them.

Goals: each page, part and command within 1 s cold and 0.3 s warm; ``verify`` within 5 s; first contentful paint under
500 ms, under 300 KB of compressed assets, no layout shift. Processor time of the server stands beside the clock's,
which depends on what else the machine does; processor time of the process that concludes studies is not in it.

``UPSHOT_BENCH_TEMPO`` and ``UPSHOT_BENCH_RELEASES`` name folders of workspaces that are made already.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from playwright.sync_api import sync_playwright

from bench.addresses import add_dashboard, addresses, parts_of
from bench.bench_serve import spent
from bench.command import run
from bench.workspaces import RELEASES, installed, releases, tempo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

COLD_GOAL_MS, WARM_GOAL_MS, VERIFY_GOAL_MS = 1000, 300, 5000
PAINT_GOAL_MS, ASSETS_GOAL_KB = 500, 300
PAINTED = ("/", "/ledger")
REPEATS = 5
COMMANDS = (
    "ledger",
    "study list",
    "output list",
    "launch list",
    "objective list",
    "metric list",
    "metric query active_persons_daily",
    "metric retention",
    "dashboard list",
    "survey list",
    "experiment list",
    "data events",
    "doctor",
)
SHOWN = {
    "/experiments/{name:str}": "experiment show",
    "/objectives/{name:str}": "objective show",
    "/verdicts/{verdict:str}": "verify",
}
COLUMNS = (
    *("page", "cold, ms", "processor", "after an event", "processor", "new range", "processor", "warm"),
    *("slowest part, cold", "processor", "new range", "warm", "KB"),
)
SHIFT = """() => new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => list.getEntries().forEach(entry => sum += entry.value))
        .observe({type: 'layout-shift', buffered: true});
    setTimeout(() => done(sum), 300);
})"""
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"
BYTES = "() => performance.getEntriesByType('resource').reduce((sum, entry) => sum + entry.encodedBodySize, 0)"


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer: milliseconds of the clock, of the server's processors, and its text; empty where it is no page."""

    clock: float
    busy: float
    size: int
    text: str


class Timed:
    """A running server, asked again and again."""

    def __init__(self, address: str, process: int) -> None:
        self.client = httpx.Client(base_url=address, trust_env=False, timeout=120, follow_redirects=True)
        self.process = process

    def once(self, path: str) -> Asked:
        """One answer, whatever it is."""
        busy, begin = spent(self.process), time.perf_counter()
        answer = self.client.get(path)
        clock = time.perf_counter() - begin
        is_page = answer.status_code == 200 and "text/html" in answer.headers.get("content-type", "")
        text = answer.text if is_page else ""
        return Asked(clock * 1000, (spent(self.process) - busy) * 1000, answer.num_bytes_downloaded, text)

    def arrive(self) -> None:
        """One event comes in, so that every answer about events is out of date."""
        event = {"event": "app opened", "distinct_id": "bench", "occurred_at": datetime.now(UTC).isoformat()}
        self.client.post("/api/ops/events.append", json={"source": "bench", "events": [event]}).raise_for_status()


@contextmanager
def serving(folder: Path) -> Iterator[Timed]:
    """A server that has just begun."""
    command = [sys.executable, "-m", "upshot.cli", "serve", "--port", "0", "--json", "--workspace", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=installed()) as server:
        assert server.stdout is not None
        try:
            timed = Timed(json.loads(server.stdout.readline())["address"], server.pid)
            with timed.client:
                yield timed
        finally:
            server.terminate()


def slowest(timed: Timed, text: str) -> Asked:
    """The slowest part of a page; of no time without parts."""
    return max((timed.once(part) for part in parts_of(text)), key=lambda part: part.clock, default=Asked(0, 0, 0, ""))


def row(timed: Timed, name: str, path: str, repeats: int) -> int:
    """Ask one page in every way and print its line; how many goals are missed."""
    cold = timed.once(path)
    part_cold = slowest(timed, cold.text)
    joined = "&" if "?" in path else "?"
    last = datetime.now(UTC).date() - timedelta(days=9)
    changed = timed.once(f"{path}{joined}from={last - timedelta(days=len(name) + 20)}&to={last}")
    part_changed = slowest(timed, changed.text)
    timed.arrive()
    after = timed.once(path)
    for _ in range(2):
        timed.once(path)
    warm = statistics.median(timed.once(path).clock for _ in range(repeats))
    part_warm = slowest(timed, timed.once(path).text)
    figures = (
        *(cold.clock, cold.busy, after.clock, after.busy, changed.clock, changed.busy, warm),
        *(part_cold.clock, part_cold.busy, part_changed.clock, part_warm.clock, cold.size / 1000),
    )
    print(f"| `{name}` | {' | '.join(f'{figure:.0f}' for figure in figures)} |", flush=True)
    slow = max(each.clock for each in (cold, after, changed, part_cold, part_changed)) > COLD_GOAL_MS
    return [slow, max(warm, part_warm.clock) > WARM_GOAL_MS].count(True)


def painted(browser: Browser, address: str) -> int:
    """Print what a browser that knows nothing sees; how many goals are missed."""
    runs = []
    for _ in range(3):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.goto(address, wait_until="load")
        page.wait_for_timeout(500)
        runs.append((page.evaluate(PAINT), page.evaluate(BYTES) / 1000, page.evaluate(SHIFT)))
        context.close()
    paint, assets, shift = (statistics.median(column) for column in zip(*runs, strict=True))
    path = re.sub(r"^https?://[^/]*", "", address)
    print(f"{path}: first paint {paint:.0f} ms, assets {assets:.0f} KB, layout shift {shift:.3f}.")
    return [paint <= PAINT_GOAL_MS, assets <= ASSETS_GOAL_KB, shift == 0].count(False)


def pages(folder: Path, repeats: int) -> tuple[int, dict[str, str]]:
    """Print the table of one workspace; how many goals are missed, and the addresses."""
    with serving(folder) as timed:
        add_dashboard(timed.client)
        found = addresses(timed.client)
        held = timed.client.post("/api/ops/workspace.info", json={}).json()
    print(f"\n### {folder.name}: {held['events']:,} events\n")
    print(f"| {' | '.join(COLUMNS)} |\n|---|{'---:|' * (len(COLUMNS) - 1)}")
    missed = 0
    with serving(folder) as timed:
        for name, path in found.items():
            missed += row(timed, name, path, repeats)
        print()
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for path in PAINTED:
                missed += painted(browser, str(timed.client.base_url).rstrip("/") + path)
            browser.close()
    return missed, found


def commands(folder: Path, found: dict[str, str], repeats: int) -> int:
    """Print how long each command takes, also for what has a page; how many goals are missed."""
    asked = [*COMMANDS]
    for page, words in SHOWN.items():
        if page in found:
            asked.append(f"{words} {found[page].rpartition('/')[2]}")
    print("\n| command | ms | processor ms |\n|---|---:|---:|")
    missed = 0
    for words in asked:
        runs = [_command(words, folder) for _ in range(repeats)]
        clock, busy = min(run[0] for run in runs), min(run[2] for run in runs)
        print(f"| `upshot {words[:40]}` | {clock:.0f} | {busy:.0f} |", flush=True)
        missed += clock > (VERIFY_GOAL_MS if words.startswith("verify") else COLD_GOAL_MS)
    return missed


def _command(words: str, folder: Path) -> tuple[float, str, float]:
    command = [sys.executable, "-m", "upshot.cli", *words.split(), "--workspace", str(folder)]
    before, begin = os.times(), time.perf_counter()
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=installed()
    )
    clock, after = time.perf_counter() - begin, os.times()
    assert done.returncode in (0, 1), words  # doctor says by 1 that something is to be done
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    return clock * 1000, done.stdout, busy * 1000


def main(scale: str = "0.2", count: int = RELEASES, repeats: int = REPEATS) -> int:
    """Print the tables; how many goals are missed."""
    missed = 0
    print(f"{os.cpu_count()} cores, of which others asked for {os.getloadavg()[0]:.1f} when it began.")
    with tempfile.TemporaryDirectory() as place:
        for folder in (tempo(Path(place), scale), releases(Path(place), count)):
            slow, found = pages(folder, repeats)
            missed += slow + commands(folder, found, min(repeats, 3))
    print(f"\n{missed or 'No'} {'goal' if missed == 1 else 'goals'} missed.")
    return missed


def full(words: list[str]) -> int:
    """At the sizes that are asked for."""
    scale, count = [*words, "0.2", str(RELEASES)][:1] + [*words[1:], str(RELEASES)][:1]
    return main(scale, int(count))


if __name__ == "__main__":
    sys.exit(run(full, lambda: main("0.01", 2, 1), __doc__))
