"""What the types of a file's columns are to an import."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upshot.engines.bulk import ValueType

__all__ = ["value_type"]

_NESTED = ("STRUCT", "MAP", "LIST", "JSON", "VARIANT", "UNION")
_TYPES: dict[str, ValueType] = {
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "HUGEINT": "integer",
    "UTINYINT": "integer",
    "USMALLINT": "integer",
    "UINTEGER": "integer",
    "UBIGINT": "integer",
    "UHUGEINT": "integer",
    "FLOAT": "number",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "DATE": "instant",
    "TIMESTAMP": "instant",
    "TIMESTAMP_S": "instant",
    "TIMESTAMP_MS": "instant",
    "TIMESTAMP_NS": "instant",
    "TIMESTAMP WITH TIME ZONE": "instant",
}


def value_type(declared: str) -> ValueType:
    """The kind of value of a column that the engine says is ``declared``.

    >>> value_type("DECIMAL(18,3)"), value_type("INTEGER[]"), value_type("UUID")
    ('number', 'nested', 'text')
    """
    if declared.endswith("]") or declared.startswith(_NESTED):
        return "nested"
    if declared.startswith("DECIMAL"):
        return "number"
    return _TYPES.get(declared, "text")
