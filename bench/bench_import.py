"""``python -m bench.bench_import``: an import beside DuckDB's own ``COPY``, on the same rows, in the same run.

Both sides end with the same rows in a durable table of the same shape as ``events``. ``COPY`` gets them from a Parquet
file that holds that table already: nothing to guess, to hash, to compare or to convert. The import gets the file as it
lies, gives every row its id, compares it with all that is stored, and accounts for it. ``as it lies`` is the same
``COPY`` into a table of the file's own columns, for the part that reading alone takes.

The goal is a ratio under 2 to ``same shape``. Processor seconds are given beside the seconds of the clock, as the
clock's depend on what else the machine does.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import duckdb

from bench.command import run
from upshot.collect.imports.mapping import Mapping
from upshot.collect.imports.plan import make_plan
from upshot.collect.imports.run import start_import
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.duckdb.bulk import DuckDBBulkLoader

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(os.environ.get("UPSHOT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
REPEATS = 1
GOAL = 2.0


@dataclass(frozen=True, slots=True)
class Input:
    """Rows to import."""

    name: str
    path: Path
    mapping: Mapping


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock and of the processors."""

    wall: float
    processor: float


INPUTS = (
    Input(
        "online_retail_uci",
        DATA / "online_retail_uci" / "online_retail.parquet",
        Mapping(timestamp="InvoiceDate", distinct_id="CustomerID", event="purchase"),
    ),
    Input(
        "git_activity",
        DATA / "git_activity" / "file_changes.parquet",
        Mapping(timestamp="at", distinct_id="author", event="change"),
    ),
)


def _spent(work: Callable[[], object]) -> Spent:
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    work()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    return Spent(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _import(path: Path, mapping: Mapping, folder: Path) -> tuple[Spent, int, Path]:
    file = folder / f"import-{path.name}-{time.monotonic_ns()}.duckdb"
    rows = 0
    with DuckDBStore(file, ZoneInfo("UTC")) as store:

        def work() -> None:
            nonlocal rows
            now = datetime.now(UTC).replace(tzinfo=None)
            loader = DuckDBBulkLoader(store, now)
            plan = make_plan([str(path)], mapping, loader, "UTC")
            run = start_import(plan, loader, import_id="bench", started_at=now, rejects_folder=folder)
            status = run.run()
            assert status.state == "done", status.message
            assert status.rows == status.stored == store.info().events
            loader.close()
            rows = status.rows

        spent = _spent(work)
    return spent, rows, file


def _copy(source: Path, shape: str, options: str, folder: Path) -> Spent:
    file = folder / f"copy-{time.monotonic_ns()}.duckdb"
    with duckdb.connect(str(file), config={"checkpoint_threshold": "1GB"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE target AS {shape} LIMIT 0")
        spent = _spent(lambda: connection.execute(f"COPY target FROM '{source}' ({options})").fetchall())
    file.unlink()
    return spent


def _best(runs: list[Spent]) -> Spent:
    return Spent(min(run.wall for run in runs), min(run.processor for run in runs))


def _variants(given: Input, folder: Path) -> list[tuple[str, Path, str]]:
    csv, jsonl = folder / f"{given.name}.csv", folder / f"{given.name}.jsonl"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM '{given.path}') TO '{csv}'")
        connection.execute(f"COPY (FROM '{given.path}') TO '{jsonl}' (FORMAT json)")
    quoting = "FORMAT csv, HEADER, DELIM ',', QUOTE '\"', ESCAPE '\"'"
    return [("parquet", given.path, "FORMAT parquet"), ("csv", csv, quoting), ("jsonl", jsonl, "FORMAT json")]


def _report(given: Input, folder: Path) -> None:
    """Print the lines of one input."""
    variants = _variants(given, folder)
    _, rows, reference = _import(given.path, given.mapping, folder)
    same_shape = folder / f"{given.name}-events.parquet"
    with duckdb.connect(str(reference)) as connection:
        connection.execute(f"COPY events TO '{same_shape}' (FORMAT parquet)")
    for name, path, options in variants:
        imports: list[Spent] = []
        copies: list[Spent] = []
        plain: list[Spent] = []
        for _ in range(REPEATS):
            spent, _, file = _import(path, given.mapping, folder)
            imports.append(spent)
            file.unlink()
            copies.append(_copy(same_shape, f"FROM read_parquet('{same_shape}')", "FORMAT parquet", folder))
            plain.append(_copy(path, f"FROM read_parquet('{given.path}')", options, folder))
        ours, same, lies = _best(imports), _best(copies), _best(plain)
        ratio = ours.processor / same.processor
        print(
            f"{given.name:<18} {name:<8} {rows:>9} | {ours.wall:6.2f} {ours.processor:6.2f} | "
            f"{same.wall:6.2f} {same.processor:6.2f} {ours.wall / same.wall:5.2f} {ratio:5.2f} "
            f"{'goal met' if ratio < GOAL else 'missed':<8} | "
            f"{lies.wall:6.2f} {lies.processor:6.2f} {ours.processor / lies.processor:5.1f} | {rows / ours.wall:8.0f}",
            flush=True,
        )


def main(names: list[str]) -> int:
    """Print one line for each input and format; ``names`` choose among the inputs."""
    if not DATA.is_dir():
        print(f"no data sets at {DATA} (set UPSHOT_DATA)")
        return 0
    with tempfile.TemporaryDirectory(prefix="upshot-bench-") as folder:
        table([given for given in INPUTS if not names or given.name in names], Path(folder))
    return 0


def toy() -> None:
    """The same over rows that are made here."""
    with tempfile.TemporaryDirectory(prefix="upshot-bench-") as folder:
        path = Path(folder) / "made.parquet"
        duckdb.execute(
            f"COPY (SELECT TIMESTAMP '2024-01-01' + to_minutes(i) AS at, 'person ' || i % 97 AS who, i % 7 AS items "
            f"FROM range(2000) t(i)) TO '{path}' (FORMAT parquet)"
        )
        table([Input("made", path, Mapping(timestamp="at", distinct_id="who", event="made"))], Path(folder))


def table(inputs: list[Input], folder: Path) -> None:
    """Print one line for each input and format."""
    print(f"seconds by the clock and of the processors; ratios of both; goal: under {GOAL}")
    columns = f"{'input':<18} {'format':<8} {'rows':>9} | {'import':<13} | {'COPY, same shape':<34}"
    print(f"{columns} | {'COPY as it lies':<19} | rows/s")
    for given in inputs:
        _report(given, folder)


if __name__ == "__main__":
    sys.exit(run(main, toy, __doc__))
