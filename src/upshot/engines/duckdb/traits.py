"""Traits of units with their history, and values of external series."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from upshot.core.errors import InvalidInput
from upshot.engines.duckdb.identity import unit_keys
from upshot.engines.values import utc_naive

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from upshot.engines.duckdb.writer import Transaction
    from upshot.engines.values import Observation, Scalar, UnitTraits

__all__ = ["observe", "set_traits", "trait_text"]


def set_traits(transaction: Transaction, traits: Sequence[UnitTraits]) -> None:
    """Keep traits from their instants on; what is set once counts only where nothing was set before its instant.

    The order of arrival decides nothing but between two values for one instant, of which the later counts, and of those
    set once the earlier.

    Raises:
        InvalidInput: Sessions and devices have none; names and texts must be clean; numbers finite.
    """
    for change in traits:
        _check(change)
    by_type: dict[str, list[str]] = {}
    for change in traits:
        by_type.setdefault(change.unit_type, []).append(change.unit)
    keys = {
        (unit_type, unit): key
        for unit_type, units in by_type.items()
        for unit, key in unit_keys(transaction.connection, unit_type, units).items()
    }
    for change in traits:
        _keep(transaction, change, keys[change.unit_type, change.unit])


def _keep(transaction: Transaction, change: UnitTraits, key: int) -> None:
    # What comes after a value of any id of the person has no effect, whatever else arrives: it is not kept,
    # as clients say the same with every event.
    unless = """
        ANTI JOIN (
            SELECT t.name FROM unit_properties t SEMI JOIN (
                SELECT $2 AS unit_key
                UNION ALL
                SELECT person_key FROM identity WHERE $1 = 'person' AND distinct_key = $2
                UNION ALL
                SELECT distinct_key FROM identity WHERE $1 = 'person' AND person_key
                    = coalesce((SELECT person_key FROM identity WHERE distinct_key = $2), $2)
            ) u ON u.unit_key = t.unit_key
            WHERE t.unit_type = $1 AND t.value IS NOT NULL AND t.valid_from <= $5
        ) h ON h.name = n.name
        WHERE n.value IS NOT NULL
    """
    transaction.connection.execute(
        f"""
        INSERT INTO unit_properties
        SELECT $1, $2, n.name, n.value, $5, {transaction.revision}, {change.once}
        FROM (SELECT unnest($3::VARCHAR[]) AS name, unnest($4::VARCHAR[]) AS value) n {unless if change.once else ""}
        """,
        [
            change.unit_type,
            key,
            list(change.properties),
            [trait_text(value) for value in change.properties.values()],
            utc_naive(change.at),
        ],
    )


def trait_text(value: Scalar) -> str | None:
    """A trait as it is kept: numbers that are whole lose their fraction, so that 3 and 3.0 are one value.

    >>> trait_text(3.0), trait_text(2.5), trait_text(True), trait_text("3.0")
    ('3', '2.5', 'true', '3.0')
    """
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            return str(int(value)) if value == int(value) else repr(float(value))


def _check(change: UnitTraits) -> None:
    if change.unit_type in {"session", "device", ""}:
        raise InvalidInput(f"A {change.unit_type or 'unit without a type'} has no traits; persons and groups have.")
    texts = [change.unit, *change.properties, *(v for v in change.properties.values() if isinstance(v, str))]
    for text in texts:
        _check_text(text)
    if not change.unit or "" in change.properties:
        raise InvalidInput("A unit and each of its traits need a name.")
    for name, value in change.properties.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidInput(f"The trait {name!r} is {value}, which is not a number to count with.")


def _texts(value: Observation) -> str:
    for text in (*value.dimensions, *value.dimensions.values()):
        _check_text(text)
    return msgspec.json.encode(dict(sorted(value.dimensions.items()))).decode()


def _check_text(text: str) -> None:
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidInput(f"{text!r} holds a character that cannot be kept (NUL, or not UTF-8).")


def observe(transaction: Transaction, series: str, values: Sequence[Observation], recorded_at: datetime) -> None:
    """Keep a recording of an external series.

    Raises:
        InvalidInput: The series has no name, or a value is not finite.
    """
    if not series:
        raise InvalidInput("A series needs a name.")
    _check_text(series)
    for value in values:
        if not math.isfinite(value.value):
            raise InvalidInput(f"The value of {series} on {value.day} is {value.value}.")
    # Sorted, as maps are equal only in the same order; as text, as a list of maps of which some are empty has no type.
    dimensions = [_texts(value) for value in values]
    transaction.connection.execute(
        f"""
        INSERT INTO observations
        SELECT $1, unnest($2::DATE[]),
            from_json(unnest($3::JSON[]), '"MAP(VARCHAR, VARCHAR)"'), unnest($4::DOUBLE[]), $5,
            {transaction.revision}
        """,
        [series, [v.day for v in values], dimensions, [v.value for v in values], utc_naive(recorded_at)],
    )
