"""Concludes in a process of its own: what a study needs in memory goes when the process does.

``python -m upshot.studies.worker`` reads requests from its standard input and writes answers to its standard output,
each as four bytes of length (big-endian) and so many bytes. A request is one letter (what is asked) and JSON; an answer
is ``+`` and JSON, or ``-`` and what went wrong. It ends when nobody has asked for a while, or when its input ends.

Its linear algebra runs on one thread, set by whoever starts it: sums over threads differ in their last digits.
"""

import select
import struct
import sys
import traceback
from typing import IO

import msgspec

__all__ = [
    "CHECK",
    "CONCLUDE",
    "CUSTOMERS",
    "IDLE_SECONDS",
    "PLAN",
    "SINGLE_THREAD",
    "TABLE",
    "read_frame",
    "serve",
    "write_frame",
]

CONCLUDE, PLAN, CHECK, TABLE, CUSTOMERS = b"c", b"p", b"k", b"t", b"l"
IDLE_SECONDS = 120.0
SINGLE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment of the process."""
_LENGTH = struct.Struct(">I")


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next frame; None where the stream ends."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


def write_frame(stream: IO[bytes], body: bytes) -> None:
    """Write a frame and flush it."""
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def serve(reading: IO[bytes], writing: IO[bytes], *, idle_seconds: float = IDLE_SECONDS) -> None:
    """Answer requests until the input ends or is silent for ``idle_seconds``."""
    # who asks waits for the answer before asking again, so nothing is left in a buffer where ``select`` cannot see it
    while select.select([reading], [], [], idle_seconds)[0]:
        request = read_frame(reading)
        if request is None:
            return
        try:
            answer = b"+" + _answer(request[:1], request[1:])
        except Exception:
            answer = b"-" + traceback.format_exc().encode()
        write_frame(writing, answer)


def _answer(what: bytes, body: bytes) -> bytes:
    if what == PLAN:
        from upshot.studies.plan import plan
        from upshot.studies.planned import PlanInputs

        return msgspec.json.encode(plan(msgspec.json.decode(body, type=PlanInputs)))
    if what == CHECK:
        from upshot.studies.checked import CheckInputs
        from upshot.studies.imported import check

        return msgspec.json.encode(check(msgspec.json.decode(body, type=CheckInputs)))
    if what == TABLE:
        from upshot.studies.table_readout import read_table
        from upshot.studies.tabled import TableInputs

        return msgspec.json.encode(read_table(msgspec.json.decode(body, type=TableInputs)))
    if what == CUSTOMERS:
        from upshot.studies.customer_value import read_customers
        from upshot.studies.customers import LifetimeInputs

        return msgspec.json.encode(read_customers(msgspec.json.decode(body, type=LifetimeInputs)))
    from upshot.studies.conclude import conclude
    from upshot.studies.inputs import StudyInputs

    return msgspec.json.encode(conclude(StudyInputs.from_bytes(body)))


def _main() -> None:
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # a stray print must not look like an answer
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    _main()
