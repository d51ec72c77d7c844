"""YAML to definitions. What is wrong comes back as values, all of it at once, each with its line."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeVar, get_args

from upshot.core.nodes import Mapping, Node, Scalar, Sequence, compose, is_null, key_text
from upshot.core.problems import Problem
from upshot.core.suggest import nearest
from upshot.core.time import Grain
from upshot.metrics.arithmetic import parse_expression
from upshot.metrics.definition import EVERY_EVENT, Direction, Filter, Metric, Selection
from upshot.metrics.expression import names_in
from upshot.metrics.filters import parse_filter
from upshot.metrics.kinds import KINDS, MOST_STEPS, WORDS, Clock, Format, RetentionKind, State, Window
from upshot.metrics.linear import nothing_divided_by

__all__ = ["Parsed", "parse_metric_nodes", "parse_metrics"]

T = TypeVar("T")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
_DURATION = re.compile(r"\s*(\d{1,9})\s*([A-Za-z]+)\s*")
_SECONDS = {"s": 1, "second": 1, "min": 60, "minute": 60, "h": 3_600, "hour": 3_600, "d": 86_400, "day": 86_400}
_SECONDS |= {"w": 604_800, "week": 604_800, "m": 60}
_LONGEST_SECONDS = 3_660 * 86_400

_COMMON = frozenset({"name", "title", "description", "type", "unit", "format", "direction"})
_EVENTS = frozenset({"event", "where"})


@dataclass(frozen=True, slots=True)
class Parsed:
    """Definitions that are right, and what is wrong with the others, in the order of the file."""

    metrics: tuple[Metric, ...]
    problems: tuple[Problem, ...]


def parse_metrics(text: str, source: str = "", known: Iterable[Metric] = ()) -> Parsed:
    """The metrics of a YAML file: a mapping with a list under ``metrics``, such a list alone, or one metric alone.

    Args:
        text: The file.
        source: Its name, for messages.
        known: Metrics that a ratio may name besides those of the file.
    """
    composed = compose(text)
    if composed.mistakes:
        return Parsed((), tuple(Problem(m.message, source, m.line) for m in composed.mistakes))
    reading = _Reading(source, {metric.name: metric for metric in known})
    nodes = [node for root in composed.roots for node in _definitions(reading, root)]
    return _parsed_all(reading, nodes)


def parse_metric_nodes(nodes: Iterable[Node], source: str = "", known: Iterable[Metric] = ()) -> Parsed:
    """The metrics of a file that somebody else has taken apart; otherwise as ``parse_metrics``."""
    return _parsed_all(_Reading(source, {metric.name: metric for metric in known}), nodes)


def _parsed_all(reading: "_Reading", nodes: Iterable[Node]) -> Parsed:
    found = [m for node in nodes if (m := _metric(reading, node, part=False)) is not None]
    return Parsed(tuple(found), tuple(reading.problems))


@dataclass(slots=True)
class _Reading:
    source: str
    known: dict[str, Metric]
    problems: list[Problem] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def wrong(self, node: Node, message: str, suggestions: tuple[str, ...] = ()) -> None:
        self.problems.append(Problem(message, self.source, node.line, suggestions))


def _definitions(reading: _Reading, root: Node) -> list[Node]:
    if isinstance(root, Mapping):
        keys = {key_text(key): value for key, value in root.value}
        if "metrics" not in keys:
            if "name" in keys or "type" in keys:
                return [root]
            reading.wrong(root, "There is no list of metrics.", nearest("metrics", keys) and ("metrics",))
            return []
        for key, _ in root.value:
            if key_text(key) != "metrics":
                reading.wrong(key, f"A file of metrics has no {key_text(key)!r} beside 'metrics'.")
        root = keys["metrics"]
    if isinstance(root, Sequence):
        return list(root.value)
    if not is_null(root):
        reading.wrong(root, "Metrics are a list; begin each with '- name:'.")
    return []


def _metric(reading: _Reading, node: Node, *, part: bool) -> Metric | None:
    if not isinstance(node, Mapping):
        reading.wrong(node, "A metric is a mapping with at least a name and a type.")
        return None
    before = len(reading.problems)
    keys = _mapping(reading, node)
    kind = _text(reading, keys.get("type"), "type") if "type" in keys else None
    if kind is None:
        reading.wrong(node, "A metric needs a type.", tuple(WORDS) if "type" not in keys else ())
        return None
    if kind not in WORDS:
        reading.wrong(keys["type"], f"There is no type of metric {kind!r}.", nearest(kind, WORDS) or tuple(WORDS))
        return None
    _check_keys(reading, node, keys, kind, part=part)
    name = _name(reading, node, keys, part=part)
    metric = _build(reading, keys, kind, name)
    if len(reading.problems) > before or metric is None:
        return None
    if not part:
        reading.known[name] = metric
    return metric


def _mapping(reading: _Reading, node: Mapping) -> dict[str, Node]:
    keys: dict[str, Node] = {}
    for key, value in node.value:
        name = key_text(key)
        if name in keys:
            reading.wrong(key, f"{name!r} is there twice.")
        keys[name] = value
    return keys


def _check_keys(reading: _Reading, node: Node, keys: dict[str, Node], kind: str, *, part: bool) -> None:
    wanted = WORDS[kind][0].kind
    allowed = _COMMON | wanted.keys
    for key in keys:
        if key not in allowed:
            reading.wrong(keys[key], f"A metric of type {kind} has no {key!r}.", nearest(key, allowed))
    for key in sorted(wanted.needed | (frozenset() if part else {"name"})):
        if key not in keys:
            reading.wrong(node, f"A metric of type {kind} needs {key!r}.")


def _name(reading: _Reading, node: Node, keys: dict[str, Node], *, part: bool) -> str:
    if "name" not in keys:
        return ""
    name = _text(reading, keys["name"], "name") or ""
    if not _NAME.fullmatch(name):
        proposal = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_") or "metric"
        proposal = proposal if _NAME.fullmatch(proposal) else f"metric_{proposal}"[:100]
        reading.wrong(keys["name"], f"{name!r} cannot be a metric's name: letters, digits, _ and - only.", (proposal,))
    elif not part and name in reading.seen:
        reading.wrong(node, f"There are two metrics named {name!r}.")
    if not part:
        reading.seen.add(name)
    return name


def _build(reading: _Reading, keys: dict[str, Node], kind: str, name: str) -> Metric | None:
    of_type, usual = WORDS[kind]
    before = len(reading.problems)
    row = of_type.kind
    values: dict[str, Any] = {  # Any: keyword arguments of Metric, each checked as it is read
        "name": name,
        "type": of_type,
        "title": _text(reading, keys.get("title"), "title") or "",
        "description": _text(reading, keys.get("description"), "description") or "",
        "unit": _text(reading, keys.get("unit"), "unit") or "person",
        "format": _choice(reading, keys.get("format"), "format", get_args(Format), usual),
        "direction": _choice(reading, keys.get("direction"), "direction", get_args(Direction), "up"),
        "selection": _selection(reading, keys),
    }
    if "value" in keys:
        values["value"] = _parsed(reading, keys["value"], "value", parse_expression)
    if row.clock is Clock.WINDOW:
        values["window"] = Window(_choice(reading, keys.get("window"), "window", tuple(Window), row.windows[0]))
        if values["window"] not in row.windows:
            allowed = ", ".join(each for each in Window if each in row.windows)
            reading.wrong(keys["window"], f"A {kind} has a window of {allowed}, not {values['window']}.")
    if "state" in keys:
        values["state"] = State(_choice(reading, keys["state"], "state", tuple(State), State.NEW))
    values |= _path(reading, keys)
    if row.clock is Clock.PERIOD:
        values |= _retention(reading, keys)
    for key in ("numerator", "denominator"):
        if key in keys:
            values[key] = _part(reading, keys[key], key, str(values["unit"]))
    if "formula" in keys:
        values |= _formula(reading, keys, name)
        if "format" not in keys and len(reading.problems) == before:
            values["format"] = _format_of_parts(Metric(**values))
    return Metric(**values)


def _path(reading: _Reading, keys: dict[str, Node]) -> dict[str, object]:
    """Where units begin, what they do then, and how long they have."""
    result: dict[str, object] = {}
    if "of" in keys:
        result["of"] = _start(reading, keys["of"], "'of'")
    if "steps" in keys:
        result["steps"] = _steps(reading, keys["steps"])
    if "within" in keys:
        result["within_seconds"], result["within_exact"] = _duration(reading, keys["within"])
    return result


def _retention(reading: _Reading, keys: dict[str, Node]) -> dict[str, object]:
    kind = RetentionKind(_choice(reading, keys.get("kind"), "kind", tuple(RetentionKind), RetentionKind.N_DAY))
    after = _integer(reading, keys["after"], "after", 0, 1_000) if "after" in keys else 1
    result: dict[str, object] = {
        "kind": kind,
        "period": Grain(_choice(reading, keys.get("period"), "period", tuple(Grain), Grain.WEEK)),
        "after": after,
    }
    if "brackets" in keys:
        result["brackets"] = brackets = _brackets(reading, keys["brackets"])
        if kind is not RetentionKind.BRACKET:
            reading.wrong(keys["brackets"], "Brackets belong to retention of kind bracket.")
        elif brackets and after >= len(brackets):
            reading.wrong(
                keys["brackets"], f"'after' is bracket number {after}, and there are {len(brackets)} (from 0)."
            )
    elif kind is RetentionKind.BRACKET:
        reading.wrong(keys["kind"], "Retention of kind bracket needs 'brackets', for example [0, 3, 7, 30].")
    return result


def _brackets(reading: _Reading, node: Node) -> tuple[int, ...]:
    if not isinstance(node, Sequence) or not node.value:
        reading.wrong(node, "Brackets are a list of each bracket's last period, for example [0, 3, 7, 30].")
        return ()
    found = tuple(_integer(reading, item, "brackets", 0, 1_000) for item in node.value)
    if any(a >= b for a, b in pairwise(found)):
        reading.wrong(node, "Brackets must ascend.")
    return found


def _selection(reading: _Reading, keys: dict[str, Node]) -> Selection:
    events = tuple(_texts(reading, keys["event"], "event")) if "event" in keys else ()
    if EVERY_EVENT in events:
        events = ()
    return Selection(events, tuple(_filters(reading, keys["where"])) if "where" in keys else ())


def _start(reading: _Reading, node: Node, said: str) -> Selection:
    if not isinstance(node, Mapping):
        return _selection(reading, {"event": node})
    keys = _mapping(reading, node)
    for key in keys:
        if key not in _EVENTS:
            reading.wrong(keys[key], f"{said} has no {key!r}.", nearest(key, _EVENTS))
    return _selection(reading, keys)


def _steps(reading: _Reading, node: Node) -> tuple[Selection, ...]:
    """Of a funnel: each a name of an event, or events and filters."""
    items = node.value if isinstance(node, Sequence) else []
    if not 2 <= len(items) <= MOST_STEPS:
        reading.wrong(
            node, f"'steps' is a list of 2 to {MOST_STEPS} steps, not of {len(items)}; begin each with '- event:'."
        )
        return ()
    steps = tuple(_start(reading, item, f"Step {place}") for place, item in enumerate(items, 1))
    first: dict[Selection, int] = {}
    for place, (item, step) in enumerate(zip(items, steps, strict=True), 1):
        if (same := first.setdefault(step.canonical(), place)) != place:
            reading.wrong(item, f"Step {place} is step {same} again; tell them apart by 'where', or take one away.")
    return steps


def _filters(reading: _Reading, node: Node) -> list[Filter]:
    found = []
    for item in _items(node):
        condition = _parsed(reading, item, "where", parse_filter)
        if condition is not None:
            found.append(condition)
    return found


def _part(reading: _Reading, node: Node, key: str, unit: str) -> Metric | None:
    if isinstance(node, Scalar):
        part = reading.known.get(node.value)
        if part is None:
            close = nearest(node.value, reading.known)
            reading.wrong(node, f"The {key} names a metric that is not defined above: {node.value!r}.", close)
            return None
    else:
        part = _metric(reading, node, part=True)
    if part is None:
        return None
    if not part.is_a.part:
        allowed = ", ".join(word for word, kind in KINDS.items() if kind.part)
        reading.wrong(node, f"The {key} of a ratio must be one of {allowed}; {part.type} is not.")
    elif part.unit != unit:
        reading.wrong(node, f"The {key} counts by {part.unit} and the ratio by {unit}; make the units equal.")
    return part


def _formula(reading: _Reading, keys: dict[str, Node], name: str) -> dict[str, Any]:
    """Arithmetic over metrics that are defined above, or beside it under ``parts``."""
    node = keys["formula"]
    own = _parts_beside(reading, keys["parts"]) if "parts" in keys else {}
    formula = parse_expression(_text(reading, node, "formula") or "", "metric")
    if isinstance(formula, Problem):
        reading.wrong(node, formula.message, formula.suggestions)
        return {}
    known, named = reading.known | own, dict.fromkeys(names_in(formula))
    for each in named:
        if each == name and each not in own:
            reading.wrong(node, f"The formula of {name!r} refers to itself.")
        elif each not in known:
            message = f"The formula names a metric that is not defined above: {each!r}."
            reading.wrong(node, message, nearest(each, known))
        elif (through := _path_to(known[each], name)) is not None:
            reading.wrong(node, f"The formula of {name!r} refers to itself, through {' and '.join(through)}.")
    if not named:
        reading.wrong(node, f"The formula {formula.text} names no metric.")
    for part_name in own.keys() - named.keys():
        reading.wrong(keys["parts"], f"The formula does not name its part {part_name!r}.")
    if (divisor := nothing_divided_by(formula)) is not None:
        reading.wrong(node, f"The formula divides by nothing: {divisor.text} is always 0.")
    return {"formula": formula, "operands": tuple(known[each] for each in named if each in known)}


def _parts_beside(reading: _Reading, node: Node) -> dict[str, Metric]:
    own: dict[str, Metric] = {}
    for item in _items(node):
        part = _metric(reading, item, part=True)
        if part is None:
            continue
        if not part.name:
            reading.wrong(item, "A part of a formula needs a name, by which the formula calls it.")
        elif part.name in own:
            reading.wrong(item, f"There are two parts named {part.name!r}.")
        own[part.name] = part
    return own


def _path_to(metric: Metric, name: str) -> tuple[str, ...] | None:
    """The names on the way from a metric to one of its parts, or parts of parts, that is called ``name``."""
    for part in metric.parts:
        if part.name and part.name == name:
            return (metric.name,)
        if (further := _path_to(part, name)) is not None:
            return (metric.name, *further) if metric.name else further
    return None


def _format_of_parts(metric: Metric) -> Format:
    """The one format of a sum's parts; of a fraction that of what is spread over a number of something."""
    found = metric.arithmetic
    if found.fraction is None:
        return metric.format
    upper, lower = (
        {found.leaves[name].format for name in side.weights if name in found.leaves}
        for side in (found.fraction.upper, found.fraction.lower or found.fraction.upper)
    )
    if len(upper) != 1 or (found.fraction.lower is not None and lower != {"count"}):
        return metric.format
    (said,) = upper
    return metric.format if found.fraction.lower is not None and said == "count" else said


