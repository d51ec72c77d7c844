"""``upshot serve`` as a process of its own, with a history to ask about, and what a dashboard asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import httpx

from bench.collect.payload import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Server", "serving"]

_PATIENCE_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """It, at ``address``."""

    process: subprocess.Popen[str]
    address: str

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rpartition(":")[2])

    def processor_seconds(self) -> float:
        """Of all its threads, since it started."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mb(self) -> float:
        """Its largest resident size so far."""
        rows = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(row for row in rows if row.startswith("VmHWM")).split()[1]) / 1000

    def settle(self) -> None:
        """Wait until nothing is left to do in the background."""
        with self.client() as client:
            while client.post("/api/ops/workspace.info", json={}).json()["dirty_days"]:
                time.sleep(0.2)

    def stored(self) -> int:
        """How many events it holds."""
        with self.client() as client:
            return int(client.post("/api/ops/workspace.info", json={}).json()["events"])

    def await_events(self, count: int) -> float:
        """Wait until that many events are in its tables, and not one more; seconds."""
        start = time.perf_counter()
        while (stored := self.stored()) < count and time.perf_counter() - start < _PATIENCE_SECONDS:
            time.sleep(0.05)
        assert stored == count, f"{count:,} events were acknowledged or there before; {stored:,} are stored"
        return time.perf_counter() - start

    def client(self) -> httpx.Client:
        """For its API."""
        return httpx.Client(base_url=self.address, trust_env=False, timeout=60)

    def read_dashboard(self, client: httpx.Client) -> list[float]:
        """Seconds of each question of a dashboard over thirty days, today too."""
        today = datetime.now(UTC).date()
        days = {"first": str(today - timedelta(days=29)), "last": str(today)}
        asked = (
            {"name": "events"},
            {"name": "active_persons_daily"},
            {"name": "active_persons_28d"},
            {"name": "events_per_active_person", "grain": "week"},
            {"name": "events", "breakdown": ["country"]},
            {"name": "active_persons", "where": ["plan = pro"]},
        )
        found = []
        for question in asked:
            start = time.perf_counter()
            answer = client.post("/api/ops/metric.query", json={**days, **question})
            found.append(time.perf_counter() - start)
            assert answer.status_code == 200, answer.text
        return found


_HISTORY = """
COPY (
    SELECT 'history-' || i AS id, now()::TIMESTAMP - to_days(1 + (i % $days)::INT) AS at,
        'person-' || i * 7919 % $people AS person,
        ['app opened', 'song played', 'song saved', 'search done', 'page seen', 'plan seen'][1 + i % 6] AS event,
        ['FR', 'DE', 'ES', 'IT', 'PL', 'SE', 'NL', 'PT'][1 + i // 7 % 8] AS country,
        CASE WHEN i % 5 = 0 THEN 'pro' ELSE 'free' END AS plan, i % 90 / 10 AS minutes
    FROM range($events) t(i)
) TO '{path}' (FORMAT parquet)
"""


def _upshot(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "upshot.cli", *words], stdout=subprocess.DEVNULL, check=True)


@contextmanager
def serving(folder: Path, *, events: int, days: int) -> Iterator[Server]:
    """A server over a new workspace in ``folder``, with the write key ``bench`` and a history that is in its facts."""
    place, history = str(folder / "workspace"), str(folder / "history.parquet")
    _upshot("init", place, "--time-zone", "UTC")
    _upshot("key", "add", "bench", "--key", "bench", "--workspace", place)
    duckdb.execute(_HISTORY.format(path=history), {"events": events, "days": days, "people": PEOPLE})
    names = ("--timestamp", "at", "--distinct-id", "person", "--event", "event", "--event-id", "id")
    _upshot("import", "events", history, *names, "--workspace", place)
    serve = [sys.executable, "-m", "upshot.cli", "serve", "--port", "0", "--json", "--workspace", place]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            server = Server(process, json.loads(process.stdout.readline())["address"])
            server.settle()
            yield server
        finally:
            process.terminate()
            process.wait()
