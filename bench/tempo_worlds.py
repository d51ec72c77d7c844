"""Whole companies through the whole product: import, declarations, study, verdict; compared with the truth.

``python -m bench.tempo_worlds [--seeds N]`` lives through companies with every trouble that ``docs/tempo.md`` names,
each as large as ``--scale`` says, and writes ``docs/calibration/worlds.md``. The simulator shares no code with what
measures.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from bench.calibrate.row import clopper_pearson
from upshot.core.settings import WorkspaceSettings, load_settings
from upshot.demo.tempo.opening import Opening
from upshot.demo.tempo.story import Clock, tell_story
from upshot.demo.tempo.truth import tell
from upshot.demo.tempo.world import Effects, Trouble, World
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace
from upshot.workspace.messages.studies import STUDIES_RECORD, StudiesRecord
from upshot.workspace.operation import LOCAL_OWNER

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET = Path(__file__).resolve().parents[1] / "docs" / "calibration" / "worlds.md"
LAST_DAY = date(2026, 6, 30)
METRICS = {"saved_songs_users": "daily saved-songs users", "new_subscriptions": "new subscriptions"}
NOTED = (Trouble.CAMPAIGN_AT_LAUNCH, Trouble.PRICE_CHANGE_AT_LAUNCH, Trouble.LOGGING_CHANGE_AT_LAUNCH)
BY_LOT = (Trouble.FAMILY_SPILLOVER, Trouble.EVENTS_LOST_BY_VARIANT)
NOT_OF_THE_LAUNCH = (Trouble.SATISFIED_ANSWER, Trouble.CLUSTERED_LAUNCHES)
"""Troubles of surveys, or that the simulator only names."""


@dataclass(frozen=True, slots=True)
class Case:
    """One company: ``name`` is the row of the table that it counts for."""

    name: str
    world: World
    noted: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What was said of one metric of one company; ``interval`` is None where the number was refused."""

    case: str
    metric: str
    word: str
    grade: str
    truth: float | None
    interval: tuple[float, float, float] | None


def cases(seeds: int, scale: float, days: int) -> list[Case]:
    """Companies without trouble, half of them with no effect at all; and each trouble, noted and not noted."""
    found = []
    for seed in range(seeds):
        draw = np.random.default_rng(7_000 + seed)
        real = (
            Effects(0.0, 0.0) if seed % 2 else Effects(float(draw.uniform(0.05, 0.3)), float(draw.uniform(0.05, 0.3)))
        )
        shocks = float(draw.choice([0.0, 0.4, 0.9]))
        plain = World(
            last_day=LAST_DAY, seed=500 + seed, scale=scale, days=days, effects=real, shock_autocorrelation=shocks
        )
        found.append(Case("nothing else happens", plain, noted=True))
        lot = msgspec.structs.replace(plain, rollout="half")
        found.append(Case("drawn by lot, healthy", lot, noted=True))
        for trouble in Trouble:
            if trouble is Trouble.NONE or trouble in NOT_OF_THE_LAUNCH:
                continue
            world = msgspec.structs.replace(lot if trouble in BY_LOT else plain, trouble=trouble)
            if trouble in NOTED:
                found.append(Case(f"{trouble}, noted", world, noted=True))
                found.append(Case(f"{trouble}, not noted", world, noted=False))
            else:
                found.append(Case(str(trouble), world, noted=True))
    return found


def live(case: Case) -> list[Found]:
    """Bring the company into a workspace through public doors, record what is due, and compare."""
    world = case.world
    with tempfile.TemporaryDirectory(prefix="upshot-world-") as place:
        folder = Path(place) / "workspace"
        initialise(folder, WorkspaceSettings("World", "Europe/Berlin", "EUR"), load_settings(None, {}))
        settings = load_settings(folder, {})
        clock = Clock(datetime.now(UTC))
        with LocalWorkspace.open(folder, settings, clock=clock) as past:
            tell_story(past.acting_as(LOCAL_OWNER), world, clock, noted=case.noted)
        clock.now = datetime(world.last_day.year, world.last_day.month, world.last_day.day, 22, tzinfo=UTC)
        with LocalWorkspace.open(folder, settings, clock=clock) as workspace:
            caller = workspace.acting_as(LOCAL_OWNER)
            opening = Opening(caller, folder / "company", world, lambda _: None)
            opening.recent()
            opening.older()
            recorded = caller.call(STUDIES_RECORD, StudiesRecord(launch="saved-songs", seconds=600.0))
    if len(recorded.recorded) != 1:
        raise RuntimeError(f"{case.name}: {len(recorded.recorded)} verdicts, {recorded.failed}")
    verdict = recorded.recorded[0].verdict
    truths = {
        truth.metric: truth.relative
        for truth in tell(world, experiments=False).truths
        if (truth.first_day, truth.last_day) == (61, 90) and world.rollout == "everyone"
    }
    found = []
    for metric, name in METRICS.items():
        effect = next((e for e in verdict.effects if e.metric == metric and verdict.grade < "D"), None)
        relative = effect.relative if effect else None
        interval = None if relative is None else (relative.value, relative.low, relative.high)
        found.append(Found(case.name, metric, str(verdict.word), str(verdict.grade), truths.get(name), interval))
    return found


