"""``python -m bench.bench_collect [SECONDS]``: durable events a second over HTTP, beside what the machine can do.

A server process of its own takes the native API's requests from a client that keeps its connections open; each
acknowledgement means that the events are synced. The limits of the same run: rows appended to the bare engine with a
commit each time, and lines appended to a file with fdatasync. Processor microseconds an event stand beside the rates,
as rates depend on what else the machine does. At a steady rate a request's time counts from when it was due, so that a
stall is felt by all that had to wait.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from bench.collect.client import as_fast_as_it_takes, at_a_steady_rate
from bench.collect.limits import file_with_fsync, raw_append
from bench.collect.payload import requests
from bench.collect.server import Server, serving
from bench.command import run

if TYPE_CHECKING:
    from concurrent.futures import Future

    from bench.collect.client import Load
    from bench.collect.limits import Limit

SIZES = {1: (64, 6000), 100: (32, 800), 1000: (12, 160)}
"""For each number of events a request: connections, and how many requests are made for each second of the run."""
HISTORY_EVENTS, HISTORY_DAYS = 500_000, 60
STEADY_EVENTS_A_SECOND, STEADY_SIZE = 20_000, 100
GOAL_EVENTS_A_SECOND, GOAL_ACK_P99_MS, GOAL_STALL_MS, GOAL_READ_RATIO, GOAL_RAW_SHARE = 100_000, 30, 250, 1.5, 0.5
STEADY_LASTS = 10
"""How many times as long as the others the steady run is: a checkpoint, about once a minute, must be in it."""
READ_PAUSE_SECONDS = 0.25


def read_for(server_address: tuple[object, str], seconds: float) -> list[float]:
    """What dashboards waited, asked again and again; in a process of its own."""
    server = Server(None, server_address[1])  # type: ignore[arg-type]  # the process is the parent's
    found: list[float] = []
    end = time.perf_counter() + seconds
    with server.client() as client:
        while time.perf_counter() < end or not found:
            found += server.read_dashboard(client)
            time.sleep(READ_PAUSE_SECONDS)
    return found


def p95(values: list[float]) -> float:
    """In milliseconds."""
    return 1000 * statistics.quantiles(values, n=20, method="inclusive")[-1]


def verdict(*, met: bool) -> str:
    """For the last column."""
    return "met" if met else "**missed**"


def rates(server: Server, seconds: float) -> dict[int, tuple[Load, float, float]]:
    """For each size: the load, events a second, and processor microseconds an event."""
    found = {}
    for size, (connections, a_second) in SIZES.items():
        made = requests(int(a_second * seconds), size)
        before, processor = server.stored(), server.processor_seconds()
        load = as_fast_as_it_takes(server.port, made, connections=connections, seconds=seconds)
        events = len(load.latencies) * size
        assert load.refused == 0, f"{load.refused} requests were refused"
        server.await_events(before + events)
        found[size] = (load, events / load.seconds, 1e6 * (server.processor_seconds() - processor) / events)
    return found


def print_rates(found: dict[int, tuple[Load, float, float]], raw: dict[int, Limit], file: dict[int, Limit]) -> int:
    """Print the table; how many goals were missed."""
    columns = ("events a request", "", "events/s", "processor µs an event", "p50, ms", "p99, ms", "of the raw append")
    print(f"| {' | '.join(columns)} | by processor |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|")
    for size, (load, rate, processor) in found.items():
        times = f"{load.quantile(0.5):.1f} | {load.quantile(0.99):.1f}"
        shares = f"{rate / raw[size][0]:.2f} | {raw[size][1] / processor:.2f}"
        print(f"| {size:,} | Upshot over HTTP | {rate:,.0f} | {processor:.1f} | {times} | {shares} |")
        for name, limit in (("raw append with commit", raw[size]), ("file with fsync", file[size])):
            print(f"| | {name} | {limit[0]:,.0f} | {limit[1]:.1f} | {limit[2]:.1f} | {limit[3]:.1f} | | |")
    at_100, share = found[100][1], found[1000][1] / raw[1000][0]
    goals = (at_100 >= GOAL_EVENTS_A_SECOND, share >= GOAL_RAW_SHARE)
    print("\n| goal | measured | |\n|---|---:|---|")
    print(f"| {GOAL_EVENTS_A_SECOND:,} events/s at 100 a request | {at_100:,.0f} | {verdict(met=goals[0])} |")
    print(f"| at 1,000 a request half of the raw append's rate | {share:.2f} | {verdict(met=goals[1])} |")
    return goals.count(False)


def steady(server: Server, seconds: float) -> int:
    """Print the rest of the goals: acknowledgements and reads at a steady rate; how many were missed."""
    made = requests(int(seconds * STEADY_EVENTS_A_SECOND / STEADY_SIZE), STEADY_SIZE)
    server.settle()
    stored = server.stored()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as readers:

        def read(seconds: float) -> Future[list[float]]:
            return readers.submit(read_for, (None, server.address), seconds)

        read(1.0).result()
        before = read(seconds / 4).result()
        reading = read(seconds - 1)
        processor = server.processor_seconds()
        a_second = STEADY_EVENTS_A_SECOND / STEADY_SIZE
        load = at_a_steady_rate(server.port, made, connections=64, a_second=a_second)
        processor = server.processor_seconds() - processor
        meanwhile = reading.result()
        assert load.refused == 0, f"{load.refused} requests were refused"
        late = server.await_events(stored + len(made) * STEADY_SIZE)
        server.settle()
        after = read(seconds / 4).result()
    # The run brings as many events again as there were: idle is before it and after it.
    idle = p95(before + after)
    p99, longest, ratio = load.quantile(0.99), 1000 * max(load.latencies), p95(meanwhile) / idle
    kept = len(made) * STEADY_SIZE / load.seconds
    goals = (p99 < GOAL_ACK_P99_MS, longest < GOAL_STALL_MS, ratio <= GOAL_READ_RATIO)
    at = f"at a steady {STEADY_EVENTS_A_SECOND:,} events/s"
    print(f"| {at}: acknowledgement p99 under {GOAL_ACK_P99_MS} ms | {p99:.1f} ms | {verdict(met=goals[0])} |")
    print(f"| {at}: no stall above {GOAL_STALL_MS} ms | {longest:.0f} ms | {verdict(met=goals[1])} |")
    print(f"| {at}: dashboards' p95 at most {GOAL_READ_RATIO} times idle | {ratio:.2f} | {verdict(met=goals[2])} |")
    print(
        f"\nSteady: {kept:,.0f} events/s for {load.seconds:.0f} s, acknowledged in {load.quantile(0.5):.1f} ms (p50), "
        f"all in the tables {late:.1f} s after the last; "
        f"the server's processors {100 * processor / load.seconds:.0f}% of one. Dashboards' questions over "
        f"thirty days: p95 {p95(before):.0f} ms idle before ({len(before)} asked), "
        f"{p95(meanwhile):.0f} ms meanwhile ({len(meanwhile)}), {p95(after):.0f} ms idle after "
        f"({len(after)}), with {(stored + len(made) * STEADY_SIZE) / 1e6:.1f} million events instead of "
        f"{stored / 1e6:.1f}. Largest memory: {server.memory_mb():.0f} MB."
    )
    return goals.count(False)


def main(seconds: float = 8.0, history_events: int = HISTORY_EVENTS, history_days: int = HISTORY_DAYS) -> int:
    """Print the tables; how many goals were missed."""
    with tempfile.TemporaryDirectory(prefix="upshot-bench-") as place:
        folder = Path(place)
        raw = {size: raw_append(folder, size, seconds / 2) for size in SIZES}
        file = {size: file_with_fsync(folder, size, seconds / 4) for size in SIZES}
        with serving(folder, events=history_events, days=history_days) as server:
            missed = print_rates(rates(server, seconds), raw, file)
            missed += steady(server, STEADY_LASTS * seconds)
        busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
        print(f"Load of the machine over 1, 5 and 15 minutes at the end: {busy}, on {os.cpu_count()} processors.")
    return missed


if __name__ == "__main__":
    sys.exit(run(lambda words: main(float(words[0]) if words else 8.0), lambda: main(0.2, 2_000, 10), __doc__))
