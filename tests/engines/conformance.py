"""What every engine must do before it counts as one: a suite to inherit from.

A subclass gives ``open_world``: a function that makes a store from a world (and declares the measures of metrics), not
refreshed. What is right is said by plain Python over the same events, never by another engine.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, cast
from zoneinfo import ZoneInfo

import pytest

from tests.metrics import reference
from tests.metrics.harness import RawOnly, WithoutActivity, run_per_unit, run_retention, run_series, same, without_sides
from tests.metrics.world import Event, Scalar, Trait, World
from tests.metrics.worlds import METRICS, field
from upshot.core.time import DayRange, Grain, longer
from upshot.metrics.compile import RetentionQuery, SeriesQuery
from upshot.metrics.ripening import least_grain
from upshot.metrics.unit_sums import why_not_by_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from upshot.engines.store import EventStore
    from upshot.metrics.definition import Metric
    from upshot.metrics.dialect import Dialect

__all__ = ["Conformance", "OpenWorld"]

OpenWorld: TypeAlias = "Callable[[World, Iterable[Metric]], EventStore]"
HOUR = timedelta(hours=1)
CHANGES = {
    "UTC": (2024, 3, 31),
    "Europe/Berlin": (2024, 3, 31),
    "America/New_York": (2024, 11, 3),
    "Australia/Lord_Howe": (2024, 4, 7),
    "Asia/Kolkata": (2024, 1, 1),
    "Pacific/Apia": (2011, 12, 30),
}
PROPERTIES: dict[str, Scalar] = {
    "plain": "text",
    "a.b": "dotted",
    "select": "keyword",
    'say "hi"': "quotes",
    "emoji 🎉": "🎉",
    "O'Brien": "O'Brien",
    "whole": 5,
    "negative": -2,
    "half": 2.5,
    "text number": "7",
    "yes": True,
    "no": False,
    "nothing": None,
    "empty": "",
}
NUMBERS = {"whole": 5.0, "negative": -2.0, "half": 2.5, "text number": 7.0}


def _id(n: int) -> str:
    return f"00000000-0000-0000-0000-{n:012d}"


def _around_a_change(zone: str) -> World:
    """An event every hour for three days around a change of the clock (or of the date)."""
    start = datetime(*CHANGES[zone]) - timedelta(days=1, hours=14)  # noqa: DTZ001 - UTC without offset
    events = [Event(_id(i), "tick", start + i * HOUR, f"u{i % 5}" if i % 7 else None) for i in range(90)]
    return World(ZoneInfo(zone), tuple(events))


def _busy() -> World:
    """Two months, five persons of whom two are one, accounts, ties, events of nobody."""
    start = datetime(2024, 3, 1)  # noqa: DTZ001 - UTC without offset
    people = (None, "u1", "u2", "u3", "u4", "u5")
    events = [
        Event(
            id=_id(i),
            event=("view", "buy", "view", "select")[i % 4],
            at=start + timedelta(hours=i * i * 7 % 1_431),
            distinct_id=people[i * 5 % 6],
            properties={"plan": ("free", "pro", None)[i % 3], "q": i % 7 - 1, "price": (i % 5) / 2, "a.b": str(i % 3)},
            groups={"account": "acme"} if i % 3 else {},
            source=("web", "app", "web")[i % 3],
        )
        for i in range(70)
    ]
    traits = (
        Trait("person", "u1", "plan", "pro", start + timedelta(days=10)),
        Trait("person", "u1", "plan", "free", start + timedelta(days=40)),
        Trait("account", "acme", "plan", "pro", start + timedelta(days=5)),
    )
    return World(ZoneInfo("Europe/Berlin"), tuple(events), {"u5": "u4"}, traits)


DAYS = DayRange(date(2024, 3, 5), date(2024, 4, 25))
QUESTIONS = ((Grain.DAY, ()), (Grain.MONTH, ("plan",)), (None, ()), (Grain.WEEK, ("cohort", "person.plan")))


class Conformance:
    """Inherit, and give ``open_world``."""

    @pytest.fixture
    def open_world(self) -> OpenWorld:
        raise NotImplementedError

    @pytest.mark.parametrize("zone", CHANGES)
    def test_local_day_is_the_zones_around_a_change_of_the_clock(self, open_world: OpenWorld, zone: str) -> None:
        world = _around_a_change(zone)
        with open_world(world, ()) as store:
            dialect = store.dialect()
            events = dialect.events()
            rows = store.run(events.select("occurred_at", "day", computed=dialect.local_day(events.occurred_at))).rows
        expected = {event.at: world.day(event) for event in world.events}
        assert len(rows) == len(expected)
        assert all(kept == computed == expected[cast("datetime", at)] for at, kept, computed in rows)

    @pytest.mark.parametrize("name", PROPERTIES)
    def test_property_is_read_as_text_and_as_number(self, open_world: OpenWorld, name: str) -> None:
        at = datetime(2024, 1, 1)  # noqa: DTZ001 - UTC without offset
        world = World(ZoneInfo("UTC"), (Event(_id(1), "e", at, None, PROPERTIES), Event(_id(2), "other", at)))
        with open_world(world, ()) as store:
            dialect = store.dialect()
            events = dialect.events()
            text, number = dialect.property_text(events, name), dialect.property_number(events, name)
            rows = store.run(events.select("event", text=text, number=number).order_by("event")).rows
        what = field('"' + name.replace('"', '""') + '"')
        assert rows == [("e", world.text(world.events[0], what, "person"), NUMBERS.get(name)), ("other", None, None)]

    @pytest.mark.parametrize("refreshed", [False, True])
    @pytest.mark.parametrize("unit_type", ["person", "account"])
    def test_unit_days_equal_raw_events(self, open_world: OpenWorld, unit_type: str, refreshed: bool) -> None:
        world = _busy()
        with open_world(world, ()) as store:
            if refreshed:
                store.refresh_facts()
            dialect = store.dialect()
            days = dialect.unit_days(unit_type)
            if days is None:
                pytest.skip(f"the engine keeps no facts of {unit_type}")
            rows = store.run(days.select("unit_key", "day", "event", "count")).rows
            names = dict(store.run(dialect.unit_names(unit_type)).rows)
        found: Counter[tuple[bool, object, object]] = Counter()
        for key, day, event, count in rows:
            found[key is None, day, event] += cast("int", count)
        assert found == Counter((world.unit(e, unit_type) is None, world.day(e), e.event) for e in world.events)
        units = {names[key] for key, *_ in rows if key is not None}
        assert len(units) == len({world.unit(e, unit_type) for e in world.events} - {None})

    def test_activity_names_the_day_before(self, open_world: OpenWorld) -> None:
        world = _busy()
        with open_world(world, ()) as store:
            store.refresh_facts()
            activity = store.dialect().activity("person")
            if activity is None:
                pytest.skip("the engine keeps no activity")
            rows = store.run(activity.select("unit_key", "event", "day", "previous_day")).rows
        days: dict[tuple[object, object], list[date]] = {}
        for key, event, day, _ in rows:
            days.setdefault((key, event), []).append(cast("date", day))
        for key, event, day, previous in rows:
            earlier = [d for d in days[key, event] if d < cast("date", day)]
            assert previous == max(earlier, default=None)
        assert all(len(found) == len(set(found)) for found in days.values())
        assert {event for _, event in days} == {"*", *(e.event for e in world.events)}

    @pytest.mark.parametrize("refreshed", [False, True])
    def test_deliveries_say_what_came_from_where_and_until_when(
        self, open_world: OpenWorld, *, refreshed: bool
    ) -> None:
        world = _busy()
        with open_world(world, ()) as store:
            if refreshed:
                store.refresh_facts()
            found, revision = store.deliveries(-1)
            assert store.deliveries(revision) == ([], revision)
            single = store.single_source()
            newest = {each: store.newest_days(each.source, [each.event], 3) for each in found}
            everything = store.newest_days("", [], 1_000)
            since = store.newest_days("", [], 1_000, everything[1][0])
            revisions = {each.revision for each in found}
        sources = {e.source for e in world.events}
        assert single == (len(sources) == 1)
        expected = {
            (source, name): [f(e.at for e in world.events if (e.source, e.event) == (source, name)) for f in (min, max)]
            for source, name in {(e.source, e.event) for e in world.events}
        }
        assert {(each.source, each.event): [each.first_at, each.last_at] for each in found} == expected
        for each, days in newest.items():
            own = [e for e in world.events if (e.source, e.event) == (each.source, each.event)]
            assert each.of_persons == any(e.distinct_id is not None for e in own)
            last = {day: max(e.at for e in own if world.day(e) == day) for day in map(world.day, own)}
            assert days == sorted(last.items(), reverse=True)[:3]
        all_days = {day: max(e.at for e in world.events if world.day(e) == day) for day in map(world.day, world.events)}
        assert everything == sorted(all_days.items(), reverse=True)
        assert since == everything[:2]
        assert max(revisions) == revision

    @pytest.mark.parametrize("name", sorted(METRICS))
    def test_every_shape_equals_plain_python_by_every_route(self, open_world: OpenWorld, name: str) -> None:
        world, metric = _busy(), METRICS[name]
        with open_world(world, [metric]) as store:
            store.refresh_facts()
            plain = store.dialect()
            for dialect in (plain, WithoutActivity(plain), RawOnly(plain)):
                self._holds(store, metric, world, dialect)

    def _holds(self, store: "EventStore", metric: "Metric", world: World, dialect: "Dialect") -> None:
        for asked, breakdown in QUESTIONS:
            query = SeriesQuery(DAYS, longer(asked, least_grain(metric)), tuple(map(field, breakdown)))
            found_series = run_series(store, metric, query, dialect)
            assert same(without_sides(metric, found_series), reference.series(metric, query, world))
        grid = RetentionQuery(DAYS, Grain.WEEK, 5)
        assert same(run_retention(store, metric, grid, dialect), reference.retention(metric, grid, world))
        if why_not_by_unit(metric):
            return
        found, expected = run_per_unit(store, metric, DAYS, dialect), reference.per_unit(metric, DAYS, world)
        assert same(_sorted(without_sides(metric, found)), _sorted(expected))


def _sorted(numbers: dict[str | None, reference.Numbers]) -> tuple[tuple[float, ...], ...]:
    """Numbers without names (a merged person may bear any of its ids), and without units that have none."""
    return tuple(sorted(tuple(round(x or 0.0, 6) for x in each) for each in numbers.values() if any(each)))
