# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
import random
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tests.engines.duckdb.cases import Reference, activity, event, unit_days
from upshot.core.errors import InvalidInput
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.duckdb.identity import components
from upshot.engines.values import Merge

UTC = ZoneInfo("UTC")
NOON = datetime(2024, 3, 1, 12)
NAMES = ["a", "b", "c", "d", "e", "f"]


def people(store: DuckDBStore) -> dict[str, str]:
    dialect = store.dialect()
    who = dialect.with_unit(dialect.events(), "person").select("distinct_id", "unit_key").distinct()
    names = dict(store.run(dialect.unit_names("person")).rows)
    return {distinct_id: names[key] for distinct_id, key in store.run(who).rows}


def test_merge_names_the_person_by_the_id_that_was_never_an_alias(store: DuckDBStore) -> None:
    store.append([event(1, "anon-1", NOON), event(2, "user", NOON), event(3, "anon-2", NOON)])
    store.merge([Merge("user", "anon-1")])
    store.merge([Merge("user", "anon-2")])
    assert people(store) == {"anon-1": "user", "anon-2": "user", "user": "user"}


def test_merge_reaches_events_that_were_counted_before_and_those_that_come_after(store: DuckDBStore) -> None:
    store.append([event(1, "anon", NOON), event(2, "user", NOON + timedelta(days=2))])
    store.refresh_facts()
    store.merge([Merge("user", "anon")])
    store.append([event(3, "anon", NOON + timedelta(days=4))])
    days = [day for _, _, day, _ in sorted(activity(store, "person"), key=lambda row: row[2])]
    assert len(set(days)) == 3
    assert {unit for unit, _, _ in unit_days(store, "person")} == {"user"}


def test_merge_of_an_id_with_itself_or_again_changes_nobody(store: DuckDBStore) -> None:
    store.append([event(1, "a", NOON), event(2, "b", NOON)])
    store.merge([Merge("a", "a")])
    assert people(store) == {"a": "a", "b": "b"}
    store.merge([Merge("a", "b")])
    store.merge([Merge("a", "b"), Merge("a", "b")])
    assert people(store) == {"a": "a", "b": "a"}


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800"])
def test_merge_refuses_what_cannot_be_an_id(store: DuckDBStore, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the id"):
        store.merge([Merge("a", name)])


links = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=7)


@given(links, st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_any_order_of_merges_and_events_gives_the_same_persons(
    pairs: list[tuple[str, str]], shuffler: random.Random
) -> None:
    steps: list[Merge | str] = [*(Merge(one, other) for one, other in pairs), *NAMES]
    reference = Reference(UTC, merges=[Merge(one, other) for one, other in pairs])
    expected = {name: reference.person(name) for name in NAMES}
    for _ in range(2):
        shuffler.shuffle(steps)
        with tempfile.TemporaryDirectory() as folder, DuckDBStore(Path(folder) / "e.duckdb", UTC) as store:
            for number, step in enumerate(steps):
                if isinstance(step, Merge):
                    store.merge([step])
                else:
                    store.append([event(number, step, NOON)])
                if number % 5 == 3:
                    store.refresh_facts()
            assert people(store) == expected
            assert {unit for unit, _, _ in unit_days(store, "person")} == set(expected.values())


@given(links)
def test_components_are_what_walking_finds(pairs: list[tuple[str, str]]) -> None:
    found = components(pairs)
    assert sorted(name for names in found for name in names) == sorted({name for pair in pairs for name in pair})
    reference = Reference(UTC, merges=[Merge(one, other) for one, other in pairs])
    for names in found:
        assert len({reference.person(name) for name in names}) == 1
    assert len({reference.person(min(names)) for names in found}) == len(found)