# --- single values ---------------------------------------------------------------------------------------------------


def _items(node: Node) -> list[Node]:
    return list(node.value) if isinstance(node, Sequence) else [node]


def _text(reading: _Reading, node: Node | None, key: str) -> str | None:
    if node is None:
        return None
    if not isinstance(node, Scalar):
        reading.wrong(node, f"{key!r} must be a text.")
        return None
    return str(node.value)


def _texts(reading: _Reading, node: Node, key: str) -> list[str]:
    found = [_text(reading, item, key) for item in _items(node)]
    if not any(found) or "" in found:
        reading.wrong(node, f'{key!r} is empty; write a name, a list of names, or "*" for every event.')
    return [text for text in found if text]


def _parsed(reading: _Reading, node: Node, key: str, parse: Callable[[str], T | Problem]) -> T | None:
    text = _text(reading, node, key)
    if text is None:
        return None
    result = parse(text)
    if isinstance(result, Problem):
        reading.wrong(node, result.message, result.suggestions)
        return None
    return result


def _choice(reading: _Reading, node: Node | None, key: str, allowed: tuple[str, ...], default: str) -> str:
    if node is None:
        return default
    text = _text(reading, node, key) or ""
    if text not in allowed:
        reading.wrong(node, f"{key!r} cannot be {text!r}.", nearest(text, allowed) or tuple(map(str, allowed)))
        return default
    return text


def _integer(reading: _Reading, node: Node, key: str, low: int, high: int) -> int:
    text = _text(reading, node, key) or ""
    if not text.isascii() or not text.isdigit() or not low <= int(text[:9]) <= high:
        reading.wrong(node, f"{key!r} must be a whole number from {low} to {high}, not {text!r}.")
        return low
    return int(text)


def _duration(reading: _Reading, node: Node) -> tuple[int, bool]:
    """Seconds, and whether they are meant as such and not as days."""
    text = _text(reading, node, "within") or ""
    match = _DURATION.fullmatch(text)
    word = match[2].casefold() if match else ""
    # only words have a plural: 10ms are no ten minutes
    seconds = _SECONDS.get(word) or (_SECONDS.get(word.removesuffix("s")) if word != "ms" else None)
    if match is None or seconds is None:
        reading.wrong(node, f"'within' is a duration such as '7 days' or '30 minutes', not {text!r}.")
        return 0, False
    if not 0 < int(match[1]) * seconds <= _LONGEST_SECONDS:
        reading.wrong(node, f"'within' must be more than nothing and at most ten years, not {text!r}.")
        return 0, False
    return int(match[1]) * seconds, seconds < _SECONDS["d"]
