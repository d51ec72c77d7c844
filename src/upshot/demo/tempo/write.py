"""Tempo's log as Parquet files, one a month, in the order in which events arrive: late ones stand in later files.

The mess of a real log is added here, where it belongs: phones that were offline, a client version that sends twice,
bots, and people who look around before they sign up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from upshot.core.time import DayRange, zone
from upshot.demo.tempo.calendar import COUNTRIES
from upshot.demo.tempo.comments import COMMENTS, comment_codes
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
_MANY_VALUES = frozenset({"id", "at", "listener", "account", "minutes", "amount"})
"""Columns for which a dictionary would be made in vain."""


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


def _instants(history: History, day: NDArray[np.int64], seconds: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """UTC instants of local seconds; a day of 23 or 25 hours is lived faster or slower, so none leaves its day."""
    first, last = (int(day.min()), int(day.max())) if len(day) else (0, 0)
    turns = [DayRange.of(each, each).instants(zone(ZONE)) for each in map(history.world.day, range(first, last + 1))]
    starts = np.array([start for start, _ in turns], dtype="datetime64[us]")
    lengths = np.array([(end - start).total_seconds() / 86_400 for start, end in turns])
    passed = (seconds * (lengths[day - first] * 1e6)).astype("timedelta64[us]")
    return np.asarray(starts[day - first] + passed, dtype="datetime64[us]")


def _joined(*parts: "pa.Array | pa.Scalar") -> "pa.Array":
    """Texts joined with a hyphen, row by row."""
    import pyarrow.compute as pc

    return pc.call_function("binary_join_element_wise", [*parts, "-"])


def _texts(numbers: NDArray[np.integer]) -> "pa.Array":
    import pyarrow as pa

    return pa.array(numbers).cast(pa.string())


def table_of(history: History, *days: Rows) -> "pa.Table":
    """The rows of one day or of several, which ascend, as one table in the order of time.

    Columns: id, at (UTC), listener, event, account, country, platform, plan, version, minutes,
    songs, amount, score, survey, comment, experiment, variant, agent; what does not apply is null.
    """
    import pyarrow as pa

    people, rows = history.people, _together(days)
    day = np.repeat([each.day for each in days], [len(each) for each in days])
    at = _instants(history, day, rows.second)
    order = np.argsort(at, kind="stable")
    person, event = rows.person[order], rows.event[order]
    number, label = rows.number[order], rows.label[order]
    text = _texts(person + 100_000)

    def only(*events: str) -> "pa.Array":
        wanted = np.isin(event, [EVENTS.index(name) for name in events]) & ~np.isnan(number)
        return pa.array(number, mask=~wanted)

    def words(codes: np.ndarray, names: tuple[str, ...] | list[str]) -> "pa.Array":
        indices = pa.array(codes.astype(np.int32), mask=codes < 0)
        return pa.DictionaryArray.from_arrays(indices, pa.array(list(names))).cast(pa.string())

    answered = event == EVENTS.index("survey answered")
    launch = history.world.day(history.world.launch)
    return pa.table(
        {
            "id": _joined(_texts(day[order]), _texts(event), text),
            "at": pa.array(at[order]),
            "listener": _joined(pa.scalar("listener"), text),
            "event": words(event, EVENTS),
            "account": _joined(pa.scalar("account"), _texts(people.account[person] + 100_000)),
            "country": words(people.country[person], COUNTRIES),
            "platform": words(people.ios[person].astype(np.int8), ("android", "ios")),
            "plan": words(rows.plan[order], PLANS),
            "version": words(rows.version[order], [r.version for r in RELEASES]),
            "minutes": only("songs played", "podcast played"),
            "songs": pa.array(rows.songs[order], mask=rows.songs[order] < 0),
            "amount": only("payment", "refund"),
            "score": only("survey answered"),
            "survey": words(np.where(answered, 0, -1), ("nps",)),
            "comment": words(comment_codes(person, at[order], np.where(answered, number, np.nan), launch), COMMENTS),
            "experiment": words(np.where(label < 0, -1, label // 2), _EXPERIMENT_NAMES),
            "variant": words(np.where(label < 0, -1, label % 2), ("control", "treatment")),
            "agent": pa.nulls(len(rows), pa.string()),
        }
    )


def _together(days: Sequence[Rows]) -> Rows:
    """The rows of all days; ``day`` is the first one's."""
    if len(days) == 1:
        return days[0]
    parts = {f.name: np.concatenate([getattr(day, f.name) for day in days]) for f in fields(Rows) if f.name != "day"}
    return Rows(day=days[0].day, **parts)


