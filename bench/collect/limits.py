"""What no collector on this machine can beat: the engine's own append with a commit, and a file with fsync."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from bench.collect.payload import event_line, stored_form

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Limit", "file_with_fsync", "raw_append"]

_TABLE = """
CREATE TABLE events (
    event_id BLOB, event VARCHAR, occurred_at TIMESTAMP, received_at TIMESTAMP, distinct_id VARCHAR,
    session_id VARCHAR, source VARCHAR, client_id VARCHAR, properties VARIANT
)
"""
_INSERT = "INSERT INTO events SELECT * REPLACE (properties::JSON::VARIANT AS properties) FROM batch"


class Limit(tuple[float, float, float, float]):
    """Events a second, processor microseconds an event, p50 and p99 of a commit in milliseconds."""

    __slots__ = ()


def _limit(latencies: list[float], size: int, processor: float) -> Limit:
    ranked = sorted(latencies)
    events = len(latencies) * size
    p50, p99 = (1000 * ranked[int(share * (len(ranked) - 1))] for share in (0.5, 0.99))
    return Limit((events / sum(latencies), 1e6 * processor / events, p50, p99))


def raw_append(folder: Path, size: int, seconds: float) -> Limit:
    """Rows that are there as Arrow tables already, ``size`` in each transaction; nothing is checked or compared."""
    batches = [pa.table(stored_form(size)) for _ in range(min(64, max(2, 20_000 // size)))]
    latencies: list[float] = []
    with duckdb.connect(str(folder / f"raw-{size}.duckdb"), config={"checkpoint_threshold": "1GB"}) as connection:
        connection.execute(_TABLE)
        begin, processor = time.perf_counter(), time.process_time()
        while time.perf_counter() - begin < seconds:
            start = time.perf_counter()
            connection.execute("BEGIN")
            connection.register("batch", batches[len(latencies) % len(batches)])
            connection.execute(_INSERT)
            connection.execute("COMMIT")
            latencies.append(time.perf_counter() - start)
        return _limit(latencies, size, time.process_time() - processor)


def file_with_fsync(folder: Path, size: int, seconds: float) -> Limit:
    """The events' JSON lines appended to one file, with fdatasync after every ``size``."""
    block = b"".join(event_line(number) + b"\n" for number in range(size))
    latencies: list[float] = []
    with (folder / f"lines-{size}").open("ab", buffering=0) as file:
        begin, processor = time.perf_counter(), time.process_time()
        while time.perf_counter() - begin < seconds:
            start = time.perf_counter()
            file.write(block)
            os.fdatasync(file.fileno())
            latencies.append(time.perf_counter() - start)
        return _limit(latencies, size, time.process_time() - processor)
