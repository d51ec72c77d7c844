"""How names, texts and local days are written in DuckDB's SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["identifier", "literal", "local_day"]


def identifier(name: str) -> str:
    """A name in double quotes; any character may be in it.

    >>> print(identifier('a "b" c'))
    "a ""b"" c"
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in single quotes.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def local_day(instant: str, zone: ZoneInfo) -> str:
    """The local day of the UTC TIMESTAMP expression ``instant`` in ``zone``, as a DATE expression.

    The one definition of a day: ICU's rules for the zone, never Python's, so that days do not depend on who counts.
    """
    if zone.key == "UTC":
        return f"({instant})::DATE"
    return f"((({instant}) AT TIME ZONE 'UTC') AT TIME ZONE {literal(zone.key)})::DATE"
