"""Tempo's log as Parquet files, one a month, in the order in which events arrive: late ones stand in later files.

The mess of a real log is added here, where it belongs: phones that were offline, a client version that sends twice,
bots, and people who look around before they sign up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from upshot.core.time import DayRange, zone
from upshot.demo.tempo.calendar import COUNTRIES
from upshot.demo.tempo.draws import Draws, Purpose
from upshot.demo.tempo.events import EVENTS, Rows, log_of
from upshot.demo.tempo.launches import EXPERIMENTS, RELEASES
from upshot.demo.tempo.life import PLANS, History

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ZONE", "MonthFile", "months", "table_of", "write_months"]

ZONE = "Europe/Berlin"
_LATE_SHARE = 0.015
_LATE_DAYS = 4
_TWICE_FROM, _TWICE_UNTIL = -120, -100
_BOTS = 9
_EXPERIMENT_NAMES = (*(experiment.key for experiment in EXPERIMENTS), "saved-songs")
_BOT_VIEWS = 40


@dataclass(frozen=True, slots=True)
class MonthFile:
    """A file of one month of arrivals.

    Attributes:
        path: Where it is.
        first: The first local day of arrivals in it.
        last: The last one.
        rows: How many rows it holds, second sendings included.
    """

    path: Path
    first: date
    last: date
    rows: int


def _instants(day: date, seconds: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """UTC instants of local seconds; a day of 23 or 25 hours is lived faster or slower, so none leaves its day."""
    start, end = DayRange.of(day, day).instants(zone(ZONE))
    length = (end - start).total_seconds() / 86_400
    return np.datetime64(start, "us") + (seconds * (length * 1e6)).astype("timedelta64[us]")


def _joined(*parts: "pa.Array | pa.Scalar") -> "pa.Array":
    """Texts joined with a hyphen, row by row."""
    import pyarrow.compute as pc

    return pc.call_function("binary_join_element_wise", [*parts, "-"])


def table_of(history: History, rows: Rows) -> "pa.Table":
    """One day's rows as a table.

    Columns: id, at (UTC), listener, event, account, country, platform, plan, version, minutes,
    songs, amount, score, experiment, variant, agent; what does not apply is null.
    """
    import pyarrow as pa

    people, day = history.people, history.world.day(rows.day)
    at = _instants(day, rows.second)
    order = np.argsort(at, kind="stable")
    person, event = rows.person[order], rows.event[order]
    text = pa.array(person + 100_000).cast(pa.string())
    kind = pa.array(event).cast(pa.string())
    ident = _joined(pa.scalar(f"{rows.day}"), kind, text)
    number, label = rows.number[order], rows.label[order]

    def only(*events: str) -> "pa.Array":
        wanted = np.isin(event, [EVENTS.index(name) for name in events]) & ~np.isnan(number)
        return pa.array(number, mask=~wanted)

    def words(codes: np.ndarray, names: tuple[str, ...] | list[str]) -> "pa.Array":
        indices = pa.array(codes.astype(np.int32), mask=codes < 0)
        return pa.DictionaryArray.from_arrays(indices, pa.array(list(names))).cast(pa.string())

    account = people.account[person]
    return pa.table(
        {
            "id": ident,
            "at": pa.array(at[order]),
            "listener": _joined(pa.scalar("listener"), text),
            "event": words(event, EVENTS),
            "account": _joined(pa.scalar("account"), pa.array(account + 100_000).cast(pa.string())),
            "country": words(people.country[person], COUNTRIES),
            "platform": words(people.ios[person].astype(np.int8), ("android", "ios")),
            "plan": words(rows.plan[order], PLANS),
            "version": words(rows.version[order], [r.version for r in RELEASES]),
            "minutes": only("songs played", "podcast played"),
            "songs": pa.array(rows.songs[order], mask=rows.songs[order] < 0),
            "amount": only("payment", "refund"),
            "score": only("survey answered"),
            "experiment": words(np.where(label < 0, -1, label // 2), _EXPERIMENT_NAMES),
            "variant": words(np.where(label < 0, -1, label % 2), ("control", "treatment")),
            "agent": pa.nulls(len(rows), pa.string()),
        }
    )


def _bots(history: History, day: int) -> "pa.Table":
    import pyarrow as pa

    draw = Draws(history.world.seed).generator(Purpose.MESS, 10_000 + day)
    count = int(draw.poisson(_BOTS * _BOT_VIEWS * history.world.scale))
    seconds = np.sort(draw.random(count)) * 86_400.0
    return pa.table(
        {
            "id": pa.array([f"{day}-bot-{i}" for i in range(count)], pa.string()),
            "at": pa.array(_instants(history.world.day(day), seconds)),
            "listener": pa.array([f"crawler-{i}" for i in draw.integers(0, _BOTS, size=count)], pa.string()),
            "event": pa.array(["page viewed"] * count, pa.string()),
            "agent": pa.array(["Mozilla/5.0 (compatible; examplebot/2.1)"] * count, pa.string()),
        }
    )


def _arrivals(history: History, days: range) -> Iterator[tuple[int, "pa.Table"]]:
    """Day by day what arrives on it: the day's rows, those sent twice, and the late rows of the days before.

    What would arrive after the last of ``days`` arrives on that day.
    """
    import pyarrow as pa

    world = history.world
    waiting: dict[int, list[pa.Table]] = {}
    twice = range(world.launch + _TWICE_FROM, world.launch + _TWICE_UNTIL)
    for rows in log_of(history, days):
        table = table_of(history, rows)
        draw = Draws(world.seed).generator(Purpose.MESS, rows.day)
        late = draw.random(len(rows)) < _LATE_SHARE
        delay = draw.integers(1, _LATE_DAYS + 1, size=len(rows))
        parts = [table.filter(pa.array(~late))]
        for wait in range(1, _LATE_DAYS + 1):
            waiting.setdefault(min(rows.day + wait, days[-1]), []).append(
                table.filter(pa.array(late & (delay == wait)))
            )
        parts += waiting.pop(rows.day, [])
        if rows.day in twice:
            parts.append(table.filter(pa.array((draw.random(len(rows)) < 0.5) & ~late)))
        parts.append(_bots(history, rows.day))
        yield rows.day, pa.concat_tables(parts, promote_options="default")


def months(history: History) -> list[range]:
    """The months of the history, oldest first, each as the indices of its days."""
    world = history.world
    numbers: dict[tuple[int, int], list[int]] = {}
    for number in range(world.days):
        day = world.day(number)
        numbers.setdefault((day.year, day.month), []).append(number)
    return [range(of_month[0], of_month[-1] + 1) for of_month in numbers.values()]


def write_months(
    history: History, folder: Path, which: Sequence[range], *, until: datetime | None = None
) -> Iterator[MonthFile]:
    """Write one file a month and tell of each when it is complete.

    Args:
        history: What to log.
        folder: Where the files go; made if need be.
        which: Months that follow each other, as from ``months``.
        until: UTC without zone; what happens later is not written.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    ends = {month[-1]: month for month in which}
    tables: list[pa.Table] = []
    for number, table in _arrivals(history, range(which[0][0], which[-1][-1] + 1)):
        tables.append(table)
        if number not in ends:
            continue
        first, last = history.world.day(ends[number][0]), history.world.day(number)
        path = folder / f"tempo-{first:%Y-%m}.parquet"
        whole = pa.concat_tables(tables, promote_options="default")
        if until is not None:
            whole = whole.filter(pc.call_function("less_equal", [whole["at"], pa.scalar(until, pa.timestamp("us"))]))
        pq.write_table(whole, path, compression="zstd", row_group_size=131_072)
        yield MonthFile(path, first, last, whole.num_rows)
        tables = []
