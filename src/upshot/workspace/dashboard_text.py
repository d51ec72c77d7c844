"""Dashboards as YAML, and back without loss. What is wrong comes back as values, all of it at once, with its line."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from upshot.catalog.kinds.dashboard import Dashboard, Tile, arranged
from upshot.core.problems import Problem
from upshot.core.suggest import nearest

if TYPE_CHECKING:
    from yaml import Node

__all__ = ["dashboard_to_yaml", "dashboards_to_yaml", "parse_dashboards"]

_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]*)`")
_AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
Path = tuple[str | int, ...]


def dashboard_to_yaml(dashboard: Dashboard) -> str:
    """One dashboard as a YAML mapping."""
    return _dump(_plain(dashboard))


def dashboards_to_yaml(dashboards: Iterable[Dashboard]) -> str:
    """Dashboards as a file that ``parse_dashboards`` reads back to the same values."""
    return _dump({Dashboard.PLURAL: [_plain(dashboard) for dashboard in dashboards]})


def parse_dashboards(text: str, source: str = "") -> tuple[tuple[Dashboard, ...], tuple[Problem, ...]]:
    """The dashboards of a YAML file: a mapping with a list under ``dashboards``, such a list, or one alone.

    Args:
        text: The file.
        source: Its name, for messages.

    Returns:
        Those that are right, each tile with a name and a place; and what is wrong with the others.
    """
    import yaml

    try:
        root, data = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        return (), (Problem(f"This is not YAML: {error.problem or error}.", source, line),)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return (), (Problem(f"This is not YAML: {str(error).splitlines()[0]}.", source),)
    if root is None or data is None:
        return (), ()
    reading = _Reading(source, root)
    found = [d for path, one in reading.definitions(data) if (d := reading.dashboard(path, one)) is not None]
    reading.check_names(found)
    return tuple(found), tuple(reading.problems)


class _Reading:
    def __init__(self, source: str, root: "Node") -> None:
        self.source = source
        self.root = root
        self.problems: list[Problem] = []

    def wrong(self, path: Path, message: str, suggestions: tuple[str, ...] = ()) -> None:
        self.problems.append(Problem(message, self.source, _line(self.root, path), suggestions))

    # what a YAML file holds is of any type until it is converted
    def definitions(self, data: Any) -> list[tuple[Path, Any]]:
        path: Path = ()
        if isinstance(data, Mapping):
            if Dashboard.PLURAL not in data:
                if "name" in data or "tiles" in data:
                    return [((), data)]
                self.wrong((), "There is no list of dashboards.", (Dashboard.PLURAL,))
                return []
            for key in data:
                if key != Dashboard.PLURAL:
                    self.wrong((key,), f"A file of dashboards has no {key!r} beside 'dashboards'.")
            data, path = data[Dashboard.PLURAL], (Dashboard.PLURAL,)
        if not isinstance(data, list):
            if data is not None:
                self.wrong(path, "Dashboards are a list; begin each with '- name:'.")
            return []
        return [((*path, at), one) for at, one in enumerate(data)]

    def dashboard(self, path: Path, data: Any) -> Dashboard | None:
        if not isinstance(data, Mapping):
            self.wrong(path, "A dashboard is a mapping with at least a name.")
            return None
        before = len(self.problems)
        listed = data.get("tiles") or []
        if not isinstance(listed, list):
            self.wrong((*path, "tiles"), "Tiles are a list; begin each with '- type:'.")
            listed = []
        tiles = [self._convert((*path, "tiles", at), one, Tile) for at, one in enumerate(listed)]
        whole = self._convert(path, {key: value for key, value in data.items() if key != "tiles"}, Dashboard)
        if whole is None or len(self.problems) > before:
            return None
        try:
            return arranged(msgspec.structs.replace(whole, tiles=tuple(t for t in tiles if t is not None)))
        except ValueError as error:
            self.wrong(path, f"In the dashboard {whole.name!r}, {error}.")
            return None

    def check_names(self, found: list[Dashboard]) -> None:
        names = [dashboard.name for dashboard in found]
        for name in sorted({name for at, name in enumerate(names) if name in names[:at]}):
            self.wrong((), f"There are two dashboards named {name!r}.")

    def _convert(self, path: Path, data: Any, expected: type[Any]) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("where"), str):
            data = {**data, "where": [data["where"]]}
        try:
            return msgspec.convert(data, expected)
        except msgspec.ValidationError as error:
            said = str(error)
            where = _AT.search(said)
            steps = _steps(where["path"]) if where else ()
            message = _AT.sub("", said)
            unknown = _UNKNOWN.search(message)
            fields = expected.__struct_fields__
            if unknown is not None:
                steps = (*steps, unknown["name"])
                kind = expected.__name__.lower()
                self.wrong((*path, *steps), f"A {kind} has no {unknown['name']!r}.", nearest(unknown["name"], fields))
            else:
                named = f" ({'.'.join(map(str, steps))})" if steps else ""
                self.wrong((*path, *steps), f"{message[:1].upper()}{message[1:]}{named}.")
            return None


def _steps(path: str) -> Path:
    return tuple(name or int(number) for name, number in _STEP.findall(path))


def _line(root: "Node", path: Path) -> int:
    """The line of what stands at ``path``, or of the last thing before it that is there."""
    from yaml import MappingNode, SequenceNode

    node = root
    for step in path:
        if isinstance(node, MappingNode):
            node = next((value for key, value in node.value if key.value == step), node)
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
    return int(node.start_mark.line) + 1


def _plain(dashboard: Dashboard) -> dict[str, object]:
    plain = msgspec.to_builtins(dashboard, builtin_types=())
    found: dict[str, object] = plain
    return found


def _dump(value: dict[str, object]) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Texts of several lines as such."""

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)

    Dumper.add_representer(str, text)
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=120)
