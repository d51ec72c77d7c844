# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
"""Events for tests, and the facts that follow from them, computed slowly and obviously."""

import json
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from upshot.engines.bulk import FileColumn, ImportRecord, Piece, Reading
from upshot.engines.columns import EventColumns
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.duckdb.bulk import DuckDBBulkLoader
from upshot.engines.intake import Intake
from upshot.engines.values import Appended, EventRecord, Merge

RECEIVED = datetime(2024, 6, 1)


def event(
    number: int,
    who: str | None,
    occurred_at: datetime,
    name: str = "visit",
    *,
    received_at: datetime = RECEIVED,
    groups: dict[str, str] | None = None,
    **properties: object,
) -> EventRecord:
    return EventRecord(
        event_id=uuid.UUID(int=number),
        event=name,
        occurred_at=occurred_at,
        received_at=received_at,
        distinct_id=who,
        groups=groups or {},
        source="test",
        client_id=str(number),
        properties=json.dumps(properties),
    )


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.replace(tzinfo=UTC).astimezone(zone).date()


UnitDay = tuple[str | None, date, str]
Active = tuple[str, str, date, date | None]


@dataclass
class Reference:
    """A store that keeps lists and counts by walking through them."""

    zone: ZoneInfo
    rows: list[EventRecord] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)

    def append(self, batch: list[EventRecord]) -> tuple[int, int]:
        """What comes in one by one is compared with the local days from two before its dates in UTC to two after."""
        dates = [e.occurred_at.date() for e in batch]
        return self._keep(batch, min(dates) - timedelta(days=2), max(dates) + timedelta(days=2))

    def load(self, batch: list[EventRecord]) -> tuple[int, int]:
        """What is loaded in bulk is compared with its own local days and the ones beside them."""
        days = [local_day(e.occurred_at, self.zone) for e in batch]
        return self._keep(batch, min(days) - timedelta(days=1), max(days) + timedelta(days=1))

    def _keep(self, batch: list[EventRecord], first: date, last: date) -> tuple[int, int]:
        known = {e.event_id for e in self.rows if first <= local_day(e.occurred_at, self.zone) <= last}
        kept = []
        for record in sorted(batch, key=lambda e: e.received_at):
            if record.event_id not in known:
                known.add(record.event_id)
                kept.append(record)
        self.rows += kept
        return len(kept), len(batch) - len(kept)

    def remove_duplicates(self) -> int:
        first: dict[uuid.UUID, EventRecord] = {}
        for record in self.rows:
            held = first.get(record.event_id)
            if held is None or record.received_at < held.received_at:
                first[record.event_id] = record
        kept = [e for e in self.rows if first[e.event_id] is e]
        removed = len(self.rows) - len(kept)
        self.rows = kept
        return removed

    def person(self, name: str) -> str:
        reached = {name}
        while True:
            more = {
                other
                for m in self.merges
                for one, other in ((m.distinct_id, m.alias), (m.alias, m.distinct_id))
                if one in reached
            }
            if more <= reached:
                break
            reached |= more
        aliases = {m.alias for m in self.merges if m.alias != m.distinct_id}
        return min(reached - aliases or reached)

    def unit(self, record: EventRecord, unit_type: str) -> str | None:
        if unit_type == "person":
            return None if record.distinct_id is None else self.person(record.distinct_id)
        return record.groups.get(unit_type)

    def unit_days(self, unit_type: str) -> dict[UnitDay, tuple[int, datetime, datetime]]:
        found: dict[UnitDay, list[datetime]] = {}
        for e in self.rows:
            key = (self.unit(e, unit_type), local_day(e.occurred_at, self.zone), e.event)
            found.setdefault(key, []).append(e.occurred_at)
        return {key: (len(instants), min(instants), max(instants)) for key, instants in found.items()}

    def activity(self, unit_type: str) -> Counter[Active]:
        days: dict[tuple[str, str], set[date]] = {}
        for unit, day, name in self.unit_days(unit_type):
            if unit is not None:
                days.setdefault((unit, name), set()).add(day)
                days.setdefault((unit, "*"), set()).add(day)
        found: Counter[Active] = Counter()
        for (unit, name), on in days.items():
            ordered = sorted(on)
            found.update((unit, name, day, before) for before, day in zip([None, *ordered], ordered, strict=False))
        return found

    def totals(self, unit_type: str, name: str, value: str) -> dict[tuple[str | None, date], tuple[int, float]]:
        found: dict[tuple[str | None, date], tuple[int, float]] = {}
        for e in self.rows:
            number = json.loads(e.properties).get(value)
            if e.event == name and number is not None:
                key = (self.unit(e, unit_type), local_day(e.occurred_at, self.zone))
                count, total = found.get(key, (0, 0.0))
                found[key] = (count + 1, total + number)
        return found


