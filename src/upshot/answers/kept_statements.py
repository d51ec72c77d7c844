"""Statements in the workspace's folder: a process that has just begun need neither compile them nor load the compiler.

The file only saves time. It is read once and written whole; one that is damaged, or that other software wrote, counts
as none. A statement that was compiled while other facts were kept is left out, as there may be a faster way by now.
"""

import contextlib
import hashlib
import os
import tempfile
from functools import cache
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import msgspec

from upshot.answers.dated import DatedStatement
from upshot.answers.prepared import Prepared
from upshot.core.code import code_digest

__all__ = ["Key", "Statements", "read_statements", "write_statements"]

Key = tuple[str, bytes]
_ROOMS = ("upshot.answers", "upshot.core", "upshot.engines", "upshot.metrics")
_DIGEST_BYTES = 32


class Statements(msgspec.Struct, frozen=True):
    """Statements by definition and question, those used last at the end.

    Attributes:
        prepared: Of one range of days.
        dated: With open days; None where the days do more than bound the question.
        asked: Questions, whatever their days, that were asked of one range at least.
    """

    prepared: tuple[tuple[Key, Prepared], ...] = ()
    dated: tuple[tuple[Key, DatedStatement | None], ...] = ()
    asked: tuple[Key, ...] = ()


class _File(msgspec.Struct, frozen=True):
    software: str
    statements: Statements


def read_statements(file: Path, basis: str) -> Statements:
    """What ``file`` holds that was compiled by this software on ``basis``; nothing where it cannot be read.

    Args:
        file: As ``write_statements`` left it.
        basis: See ``EventStore.compiled_against``.
    """
    try:
        content = file.read_bytes()
        digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(body).digest() != digest:
            return Statements()
        found = msgspec.msgpack.decode(body, type=_File)
    except (OSError, msgspec.MsgspecError):
        return Statements()
    if found.software != _software():
        return Statements()
    return Statements(
        tuple((key, made) for key, made in found.statements.prepared if made.basis == basis),
        tuple((key, made) for key, made in found.statements.dated if made is None or made.model.basis == basis),
        found.statements.asked,
    )


def write_statements(file: Path, statements: Statements) -> None:
    """Keep ``statements`` in ``file``, which only this account reads, as they hold what people asked for.

    Where the file cannot be written, whatever stood there stays.
    """
    body = msgspec.msgpack.encode(_File(_software(), statements))
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(hashlib.sha256(body).digest() + body)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)


@cache
def _software() -> str:
    """What compiles: equal strings promise equal statements."""
    digest = code_digest(resources.files(room) for room in _ROOMS)
    return ", ".join((digest, *(f"{name} {version(name)}" for name in ("ibis-framework", "sqlglot", "duckdb"))))
