"""Moments by arm of a table with one row for each person: by the engine, so that no row comes into Python.

Every value is read as text and must be a number: true and false count as 1 and 0, and an empty cell is an error,
because only who made the table knows whether it means 0.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from upshot.core.errors import InvalidInput, NotFound
from upshot.engines.duckdb.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["MOST_ARMS", "Around", "Asked", "PairSums", "PersonTable", "read_columns", "read_person_table"]

MOST_ARMS = 50
_SHOWN = 40
_REACH = 4.0
"""Ranks around a quantile that are read, in roots of the persons: eight standard errors of a rank, or more."""
_LINES = (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose moments are wanted.

    Attributes:
        value: Column of the value, or of the numerator.
        beside: Column of the denominator, or of what was known before; empty for none.
        ratio: Whether ``beside`` is a denominator.
    """

    value: str
    beside: str = ""
    ratio: bool = False


@dataclass(frozen=True, slots=True)
class PairSums:
    """Moments of a value x and of what stands beside it (v) in one arm; divisors n − 1.

    Attributes:
        n: Persons.
        yes_no: Whether every value in the arm is 0 or 1.
        mean: Of x.
        variance: Of x; 0 for a single person.
        mean_beside: None where nothing stands beside it, as all that follow but for the first of the cubes.
        variance_beside: Of v.
        covariance: Of both.
        cubes: Means of the products xxx, and of xxv, xvv, vvv where there is a v.
    """

    n: int
    yes_no: bool
    mean: float
    variance: float
    mean_beside: float | None
    variance_beside: float | None
    covariance: float | None
    cubes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """The quantile at ``share`` of the column ``value``, in (0, 1)."""

    value: str
    share: float


Spread = tuple[tuple[float, ...], tuple[int, ...]]
"""Values around a quantile, ascending, and how many have each; the first and the last stand for what lies beyond."""


@dataclass(frozen=True, slots=True)
class PersonTable:
    """Arms with their persons, in the order of their names, and for each of what was asked the answers by arm."""

    arms: dict[str, int]
    moments: tuple[dict[str, PairSums], ...]
    spreads: tuple[dict[str, Spread], ...]


def read_person_table(
    file: Path,
    arm: str,
    asked: tuple[Asked, ...],
    *,
    around: tuple[Around, ...] = (),
    unit: str = "",
    told: Callable[[str], object] = lambda _: None,
) -> PersonTable:
    """The moments of ``asked`` and the values ``around`` quantiles, by arm.

    Args:
        file: CSV, TSV (compressed with gzip or not), JSON lines or Parquet.
        arm: The column that says which arm.
        asked: What is wanted of each arm.
        around: Which quantiles are wanted.
        unit: The column that names the person; empty where there is none.
        told: Told what is looked at next, ``arm``, ``unit`` or ``values``.

    Raises:
        InvalidInput: The file cannot be read or has no rows, a person has two rows, a row has no arm, there are fewer
            than 2 arms or more than ``MOST_ARMS``, or a value is no finite number.
        NotFound: It has no such column.
    """
    header = read_columns(file)
    measured = (*(n for each in asked for n in (each.value, each.beside) if n), *(each.value for each in around))
    for column in (arm, unit, *measured):
        if column and column not in header:
            raise NotFound("column", column, header, hint=f"The file has {', '.join(header)}.")
    scan = _scan(file)
    with _reading(file) as connection:
        told("arm")
        arms = _arms(connection, scan, arm)
        told("unit")
        if unit:
            _refuse_repeated(connection, scan, arm, unit)
        told("values")
        _refuse_no_numbers(connection, scan, tuple(dict.fromkeys(measured)))
        return PersonTable(
            arms,
            tuple(_moments(connection, scan, arm, each) for each in asked),
            tuple(_spreads(connection, scan, arm, each) for each in around),
        )


def read_columns(file: Path) -> tuple[str, ...]:
    """The names of the table's columns.

    Raises:
        InvalidInput: The file cannot be read.
    """
    scan = _scan(file)
    with _reading(file) as connection:
        return tuple(str(row[0]) for row in connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall())


