# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
import random
import tempfile
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from tests.engines.duckdb.cases import event, names
from upshot.core.errors import InvalidInput
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.values import Merge, Observation, Scalar, UnitTraits

JANUARY, FEBRUARY, MARCH = (datetime(2024, month, 1) for month in (1, 2, 3))


def history(
    store: DuckDBStore, name: str, unit_type: str = "person"
) -> list[tuple[str | None, object, object, object]]:
    of = names(store, unit_type)
    table = store.dialect().unit_property(unit_type, name).select("unit_key", "value", "valid_from", "valid_to")
    return sorted(((of[key], *rest) for key, *rest in store.run(table).rows), key=lambda row: (str(row[0]), row[2]))


def test_trait_has_a_history_whatever_the_order_of_arrival(store: DuckDBStore) -> None:
    store.set_traits([UnitTraits("person", "ann", {"plan": "pro"}, MARCH)])
    store.set_traits([UnitTraits("person", "ann", {"plan": "free"}, JANUARY)])
    assert history(store, "plan") == [("ann", "free", JANUARY, MARCH), ("ann", "pro", MARCH, None)]


def test_trait_set_twice_for_one_instant_has_the_later_value(store: DuckDBStore) -> None:
    store.set_traits([UnitTraits("person", "ann", {"plan": "free"}, JANUARY)])
    store.set_traits([UnitTraits("person", "ann", {"plan": "pro"}, JANUARY)])
    assert history(store, "plan") == [("ann", "pro", JANUARY, None)]


def test_trait_can_be_unset(store: DuckDBStore) -> None:
    store.set_traits([UnitTraits("person", "ann", {"plan": "pro"}, JANUARY)])
    store.set_traits([UnitTraits("person", "ann", {"plan": None}, MARCH)])
    assert history(store, "plan") == [("ann", "pro", JANUARY, MARCH), ("ann", None, MARCH, None)]


def test_trait_set_once_keeps_what_the_person_had_before_under_any_id(store: DuckDBStore) -> None:
    store.set_traits([UnitTraits("person", "anon", {"origin": "ad"}, JANUARY)])
    store.merge([Merge("ann", "anon")])
    store.set_traits([UnitTraits("person", "ann", {"origin": "search", "first": "x"}, FEBRUARY, once=True)])
    assert history(store, "origin") == [("ann", "ad", JANUARY, None)]
    assert history(store, "first") == [("ann", "x", FEBRUARY, None)]


def test_trait_set_once_for_an_earlier_instant_counts_whenever_it_arrives(store: DuckDBStore) -> None:
    store.set_traits([UnitTraits("person", "ann", {"from": "late"}, MARCH, once=True)])
    store.set_traits([UnitTraits("person", "ann", {"from": "early"}, JANUARY, once=True)])
    assert history(store, "from") == [("ann", "early", JANUARY, None)]
    store.set_traits([UnitTraits("person", "ann", {"from": "said"}, FEBRUARY)])
    assert history(store, "from") == [("ann", "early", JANUARY, FEBRUARY), ("ann", "said", FEBRUARY, None)]


def test_trait_set_once_with_every_event_is_kept_once(store: DuckDBStore) -> None:
    for day in range(1, 20):
        store.set_traits([UnitTraits("person", "ann", {"from": "ad"}, datetime(2024, 1, day), once=True)])
    assert store.run_sql("SELECT count(*) FROM unit_properties").rows == [(1,)]


def test_trait_that_was_unset_before_it_was_ever_set_can_be_set_once(store: DuckDBStore) -> None:
    store.set_traits([UnitTraits("person", "ann", {"from": None}, JANUARY)])
    store.set_traits([UnitTraits("person", "ann", {"from": "ad"}, MARCH, once=True)])
    assert history(store, "from") == [("ann", None, JANUARY, MARCH), ("ann", "ad", MARCH, None)]


Said = tuple[str, datetime, str | None, bool]


def slow_history(said: list[Said], persons: dict[str, str]) -> dict[str, list[tuple[object, str | None]]]:
    """By person, values in the order of their instants, one after the other."""
    found: dict[str, list[tuple[object, str | None]]] = {}
    for name, at, value, once in sorted(said, key=lambda each: each[1]):
        known = found.setdefault(persons[name], [])
        if not once or (value is not None and all(before is None for _, before in known)):
            known.append((at, value))
    return {person: known for person, known in found.items() if known}


changes = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", None]), st.booleans()), min_size=1, max_size=9
)


