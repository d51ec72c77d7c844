"""Calibrates the design for launches that reached everybody: ``python -m bench.calibrate.causal [--worlds N]``.

Writes ``docs/calibration/causal.md``; fails if coverage falls short where the assumptions hold.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from pathlib import Path

from bench.calibrate.causal_time_series import EFFECTS, LEVEL, WINDOWS, Outcome, Summary, measured, summary
from bench.calibrate.causal_worlds import WORLDS
from bench.calibrate.row import clopper_pearson

__all__ = ["main", "page"]

TARGET = Path(__file__).resolve().parents[2] / "docs" / "calibration" / "causal.md"
WORLDS_EACH, SEED, CHUNK = 400, 20_130_625, 10

HEAD = """# Calibration of unrandomised launches

Made by `{command}`: {total:,} simulated launches of {kinds} kinds, seed {seed}. The worlds are made by code that shares
nothing with the estimator ([the design](../causal.md) says what it does). Readings are the first 28 days and the first
7 days after the launch; intervals promise {level:.0%}.

- **answered**: worlds that gave an interval; the others were refused, with the reason on the right.
- **coverage**: of the answered, how many intervals held the truth, with exact 99 % bounds (Clopper–Pearson).
- **width**: the median interval, in percentage points of the counterfactual.
- **claimed wrongly**: of all worlds, how often an effect was claimed where there was none (or the wrong sign, where one
  was).
- **finds**: of all worlds, how often a lasting effect of +5, +10 or +20 % would have been claimed.
- **harm at +5 %**: of all worlds, how often a true +5 % would have been called harm.

## Where the assumptions hold

Coverage agrees with the promise where its bounds hold {level:.0%}; above it, the interval is wider than it had to be.
{together}

{holds}

## Where they break

Nothing is promised here: the design refuses, or this table says how often it was wrong.

{breaks}
"""


def _share(count: int, of: int) -> str:
    return f"{100 * count / of:.0f} %" if of else "–"


def _verdict(found: Summary) -> str:
    low, high = found.bounds
    return "fails" if high < LEVEL else ("conservative" if low > LEVEL else "agrees")


def _line(words: str, window: str, found: Summary, *, judged: bool) -> str:
    low, high = found.bounds
    coverage = f"{_share(found.covered, found.answered)} ({100 * low:.0f}–{100 * high:.0f})" if found.answered else "–"
    width = f"{100 * found.width:.0f}" if found.answered else "–"
    wrong = clopper_pearson(found.claimed_wrongly, found.worlds)
    finds = " / ".join(_share(count, found.worlds) for count in found.found)
    refused = ", ".join(f"{code.replace('_', ' ')} {_share(count, found.worlds)}" for code, count in found.refusals)
    cells = [words, window, f"{found.worlds:,}", _share(found.answered, found.worlds), coverage]
    cells += [_verdict(found)] if judged else []
    cells += [width, f"{_share(found.claimed_wrongly, found.worlds)} ({100 * wrong[0]:.0f}–{100 * wrong[1]:.0f})"]
    cells += [finds, _share(found.wrong_sign, found.worlds), refused or "–"]
    return "| " + " | ".join(cells) + " |"


def _table(found: dict[str, list[Summary]], *, holds: bool) -> str:
    verdict = ["agrees?"] if holds else []
    head = ["world", "days", "worlds", "answered", "coverage", *verdict, "width", "claimed wrongly"]
    effects = " / ".join(f"+{effect:.0%}" for effect in EFFECTS)
    head += [f"finds {effects}", "harm at +5 %", "refused because"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for name, summaries in found.items():
        if WORLDS[name].holds == holds:
            for window, one in zip(WINDOWS, summaries, strict=True):
                words = WORLDS[name].words if window is WINDOWS[0] else ""
                lines.append(_line(words, str(window.length), one, judged=holds))
    return "\n".join(lines)


def _together(found: dict[str, list[Summary]]) -> str:
    """Coverage over all kinds in which the assumptions hold."""
    parts = []
    for index, window in enumerate(WINDOWS):
        rows = [summaries[index] for name, summaries in found.items() if WORLDS[name].holds]
        covered, answered = sum(row.covered for row in rows), sum(row.answered for row in rows)
        if answered:
            low, high = clopper_pearson(covered, answered)
            share = f"{covered / answered:.1%} of {answered:,}"
            parts.append(
                f"{share} intervals over {window.length} days held the truth (99 % bounds {low:.1%} to {high:.1%})"
            )
    return f"Over all of them, {' and '.join(parts)}." if parts else ""


def page(found: dict[str, list[Summary]], *, command: str, seed: int) -> str:
    """The table as Markdown."""
    total = sum(summaries[0].worlds for summaries in found.values())
    text = HEAD.format(
        command=command,
        total=total,
        kinds=len(found),
        seed=seed,
        level=LEVEL,
        together=_together(found),
        holds=_table(found, holds=True),
        breaks=_table(found, holds=False),
    )
    return text.rstrip() + "\n"


def jobs(names: list[str], worlds: int, seed: int) -> list[tuple[str, int, int, int]]:
    """Chunks of all kinds in turn; kinds that break get half as many worlds."""
    made = []
    for name in names:
        count = worlds if WORLDS[name].holds else worlds // 2
        made += [(name, first, min(first + CHUNK, count), seed) for first in range(0, count, CHUNK)]
    return sorted(made, key=lambda job: job[1])


def main(arguments: list[str]) -> int:
    """Run the worlds in worker processes and write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.calibrate.causal", description=__doc__)
    parser.add_argument("--worlds", type=int, default=WORLDS_EACH, help="of each kind that holds; half of the others")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", choices=sorted(WORLDS), action="append", help="print these kinds, write nothing")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    names = chosen.only or list(WORLDS)
    outcomes: dict[str, list[tuple[Outcome, ...]]] = {name: [] for name in names}
    started = time.perf_counter()
    # The arrays are small: threads of the linear algebra library would only wait for each other.
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    work = jobs(names, chosen.worlds, chosen.seed)
    with multiprocessing.get_context("spawn").Pool(chosen.processes) as pool:
        for done, (name, found) in enumerate(pool.imap_unordered(measured, work), start=1):
            outcomes[name] += found
            if done % 20 == 0 or done == len(work):
                print(f"{done} of {len(work)} chunks, {time.perf_counter() - started:.0f} s", flush=True)
    summaries = {
        name: [summary([row[index] for row in rows]) for index in range(len(WINDOWS))]
        for name, rows in outcomes.items()
    }
    command = "python -m bench.calibrate.causal" + (f" --worlds {chosen.worlds}" * (chosen.worlds != WORLDS_EACH))
    text = page(summaries, command=command, seed=chosen.seed)
    if chosen.only:
        print(text)
    else:
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(text, encoding="utf-8")
        print(f"wrote {TARGET.relative_to(TARGET.parents[2])}")
    failed = [n for n, found in summaries.items() if WORLDS[n].holds and any(_verdict(f) == "fails" for f in found)]
    for name in failed:
        print(f"fails: coverage falls short in the world {name!r}, where the assumptions hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