@contextmanager
def _reading(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory() as spill, duckdb.connect(config=_config(spill)) as connection:
        try:
            yield connection
        except duckdb.Error as error:
            first = str(error).partition("\n")[0]
            raise InvalidInput(
                f"{file} cannot be read: {first}.", hint="Name a CSV, TSV, JSON lines or Parquet file."
            ) from None


def _config(spill: str) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "temp_directory": spill,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }


def _scan(file: Path) -> str:
    """The file as a table of the engine, chosen by its first bytes and its name."""
    path = file.expanduser()
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.", hint="Name a file that is there.") from None
    if not head:
        raise InvalidInput(f"{file} is empty.", hint="Export the table again, with its header.")
    # the engine takes a name with these for a pattern
    name = literal("".join(f"[{c}]" if c in "*?[" else c for c in str(path.absolute())))
    if head == b"PAR1":
        return f"read_parquet({name})"
    packed = "gzip" if head[:2] == b"\x1f\x8b" else "none"
    if path.name.lower().removesuffix(".gz").endswith(_LINES):
        return f"read_json({name}, format = 'auto', compression = '{packed}', sample_size = -1)"
    return f"read_csv({name}, header = true, all_varchar = true, compression = '{packed}')"


def _number(column: str) -> str:
    """A cell as a number; NULL where it is none, or not a finite one."""
    text = f"trim(CAST({identifier(column)} AS VARCHAR))"
    number = (
        f"CASE lower({text}) WHEN 'true' THEN 1.0::DOUBLE WHEN 'false' THEN 0.0::DOUBLE "
        f"ELSE TRY_CAST({text} AS DOUBLE) END"
    )
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _label(column: str) -> str:
    return f"nullif(trim(CAST({identifier(column)} AS VARCHAR)), '')"


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    return tuple(int(value or 0) for value in connection.execute(query).fetchall()[0])


def _arms(connection: duckdb.DuckDBPyConnection, scan: str, arm: str) -> dict[str, int]:
    rows, missing, arms = _one(
        connection,
        f"SELECT count(*), count(*) FILTER ({_label(arm)} IS NULL), count(DISTINCT {_label(arm)}) FROM {scan}",
    )
    if not rows:
        raise InvalidInput("The table has a header and no rows.", hint="Export it again, one row for each person.")
    if missing:
        raise InvalidInput(
            f"{arm} names no arm in {missing:,} of {rows:,} rows.", hint="Leave out who was not assigned."
        )
    if arms < 2:
        raise InvalidInput(
            f"All {rows:,} rows are of one arm in {arm}.",
            hint="Give a table with the control's rows and a treatment's.",
        )
    if arms > MOST_ARMS:
        raise InvalidInput(
            f"{arm} has {arms:,} different values, and up to {MOST_ARMS} arms can be compared.",
            hint="Name the column that says which arm a person was assigned to.",
        )
    counted = connection.execute(f"SELECT {_label(arm)} AS arm, count(*) FROM {scan} GROUP BY 1 ORDER BY 1").fetchall()
    return {str(name): int(count) for name, count in counted}


def _refuse_repeated(connection: duckdb.DuckDBPyConnection, scan: str, arm: str, unit: str) -> None:
    rows, missing, ids, repeated, crossed = _one(
        connection,
        f"SELECT sum(n), sum(n) FILTER (unit IS NULL), count(unit), count(*) FILTER (unit IS NOT NULL AND n > 1), "
        f"count(*) FILTER (unit IS NOT NULL AND arms > 1) FROM (SELECT {_label(unit)} AS unit, count(*) AS n, "
        f"count(DISTINCT {_label(arm)}) AS arms FROM {scan} GROUP BY 1)",
    )
    if missing:
        raise InvalidInput(
            f"{unit} has no id in {missing:,} of {rows:,} rows.", hint="Give each person an id, or omit --id."
        )
    if repeated:
        raise InvalidInput(
            f"{repeated:,} of {ids:,} ids in {unit} stand in more than one row, {crossed:,} of them in several arms.",
            hint="Add up each person's rows first, and leave out who met several arms.",
        )


