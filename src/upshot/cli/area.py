"""What an area of commands gives to the whole: its commands by import path, so that the list of all loads none."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Area", "Command", "Group"]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of one word.

    Attributes:
        name: The word.
        path: Where it stands: ``module:function``.
        help: What it does, in a line.
    """

    name: str
    path: str
    help: str


@dataclass(frozen=True, slots=True)
class Group:
    """Commands under one word.

    Attributes:
        name: The word.
        help: What they are about, in a line.
        commands: Where each stands, ``module:function``, by its own word.
        groups: Groups inside.
    """

    name: str
    help: str
    commands: Mapping[str, str]
    groups: tuple["Group", ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """One area: what ``upshot`` itself takes on for it."""

    commands: tuple[Command, ...] = ()
    groups: tuple[Group, ...] = ()
