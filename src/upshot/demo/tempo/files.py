"""Tempo's files, written by a process of their own, newest months first: ``python -m upshot.demo.tempo.files FOLDER``.

The world comes as JSON on standard input. Each chunk of months is told of on standard output, as one line of JSON,
when its files are whole; ``truth.json`` comes last.
"""

import sys
from pathlib import Path

import msgspec

from upshot.demo.tempo.life import History, simulate
from upshot.demo.tempo.truth import tell
from upshot.demo.tempo.world import World
from upshot.demo.tempo.write import months, write_months

__all__ = ["RECENT_MONTHS", "TRUTH_FILE", "Written", "older_chunks"]

RECENT_MONTHS = 3
TRUTH_FILE = "truth.json"
_CHUNK = 9


class Written(msgspec.Struct, frozen=True):
    """Files that are whole, and the first local day in them."""

    paths: tuple[str, ...]
    first: str


def older_chunks(history: History) -> list[list[range]]:
    """The months before the recent ones in chunks, newest chunk first."""
    older = months(history)[:-RECENT_MONTHS]
    ends = range(len(older), 0, -_CHUNK)
    return [older[max(0, end - _CHUNK) : end] for end in ends]


def _main(folder: Path) -> None:
    world = msgspec.json.decode(sys.stdin.buffer.read(), type=World)
    history = simulate(world)
    for chunk in older_chunks(history):
        written = list(write_months(history, folder, chunk))
        told = Written(tuple(str(file.path) for file in written), written[0].first.isoformat())
        sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
        sys.stdout.buffer.flush()
    truth = msgspec.json.format(msgspec.json.encode(tell(world, history)), indent=1)
    (folder / TRUTH_FILE).write_bytes(truth)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
