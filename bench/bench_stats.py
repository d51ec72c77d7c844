"""``python -m bench.bench_stats``: upshot.stats beside its peers, on the same inputs, in the same run.

Times are the best of several repeats, per comparison, in microseconds of processor time (so that a busy machine does
not favour whoever ran in a quiet moment). "Faster" is the peer's time over Upshot's; for many at once 50 is the goal.
"""

from __future__ import annotations

import importlib
import json
import math
import pkgutil
import subprocess
import sys
import tempfile
import time
import timeit
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import bench.stats_cases
from bench.command import run
from bench.stats_cases import Case, IsolatedPeer, Peer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main", "table"]

ROOT = Path(__file__).resolve().parents[1]
REPEATS, TARGET_SECONDS = 5, 0.03
GOAL = 50.0
"""How many times faster than any peer many comparisons at once are to be."""

ISOLATED = """
import json, sys, time, timeit
import numpy as np
loaded = np.load(sys.argv[1])
inputs = {key: loaded[key] for key in loaded.files}
request = json.load(sys.stdin)
scope = {"np": np, "inputs": inputs}
exec(request["setup"], scope)
def best(expression, repeats, target):
    timer = timeit.Timer(expression, timer=time.process_time, globals=scope)
    once = timer.timeit(1)
    number = max(1, int(target / max(once, 1e-9)))
    return min([once, *(t / number for t in timer.repeat(repeats, number))])
print(json.dumps([best(request["single"], request["repeats"], request["target"]), best(request["many"], 2, 0.0)]))
"""


def _best(call: Callable[[], object], repeats: int, target: float) -> float:
    timer = timeit.Timer(call, timer=time.process_time)
    once = timer.timeit(1)
    number = max(1, int(target / max(once, 1e-9)))
    return min([once, *(seconds / number for seconds in timer.repeat(repeats, number))])


def _times(peer: Peer | IsolatedPeer, repeats: int, target: float) -> tuple[float, float] | str:
    """Seconds of a single comparison and, each, of many; or why there are none."""
    if isinstance(peer, Peer):
        many = _best(peer.many, min(repeats, 3), 0.0) / peer.size if peer.many and repeats else math.nan
        return _best(peer.single, repeats, target), many
    if not repeats:
        return "not asked"
    python = ROOT / f".venv-oracles-{peer.environment}" / "bin" / "python"
    if not python.exists():
        return "not installed"
    request = {"setup": peer.setup, "single": peer.single, "many": peer.many}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inputs.npz"
        np.savez(path, **peer.inputs)  # type: ignore[arg-type]
        done = subprocess.run(
            [str(python), "-c", ISOLATED, str(path)],
            input=json.dumps(request | {"repeats": repeats, "target": target}),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return "not installed" if "ModuleNotFoundError" in last else f"failed: {last}"
    single, many = json.loads(done.stdout.strip().splitlines()[-1])
    return float(single), float(many) / peer.size


def _row(case: str, who: str, times: tuple[float, float] | str, ours: tuple[float, float] | None) -> str:
    if isinstance(times, str):
        return f"| {case} | {who} | {times} | | | | |"
    cells = [case, who]
    for mine, theirs in zip(ours or times, times, strict=True):
        cells.append("" if math.isnan(theirs) else f"{theirs * 1e6:.3g}")
        cells.append("" if ours is None or math.isnan(theirs) else f"{theirs / mine:.3g}×")
    goal = "" if ours is None or math.isnan(times[1]) else "met" if _reached(times[1], ours[1]) else "**missed**"
    return "| " + " | ".join([*cells, goal]) + " |"


def _reached(theirs: float, mine: float) -> bool:
    return theirs >= GOAL * mine


def table(cases: list[Case], repeats: int = REPEATS, target: float = TARGET_SECONDS) -> tuple[str, int]:
    """The Markdown table of all cases, and how many goals are missed."""
    lines = [
        f"| question | who | single, µs | Upshot faster | at once, µs each | Upshot faster | goal {GOAL:g}× |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    missed = 0
    for case in cases:
        ours = _best(case.single, repeats, target), _best(case.many, min(repeats, 3), 0.0) / case.size
        lines.append(_row(f"{case.name}; {case.size:,} at once", "Upshot", ours, None))
        for peer in case.peers:
            times = _times(peer, repeats, target)
            lines.append(_row("", peer.name, times, ours))
            if not isinstance(times, str) and not math.isnan(times[1]):
                missed += not _reached(times[1], ours[1])
    return "\n".join(lines), missed


def main(repeats: int = REPEATS, target: float = TARGET_SECONDS) -> int:
    """Time all cases, print the table and count missed goals; without repeats, peers are asked for one comparison."""
    warnings.simplefilter("ignore")  # statsmodels warns on some tables
    found: list[Case] = []
    for module in sorted(m.name for m in pkgutil.iter_modules(bench.stats_cases.__path__)):
        found += importlib.import_module(f"bench.stats_cases.{module}").cases()
    shown, missed = table(found, repeats, target)
    print(shown)
    print(f"\nOf the goals for many at once {missed or 'none'} missed.")
    return missed


def full(_: list[str]) -> int:
    """Beside the peers that need environments of their own, too."""
    subprocess.run([str(ROOT / "bench" / "oracles.sh")], check=False, stdout=sys.stderr)
    return main()


if __name__ == "__main__":
    sys.exit(run(full, lambda: main(0, 0.0), __doc__))
