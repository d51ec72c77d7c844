"""Measures every statistical method and writes the tables: ``python -m bench.calibrate [--simulations N] [--resume]``.

Each family is a module ``stats_*.py`` of this folder with ``rows(simulations=…, seed=…)``; it runs in a process of its
own. Its table is written as soon as it is measured, with the command that made it; families that are not measured
again keep theirs. The command fails if a method does not keep what it promises, in tables that were kept too.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import re
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.calibrate.row import CalibrationRow

__all__ = ["families", "filed", "main", "section", "title", "write"]

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "docs" / "calibration" / "statistics.md"
SIMULATIONS, SEED = 20_000, 20_130_625

HEAD = """# Calibration of the statistics

Every line is a simulation with a fixed seed, of as many experiments as it says; each table says what made it.

A method's name is a promise: a 95 % interval should hold the truth 95 times in 100, a test at 5 % should raise a false
alarm 5 times in 100. Here is how often they did. *Between* gives exact bounds of that share (Clopper–Pearson, 99 %).

- **holds**: the promise lies within the bounds; asymptotic methods may depart by the tolerance that their scenario
  states in the code.
- **conservative**: errs on the safe side (fewer false alarms, wider intervals than promised).
- **fails**: it does not keep its promise, and the command fails.
- **reported**: there was no promise; the number is there so that you know.

In these tables: {verdicts}.
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


def section(name: str, rows: list[CalibrationRow], *, simulations: int, seed: int) -> str:
    """A family's table as Markdown, below the command that makes it."""
    lines = [
        f"## {title(name)}\n\n{made(simulations, seed)}\n",
        "| method | scenario | what | promised | measured | between | of | verdict |",
        "|---|---|---|--:|--:|---|--:|---|",
        *(_line(row) for row in rows),
    ]
    return "\n".join(lines)


def title(name: str) -> str:
    """The heading of a family's table."""
    return name.removeprefix("stats_").replace("_", " ").capitalize()


def made(simulations: int, seed: int) -> str:
    """What made a table, in the words by which a run that goes on knows that the table is there."""
    options = f" --simulations {simulations}" * (simulations != SIMULATIONS) + f" --seed {seed}" * (seed != SEED)
    return f"Made by `python -m bench.calibrate{options}`, up to {simulations:,} experiments a line."


def _line(row: CalibrationRow) -> str:
    nominal = "–" if row.nominal != row.nominal else f"{100 * row.nominal:.2f} %"
    scenario = row.scenario.replace("|", "/")
    return (
        f"| `{row.method}` | {scenario} | {row.quantity} | {nominal} | {100 * row.estimate:.2f} % | "
        f"{100 * row.low:.2f}–{100 * row.high:.2f} % | {row.simulations:,} | {row.verdict} |"
    )


def filed(target: Path) -> dict[str, str]:
    """The families' tables of a page as they stand; none where there is no page."""
    text = target.read_text(encoding="utf-8") if target.exists() else ""
    tables = {part.partition("\n")[0]: f"## {part.strip()}" for part in text.split("\n## ")[1:]}
    return {name: tables[title(name)] for name in families() if title(name) in tables}


def verdicts(tables: dict[str, str]) -> Counter[str]:
    """How many lines of the tables have each verdict."""
    return Counter(re.findall(r"^\|.*\| (\w+) \|$", "\n".join(tables.values()), flags=re.MULTILINE))


def write(target: Path, tables: dict[str, str]) -> None:
    """The page of these tables; one that is there is replaced as a whole."""
    counted = (f"{count} {verdict}" for verdict, count in sorted(verdicts(tables).items()) if verdict != "verdict")
    parts = [HEAD.format(verdicts=", ".join(counted)), *(f"{tables[name]}\n" for name in sorted(tables))]
    target.parent.mkdir(parents=True, exist_ok=True)
    written = target.with_suffix(".part")
    written.write_text("\n".join(parts), encoding="utf-8")
    written.replace(target)


def main(arguments: list[str], target: Path = TARGET) -> int:
    """Run the families and write the page; 1 where a line fails, else 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.calibrate", description=__doc__)
    parser.add_argument("--simulations", type=int, default=SIMULATIONS, help="experiments per row")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", choices=families(), action="append", help="print these families, write nothing")
    parser.add_argument("--resume", action="store_true", help="keep the tables that this command has written before")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    tables = {} if chosen.only else filed(target)
    names = chosen.only or families()
    if chosen.resume:
        head = made(chosen.simulations, chosen.seed)
        kept = [name for name in names if head in tables.get(name, "").splitlines()]
        names = [name for name in names if name not in kept]
        for name in kept:
            print(f"{name}: kept, {head[0].lower()}{head[1:]}", flush=True)
    with multiprocessing.get_context("spawn").Pool(chosen.processes) as pool:
        for name, rows, seconds in pool.imap_unordered(measured, [(n, chosen.simulations, chosen.seed) for n in names]):
            tables[name] = section(name, rows, simulations=chosen.simulations, seed=chosen.seed)
            print(f"{name}: {len(rows)} rows in {seconds:.0f} s", flush=True)
            if chosen.only:
                print(tables[name])
            else:
                write(target, tables)
    failed = [line for table in tables.values() for line in table.splitlines() if line.endswith("| fails |")]
    for line in failed:
        print(f"fails: {line}")
    return 1 if failed else 0
