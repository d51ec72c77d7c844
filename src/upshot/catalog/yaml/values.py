"""Values of YAML as the types of fields: a text stays a text, a day is a day, and what does not fit is named."""

import math
import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from msgspec import inspect

from upshot.core.errors import InternalError
from upshot.core.instants import read_instant
from upshot.core.nodes import Mapping, Node, Scalar, Sequence, is_null, key_text
from upshot.core.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WRONG", "Notes", "read_value"]

WRONG = object()
"""Stands for a value that could not be read; a note says why."""
_NUMBER = re.compile(r"[+\-−]?(?:\d[\d_]*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_INTEGER = re.compile(r"[+\-−]?\d{1,15}")
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}
_PERCENT = 100.0


class Notes(Protocol):
    """Who hears what is wrong, and in which zone clocks without offset are read."""

    zone: ZoneInfo

    def wrong(self, node: Node, message: str, suggestions: tuple[str, ...] = ()) -> None:
        """Something is wrong at ``node``."""

    def unknown(self, key: Node, name: str, path: str, known: Iterable[str]) -> None:
        """There is no field ``name`` in what stands at ``path``."""


# what a field holds is of any type until its declaration is made of it
def read_value(notes: Notes, node: Node, expected: inspect.Type, path: str) -> Any:
    """What ``node`` says, as plain values that msgspec converts to ``expected``; ``WRONG`` where it does not fit."""
    match expected:
        case inspect.StructType():
            return _struct(notes, node, expected, path)
        case inspect.VarTupleType() | inspect.ListType():
            return _list(notes, node, expected.item_type, path)
        case inspect.DictType():
            return _dict(notes, node, expected, path)
        case inspect.UnionType():
            return _union(notes, node, expected, path)
        case inspect.AnyType():
            return _anything(node)
        case _ if isinstance(node, Scalar):
            return _scalar(notes, node, expected, path)
        case _:
            notes.wrong(node, f"{path!r} must be {_called(expected)}, not {_kind_of(node)}.")
            return WRONG


def _struct(notes: Notes, node: Node, expected: inspect.StructType, path: str) -> Any:
    if is_null(node):
        return {}
    if not isinstance(node, Mapping):
        notes.wrong(node, f"{path!r} must be a mapping with fields, not {_kind_of(node)}.")
        return WRONG
    fields = {field.encode_name: field for field in expected.fields}
    values: dict[str, object] = {}
    seen: set[str] = set()
    right = True
    for key, inside in node.value:
        name = key_text(key)
        if name in seen:
            notes.wrong(key, f"{name!r} is there twice.")
        seen.add(name)
        if name not in fields:
            notes.unknown(key, name, path, fields)
            continue
        if is_null(inside) and not _takes_null(fields[name].type):
            continue
        value = read_value(notes, inside, fields[name].type, f"{path}.{name}" if path else name)
        right = right and value is not WRONG
        values[name] = value
    missing = [name for name, field in fields.items() if field.required and name not in values]
    for name in missing:
        notes.wrong(node, f"{(f'{path}.{name}' if path else name)!r} is missing.")
    return values if right and not missing else WRONG


def _list(notes: Notes, node: Node, item: inspect.Type, path: str) -> Any:
    if is_null(node):
        return []
    nodes = node.value if isinstance(node, Sequence) else [node]
    values = []
    for place, each in enumerate(nodes):
        if is_null(each) and not _takes_null(item):
            notes.wrong(each, f"Number {place + 1} of {path!r} is empty.")
            values.append(WRONG)
            continue
        values.append(read_value(notes, each, item, path))
    return WRONG if any(value is WRONG for value in values) else values


def _dict(notes: Notes, node: Node, expected: inspect.DictType, path: str) -> Any:
    if is_null(node):
        return {}
    if not isinstance(node, Mapping):
        notes.wrong(node, f"{path!r} must be a mapping, not {_kind_of(node)}.")
        return WRONG
    values: dict[Any, Any] = {}
    right = True
    for key, inside in node.value:
        name = read_value(notes, key, expected.key_type, path)
        if name is WRONG:
            right = False
            continue
        if name in values:
            notes.wrong(key, f"{name!r} is there twice.")
        values[name] = read_value(notes, inside, expected.value_type, f"{path}.{name}")
        right = right and values[name] is not WRONG
    return values if right else WRONG