def _bots(history: History, days: Sequence[int]) -> tuple["pa.Table", NDArray[np.int64]]:
    """Pages that bots viewed, and on which of ``days`` each."""
    import pyarrow as pa

    draws = [Draws(history.world.seed).generator(Purpose.MESS, 10_000 + day) for day in days]
    counts = [int(draw.poisson(_BOTS * _BOT_VIEWS * history.world.scale)) for draw in draws]
    seconds = np.concatenate([np.sort(draw.random(n)) * 86_400.0 for draw, n in zip(draws, counts, strict=True)])
    bots = np.concatenate([draw.integers(0, _BOTS, size=n) for draw, n in zip(draws, counts, strict=True)])
    day = np.repeat(np.asarray(days, dtype=np.int64), counts)
    numbers = np.concatenate([np.arange(n) for n in counts])
    count = len(day)
    table = pa.table(
        {
            "id": _joined(_texts(day), pa.scalar("bot"), _texts(numbers)),
            "at": pa.array(_instants(history, day, seconds)),
            "listener": _joined(pa.scalar("crawler"), _texts(bots)),
            "event": pa.repeat(pa.scalar("page viewed"), count),
            "agent": pa.repeat(pa.scalar("Mozilla/5.0 (compatible; examplebot/2.1)"), count),
        }
    )
    return table, day


def _arrivals(history: History, which: Sequence[range]) -> Iterator["pa.Table"]:
    """Month by month what arrives in it, in the order of days: the rows of a day, late ones of days before, bots.

    What would arrive after the last month arrives on its last day.
    """
    import pyarrow as pa

    world = history.world
    log = log_of(history, range(which[0][0], which[-1][-1] + 1))
    twice = range(world.launch + _TWICE_FROM, world.launch + _TWICE_UNTIL)
    waiting: list[tuple[pa.Table, NDArray[np.int64]]] = []
    for month in which:
        days = [next(log) for _ in month]
        arrive, again = zip(*(_delays(history, rows, again=rows.day in twice) for rows in days), strict=True)
        table = table_of(history, *days)
        arrival = np.minimum(np.concatenate(arrive), which[-1][-1])
        second = np.concatenate(again)
        sent_again = table.filter(pa.array(second)), arrival[second]
        parts = [(table, arrival), *waiting, sent_again, _bots(history, month)]
        whole = pa.concat_tables([part for part, _ in parts], promote_options="default")
        arrival = np.concatenate([when for _, when in parts])
        order = np.argsort(arrival, kind="stable")
        here = int(np.searchsorted(arrival[order], month[-1], side="right"))
        waiting = [(whole.take(pa.array(order[here:])), arrival[order[here:]])]
        yield whole.take(pa.array(order[:here]))


def _delays(history: History, rows: Rows, *, again: bool) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """For each row of a day, in the order of time: on which day it arrives, and whether it is sent twice."""
    draw = Draws(history.world.seed).generator(Purpose.MESS, rows.day)
    late = draw.random(len(rows)) < _LATE_SHARE
    delay = draw.integers(1, _LATE_DAYS + 1, size=len(rows))
    twice = (draw.random(len(rows)) < 0.5) & ~late if again else np.zeros(len(rows), dtype=bool)
    return rows.day + np.where(late, delay, 0), twice


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
        which: Months that follow each other, as from ``months``; may be none.
        until: UTC without zone; what happens later is not written.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    if not which:
        return
    for month, whole in zip(which, _arrivals(history, which), strict=True):
        first, last = history.world.day(month[0]), history.world.day(month[-1])
        path = folder / f"tempo-{first:%Y-%m}.parquet"
        if until is not None:
            whole = whole.filter(pc.call_function("less_equal", [whole["at"], pa.scalar(until, pa.timestamp("us"))]))
        pq.write_table(
            whole,
            path,
            compression="zstd",
            row_group_size=131_072,
            use_dictionary=[name for name in whole.column_names if name not in _MANY_VALUES],
            write_statistics=False,
        )
        yield MonthFile(path, first, last, whole.num_rows)
