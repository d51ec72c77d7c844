"""Whole companies, their launch measured by the product as it stands, compared with the truth.

``python -m bench.tempo_worlds [--seeds N]`` lives through companies with every trouble of ``docs/tempo.md`` that
concerns a launch to everybody. What people did by day, as their log says it, is brought into a workspace as daily
series, the launch is declared, and its verdict recorded, all through public doors; the truth is the same company lived
through without the launch. The simulator shares no code with what measures. It writes ``docs/calibration/worlds.md``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import yaml

from bench.calibrate.row import clopper_pearson
from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationFile, DeclarationsApply
from upshot.api.operation import LOCAL_OWNER
from upshot.api.series import SERIES_IMPORT, SeriesImport, SeriesValue
from upshot.api.studies import STUDIES_RECORD, StudiesRecord
from upshot.core.settings import WorkspaceSettings, load_settings
from upshot.demo.tempo.events import EVENTS, log_of
from upshot.demo.tempo.launches import RELEASES
from upshot.demo.tempo.life import History, simulate
from upshot.demo.tempo.truth import tell
from upshot.demo.tempo.world import Effects, Trouble, World
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET = Path(__file__).resolve().parents[1] / "docs" / "calibration" / "worlds.md"
LAST_DAY = date(2026, 6, 30)
METRICS = {"saved_songs_users": "daily saved-songs users", "new_subscriptions": "new subscriptions"}
LOGGED = {
    "saved_songs_users": ("song saved", "saved songs played"),
    "new_subscriptions": ("subscription started",),
    "listeners": ("app opened",),
    "podcast_listeners": ("podcast played",),
}
NOTED = {
    Trouble.CAMPAIGN_AT_LAUNCH: "campaign",
    Trouble.PRICE_CHANGE_AT_LAUNCH: "price",
    Trouble.LOGGING_CHANGE_AT_LAUNCH: "logging",
}
ELSEWHERE = (
    Trouble.NONE,
    Trouble.FAMILY_SPILLOVER,
    Trouble.EVENTS_LOST_BY_VARIANT,
    Trouble.SATISFIED_ANSWER,
    Trouble.CLUSTERED_LAUNCHES,
)
"""No trouble; of launches by lot; of surveys; or only named by the simulator."""


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
        for trouble in Trouble:
            if trouble in ELSEWHERE:
                continue
            world = msgspec.structs.replace(plain, trouble=trouble)
            if trouble in NOTED:
                found.append(Case(f"{trouble}, noted", world, noted=True))
                found.append(Case(f"{trouble}, not noted", world, noted=False))
            else:
                found.append(Case(str(trouble), world, noted=True))
    return found


def live(case: Case) -> list[Found]:
    """Bring the company's days into a workspace through public doors, record what is due, and compare."""
    world = case.world
    history = simulate(world)
    now = datetime(world.last_day.year, world.last_day.month, world.last_day.day, 22, tzinfo=UTC)
    with tempfile.TemporaryDirectory(prefix="upshot-world-") as place:
        folder = Path(place) / "workspace"
        initialise(folder, WorkspaceSettings("World", "Europe/Berlin", "EUR"), load_settings(None, {}))
        with LocalWorkspace.open(folder, load_settings(folder, {}), clock=lambda: now) as workspace:
            caller = workspace.acting_as(LOCAL_OWNER)
            for name, values in daily_counts(history).items():
                days = tuple(SeriesValue(world.day(at), float(value)) for at, value in enumerate(values))
                caller.call(SERIES_IMPORT, SeriesImport(name=name, values=days, format="count"))
            text = yaml.safe_dump(declared(world, noted=case.noted), sort_keys=False)
            applied = caller.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("world.yaml", text),)))
            if applied.refused:
                raise RuntimeError(f"{case.name}: {applied.problems}")
            recorded = caller.call(STUDIES_RECORD, StudiesRecord(launch="saved-songs", seconds=600.0))
    if len(recorded.recorded) != 1:
        raise RuntimeError(f"{case.name}: {len(recorded.recorded)} verdicts, {recorded.failed}")
    verdict = recorded.recorded[0].verdict
    truths = {
        truth.metric: truth.relative
        for truth in tell(world, history, experiments=False).truths
        if (truth.first_day, truth.last_day) == (61, 90)
    }
    found = []
    for metric, name in METRICS.items():
        effect = next((e for e in verdict.effects if e.metric == metric and verdict.grade < "D"), None)
        relative = effect.relative if effect else None
        interval = None if relative is None else (relative.value, relative.low, relative.high)
        found.append(Found(case.name, metric, str(verdict.word), str(verdict.grade), truths.get(name), interval))
    return found


def daily_counts(history: History) -> dict[str, list[int]]:
    """People (of subscriptions: events) a day, as the clients' log says it."""
    wanted = {name: [EVENTS.index(event) for event in events] for name, events in LOGGED.items()}
    counts: dict[str, list[int]] = {name: [] for name in LOGGED}
    for rows in log_of(history):
        for name, codes in wanted.items():
            of_metric = rows.person[np.isin(rows.event, codes)]
            counts[name].append(len(of_metric) if name == "new_subscriptions" else len(np.unique(of_metric)))
    return counts


def declared(world: World, *, noted: bool) -> dict[str, object]:
    """Every release as an output and a launch, and the study of saved songs: days 61 to 90, with two controls."""
    shipped = [r for r in RELEASES if 0 <= world.launch + r.days_after_launch < world.days]
    at = {r.key: world.day(world.launch + r.days_after_launch) for r in shipped}
    noon = {key: datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for key, day in at.items()}
    launch = world.day(world.launch)
    notes = [
        {"name": "at-the-launch", "kind": kind, "first_day": launch}
        for trouble, kind in NOTED.items()
        if noted and world.trouble is trouble
    ]
    return {
        "outputs": [{"name": r.key, "title": r.title, "kind": "enabling"} for r in shipped],
        "launches": [{"name": r.key, "at": noon[r.key], "outputs": [r.key]} for r in shipped],
        "annotations": notes,
        "studies": [
            {
                "name": "saved-songs",
                "launch": "saved-songs",
                "primary": "saved_songs_users",
                "secondary": ["new_subscriptions"],
                "controls": ["listeners", "podcast_listeners"],
                "first_day": 61,
                "readings": [launch + timedelta(days=90)],
                "smallest_effect": 0.03,
            }
        ],
    }


def page(found: Sequence[Found], command: str) -> str:
    """The table as Markdown."""
    lines = [
        "# Calibration: whole companies",
        "",
        f"Made by `{command}`. Each company is simulated, what its log says by day is brought into a workspace, its",
        "launches are declared, the one of saved songs is measured by the product as it stands, and the verdict is",
        "compared with the truth: the same company lived through without the launch, days 61 to 90.",
        "",
        "*holds* is the share of the intervals that hold the",
        "truth, with exact 95 % bounds (Clopper–Pearson); *width* is the median width; *claims* counts",
        "intervals without zero, *wrong* those of them whose sign is not the truth's (or where there is no effect).",
        "Half of the companies of each kind have a launch that does nothing. *Not noted* means that nobody wrote down",
        "what else happened that day: no method can know, and the table says how often that goes wrong.",
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
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--days", type=int, default=1_000)
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
