"""What is wrong with one field of a form: the form comes back with all that was typed, and this beside the field."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from upshot.core.errors import UserError
from upshot.core.problems import Problem
from upshot.core.suggest import did_you_mean

__all__ = ["FieldProblem", "at_field", "field_of", "refused"]

_PATH: Final = re.compile(r"`\$\.(\w+)")
"""How a message of msgspec names the key that it is about."""


class FieldProblem(msgspec.Struct, frozen=True):
    """The problem, and the field that it is about; an empty ``field`` is the form as a whole."""

    field: str
    message: str
    hint: str = ""


def field_of(message: str, fields: Mapping[str, tuple[str, ...]]) -> str:
    """The field that ``message`` names by its key, else the one whose words stand first in it; empty where none does.

    >>> field_of("The target 'x' is no share.", {"title": ("title",), "target": ("target",)})
    'target'
    >>> field_of("Invalid enum value 'x' - at `$.by`", {"by": ("step",), "value": ("value",)})
    'by'
    """
    if (key := _PATH.search(message)) and key[1] in fields:
        return key[1]
    said = message.casefold()
    places = {
        name: min((said.find(word) for word in words if word in said), default=-1) for name, words in fields.items()
    }
    found = {name: place for name, place in places.items() if place >= 0}
    return min(found, key=lambda name: found[name]) if found else ""


def at_field(error: UserError, fields: Mapping[str, tuple[str, ...]]) -> FieldProblem:
    """What was refused, beside the field that it is about."""
    return FieldProblem(field_of(error.message, fields), error.message, error.hint)


def refused(problems: Iterable[Problem], fields: Mapping[str, tuple[str, ...]]) -> FieldProblem | None:
    """The first of ``problems`` that is an error, beside its field; None where none is."""
    wrong = next((problem for problem in problems if problem.level == "error"), None)
    if wrong is None:
        return None
    return FieldProblem(field_of(wrong.message, fields), wrong.message, did_you_mean(wrong.suggestions))
