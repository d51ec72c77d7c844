"""YAML files to declarations and metrics. What is wrong comes back as values, all of it at once, each with its line.

A file is a mapping from the kinds' plurals to lists: ``metrics``, ``objectives``, ``outputs``, …; several kinds may
stand in one file and one kind in several.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from zoneinfo import ZoneInfo

import msgspec

from upshot.catalog.kinds import KINDS, Declaration
from upshot.catalog.kinds.declaration import with_article
from upshot.catalog.yaml.values import WRONG, read_value
from upshot.core import nodes
from upshot.core.nodes import Node, Scalar, Sequence, compose, is_null, key_text
from upshot.core.problems import Problem
from upshot.core.suggest import nearest
from upshot.metrics.definition import Metric
from upshot.metrics.parse import parse_metric_nodes

__all__ = ["METRIC", "Key", "Place", "Written", "read_files", "read_one"]

METRIC = "metric"
_METRICS = "metrics"
Key = tuple[str, str]
"""Kind and name."""
_AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_OUTPUT_WORDS = frozenset(
    {"output", "outputs", "feature", "features", "deliverable", "deliverables", "launches", "tickets", "releases"}
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a declaration stands: its file, its line, and the lines of its fields."""

    source: str
    line: int
    fields: Mapping[str, int]

    def of(self, name: str) -> int:
        """The line of the field ``name``, or of the declaration where it does not say."""
        return self.fields.get(name, self.line)


@dataclass(frozen=True, slots=True)
class Written:
    """What files declare.

    Attributes:
        metrics: Metrics that are right, with their file's name.
        declarations: Declarations that are right, in the order of the files.
        places: Where each of them stands; of what is wrong too, as far as it has a name.
        problems: What is wrong.
    """

    metrics: tuple[tuple[Metric, str], ...]
    declarations: tuple[Declaration, ...]
    places: Mapping[Key, Place]
    problems: tuple[Problem, ...]


def read_files(files: Iterable[tuple[str, str]], zone: ZoneInfo, known: Iterable[Metric] = ()) -> Written:
    """What the files declare.

    Args:
        files: Name and text of each.
        zone: In which clocks without offset are read.
        known: Metrics that a ratio may name besides those of the files.
    """
    reading = _Reading(zone, {metric.name: metric for metric in known})
    for source, text in files:
        reading.source = source
        composed = compose(text)
        reading.problems += [Problem(m.message, source, m.line) for m in composed.mistakes]
        for root in composed.roots:
            _document(reading, root)
    return Written(tuple(reading.metrics), tuple(reading.declarations), dict(reading.places), tuple(reading.problems))


def read_one(kind: type[Declaration], body: object, zone: ZoneInfo) -> tuple[Declaration | None, tuple[Problem, ...]]:
    """A declaration from what JSON says of it, or what is wrong; a problem's ``where`` is the field."""
    fields = list(body) if isinstance(body, dict) else []
    reading = _Reading(zone, {})
    _declaration(reading, _node(body, 0), kind)
    found = tuple(
        Problem(p.message, str(fields[p.line - 1]) if p.line else "", 0, p.suggestions) for p in reading.problems
    )
    return (None if found else reading.declarations[0]), found


def _node(value: object, line: int) -> Node:
    """A value of JSON as a node; its line counts the fields of the whole, from 1."""
    match value:
        case dict():
            pairs: list[tuple[Node, Node]] = [
                (Scalar(str(key), line or at + 1, quoted=True), _node(item, line or at + 1))
                for at, (key, item) in enumerate(value.items())
            ]
            return nodes.Mapping(pairs, line)
        case list():
            return Sequence([_node(item, line) for item in value], line)
        case None:
            return Scalar("null", line, quoted=False)
        case bool():
            return Scalar(str(value).lower(), line, quoted=False)
        case _:
            return Scalar(str(value), line, quoted=isinstance(value, str))


@dataclass(slots=True)
class _Reading:
    zone: ZoneInfo
    known: dict[str, Metric]
    source: str = ""
    kind: type[Declaration] = Declaration
    metrics: list[tuple[Metric, str]] = field(default_factory=list)
    declarations: list[Declaration] = field(default_factory=list)
    places: dict[Key, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, node: Node, message: str, suggestions: tuple[str, ...] = ()) -> None:
        """Note a problem at ``node``."""
        self.problems.append(Problem(message, self.source, node.line, suggestions))

    def unknown(self, key: Node, name: str, path: str, known: Iterable[str]) -> None:
        """Note a field that there is not."""
        said = _misplaced(self.kind.KIND, path, name)
        if said is not None:
            self.wrong(key, *said)
            return
        what = f"{path!r} of {with_article(self.kind.KIND)}" if path else with_article(self.kind.KIND).capitalize()
        self.wrong(key, f"{what} has no {name!r}.", nearest(name, known) or tuple(known))


