"""What a store can keep: the rules that every engine shares, in words that complete "Event 3 …"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from upshot.engines.values import (
    ANY_EVENT,
    EARLIEST,
    LATEST,
    MAX_NESTING,
    RESERVED_UNIT_TYPES,
    utc_naive,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from upshot.engines.values import EventRecord

__all__ = ["problem_of", "text_problem"]

_OBJECT = msgspec.json.Decoder(dict[str, object])
_TOO_DEEP = f"has properties that are nested too deep: {MAX_NESTING} levels are allowed."
_SUSPICIOUS = ("\0", "\\u0000", "\\ud", "\\uD")
"""What a text with NUL or with half a surrogate pair in it has, as JSON."""


def problem_of(record: EventRecord) -> str:
    """Why the event cannot be kept; empty when it can."""
    if not record.event:
        return "has no name."
    if record.event == ANY_EVENT:
        return f"is named {ANY_EVENT!r}, which stands for any event."
    if not EARLIEST <= utc_naive(record.occurred_at) < LATEST:
        return f"occurred at {record.occurred_at}, outside of {EARLIEST.year} to {LATEST.year - 1}."
    reserved = RESERVED_UNIT_TYPES & record.groups.keys()
    if reserved or "" in record.groups:
        return f"has a group of type {min(reserved, default='')!r}, which is not a name for groups."
    for where, text in _named_texts(record):
        problem = text_problem(text, where)
        if problem:
            return problem
    return _properties_problem(record.properties)


def text_problem(text: str, where: str = "text") -> str:
    """Why ``text`` cannot be kept; empty when it can."""
    if "\0" in text:
        return f"holds a NUL character in its {where}."
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return f"holds text that is not UTF-8 in its {where}."
    return ""


def _named_texts(record: EventRecord) -> Iterator[tuple[str, str]]:
    yield "name", record.event
    yield "distinct_id", record.distinct_id or ""
    yield "session_id", record.session_id or ""
    yield "source", record.source
    yield "id", record.client_id or ""
    for kind, unit in record.groups.items():
        yield "groups", kind
        yield "groups", unit


def _properties_problem(text: str) -> str:
    try:
        properties = _OBJECT.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        return f"has properties that are not a JSON object: {error}"
    except RecursionError:
        return _TOO_DEEP
    if text.count("{") + text.count("[") > MAX_NESTING and _is_too_deep(properties):
        return _TOO_DEEP
    if any(sign in text for sign in _SUSPICIOUS):
        for leaf in _leaves(properties):
            problem = text_problem(leaf, "properties")
            if problem:
                return problem
    return ""


def _is_too_deep(properties: object) -> bool:
    level = [properties]
    for _ in range(MAX_NESTING):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return any(isinstance(value, dict | list) for value in level)


def _inside(value: object) -> Iterable[object]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()


def _leaves(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield key
                yield from _leaves(inner)
        case list():
            for inner in value:
                yield from _leaves(inner)
        case _:
            return
