"""Workspaces that are asked: Tempo's books, and a library whose only history is its releases and daily downloads."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from math import exp, sin
from pathlib import Path

__all__ = ["RELEASES", "installed", "releases", "tempo", "upshot"]

RELEASES = 180
_SERIES = ("downloads", "stars", "signups")
_DAYS_A_RELEASE = 7


def installed() -> dict[str, str]:
    """The environment in which modules are compiled once, as an installer does, whatever this process was told."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if "PYTHONDONTWRITEBYTECODE" in os.environ and "PYTHONPYCACHEPREFIX" not in os.environ:
        kept["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / f"upshot-bench-{os.getuid()}")
    return kept


def upshot(*words: str) -> str:
    """Run a command and return what it printed."""
    command = [sys.executable, "-m", "upshot.cli", *words]
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=installed()
    ).stdout


def tempo(place: Path, scale: str) -> Path:
    """Tempo's workspace with its whole history; every due verdict is recorded.

    ``UPSHOT_BENCH_TEMPO`` names one that is made already.
    """
    if there := os.environ.get("UPSHOT_BENCH_TEMPO"):
        return Path(there)
    folder = place / "tempo"
    upshot("demo", "--once", "--scale", scale, "--workspace", str(folder))
    upshot("study", "read", "--workspace", str(folder))
    return folder


def releases(place: Path, count: int = RELEASES) -> Path:
    """A workspace of ``count`` weekly releases and three daily series; every due verdict is recorded.

    ``UPSHOT_BENCH_RELEASES`` names one that is made already.
    """
    if there := os.environ.get("UPSHOT_BENCH_RELEASES"):
        return Path(there)
    folder, made = place / "releases", random.Random(20240101)
    last = date.today() - timedelta(days=1)  # noqa: DTZ011 - any day does
    first = last - timedelta(days=(count + 60) * _DAYS_A_RELEASE)
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    upshot("init", str(folder), "--time-zone", "UTC", "--currency", "EUR")
    for name in _SERIES:
        file = place / f"{name}.csv"
        with file.open("w", encoding="utf-8", newline="") as opened:
            rows = csv.writer(opened)
            rows.writerow(("day", name))
            for i, day in enumerate(days):
                level = 1000 + i * 0.7 + 60 * sin(i / 58) - 180 * (day.weekday() > 4)
                rows.writerow((day, round(level * exp(0.05 * made.gauss(0, 1)))))
        outcome = () if name == "downloads" else ("--metric-only",)
        upshot("import", "series", str(file), "--value", name, "--workspace", str(folder), *outcome)
    shipped = place / "shipped.csv"
    with shipped.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(("title", "at", "cost_days"))
        for i in range(count):
            day = first + timedelta(days=(i + 40) * _DAYS_A_RELEASE)
            rows.writerow((f"Release {i // 12}.{i % 12}", f"{day}T10:00:00Z", 3 + i % 9))
    upshot("output", "import", "csv", str(shipped), "--workspace", str(folder))
    upshot("study", "read", "--workspace", str(folder))
    return folder
