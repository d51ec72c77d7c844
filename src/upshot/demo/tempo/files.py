"""Tempo's files, written by a process of their own: ``python -m upshot.demo.tempo.files FOLDER``.

An ``Order`` comes as JSON on standard input. The recent months are told of on standard output as soon as they are
whole, then the older ones, each as one line of JSON; ``truth.json`` comes last.
"""

import os
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from upshot.demo.tempo.life import simulate
from upshot.demo.tempo.truth import tell
from upshot.demo.tempo.world import World
from upshot.demo.tempo.write import MonthFile, months, write_months

__all__ = ["RECENT_MONTHS", "TRUTH_FILE", "Order", "Written"]

RECENT_MONTHS = 3
TRUTH_FILE = "truth.json"
_POLITE = 10


class Order(msgspec.Struct, frozen=True):
    """What to write.

    Attributes:
        world: The company.
        until: UTC without zone; what happens later is in no file.
        recent: Whether the recent months are to be written.
        older: Whether the months before are.
    """

    world: World
    until: datetime
    recent: bool = True
    older: bool = True


class Written(msgspec.Struct, frozen=True):
    """Files that are whole, newest first, and how many people the world has."""

    paths: tuple[str, ...]
    rows: int
    people: int


def _tell(files: Iterable[MonthFile], people: int) -> None:
    written = list(files)[::-1]
    told = Written(tuple(str(file.path) for file in written), sum(file.rows for file in written), people)
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


def _main(folder: Path) -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    history = simulate(order.world)
    every, people = months(history), history.people.count
    if order.recent:
        _tell(write_months(history, folder, every[-RECENT_MONTHS:], until=order.until), people)
    os.nice(_POLITE)  # from here on there are pages that people look at
    if order.older:
        _tell(write_months(history, folder, every[:-RECENT_MONTHS]), people)
    truth = msgspec.json.format(msgspec.json.encode(tell(order.world, history)), indent=1)
    (folder / TRUTH_FILE).write_bytes(truth)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
