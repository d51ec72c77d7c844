"""Declarations as YAML: the same bytes for the same declarations on every machine, and reading gives them back.

Texts stand plain where no reader of YAML could take them for something else, over several lines where they have
several, and in double quotes otherwise.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

import msgspec

from upshot.catalog.kinds import KINDS, Declaration
from upshot.core.errors import InternalError
from upshot.metrics.definition import Metric
from upshot.metrics.text import metric_mapping

__all__ = ["flow_text", "metric_text", "plain", "text_of", "write_file"]

_WORD = re.compile(r"[^\W\d](?:[\w ./%()+'…–—’−,&;=<>!?$€£-]|:(?=[^\s,]))*(?<! )")
_AMOUNT = re.compile(r"[+\-−]\d+(?:\.\d+)?%|\d+ (?:days?|hours?|minutes?|seconds?|weeks?)|\d+d")
_RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_BEYOND = r"\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff"
_LINES = re.compile(rf"[^\s\x00-\x1f{_BEYOND}][^\x00-\x09\x0b-\x1f{_BEYOND}]*")
_UNPRINTABLE = re.compile(f"[{_BEYOND}]")
_FLOW = frozenset(",[]{}")
_WIDEST = 100


def plain(value: Declaration) -> dict[str, object]:
    """The fields that are not as they would be anyway, as plain values; days and instants stay what they are."""
    found: dict[str, object] = msgspec.to_builtins(value, builtin_types=(date, datetime))
    return found


def text_of(value: Declaration) -> str:
    """One declaration as a YAML mapping."""
    return _joined(_mapping(plain(value), ""))


def metric_text(metric: Metric) -> str:
    """One metric as a YAML mapping."""
    return _joined(_mapping(metric_mapping(metric), ""))


def write_file(declarations: Iterable[Declaration], metrics: Iterable[Metric] = ()) -> str:
    """A file of them all: metrics first, then kind by kind, each kind in the order given."""
    lists: dict[str, list[Mapping[str, object]]] = {"metrics": [metric_mapping(metric) for metric in metrics]}
    lists |= {kind.PLURAL: [] for kind in KINDS.values()}
    for value in declarations:
        lists[value.PLURAL].append(plain(value))
    sections = [
        _joined([f"{plural}:", *(line for item in items for line in _item(item, "  "))])
        for plural, items in lists.items()
        if items
    ]
    return "\n".join(sections)


def flow_text(value: object) -> str:
    """A value on one line, as it could stand in YAML.

    >>> flow_text(["a", "b c"]), flow_text({"days": 3.0}), flow_text(None)
    ('[a, b c]', '{days: 3}', '')
    """
    match value:
        case None:
            return ""
        case dict():
            return "{" + ", ".join(f"{key}: {flow_text(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(flow_text(item) for item in value) + "]"
        case _:
            return _scalar(value, flow=True)


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _mapping(value: Mapping[str, object], pad: str) -> list[str]:
    lines = []
    for key, item in value.items():
        lines += _entry(f"{pad}{_scalar(key)}:", item, pad)
    return lines


def _entry(head: str, value: object, pad: str) -> list[str]:
    match value:
        case dict():
            return [head, *_mapping(value, pad + "  ")] if value else [f"{head} {{}}"]
        case list() | tuple():
            on_one = _short_list(head, value)
            return [on_one] if on_one else [head, *(line for item in value for line in _item(item, pad + "  "))]
        case str() if "\n" in value and _fits_lines(value):
            sign = "|" if value.endswith("\n") else "|-"
            return [
                f"{head} {sign}",
                *(f"{pad}  {line}" if line else "" for line in value.removesuffix("\n").split("\n")),
            ]
        case _:
            return [f"{head} {_scalar(value)}"]


def _item(value: object, pad: str) -> list[str]:
    if isinstance(value, dict) and value:
        first, *rest = _mapping(value, pad + "  ")
        return [f"{pad}- {first[len(pad) + 2 :]}", *rest]
    if isinstance(value, dict | list | tuple):
        return [f"{pad}- {flow_text(value)}"]
    return [f"{pad}- {_scalar(value)}"]


def _short_list(head: str, values: list[object] | tuple[object, ...]) -> str:
    """The list on one line, where it is one of short single values."""
    if not values:
        return f"{head} []"
    if any(isinstance(value, dict | list | tuple) or (isinstance(value, str) and " " in value) for value in values):
        return ""
    line = f"{head} {flow_text(values)}"
    return line if len(line) <= _WIDEST else ""


def _fits_lines(text: str) -> bool:
    """Whether a block of lines gives exactly ``text`` back."""
    lines = text.removesuffix("\n").split("\n")
    return bool(lines[-1]) and bool(_LINES.fullmatch(text)) and all(line.strip() or not line for line in lines)


def _scalar(value: object, *, flow: bool = False) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value).removesuffix(".0")
        case datetime() | date():
            return value.isoformat().replace("+00:00", "Z")
        case str():
            return _text(value, flow=flow)
        case _:
            raise InternalError(f"{type(value).__name__} cannot be written as YAML.")


def _text(value: str, *, flow: bool) -> str:
    is_word = _WORD.fullmatch(value) and value.casefold() not in _RESERVED
    if (is_word or _AMOUNT.fullmatch(value)) and not (flow and _FLOW & set(value)):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
