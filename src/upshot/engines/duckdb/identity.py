"""Who is the same person: components of what was merged, named so that the order of merges does not matter.

A component is named by its smallest id among those that were never an alias, or the smallest of all when each was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from upshot.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from duckdb import DuckDBPyConnection

    from upshot.engines.duckdb.writer import Transaction
    from upshot.engines.values import Merge

__all__ = ["components", "merge", "unit_keys"]


def components(links: Iterable[tuple[str, str]]) -> list[set[str]]:
    """The sets of names that links connect.

    >>> sorted(map(sorted, components([("a", "b"), ("c", "d"), ("b", "d"), ("e", "e")])))
    [['a', 'b', 'c', 'd'], ['e']]
    """
    home: dict[str, set[str]] = {}
    for left, right in links:
        one, other = home.setdefault(left, {left}), home.setdefault(right, {right})
        if one is not other:
            small, large = sorted((one, other), key=len)
            large |= small
            home.update(dict.fromkeys(small, large))
    return list({id(names): names for names in home.values()}.values())


def merge(transaction: Transaction, merges: Sequence[Merge]) -> list[Merge]:
    """Keep what was said, derive who is who, and note which keys the facts hold for persons who are others now.

    Returns:
        The guarded merges that were not made, as their alias is somebody else.

    Raises:
        InvalidInput: An id is empty or cannot be text.
    """
    connection = transaction.connection
    _check({name for m in merges for name in (m.distinct_id, m.alias)})
    refused = _claimed(connection, merges)
    said = [(m.distinct_id, m.alias) for m in merges if m not in refused]
    names = {name for pair in said for name in pair}
    if not names:
        return refused
    connection.execute(
        """
        INSERT INTO merges
        SELECT s.distinct_id, s.alias, now()::TIMESTAMP
        FROM (SELECT DISTINCT unnest($1::VARCHAR[]) AS distinct_id, unnest($2::VARCHAR[]) AS alias) s
        ANTI JOIN merges m ON m.distinct_id = s.distinct_id AND m.alias = s.alias
        WHERE s.distinct_id <> s.alias
        """,
        [[a for a, _ in said], [b for _, b in said]],
    )
    persons = dict(_persons(connection, names))
    links = [*said, *persons.items()]
    aliases = _aliases(connection, {name for link in links for name in link})
    now = {}
    for members in components(links):
        person = min(members, key=lambda name: (name in aliases, name))
        now.update(dict.fromkeys(members, person))
    _rename(connection, {name: person for name, person in now.items() if persons.get(name, name) != person})
    return refused


def _claimed(connection: DuckDBPyConnection, merges: Sequence[Merge]) -> list[Merge]:
    """Guarded merges whose alias somebody else has claimed, or is a person, before or among these."""
    aliases = list({m.alias for m in merges if m.guarded})
    if not aliases:
        return []
    known = connection.execute(
        """
        SELECT alias, distinct_id FROM merges WHERE alias IN (SELECT unnest($1::VARCHAR[]))
        UNION ALL
        SELECT distinct_id, distinct_id FROM merges WHERE distinct_id IN (SELECT unnest($1::VARCHAR[]))
        """,
        [aliases],
    ).fetchall()
    claims: dict[str, set[str]] = {}
    for alias, person in known:
        claims.setdefault(alias, set()).add(person)
    refused = []
    for each in merges:
        claimed = claims.setdefault(each.alias, set())
        if each.guarded and claimed and each.distinct_id not in claimed:
            refused.append(each)
        else:
            claimed.add(each.distinct_id)
            claims.setdefault(each.distinct_id, set()).add(each.distinct_id)
    return refused


def unit_keys(connection: DuckDBPyConnection, unit_type: str, names: Sequence[str]) -> dict[str, int]:
    """The keys of units, given to those that have none."""
    connection.execute(
        """
        INSERT INTO units
        SELECT nextval('unit_keys'), $1, n.unit
        FROM (SELECT DISTINCT unnest($2::VARCHAR[]) AS unit) n
        ANTI JOIN units u ON u.unit_type = $1 AND u.unit = n.unit
        """,
        [unit_type, list(names)],
    )
    return dict(
        connection.execute(
            "SELECT unit, unit_key FROM units WHERE unit_type = $1 AND unit IN (SELECT unnest($2::VARCHAR[]))",
            [unit_type, list(names)],
        ).fetchall()
    )


def _check(names: Iterable[str]) -> None:
    for name in names:
        if not name or "\0" in name or any("\ud800" <= letter <= "\udfff" for letter in name):
            raise InvalidInput(f"{name!r} cannot be the id of a person.", hint="Send a text that is not empty.")


def _persons(connection: DuckDBPyConnection, names: Iterable[str]) -> list[tuple[str, str]]:
    """Everybody who is of a person that ``names`` are of, with that person's name."""
    return connection.execute(
        """
        WITH asked AS (SELECT unnest($1::VARCHAR[]) AS name),
        concerned AS (
            SELECT person FROM identity SEMI JOIN asked ON asked.name = distinct_id UNION SELECT name FROM asked
        )
        SELECT distinct_id, person FROM identity SEMI JOIN concerned USING (person)
        """,
        [list(names)],
    ).fetchall()


def _aliases(connection: DuckDBPyConnection, names: Iterable[str]) -> set[str]:
    rows = connection.execute(
        "SELECT DISTINCT alias FROM merges WHERE alias IN (SELECT unnest($1::VARCHAR[]))", [list(names)]
    ).fetchall()
    return {alias for (alias,) in rows}


def _rename(connection: DuckDBPyConnection, persons: dict[str, str]) -> None:
    if not persons:
        return
    keys = unit_keys(connection, "person", [*persons, *persons.values()])
    moved = [keys[name] for name in persons]
    others = {name: person for name, person in persons.items() if name != person}
    connection.execute("DELETE FROM identity WHERE distinct_key IN (SELECT unnest($1::BIGINT[]))", [moved])
    connection.execute("DELETE FROM pending_merges WHERE unit_key IN (SELECT unnest($1::BIGINT[]))", [moved])
    connection.execute(
        """
        INSERT INTO identity
        SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[]), unnest($3::BIGINT[]), unnest($4::BIGINT[])
        """,
        [list(others), list(others.values()), [keys[n] for n in others], [keys[p] for p in others.values()]],
    )
    connection.execute(
        "INSERT INTO pending_merges SELECT unnest($1::BIGINT[]), unnest($2::BIGINT[])",
        [[keys[n] for n in others], [keys[p] for p in others.values()]],
    )
