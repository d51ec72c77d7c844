"""Measures every statistical method and writes the table: ``python -m bench.calibrate [--simulations N]``.

Each family is a module ``stats_*.py`` of this folder with ``rows(simulations=…, seed=…)``; it runs in a process of its
own. The command fails if a method does not keep what it promises.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.calibrate.row import CalibrationRow

__all__ = ["families", "main", "page"]

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "docs" / "calibration" / "statistics.md"
SIMULATIONS, SEED = 20_000, 20_130_625

HEAD = """# Calibration of the statistics

Made by `{command}`; every line is a simulation with a fixed seed ({seed}), up to {simulations:,} experiments each.

A method's name is a promise: a 95 % interval should hold the truth 95 times in 100, a test at 5 % should raise a false
alarm 5 times in 100. Here is how often they did. *Between* gives exact bounds of that share (Clopper–Pearson, 99 %).

- **holds**: the promise lies within the bounds; asymptotic methods may depart by the tolerance that their scenario
  states in the code.
- **conservative**: errs on the safe side (fewer false alarms, wider intervals than promised).
- **fails**: it does not keep its promise, and the command fails.
- **reported**: there was no promise; the number is there so that you know.

{verdicts}
"""


def families() -> list[str]:
    """Names of the modules that have rows."""
    return sorted(path.stem for path in HERE.glob("stats_*.py"))


def measured(job: tuple[str, int, int]) -> tuple[str, list[CalibrationRow], float]:
    """One family's rows, and how long they took in seconds."""
    name, simulations, seed = job
    started = time.perf_counter()
    module = importlib.import_module(f"bench.calibrate.{name}")
    return name, module.rows(simulations=simulations, seed=seed), time.perf_counter() - started


def page(found: dict[str, list[CalibrationRow]], *, simulations: int, seed: int) -> str:
    """The table as Markdown."""
    counted = Counter(row.verdict for rows in found.values() for row in rows)
    verdicts = "In this run: " + ", ".join(f"{count} {verdict}" for verdict, count in sorted(counted.items())) + "."
    command = "python -m bench.calibrate" + (f" --simulations {simulations}" if simulations != SIMULATIONS else "")
    parts = [HEAD.format(command=command, seed=seed, simulations=simulations, verdicts=verdicts)]
    for name, rows in found.items():
        parts.append(f"## {name.removeprefix('stats_').replace('_', ' ').capitalize()}\n")
        parts.append("| method | scenario | what | promised | measured | between | of | verdict |")
        parts.append("|---|---|---|--:|--:|---|--:|---|")
        parts += [_line(row) for row in rows]
        parts.append("")
    return "\n".join(parts)


def _line(row: CalibrationRow) -> str:
    nominal = "–" if row.nominal != row.nominal else f"{100 * row.nominal:.2f} %"
    scenario = row.scenario.replace("|", "/")
    return (
        f"| `{row.method}` | {scenario} | {row.quantity} | {nominal} | {100 * row.estimate:.2f} % | "
        f"{100 * row.low:.2f}–{100 * row.high:.2f} % | {row.simulations:,} | {row.verdict} |"
    )


def main(arguments: list[str]) -> int:
    """Run the families and write the page; the number of rows that fail is the exit code's reason."""
    parser = argparse.ArgumentParser(prog="python -m bench.calibrate", description=__doc__)
    parser.add_argument("--simulations", type=int, default=SIMULATIONS, help="experiments per row")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", choices=families(), action="append", help="print these families, write nothing")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    names = chosen.only or families()
    found: dict[str, list[CalibrationRow]] = {name: [] for name in names}
    with multiprocessing.get_context("spawn").Pool(chosen.processes) as pool:
        for name, rows, seconds in pool.imap_unordered(measured, [(n, chosen.simulations, chosen.seed) for n in names]):
            found[name] = rows
            print(f"{name}: {len(rows)} rows in {seconds:.0f} s", flush=True)
    text = page(found, simulations=chosen.simulations, seed=chosen.seed)
    if chosen.only:
        print(text)
    else:
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(text.rstrip() + "\n", encoding="utf-8")
        print(f"wrote {TARGET.relative_to(HERE.parents[1])}")
    failed = [row for rows in found.values() for row in rows if row.verdict == "fails"]
    for row in failed:
        print(f"fails: {row.method}, {row.scenario}: {row.quantity} {row.estimate:.4f}, promised {row.nominal:.4f}")
    return 1 if failed else 0