def _refuse_no_numbers(connection: duckdb.DuckDBPyConnection, scan: str, columns: tuple[str, ...]) -> None:
    rows, *counted = _one(
        connection,
        f"SELECT count(*), {', '.join(f'count(*) FILTER ({_number(c)} IS NULL)' for c in columns)} FROM {scan}",
    )
    for column, wrong in zip(columns, counted, strict=True):
        if not wrong:
            continue
        ((first,),) = connection.execute(
            f"SELECT CAST({identifier(column)} AS VARCHAR) FROM {scan} WHERE {_number(column)} IS NULL LIMIT 1"
        ).fetchall()
        shown = "an empty cell" if first is None or not str(first).strip() else repr(str(first)[:_SHOWN])
        raise InvalidInput(
            f"{column} has no number in {wrong:,} of {rows:,} rows (the first: {shown}).",
            hint="Write 0 where nothing happened, or leave out who could not be observed, alike in all arms.",
        )


def _moments(connection: duckdb.DuckDBPyConnection, scan: str, arm: str, asked: Asked) -> dict[str, PairSums]:
    beside = _number(asked.beside) if asked.beside else "0.0::DOUBLE"
    found = connection.execute(
        "SELECT arm, count(*), bool_and(x IN (0, 1)), avg(x), coalesce(var_samp(x), 0), avg(v), "
        "coalesce(var_samp(v), 0), coalesce(covar_samp(x, v), 0), avg(x * x * x), avg(x * x * v), avg(x * v * v), "
        f"avg(v * v * v) FROM (SELECT {_label(arm)} AS arm, {_number(asked.value)} AS x, {beside} AS v FROM {scan}) "
        "GROUP BY arm"
    ).fetchall()
    return {str(row[0]): _sums(row, paired=bool(asked.beside)) for row in found}


def _sums(row: tuple[object, ...], *, paired: bool) -> PairSums:
    figures = [float(str(value)) for value in row[3:]]
    mean, variance, mean_beside, variance_beside, covariance, *cubes = figures
    return PairSums(
        n=int(str(row[1])),
        yes_no=bool(row[2]),
        mean=mean,
        variance=variance,
        mean_beside=mean_beside if paired else None,
        variance_beside=variance_beside if paired else None,
        covariance=covariance if paired else None,
        cubes=tuple(cubes) if paired else (cubes[0],),
    )


def _spreads(connection: duckdb.DuckDBPyConnection, scan: str, arm: str, around: Around) -> dict[str, Spread]:
    """By arm: values that an interval may reach, and one beyond on either side, which stands for all that lie there."""
    values = f"SELECT {_label(arm)} AS arm, {_number(around.value)} AS x, count(*) AS n FROM {scan} GROUP BY 1, 2"
    ranked = (
        "SELECT arm, x, n, sum(n) OVER (PARTITION BY arm ORDER BY x) AS upto, sum(n) OVER (PARTITION BY arm) AS all_n "
        f"FROM ({values})"
    )
    reach = f"{_REACH} * sqrt(all_n) + 1"
    near = f"upto >= all_n * {around.share!r} - {reach} AND upto - n <= all_n * {around.share!r} + {reach}"
    marked = f"SELECT *, {near} AS near FROM ({ranked})"
    beside = " OR ".join(f"{side}(near, 1, false) OVER (PARTITION BY arm ORDER BY x)" for side in ("lag", "lead"))
    found: dict[str, list[tuple[float, int, int, int]]] = {}
    for name, x, n, upto, all_n in connection.execute(
        f"SELECT arm, x, n, upto, all_n FROM ({marked}) QUALIFY near OR {beside} ORDER BY arm, x"
    ).fetchall():
        found.setdefault(str(name), []).append((float(x), int(n), int(upto), int(all_n)))
    return {name: _clipped(rows) for name, rows in found.items()}


def _clipped(rows: list[tuple[float, int, int, int]]) -> Spread:
    counts = [n for _, n, _, _ in rows]
    counts[0] = rows[0][2]
    if len(rows) > 1:
        counts[-1] = rows[-1][3] - rows[-2][2]
    else:
        counts[0] = rows[0][3]
    return tuple(x for x, _, _, _ in rows), tuple(counts)
