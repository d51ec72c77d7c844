# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
"""Facts equal raw events, whatever happens in whatever order."""

import shutil
import tempfile
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from tests.engines.duckdb.cases import RECEIVED, Reference, activity, appended, event, loaded, stream, totals, unit_days
from upshot.core.ids import event_id
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.values import EventRecord, Merge

# Around the hours at which local days are odd: clocks that go back over midnight (St. John's, until 2011), a day that
# never was (Apia, 30 December 2011), offsets of 45 minutes, and the usual switches.
TURNS = {
    "Europe/Berlin": [datetime(2024, 3, 31, 1), datetime(2024, 10, 27, 1), datetime(2023, 12, 31, 23)],
    "America/St_Johns": [datetime(2010, 11, 7, 2, 31), datetime(2011, 3, 13, 3, 31), datetime(2010, 11, 7, 3, 30)],
    "Asia/Kathmandu": [datetime(1985, 12, 31, 18, 30), datetime(2024, 2, 28, 18, 15)],
    "Pacific/Apia": [datetime(2011, 12, 30, 10), datetime(2012, 3, 31, 14)],
}
PEOPLE = ["ann", "bob", "cat", "dan", None]


class Facts(RuleBasedStateMachine):
    @initialize(zone=st.sampled_from(sorted(TURNS)))
    def open(self, zone: str) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.turns = TURNS[zone]
        self.reference = Reference(ZoneInfo(zone))
        self.store = DuckDBStore(self.folder / "events.duckdb", ZoneInfo(zone))
        self.declared = False

    def batch(self, data: st.DataObject) -> list[EventRecord]:
        minutes = st.integers(-3 * 1440, 3 * 1440) | st.integers(-90, 90)
        one = st.builds(
            lambda number, who, turn, shift, name, late, account, n: event(
                number,
                who,
                turn + timedelta(minutes=shift),
                name,
                received_at=datetime(2024, 6, 1) + timedelta(seconds=late),
                groups={"account": account} if account else {},
                **({} if n is None else {"n": n}),
            ),
            st.integers(1, 12),
            st.sampled_from(PEOPLE),
            st.sampled_from(self.turns),
            minutes,
            st.sampled_from(["visit", "buy"]),
            st.integers(0, 3),
            st.sampled_from(["", "", "acme", "bolt"]),
            st.none() | st.integers(-5, 5),
        )
        drawn = data.draw(st.lists(one, min_size=1, max_size=6, unique_by=lambda e: (e.event_id, e.received_at)))
        return [replace(e, event_id=event_id(e.source, e.client_id or "")) for e in drawn]

    @rule(data=st.data())
    def append(self, data: st.DataObject) -> None:
        batch = self.batch(data)
        assert appended(self.store.append(batch)) == self.reference.append(batch)

    @rule(data=st.data())
    def stream(self, data: st.DataObject) -> None:
        batch = self.batch(data)
        stream(self.store, batch)
        self.reference.append(batch)

    @rule(data=st.data())
    def load(self, data: st.DataObject) -> None:
        batch = [replace(e, received_at=RECEIVED) for e in self.batch(data)]
        dirty = self.store.info().dirty_days
        known = any(e.groups for e in self.reference.rows)
        assert loaded(self.store, batch) == self.reference.load(batch)
        # A first group makes all days that have facts dirty; else what is loaded is in the facts at once.
        assert self.store.info().dirty_days == dirty or not known

    @rule(
        pairs=st.lists(st.tuples(*[st.sampled_from(["ann", "bob", "cat", "dan", "eve"])] * 2), min_size=1, max_size=2)
    )
    def merge(self, pairs: list[tuple[str, str]]) -> None:
        merges = [Merge(one, other) for one, other in pairs]
        self.store.merge(merges)
        self.reference.merges += merges

    @rule(piece=st.sampled_from([1, 5, 30_000_000]))
    def refresh(self, piece: int) -> None:
        done = self.store.refresh_facts(events_a_piece=piece)
        assert done.duplicates == self.reference.remove_duplicates()
        assert self.store.info().dirty_days == 0

    @rule()
    def declare(self) -> None:
        dialect = self.store.dialect()
        events = dialect.events()
        bought = events.filter(events.event == "buy")
        self.store.declare_measures({"spent": bought.mutate(value=dialect.property_number(bought, "n"))})

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = DuckDBStore(self.folder / "events.duckdb", self.reference.zone)

    @invariant()
    def facts_are_raw(self) -> None:
        for unit_type in ("person", "account"):
            if unit_type == "account" and not any(e.groups for e in self.reference.rows):
                continue
            assert unit_days(self.store, unit_type) == self.reference.unit_days(unit_type)
            assert activity(self.store, unit_type) == self.reference.activity(unit_type)
            kept = totals(self.store, "spent", unit_type)
            assert kept is None or kept == self.reference.totals(unit_type, "buy", "n")

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)


Facts.TestCase.settings = settings(
    max_examples=25, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
TestFactsEqualRawEvents = pytest.mark.slow(Facts.TestCase)


@pytest.mark.parametrize("order", sorted(permutations(["early", "late", "merge", "refresh"])), ids="-".join)
def test_facts_equal_raw_events_in_every_order_of_what_may_happen(tmp_path: Path, order: tuple[str, ...]) -> None:
    noon = datetime(2024, 3, 1, 12)
    batches = {
        "early": [event(1, "bob", noon), event(2, "ann", noon)],
        "late": [event(3, "ann", noon + timedelta(days=2)), event(4, "cat", noon + timedelta(days=2))],
    }
    reference = Reference(ZoneInfo("UTC"))
    with DuckDBStore(tmp_path / "events.duckdb", ZoneInfo("UTC")) as store:
        for step in (*order, "refresh"):
            if step == "refresh":
                store.refresh_facts()
            elif step == "merge":
                store.merge([Merge("ann", "bob")])
                reference.merges.append(Merge("ann", "bob"))
            else:
                store.append(batches[step])
                reference.append(batches[step])
            assert unit_days(store, "person") == reference.unit_days("person")
            assert activity(store, "person") == reference.activity("person")