def names(store: DuckDBStore, unit_type: str) -> dict[int | None, str | None]:
    found: dict[int | None, str | None] = dict(store.run(store.dialect().unit_names(unit_type)).rows)
    return found | {None: None}


def unit_days(store: DuckDBStore, unit_type: str) -> dict[UnitDay, tuple[int, datetime, datetime]]:
    table = store.dialect().unit_days(unit_type)
    if table is None:
        return {}
    of = names(store, unit_type)
    wanted = table.select("unit_key", "day", "event", "count", "first_at", "last_at")
    found: dict[UnitDay, tuple[int, datetime, datetime]] = {}
    for key, day, name, count, first, last in store.run(wanted).rows:
        had = found.get((of[key], day, name), (0, first, last))
        found[of[key], day, name] = (had[0] + count, min(had[1], first), max(had[2], last))
    return found


def activity(store: DuckDBStore, unit_type: str) -> Counter[Active]:
    table = store.dialect().activity(unit_type)
    if table is None:
        return Counter()
    of = names(store, unit_type)
    rows = store.run(table.select("unit_key", "event", "day", "previous_day")).rows
    return Counter((str(of[key]), name, day, before) for key, name, day, before in rows)


def totals(store: DuckDBStore, measure: str, unit_type: str) -> dict[tuple[str | None, date], tuple[int, float]] | None:
    table = store.dialect().unit_day_measures(measure, unit_type)
    if table is None:
        return None
    of = names(store, unit_type)
    found: dict[tuple[str | None, date], tuple[int, float]] = {}
    for key, day, count, total in store.run(table.select("unit_key", "day", "count", "total")).rows:
        had = found.get((of[key], day), (0, 0.0))
        found[of[key], day] = (had[0] + count, had[1] + total)
    return found


def appended(result: Appended) -> tuple[int, int]:
    return result.stored, result.duplicates


def stream(store: DuckDBStore, batch: list[EventRecord]) -> None:
    """Keep a batch as it is kept while much comes in: promised by the journal, and put into the tables with others."""
    store._backlog._level_events = 1e9
    promised = store.take_in(Intake(EventColumns.of(batch))).result()
    assert (promised.stored, promised.duplicates) == (len(batch), None)
    store._backlog._level_events = 0.0
    store._backlog.catch_up()


def loaded(store: DuckDBStore, batch: list[EventRecord]) -> tuple[int, int]:
    """Keep a batch as a bulk load keeps a piece of a file; how many events it brought and how many were known."""
    loader = DuckDBBulkLoader(store, RECEIVED)
    try:
        loader.save(ImportRecord("load", "running", "{}", "", RECEIVED))
        before = loader.find("load")
        staged = loader.stage(_READING, Piece(b"".join(map(_line, batch))))
        after = loader.commit("load", staged, [], "").result()
    finally:
        loader.close()
    assert before is not None
    return after.stored - before.stored, after.duplicates - before.duplicates


_READING = Reading(
    format="jsonl", source="test", timestamp="at", time_format="iso", timezone="UTC", event_column="event",
    distinct_id="who", event_id="id", groups={"account": "account"},
    columns=tuple(FileColumn(name, "text") for name in ("at", "event", "who", "id", "account", "n")),
)  # fmt: skip


def _line(record: EventRecord) -> bytes:
    row = {
        "at": record.occurred_at.isoformat(),
        "event": record.event,
        "who": record.distinct_id,
        "id": record.client_id,
        **record.groups,
        **json.loads(record.properties),
    }
    return json.dumps(row).encode() + b"\n"


def numbers(records: Iterable[EventRecord]) -> list[int]:
    return [record.event_id.int for record in records]
