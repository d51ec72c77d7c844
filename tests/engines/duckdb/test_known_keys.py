# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
"""Each name has one key, whoever gave it, whatever is at hand, whatever failed in between."""

import random
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.engines.duckdb.cases import event, loaded
from upshot.core.errors import InvalidInput
from upshot.engines.duckdb import DuckDBStore, known_keys
from upshot.engines.duckdb.known_keys import KnownKeys
from upshot.engines.duckdb.sorted_runs import ABSENT, SortedRuns
from upshot.engines.duckdb.writer import Transaction
from upshot.engines.values import Merge

NOON = datetime(2024, 3, 1, 12)


def test_what_was_added_is_found_and_nothing_else() -> None:
    random.seed(1)
    runs = SortedRuns()
    reference: dict[int, int] = {}
    for _ in range(60):
        batch = {random.getrandbits(64): random.getrandbits(62) for _ in range(random.choice([0, 1, 3, 200]))}
        runs.add(np.array(list(batch), np.uint64), np.array(list(batch.values()), np.int64))
        reference |= batch
    asked = [*reference, *(random.getrandbits(64) for _ in range(500)), 0, 2**64 - 1]
    assert runs.find(np.array(asked, np.uint64)).tolist() == [reference.get(number, ABSENT) for number in asked]
    assert len(runs) == len(reference)


@pytest.mark.parametrize("most", [500_000, 3, 1])
@pytest.mark.parametrize("collide", [False, True])
def test_each_person_has_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, *, collide: bool) -> None:
    """Appends, bulk loads, merges, failures and restarts; also where all names have one hash."""
    random.seed(2)
    if collide:
        find = SortedRuns.find
        monkeypatch.setattr(SortedRuns, "find", lambda runs, numbers: find(runs, np.zeros_like(numbers)))
        add = SortedRuns.add
        monkeypatch.setattr(SortedRuns, "add", lambda runs, numbers, keys: add(runs, np.zeros_like(numbers), keys))
    monkeypatch.setattr(known_keys, "KnownKeys", lambda: KnownKeys(most))
    store = DuckDBStore(tmp_path / "events.duckdb", ZoneInfo("UTC"))
    numbers = iter(range(10_000))
    people: set[str] = set()

    def some() -> list[str]:
        return [f"p{random.randrange(60)}" for _ in range(random.choice([1, 2, 9]))]

    def append(names: list[str]) -> None:
        store.append([event(next(numbers), name, NOON) for name in names])

    def load(names: list[str]) -> None:
        loaded(store, [event(next(numbers), name, NOON) for name in names])

    def merge(names: list[str]) -> None:
        store.merge([Merge(names[0], name) for name in names[1:] if name != names[0]] or [Merge(names[0], "zoe")])
        people.add("zoe")

    def fail(names: list[str]) -> None:
        def change(transaction: Transaction) -> None:
            known = store._keeper._known
            assert known is not None
            known.keys.of(transaction, [*names, "nobody ever"])
            raise InvalidInput("no")

        with pytest.raises(InvalidInput):
            store.write(change).result()

    acts = [append, append, append, load, merge]
    append(["p0"])
    people.add("p0")
    for step in range(60):
        names = some()
        if step % 9 == 8:
            fail(names)
            continue
        random.choice(acts)(names)
        people.update(names)
        if step % 20 == 19:
            store.close()
            store = DuckDBStore(tmp_path / "events.duckdb", ZoneInfo("UTC"))
            append(["p0"])
    rows = store.run_sql("SELECT unit, count(*) FROM units GROUP BY unit").rows
    people -= {"zoe"} - {unit for unit, _ in rows}
    assert dict(rows) == dict.fromkeys(people, 1)
    wrong = store.run_sql(
        "SELECT count(*) FROM events e LEFT JOIN units u ON u.unit_key = e.distinct_key "
        "WHERE u.unit IS DISTINCT FROM e.distinct_id"
    ).rows
    assert wrong == [(0,)]
    store.close()


def test_groups_are_named_once_and_again_after_a_failure(tmp_path: Path) -> None:
    with DuckDBStore(tmp_path / "events.duckdb", ZoneInfo("UTC")) as store:
        for number in range(3):
            store.append([event(number, "ann", NOON, groups={"account": "acme"})])

        def fail(transaction: Transaction) -> None:
            known = store._keeper._known
            assert known is not None
            assert known.groups.new(transaction, frozenset({("account", "bolt")}))
            raise InvalidInput("no")

        with pytest.raises(InvalidInput):
            store.write(fail).result()
        store.append([event(9, "ann", NOON, groups={"account": "bolt"})])
        rows = store.run_sql("SELECT unit, count(*) FROM units WHERE unit_type = 'account' GROUP BY unit").rows
        assert sorted(rows) == [("acme", 1), ("bolt", 1)]
