"""Columns that runs of spaces separate: recognised where every line has as many, and told as tabs to who reads on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from upshot.collect.imports.times import recognise

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SPACES", "SpacesAsTabs", "are_columns"]

SPACES = "spaces"
"""As ``delimiter``: runs of spaces and tabs."""

_AROUND = re.compile(rb"^\t|\t(?=\r?$)", re.MULTILINE)
_RUN = re.compile(rb"[ \t]+")
# A quote opens a field only where a field begins, and closes it only where one ends.
_QUOTED_OR_RUN = re.compile(rb'((?<![^ \t\n])"(?:[^"\n]|"")*"(?![^ \t\r\n]))|[ \t]+')
_LONGEST_LINE = 4_000_000


def are_columns(text: bytes) -> bool:
    r"""Whether runs of spaces separate columns: two lines or more, each with the same number of fields, above one.

    Lines that are instants as a whole are one column, and a header with a usual separator speaks against spaces.

    >>> are_columns(b"date time user\n2024-01-01 10:00  ann\n"), are_columns(b"created at\n2024-01-01 10:00\n")
    (True, False)
    """
    header, *rest = text.strip().split(b"\n", 1)
    if not rest or b" " not in header or any(sign in header for sign in b",;|\t"):
        return False
    lines = [line for line in _as_tabs(text).split(b"\n") if line.strip()]
    widths = {line.count(b"\t") for line in lines}
    if len(widths) != 1 or widths == {0}:
        return False
    whole = recognise(line.replace(b"\t", b" ").decode("utf-8", "replace") for line in lines[1:100])
    return not (whole.name or whole.candidates)


def _as_tabs(text: bytes) -> bytes:
    told = _QUOTED_OR_RUN.sub(lambda found: found[1] or b"\t", text) if b'"' in text else _RUN.sub(b"\t", text)
    return _AROUND.sub(b"", told)


class SpacesAsTabs:
    """A text with one tab where it has spaces between fields, whole lines at a time.

    Args:
        read: Gives up to as many bytes as it is asked for; empty at the end.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._line = b""

    def read(self, size: int) -> bytes:
        """About ``size`` bytes; empty at the end."""
        while part := self._read(size):
            text = self._line + part
            end = text.rfind(b"\n") + 1 or (len(text) if len(text) > _LONGEST_LINE else 0)
            self._line = text[end:]
            if told := _as_tabs(text[:end]):
                return told
        rest, self._line = self._line, b""
        return _as_tabs(rest)
