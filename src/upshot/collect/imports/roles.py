"""Which column is what, guessed from names and values; where two could be it, nothing is guessed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from upshot.collect.imports.times import recognise

if TYPE_CHECKING:
    from upshot.collect.imports.sample import TextSample

__all__ = ["guess_timestamp", "guess_unique", "plain_name"]

_NAMES = {
    "timestamp": (
        "timestamp", "time", "ts", "occurredat", "eventtime", "eventtimestamp", "createdat", "datetime", "eventdate",
        "date", "at", "when",
    ),
    "distinct_id": (
        "distinctid", "userid", "uid", "customerid", "personid", "visitorid", "anonymousid", "clientid", "memberid",
        "subscriberid", "user", "customer", "author", "person",
    ),
    "event_column": ("event", "eventname", "eventtype", "action", "activity"),
    "event_id": ("eventid", "insertid", "messageid"),
    "session_id": ("sessionid", "session"),
}  # fmt: skip
_NESTED = ("properties", "data", "payload")


def plain_name(name: str) -> str:
    """A column's name without case, signs and the object that it stands in."""
    last = name.rpartition(".")[2] if name.startswith(tuple(f"{outer}." for outer in _NESTED)) else name
    return re.sub(r"[^a-z0-9]", "", last.casefold())


def guess_unique(role: str, sample: TextSample, taken: set[str]) -> tuple[str, tuple[str, ...]]:
    """The one column that is called like ``role``, or all of them when there are several."""
    known = _NAMES[role]
    names = [
        c.name for c in sample.columns if plain_name(c.name) in known and c.name not in taken and c.type != "nested"
    ]
    if role == "event_id":
        names = [name for name in names if _identifies(sample, name)]
    return (names[0], ()) if len(names) == 1 else ("", tuple(names))


def _identifies(sample: TextSample, name: str) -> bool:
    values = sample.values(name)
    return len(values) == len(sample.rows) == len(set(values))


def guess_timestamp(sample: TextSample) -> tuple[str, tuple[str, ...]]:
    """The one column of instants, or all that could be it.

    Several columns of instants leave no doubt only when one alone bears a usual name.
    """
    named, several = guess_unique("timestamp", sample, set())
    instants = [
        c.name for c in sample.columns if _is_instant(sample, c.name, named=plain_name(c.name) in _NAMES["timestamp"])
    ]
    if len(instants) == 1:
        return instants[0], ()
    if named in instants:
        return named, ()
    return "", tuple(instants) or several


def _is_instant(sample: TextSample, name: str, *, named: bool) -> bool:
    column = next(c for c in sample.columns if c.name == name)
    if column.type == "instant":
        return True
    if column.type in {"nested", "boolean"} or (column.type in {"integer", "number"} and not named):
        return False
    found = recognise(sample.values(name)[:5000])
    return bool(found.name or found.candidates)