@given(changes, st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_history_is_that_of_the_instants_in_any_order_of_arrival(
    values: list[tuple[str, str | None, bool]], joins: bool, shuffler: random.Random
) -> None:
    said = [(name, datetime(2024, 1, 1 + day), value, once) for day, (name, value, once) in enumerate(values)]
    persons = {"a": "a", "b": "a" if joins else "b", "c": "c"}
    expected = slow_history(said, persons)
    steps: list[Said | Merge] = [*said, *([Merge("a", "b")] if joins else [])]
    shuffler.shuffle(steps)
    with tempfile.TemporaryDirectory() as folder, DuckDBStore(Path(folder) / "e.duckdb", ZoneInfo("UTC")) as store:
        for step in steps:
            if isinstance(step, Merge):
                store.merge([step])
            else:
                name, at, value, once = step
                store.set_traits([UnitTraits("person", name, {"t": value}, at, once)])
        found: dict[str, list[tuple[object, str | None]]] = {}
        for person, kept, since, _ in history(store, "t"):
            found.setdefault(str(person), []).append((since, str(kept) if kept is not None else None))
    assert found == expected


def test_merge_joins_histories(store: DuckDBStore) -> None:
    store.set_traits([UnitTraits("person", "anon", {"plan": "free"}, JANUARY)])
    store.set_traits([UnitTraits("person", "ann", {"plan": "pro"}, MARCH)])
    store.merge([Merge("ann", "anon")])
    assert history(store, "plan") == [("ann", "free", JANUARY, MARCH), ("ann", "pro", MARCH, None)]


def test_trait_of_a_group_is_not_a_persons(store: DuckDBStore) -> None:
    store.set_traits([UnitTraits("account", "ann", {"plan": "team"}, JANUARY)])
    assert history(store, "plan") == []
    assert history(store, "plan", "account") == [("ann", "team", JANUARY, None)]


@pytest.mark.parametrize(
    ("value", "kept"),
    [(3.0, "3"), (2.5, "2.5"), (True, "true"), ("3.0", "3.0"), (1e300, str(int(1e300))), (None, None)],
)
def test_trait_is_kept_as_text(store: DuckDBStore, value: Scalar, kept: str | None) -> None:
    store.set_traits([UnitTraits("person", "ann", {"x.y'\"": value}, JANUARY)])
    assert history(store, "x.y'\"") == [("ann", kept, JANUARY, None)]


@pytest.mark.parametrize(
    "wrong",
    [
        UnitTraits("session", "s", {"a": 1.0}, JANUARY),
        UnitTraits("person", "", {"a": 1.0}, JANUARY),
        UnitTraits("person", "ann", {"": 1.0}, JANUARY),
        UnitTraits("person", "ann", {"a": "\0"}, JANUARY),
        UnitTraits("person", "ann", {"a\ud800": "x"}, JANUARY),
        UnitTraits("person", "ann", {"a": float("nan")}, JANUARY),
        UnitTraits("person", "ann", {"a": float("inf")}, JANUARY),
    ],
)
def test_trait_that_cannot_be_kept_is_refused_with_all_that_came_with_it(store: DuckDBStore, wrong: UnitTraits) -> None:
    with pytest.raises(InvalidInput):
        store.set_traits([UnitTraits("person", "bob", {"plan": "pro"}, JANUARY), wrong])
    assert history(store, "plan") == []


def test_trait_makes_a_person_known_without_making_them_active(store: DuckDBStore) -> None:
    store.set_traits([UnitTraits("person", "ann", {"plan": "pro"}, JANUARY)])
    store.append([event(1, "bob", MARCH)])
    assert [(e.event, e.units) for e in store.event_summaries()] == [("visit", 1)]


def test_observation_recorded_later_supersedes_and_the_earlier_is_kept(store: DuckDBStore) -> None:
    day = date(2024, 1, 1)
    store.observe("cost", [Observation(day, 5.0, {"b": "2", "a": "1"}), Observation(day, 7.0)], JANUARY)
    store.observe("cost", [Observation(day, 6.0, {"a": "1", "b": "2"})], FEBRUARY)
    store.observe("cost", [Observation(day, 1.0, {"a": "1", "b": "2"})], JANUARY)
    store.observe("price", [Observation(day, 9.0)], JANUARY)
    rows = store.run(store.observations("cost").select("day", "value", "recorded_at")).rows
    assert sorted(rows) == [(day, 6.0, FEBRUARY), (day, 7.0, JANUARY)]
    assert store.run_sql("SELECT count(*) FROM observations WHERE series = 'cost'").rows == [(4,)]


@pytest.mark.parametrize(("series", "value"), [("", 1.0), ("cost", float("nan"))])
def test_observation_that_cannot_be_kept_is_refused(store: DuckDBStore, series: str, value: float) -> None:
    with pytest.raises(InvalidInput):
        store.observe(series, [Observation(date(2024, 1, 1), value)], JANUARY)
