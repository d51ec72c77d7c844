"""What all declarations have in common."""

import re
from datetime import date
from typing import ClassVar

import msgspec

from upshot.core.ids import slug
from upshot.core.time import check_century

__all__ = ["NAME", "Declaration", "check_name", "with_article"]

NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-]{0,198}[A-Za-z0-9_])?")
"""Names of declarations: letters, digits, ``_``, ``-`` and ``.`` inside; 200 characters at most."""


def check_name(name: str) -> None:
    """Whether ``name`` can name a declaration.

    Raises:
        ValueError: It cannot; the message proposes one that can.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot be a name: letters, digits, _ - and . only; {slug(name)!r} could")


def with_article(kind: str) -> str:
    """A kind as it is spoken of.

    >>> with_article("objective"), with_article("launch")
    ('an objective', 'a launch')
    """
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


class Declaration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that somebody declared.

    Attributes:
        name: Unique within the kind.
    """

    KIND: ClassVar[str]
    """The kind's name, singular: ``objective``."""
    PLURAL: ClassVar[str]
    """The key of its list in YAML: ``objectives``."""
    IMMUTABLE: ClassVar[bool] = False
    """Whether it can be added and never be changed."""

    name: str

    def __post_init__(self) -> None:
        check_name(self.name)
        for field in self.__struct_fields__:
            value = getattr(self, field)
            for day in value if isinstance(value, tuple) else (value,):
                if isinstance(day, date):
                    check_century(field, day)

    def references(self) -> tuple[tuple[str, str, str], ...]:
        """What it refers to by name: (field, kind, name); the kind ``metric`` is a metric."""
        return ()
