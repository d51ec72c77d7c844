"""Duplicates of recent events are found without asking the store about every event."""

import random
import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from tests.engines.duckdb import cases
from upshot.engines.columns import EventColumns
from upshot.engines.duckdb import DuckDBStore
from upshot.engines.duckdb.columns import Known
from upshot.engines.duckdb.known_keys import KnownGroups, KnownKeys
from upshot.engines.duckdb.recent_ids import RecentIds
from upshot.engines.duckdb.writer import Transaction
from upshot.engines.values import Appended, EventRecord

UTC_ZONE = ZoneInfo("UTC")


def event(number: int, who: str, occurred_at: datetime) -> EventRecord:
    """With an id as clients' ids make it."""
    made = cases.event(number, who, occurred_at)
    return msgspec.structs.replace(made, event_id=uuid.uuid5(uuid.NAMESPACE_OID, str(number)))


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def opened(folder: Path, most: int = 8_000_000) -> DuckDBStore:
    store = DuckDBStore(folder / "events.duckdb", UTC_ZONE)
    store._keeper._known = Known(KnownKeys(), KnownGroups(), RecentIds(most))
    return store


def at(number: int) -> datetime:
    """Each event's own instant, from twelve days ago until tomorrow."""
    return now().replace(hour=12) - timedelta(days=number % 14 - 1)


def batch(numbers: list[int]) -> list[EventRecord]:
    return [event(number, f"p{number % 7}", at(number)) for number in numbers]


def test_recent_duplicates_are_found_within_and_between_appends(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        first = [event(n, "ann", now()) for n in range(1, 101)]
        assert store.append(first).stored == 100
        assert (store.append(first).stored, store.info().events) == (0, 100)
        mixed = [*first[:50], *(event(n, "ann", now()) for n in range(101, 151)), event(150, "ann", now())]
        result = store.append(mixed)
        assert (result.stored, result.duplicates, store.info().events) == (50, 51, 150)


@pytest.mark.parametrize("most", [8_000_000, 120, 1])
def test_every_id_is_kept_once_whatever_is_at_hand(tmp_path: Path, most: int) -> None:
    """Batches at random, closed and opened in between, with late events and more ids than may be at hand."""
    draw = random.Random(7)
    sent: set[int] = set()
    for _ in range(3):
        with opened(tmp_path, most) as store:
            for _ in range(8):
                numbers = [draw.randrange(1, 500) for _ in range(40)]
                late = draw.random() < 0.5
                chosen = numbers if late else [n for n in numbers if n % 14 < 3]
                result = store.append(batch(chosen))
                assert result.stored == len(set(chosen) - sent)
                sent |= set(chosen)
            assert store.info().events == len(sent)


def test_what_another_change_brought_meanwhile_is_known(tmp_path: Path) -> None:
    """As a bulk load does: rows by SQL, in a transaction of its own."""
    with opened(tmp_path) as store:
        store.append([event(1, "ann", now())])
        store.append([event(2, "bob", now())])

        def copied(transaction: Transaction) -> None:
            transaction.connection.execute(
                f"INSERT INTO arrived_events SELECT * REPLACE (uuid() AS event_id, {transaction.revision} AS revision) "
                "FROM arrived_events WHERE distinct_id = 'ann'"
            )

        store.write(copied).result()
        mine = {str(event(n, "", now()).event_id) for n in (1, 2)}
        (other,) = [e.event_id for e in store.recent_events(9) if e.event_id not in mine]
        again = msgspec.structs.replace(event(3, "ann", now()), event_id=uuid.UUID(other))
        assert (store.append([again]).stored, store.info().events) == (0, 3)


def test_event_of_a_change_that_failed_is_new_when_it_comes_again(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append([event(1, "ann", now())])

        def failing(transaction: Transaction, items: Sequence[EventColumns]) -> list[Appended]:
            store._keeper.append(transaction, items)
            raise RuntimeError("after it was kept")

        batch = EventColumns.of([event(2, "bob", now())])
        with pytest.raises(RuntimeError, match="after it was kept"):
            store._writer.submit_item(failing, batch, weight=1).result()
        assert store.append([event(2, "bob", now())]).stored == 1
        assert store.info().events == 2


def test_days_that_do_not_fit_are_left_to_the_store(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.append([event(n, "ann", now() - timedelta(days=n % 3)) for n in range(1, 31)])

        def first_day(transaction: Transaction) -> date:
            ids = RecentIds(most=15)
            ids.doubtful(transaction, np.zeros(1, np.uint64), now().date())
            return ids._since

        assert store.write(first_day).result() == now().date()
