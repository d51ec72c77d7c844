"""YAML as a tree of nodes that know their lines. What could do harm is refused before it grows.

Scalars stay as they were written, since whoever reads a field knows its type better than YAML's guess: a title ``yes``
is a text. Aliases and tags are not read: a file of nine lines could otherwise unfold to a billion values, or name a
class to be made.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from yaml import Event

__all__ = [
    "LONGEST_TEXT",
    "Composed",
    "Mapping",
    "Mistake",
    "Node",
    "Scalar",
    "Sequence",
    "compose",
    "is_null",
    "key_text",
]

LONGEST_TEXT = 20_000_000
"""Characters that a file may have."""
_DEEPEST = 40
_NULLS = frozenset({"", "null", "Null", "NULL", "~"})
_QUOTED = frozenset("'\"|>")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it was written; ``quoted`` says that it is a text for sure."""

    value: str
    line: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    value: "list[Node]"
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values, in order; a key may be there twice."""

    value: "list[tuple[Node, Node]]"
    line: int


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong, and in which line; 0 where the line is not known."""

    message: str
    line: int


@dataclass(frozen=True, slots=True)
class Composed:
    """The root of each document that is not empty; none where there is a mistake."""

    roots: tuple[Node, ...]
    mistakes: tuple[Mistake, ...]


def compose(text: str) -> Composed:
    """The trees of a YAML file, or why there are none."""
    import yaml

    if len(text) > LONGEST_TEXT:
        return _refused(f"The file has {len(text):,} characters; {LONGEST_TEXT:,} are read. Divide it.", 0)
    loader: type[yaml.SafeLoader | yaml.CSafeLoader] = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    building = _Building()
    try:
        for event in yaml.parse(text, Loader=loader):
            mistake = building.take(event)
            if mistake is not None:
                return Composed((), (mistake,))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        return _refused(f"This is not YAML: {error.problem or error}.", min(line, len(text.splitlines())))
    except yaml.reader.ReaderError as error:
        return _refused(f"This is not YAML: {error.reason}.", text.count("\n", 0, error.position) + 1)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        return _refused(f"This is not YAML: {str(error).splitlines()[0]}.", 0)
    return Composed(tuple(root for root in building.roots if not is_null(root)), ())


def is_null(node: Node) -> bool:
    """Whether nothing stands there: no value, or ``null`` without quotes."""
    return isinstance(node, Scalar) and not node.quoted and node.value in _NULLS


def key_text(node: Node) -> str:
    """A key as it was written; a list or a mapping is none, and is shown as such."""
    return node.value if isinstance(node, Scalar) else "[…]" if isinstance(node, Sequence) else "{…}"


def _refused(message: str, line: int) -> Composed:
    return Composed((), (Mistake(message, line),))


class _Building:
    """Nodes from events; ``_open`` holds the collections that are not closed yet, each with what is inside so far."""

    def __init__(self) -> None:
        self.roots: list[Node] = []
        self._open: list[tuple[bool, int, list[Node]]] = []

    def take(self, event: "Event") -> Mistake | None:
        """Take one event in; what is wrong with it."""
        import yaml

        if isinstance(event, yaml.ScalarEvent):
            if event.tag is not None:
                return _tagged(event, event.tag)
            self._add(Scalar(event.value, _line(event), event.style in _QUOTED))
        elif isinstance(event, yaml.CollectionStartEvent):
            if event.tag is not None:
                return _tagged(event, event.tag)
            if len(self._open) >= _DEEPEST:
                return Mistake(f"It is nested more than {_DEEPEST} deep.", _line(event))
            self._open.append((isinstance(event, yaml.MappingStartEvent), _line(event), []))
        elif isinstance(event, yaml.CollectionEndEvent):
            is_mapping, line, inside = self._open.pop()
            pairs = zip(inside[::2], inside[1::2], strict=True) if is_mapping else ()
            self._add(Mapping(list(pairs), line) if is_mapping else Sequence(inside, line))
        elif isinstance(event, yaml.AliasEvent):
            return Mistake(f"The alias *{event.anchor} is not read; write the value itself.", _line(event))
        return None

    def _add(self, node: Node) -> None:
        (self._open[-1][2] if self._open else self.roots).append(node)


def _tagged(event: "Event", tag: str) -> Mistake:
    shown = tag.replace("tag:yaml.org,2002:", "!!", 1)[:100]
    return Mistake(f"The tag {shown} is not read; write the value itself.", _line(event))


def _line(event: "Event") -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