def _union(notes: Notes, node: Node, expected: inspect.UnionType, path: str) -> Any:
    if is_null(node) and _takes_null(expected):
        return None
    choices = [choice for choice in expected.types if not isinstance(choice, inspect.NoneType)]
    for choice in choices[:-1]:
        trial = _Trial(notes.zone)
        value = read_value(trial, node, choice, path)
        if value is not WRONG and not trial.failed:
            return value
    return read_value(notes, node, choices[-1], path)


def _scalar(notes: Notes, node: Scalar, expected: inspect.Type, path: str) -> Any:
    text = node.value.strip()
    match expected:
        case inspect.StrType():
            return node.value
        case inspect.EnumType():
            return _choice(notes, node, [str(member.value) for member in expected.cls], path)
        case inspect.LiteralType():
            return _choice(notes, node, [str(value) for value in expected.values], path)
        case inspect.IntType() | inspect.FloatType() | inspect.BoolType() | inspect.DateType() | inspect.DateTimeType():
            value = _READERS[type(expected)](text, notes.zone)
            if value is None:
                notes.wrong(node, f"{path!r} must be {_called(expected)}, not {node.value!r}.")
                return WRONG
            return value
        case _:
            raise InternalError(f"Fields of {type(expected).__name__} cannot be read from YAML.")


def _choice(notes: Notes, node: Scalar, allowed: list[str], path: str) -> Any:
    if node.value in allowed:
        return node.value
    close = nearest(node.value, allowed) or tuple(allowed)
    notes.wrong(node, f"{path!r} cannot be {node.value!r}.", close)
    return WRONG


def _integer(text: str, zone: ZoneInfo) -> int | None:
    del zone
    return int(text.replace("−", "-")) if _INTEGER.fullmatch(text) else None


def _number(text: str, zone: ZoneInfo) -> float | None:
    del zone
    bare = text.removesuffix("%").rstrip()
    if not _NUMBER.fullmatch(bare):
        return None
    number = float(bare.replace("−", "-")) / (_PERCENT if text.endswith("%") else 1.0)
    return number if math.isfinite(number) else None


def _boolean(text: str, zone: ZoneInfo) -> bool | None:
    del zone
    return _BOOLEANS.get(text.casefold())


def _day(text: str, zone: ZoneInfo) -> date | None:
    del zone
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-01") else None
    except ValueError:
        return None


_READERS: "dict[type[inspect.Type], Callable[[str, ZoneInfo], object]]" = {
    inspect.IntType: _integer,
    inspect.FloatType: _number,
    inspect.BoolType: _boolean,
    inspect.DateType: _day,
    inspect.DateTimeType: read_instant,
}


def _anything(node: Node) -> Any:
    """A value of no declared type: a text where quoted, else a number, a truth value, nothing, or a text."""
    match node:
        case Sequence():
            return [_anything(item) for item in node.value]
        case Mapping():
            return {key_text(key): _anything(value) for key, value in node.value}
        case Scalar() if node.quoted:
            return node.value
        case Scalar() if is_null(node):
            return None
        case Scalar() if node.value in ("true", "false"):
            return node.value == "true"
        case Scalar() if _INTEGER.fullmatch(node.value):
            return int(node.value)
        case Scalar() if _NUMBER.fullmatch(node.value):
            return float(node.value.replace("−", "-"))
        case _:
            return node.value


def _takes_null(expected: inspect.Type) -> bool:
    if isinstance(expected, inspect.UnionType):
        return any(isinstance(choice, inspect.NoneType) for choice in expected.types)
    return isinstance(expected, inspect.AnyType)


def _called(expected: inspect.Type) -> str:
    match expected:
        case inspect.IntType():
            return "a whole number"
        case inspect.FloatType():
            return "a number"
        case inspect.BoolType():
            return "true or false"
        case inspect.DateType():
            return "a day such as 2026-03-01"
        case inspect.DateTimeType():
            return "an instant such as 2026-03-01T09:00:00+01:00"
        case _:
            return "a text"


def _kind_of(node: Node) -> str:
    return "a list" if isinstance(node, Sequence) else "a mapping" if isinstance(node, Mapping) else repr(node.value)


class _Trial:
    """Notes that nobody keeps, while it is tried whether a value fits."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.failed = False

    def wrong(self, node: Node, message: str, suggestions: tuple[str, ...] = ()) -> None:
        """It does not fit."""
        del node, message, suggestions
        self.failed = True

    def unknown(self, key: Node, name: str, path: str, known: Iterable[str]) -> None:
        """It does not fit."""
        del key, name, path, known
        self.failed = True
