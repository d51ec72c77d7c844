"""Objectives serve others, and so form a tree."""

from collections import Counter
from collections.abc import Mapping, Sequence

from upshot.core.units import counted, one_or_many
from upshot.objectives.progress import Status

__all__ = ["children_of", "in_order", "rolled_up"]

_ORDER = (
    Status.MISSED,
    Status.BEHIND,
    Status.NO_DATA,
    Status.ON_COURSE,
    Status.AHEAD,
    Status.REACHED,
    Status.NOT_STARTED,
)


def children_of(parents: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The children of each objective, in the order given.

    Args:
        parents: Objective to the one that it serves; empty where it serves none.
    """
    found: dict[str, list[str]] = {name: [] for name in parents}
    for name, parent in parents.items():
        if parent in found and parent != name:
            found[parent].append(name)
    return {name: tuple(children) for name, children in found.items()}


def in_order(parents: Mapping[str, str]) -> tuple[str, ...]:
    """Parents before their children, each family together; what has lost its parent stands at the top.

    >>> in_order({"b": "a", "a": "", "c": ""})
    ('a', 'b', 'c')
    """
    children = children_of(parents)
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in found:
            found[name] = None
            for child in children[name]:
                visit(child)

    for name, parent in parents.items():
        if parent not in parents:
            visit(name)
    for name in parents:  # only a circle, which is refused when it is declared, leaves something over
        visit(name)
    return tuple(found)


def rolled_up(name: str, children: Mapping[str, Sequence[str]], statuses: Mapping[str, Status]) -> str:
    """How all objectives below one stand, in words; empty where there are none.

    >>> rolled_up("a", {"a": ("b", "c"), "b": (), "c": ()}, {"b": Status.BEHIND, "c": Status.REACHED})
    'Of 2 objectives below it, 1 is behind and 1 is reached.'
    """
    below: dict[str, None] = {}
    waiting = list(children.get(name, ()))
    while waiting:
        child = waiting.pop()
        if child not in below and child != name:
            below[child] = None
            waiting += children.get(child, ())
    counts = Counter(statuses[child] for child in below if child in statuses)
    parts = [f"{counts[status]} {_verb(status, counts[status])}" for status in _ORDER if counts[status]]
    if not parts:
        return ""
    whole = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    total = sum(counts.values())
    return f"Of {counted(total, 'objective')} below it, {whole}."


def _verb(status: Status, count: int) -> str:
    if status is Status.NO_DATA:
        return one_or_many(count, "has no data", "have no data")
    return f"{one_or_many(count, 'is', 'are')} {status}"