def _misplaced(kind: str, path: str, name: str) -> tuple[str, tuple[str, ...]] | None:
    """What to say of a field that shows a misunderstanding: targets are on outcomes, not on outputs."""
    if kind == "output" and not path and name in ("target", "baseline", "due"):
        said = (
            "being shipped is no target. A target is an objective's, on a metric; an output says what it will change."
        )
        return f"An output has no {name!r}: {said}", ("expects",)
    if kind == "objective" and not path and name in _OUTPUT_WORDS:
        said = "its target is on a metric of what users do, not on what is shipped. An output names its objective."
        return f"An objective has no {name!r}: {said}", ("metric",)
    return None


def _document(reading: _Reading, root: Node) -> None:
    plurals = {kind.PLURAL: kind for kind in KINDS.values()}
    if not isinstance(root, nodes.Mapping):
        reading.wrong(root, "A file begins with a kind, such as 'outputs:', and a list under it.", (_METRICS, *plurals))
        return
    if {"name", "type"} <= {key_text(key) for key, _ in root.value}:
        _metrics(reading, [root])
        return
    seen: set[str] = set()
    for key, value in root.value:
        plural = key_text(key)
        if plural in seen:
            reading.wrong(key, f"{plural!r} is there twice; put all of them into one list.")
        seen.add(plural)
        if plural != _METRICS and plural not in plurals:
            reading.wrong(key, f"There is no kind {plural!r}.", _near_kinds(plural, plurals))
        elif is_null(value):
            continue
        elif not isinstance(value, Sequence):
            reading.wrong(value, f"{plural!r} is a list; begin each with '- name:'.")
        elif plural == _METRICS:
            _metrics(reading, value.value)
        else:
            for node in value.value:
                _declaration(reading, node, plurals[plural])


def _near_kinds(word: str, plurals: Mapping[str, type[Declaration]]) -> tuple[str, ...]:
    kinds = {_METRICS: METRIC, **{plural: kind.KIND for plural, kind in plurals.items()}}
    return tuple(p for p, k in kinds.items() if k == word) or nearest(word, kinds) or tuple(kinds)


def _metrics(reading: _Reading, found: list[Node]) -> None:
    whole: list[Node] = []
    for node in found:
        name = _name_of(node)
        if name and not _first_of_its_name(reading, node, METRIC, name):
            continue
        whole.append(node)
    parsed = parse_metric_nodes(whole, reading.source, reading.known.values())
    reading.problems += parsed.problems
    reading.metrics += [(metric, reading.source) for metric in parsed.metrics]
    reading.known |= {metric.name: metric for metric in parsed.metrics}


def _declaration(reading: _Reading, node: Node, kind: type[Declaration]) -> None:
    reading.kind = kind
    if not isinstance(node, nodes.Mapping):
        reading.wrong(node, f"{with_article(kind.KIND).capitalize()} is a mapping with at least a name.")
        return
    name = _name_of(node)
    if name and not _first_of_its_name(reading, node, kind.KIND, name):
        return
    before = len(reading.problems)
    value = read_value(reading, node, _fields(kind), "")
    if value is WRONG:
        return
    try:
        made = msgspec.convert(value, kind)
        if len(reading.problems) == before:
            reading.declarations.append(made)
    except msgspec.ValidationError as error:
        said = _AT.sub("", str(error))
        line = _line_of(node, _AT.search(str(error)), said)
        whose = f"The {kind.KIND} {name!r}"
        reading.problems.append(Problem(f"{whose}: {said.rstrip('.')}.", reading.source, line))


def _first_of_its_name(reading: _Reading, node: Node, kind: str, name: str) -> bool:
    key = (kind, name)
    other = reading.places.get(key)
    if other is not None:
        where = f"{other.source}:{other.line}" if other.source != reading.source else f"line {other.line}"
        plural = _METRICS if kind == METRIC else KINDS[kind].PLURAL
        reading.wrong(node, f"There are two {plural} named {name!r}; the other one is in {where}.")
        return False
    pairs = node.value if isinstance(node, nodes.Mapping) else []
    reading.places[key] = Place(reading.source, node.line, {key_text(k): k.line for k, _ in pairs})
    return True


@cache
def _fields(kind: type[Declaration]) -> msgspec.inspect.Type:
    return msgspec.inspect.type_info(kind)


def _name_of(node: Node) -> str:
    pairs = node.value if isinstance(node, nodes.Mapping) else []
    named = next((value for key, value in pairs if key_text(key) == "name"), None)
    return named.value if isinstance(named, Scalar) else ""


def _line_of(node: Node, at: "re.Match[str] | None", said: str) -> int:
    """The line that the message of a contradiction is about: a field on its path, a value or a field in its words."""
    for name, number in _STEP.findall(at["path"]) if at else ():
        if isinstance(node, nodes.Mapping):
            node = next((value for key, value in node.value if key_text(key) == name), node)
        elif isinstance(node, Sequence) and number and int(number) < len(node.value):
            node = node.value[int(number)]
    if not isinstance(node, nodes.Mapping):
        return node.line
    for _, value in node.value:
        for item in value.value if isinstance(value, Sequence) else [value]:
            if isinstance(item, Scalar) and item.value and repr(item.value) in said:
                return item.line
    words = set(re.findall(r"\w+", said))
    return next((key.line for key, _ in node.value if key_text(key) in words), node.line)
