"""What commits and tags say to Upshot: lines that begin with ``Upshot:``, anywhere in the message.

``Upshot: expects new_subscriptions +5% (1..9) within 30d`` states an expectation. ``Upshot: output=saved-songs`` names
what the commit belongs to; ``kind``, ``objective``, ``team``, ``usage``, ``title`` and ``link`` say more about it.
Several stand on one line with ``;`` between them.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from upshot.catalog.kinds import OutputKind, check_name, parse_expectation
from upshot.core.errors import InvalidInput
from upshot.core.suggest import nearest
from upshot.outputs.found import Remark

__all__ = ["Said", "read_trailers"]

_LINE = re.compile(r"^[ \t>*-]*upshot[ \t]*:[ \t]*(?P<said>.+?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_KEYS = ("output", "kind", "objective", "team", "usage", "title", "link")
_NAMES = frozenset({"output", "objective", "team", "usage"})


@dataclass(frozen=True, slots=True)
class Said:
    """What one message, or several together, say of an output; empty where they are silent."""

    output: str = ""
    kind: str = ""
    objective: str = ""
    team: str = ""
    usage: str = ""
    title: str = ""
    link: str = ""
    expects: tuple[str, ...] = ()

    def and_then(self, later: "Said") -> "Said":
        """Both together; where both speak, the later one counts."""
        given = {key: value for key in _KEYS if (value := getattr(later, key))}
        expects = tuple(dict.fromkeys((*self.expects, *later.expects)))
        return replace(self, expects=expects, **given)


def read_trailers(message: str, where: str) -> tuple[Said, tuple[Remark, ...]]:
    r"""What a message says, and what of it could not be understood.

    >>> read_trailers("Save songs\n\nUpshot: output=saved-songs; kind=bet", "1f2e")[0].output
    'saved-songs'
    """
    said = Said()
    remarks: list[Remark] = []
    for line in _LINE.finditer(message):
        for part in line["said"].split(";"):
            one = _part(part.strip(), where)
            if isinstance(one, Remark):
                remarks.append(one)
            else:
                said = said.and_then(one)
    return said, tuple(remarks)


def _part(text: str, where: str) -> Said | Remark:
    word, _, rest = text.partition(" ")
    if word.casefold().rstrip(":") == "expects":
        try:
            return Said(expects=(parse_expectation(rest).text,))
        except InvalidInput as error:
            return Remark(where, f"{error.message} {error.hint}")
    key, sign, value = (piece.strip() for piece in text.partition("="))
    key = key.casefold()
    if not sign or key not in _KEYS:
        return Remark(where, f"{text!r} says nothing that Upshot knows.", nearest(key, (*_KEYS, "expects")))
    if key == "kind" and value not in set(OutputKind):
        return Remark(where, f"There is no kind of output {value!r}.", nearest(value, OutputKind) or tuple(OutputKind))
    if key in _NAMES:
        try:
            check_name(value)
        except ValueError as error:
            return Remark(where, f"In {text!r}, {error}.")
    given: dict[str, Any] = {key: value}  # Any: the key is one of those that are texts
    return replace(Said(), **given)