def page(found: Sequence[Found], command: str) -> str:
    """The table as Markdown."""
    lines = [
        "# Calibration: whole companies",
        "",
        f"Made by `{command}`. Each company is simulated, imported, its story declared, its launch measured by the",
        "product as it stands, and the verdict compared with the truth that the simulator counted by living through",
        "the same company without the launch (days 61 to 90). *holds* is the share of the intervals that hold the",
        "truth, with exact 95 % bounds (Clopper–Pearson); *width* is the median width; *claims* counts",
        "intervals without zero, *wrong* those of them whose sign is not the truth's (or where there is no effect).",
        "Of launches drawn by lot the simulator knows no truth for a person's first two weeks: only words are shown.",
        "",
        "| company | metric | companies | refused | holds | width | claims | wrong | words |",
        "|---|---|--:|--:|---|--:|--:|--:|---|",
    ]
    rows = list(dict.fromkeys((f.case, f.metric) for f in found))
    lines += [_line([f for f in found if (f.case, f.metric) == row]) for row in rows]
    return "\n".join(lines) + "\n"


def _line(of_row: Sequence[Found]) -> str:
    measured = [(f.truth, f.interval) for f in of_row if f.interval is not None and f.truth is not None]
    held = sum(interval[1] <= truth <= interval[2] for truth, interval in measured)
    claims = [(truth, i) for truth, i in measured if i[1] > 0 or i[2] < 0]
    wrong = sum(truth * interval[0] <= 0 for truth, interval in claims)
    low, high = clopper_pearson(held, len(measured), 0.95) if measured else (0.0, 1.0)
    holds = f"{held} of {len(measured)} ({low:.0%} to {high:.0%})" if measured else "–"
    width = f"{100 * float(np.median([i[2] - i[1] for _, i in measured])):.0f} %" if measured else "–"
    words: dict[str, int] = {}
    for f in of_row:
        words[f"{f.word} ({f.grade})"] = words.get(f"{f.word} ({f.grade})", 0) + 1
    said = ", ".join(f"{count} {word}" for word, count in sorted(words.items(), key=lambda item: -item[1]))
    refused = sum(f.interval is None for f in of_row)
    first = of_row[0]
    told = f"{len(claims)} | {wrong}" if measured else "– | –"
    return f"| {first.case} | {first.metric} | {len(of_row)} | {refused} | {holds} | {width} | {told} | {said} |"


def main(arguments: Sequence[str]) -> int:
    """Live through all of them and write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.tempo_worlds", description=__doc__)
    parser.add_argument("--seeds", type=int, default=4, help="companies of each kind")
    parser.add_argument("--scale", type=float, default=0.25)
    parser.add_argument("--days", type=int, default=560)
    parser.add_argument("--processes", type=int, default=1)
    chosen = parser.parse_args(arguments)
    todo = cases(chosen.seeds, chosen.scale, chosen.days)
    found: list[Found] = []
    with multiprocessing.get_context("spawn").Pool(chosen.processes, maxtasksperchild=4) as pool:
        for number, of_case in enumerate(pool.imap_unordered(live, todo), start=1):
            found += of_case
            print(f"{number} of {len(todo)}: {of_case[0].case}: {of_case[0].word} ({of_case[0].grade})", flush=True)
    order = list(dict.fromkeys(case.name for case in todo))
    found.sort(key=lambda f: (order.index(f.case), list(METRICS).index(f.metric)))
    command = f"python -m bench.tempo_worlds --seeds {chosen.seeds} --scale {chosen.scale:g} --days {chosen.days}"
    TARGET.write_text(page(found, command), encoding="utf-8")
    print(f"wrote {TARGET.name}: {len(todo)} companies")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
