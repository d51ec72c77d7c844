"""How a property is read from a VARIANT: as macros of the store, fast ones until a value asks for careful ones.

``property_text`` is its text, ``property_number`` its number. ``scalar_text`` is the same text but of what is object,
list or whole double: enough to compare with other texts, and a scan then skips what does not match.

DuckDB 2.0 raises, also in TRY_CAST and within TRY, when it casts an object of which two keys differ only in case (HTTP
headers are such). Asking each value first what it holds takes ten times as long as reading a property that the engine
keeps as a column of its own, and hardly any store has such a value. So the first statement that meets one makes the
store read carefully from then on, and is asked again. Both ways give the same text and the same number.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import duckdb

from upshot.core.errors import UserError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["define", "needs_care", "read_carefully"]

_REFUSED = ("casting", "duplicate name")
_VALUE = "variant_extract(properties, key)"
_IS_NESTED = f"variant_typeof({_VALUE})[1] IN ('O', 'A')"
_JSON = f"CAST({_VALUE} AS JSON) ->> '$'"
# A branch of a CASE is computed for other rows too, so that the value itself must be another one there.
_SCALAR = f"CASE WHEN NOT {_IS_NESTED} THEN {_VALUE} END"
_AS_TEXT = f"CAST({_VALUE} AS VARCHAR)"


def _text(value: str, is_nested: str) -> str:
    """1 and 1.0 are one number, and so one text; the text "1.0" (a version) is another."""
    text = f"CAST({value} AS VARCHAR)"
    # Only what looks like a whole double is asked whether it is one: to ask every value takes four times as long.
    whole = f"TRY_CAST(TRY_CAST({value} AS DOUBLE) AS BIGINT)"
    as_whole = (
        f"CASE WHEN variant_typeof({_VALUE}) IN ('DOUBLE', 'FLOAT') THEN CAST({whole} AS VARCHAR) ELSE {text} END"
    )
    return f"CASE WHEN {is_nested} THEN {_JSON} WHEN suffix({text}, '.0') THEN {as_whole} ELSE {text} END"


def _number(value: str) -> str:
    number = f"TRY_CAST({value} AS DOUBLE)"
    # Only 1 and 0 can have been true and false, and only they, -1 and what is not finite are their own cube: one
    # condition that hardly any value meets. To ask every value what it holds took as long as three casts; to compare
    # with what would be true or false takes half of asking for the name of its type.
    is_own_cube = f"{number} * {number} * {number} = {number}"
    is_boolean = f"{_VALUE} = CAST({number} = 1 AS VARIANT)"
    return f"CASE WHEN {is_own_cube} AND (NOT isfinite({number}) OR {is_boolean}) THEN NULL ELSE {number} END"


def define(connection: DuckDBPyConnection) -> None:
    """Make the macros as this version reads, fast or carefully as the store needs.

    A store that has them is only read: it opens on a full disk too.
    """
    kept = dict(connection.execute("SELECT name, value FROM settings WHERE name IN ('reading', 'macros')").fetchall())
    careful = kept.get("reading") == "careful"
    if kept.get("macros") != _digest(_bodies(careful=careful)):
        connection.execute("BEGIN")
        _make(connection, careful=careful)
        connection.execute("COMMIT")


def read_carefully(connection: DuckDBPyConnection) -> None:
    """From now on, ask each value what it holds before it is cast; the caller has begun a transaction."""
    connection.execute("DELETE FROM settings WHERE name = 'reading'")
    connection.execute("INSERT INTO settings VALUES ('reading', 'careful')")
    _make(connection, careful=True)


def needs_care(error: BaseException | None) -> bool:
    """Whether a statement failed at a value that only the careful macros read."""
    if isinstance(error, UserError):
        error = error.__cause__
    return isinstance(error, duckdb.Error) and all(sign in str(error) for sign in _REFUSED)


def _bodies(*, careful: bool) -> dict[str, str]:
    if careful:
        scalar = f"CASE WHEN {_IS_NESTED} THEN {_JSON} ELSE CAST({_SCALAR} AS VARCHAR) END"
        return {"property_text": _text(_SCALAR, _IS_NESTED), "scalar_text": scalar, "property_number": _number(_SCALAR)}
    is_nested = f"{_AS_TEXT} ^@ '{{' OR {_AS_TEXT} ^@ '['"
    return {"property_text": _text(_VALUE, is_nested), "scalar_text": _AS_TEXT, "property_number": _number(_VALUE)}


def _digest(bodies: dict[str, str]) -> str:
    return hashlib.sha256("\n".join(bodies.values()).encode()).hexdigest()


def _make(connection: DuckDBPyConnection, *, careful: bool) -> None:
    bodies = _bodies(careful=careful)
    for name, body in bodies.items():
        connection.execute(f"CREATE OR REPLACE MACRO main.{name}(properties, key) AS {body}")
    connection.execute("DELETE FROM settings WHERE name = 'macros'")
    connection.execute("INSERT INTO settings VALUES ('macros', ?)", [_digest(bodies)])
