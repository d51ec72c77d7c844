"""The relations and expressions of the store in DuckDB's words.

Everything here names tables and views of the store without a connection, so that a compiled statement stays right
whatever is committed later: what is dirty or pending is decided by the views, within the snapshot of the query.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import ibis
import ibis.expr.datatypes as dt

from upshot.core.errors import InternalError
from upshot.engines.duckdb.measures import view_name
from upshot.engines.values import RESERVED_UNIT_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from ibis.expr.types import BooleanValue, DateValue, FloatingValue, StringValue, Table, TimestampValue, Value

__all__ = ["DuckDBDialect"]

_INSTANT = "timestamp(6)"
_READS_OTHERWISE = re.compile(r"[{\[]|-?\d+(\.0)?$")
"""Texts of objects, lists and whole numbers, which ``scalar_text`` may give otherwise than ``property_text``."""
_EVENTS = {
    "event_id": "uuid",
    "event": "string",
    "occurred_at": _INSTANT,
    "received_at": _INSTANT,
    "distinct_id": "string",
    "session_id": "string",
    "groups": "map<string, string>",
    "source": "string",
    "client_id": "string",
    # Ibis has no VARIANT; the type only names the column, every reading goes through a macro of the store.
    "properties": "json",
    "day": "date",
    "distinct_key": "int64",
}
_UNIT_DAYS = {
    "unit_type": "string",
    "unit_key": "int64",
    "day": "date",
    "event": "string",
    "count": "int64",
    "first_at": _INSTANT,
    "last_at": _INSTANT,
}
_ACTIVITY = {
    "unit_type": "string",
    "unit_key": "int64",
    "event": "string",
    "day": "date",
    "previous_day": "date",
}
_MEASURE = {"unit_type": "string", "unit_key": "int64", "day": "date", "count": "int64", "total": "float64"}
_UNITS = {"unit_key": "int64", "unit_type": "string", "unit": "string"}
_IDENTITY = {"distinct_id": "string", "person": "string", "distinct_key": "int64", "person_key": "int64"}
_SESSIONS = {"event_id": "uuid", "occurred_at": _INSTANT, "unit_key": "string"}
_TRAITS = {
    "unit_type": "string",
    "unit_key": "int64",
    "name": "string",
    "value": "string",
    "valid_from": _INSTANT,
    "valid_to": _INSTANT,
}
_OBSERVATIONS = {
    "series": "string",
    "day": "date",
    "dimensions": "map<string, string>",
    "value": "float64",
    "recorded_at": _INSTANT,
}


@ibis.udf.scalar.builtin(name="property_text", signature=((dt.json, dt.string), dt.string))
def _property_text(properties: Value, key: str) -> Value:  # noqa: ARG001 - as in signature
    """A macro of the store; see ``reading``."""
    raise InternalError("the engine computes this")


@ibis.udf.scalar.builtin(name="scalar_text", signature=((dt.json, dt.string), dt.string))
def _scalar_text(properties: Value, key: str) -> Value:  # noqa: ARG001 - as in signature
    """A macro of the store; see ``reading``."""
    raise InternalError("the engine computes this")


@ibis.udf.scalar.builtin(name="property_number", signature=((dt.json, dt.string), dt.float64))
def _property_number(properties: Value, key: str) -> Value:  # noqa: ARG001 - as in signature
    """A macro of the store; see ``reading``."""
    raise InternalError("the engine computes this")


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, dt.timestamp), dt.timestamp))
def _timezone(zone: str, instant: Value) -> Value:  # noqa: ARG001 - as in signature
    """AT TIME ZONE; Ibis drops the zone when it casts."""
    raise InternalError("the engine computes this")


class DuckDBDialect:
    """A ``Dialect`` over a store's tables and views.

    Args:
        zone: The zone whose days the store keeps.
        unit_types: Unit types that facts are kept for, asked anew each time.
        measures: Hashes of the measures that facts are kept for, asked anew each time.
    """

    def __init__(
        self, zone: ZoneInfo, unit_types: Callable[[], frozenset[str]], measures: Callable[[], frozenset[str]]
    ) -> None:
        self._zone = zone
        self._unit_types = unit_types
        self._measures = measures

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose local days are counted."""
        return self._zone

    def events(self) -> Table:
        """Raw events; see ``Dialect.events``. ``distinct_key`` is what ``with_unit`` needs."""
        return ibis.table(_EVENTS, name="events")

    def with_unit(self, events: Table, unit_type: str) -> Table:
        """``events`` with ``unit_key``: an integer for persons, devices and groups, a text for sessions."""
        match unit_type:
            case "person":
                who = ibis.table(_IDENTITY, name="identity").select("distinct_key", "person_key")
                found = events.left_join(who, events.distinct_key == who.distinct_key)
                return found.select(events, unit_key=ibis.coalesce(who.person_key, events.distinct_key))
            case "device":
                return events.mutate(unit_key=events.distinct_key)
            case "session":
                who = ibis.table(_SESSIONS, name="event_sessions")
                same = (events.event_id == who.event_id) & (events.occurred_at == who.occurred_at)
                return events.left_join(who, same).select(events, unit_key=who.unit_key)
            case _:
                who = self.unit_names(unit_type)
                return events.left_join(who, events.groups[unit_type] == who.unit).select(events, who.unit_key)

    def local_day(self, instant: TimestampValue) -> DateValue:
        """The local day of a UTC instant in ``zone``, by ICU."""
        if self._zone.key == "UTC":
            return instant.date()
        local = _timezone(self._zone.key, _timezone("UTC", instant))
        return cast("DateValue", local.cast("date"))

    def property_text(self, events: Table, name: str) -> StringValue:
        """A property as text; objects and lists as JSON."""
        return cast("StringValue", _property_text(events["properties"], name))

    def property_is_in(self, events: Table, name: str, texts: Sequence[str]) -> BooleanValue:
        """Whether a property's text is one of ``texts``; null where it is missing."""
        reads_otherwise = any(_READS_OTHERWISE.match(text) for text in texts)
        text = (_property_text if reads_otherwise else _scalar_text)(events["properties"], name)
        return cast("BooleanValue", text == texts[0] if len(texts) == 1 else text.isin([*map(ibis.literal, texts)]))

    def property_number(self, events: Table, name: str) -> FloatingValue:
        """A property as a double; text that reads as a finite number is one, true and false are none."""
        return cast("FloatingValue", _property_number(events["properties"], name))

    def unit_days(self, unit_type: str) -> Table | None:
        """Facts of persons and groups; see ``Dialect.unit_days``."""
        if unit_type not in self._unit_types():
            return None
        return _of_type(ibis.table(_UNIT_DAYS, name="unit_days"), unit_type)

    def activity(self, unit_type: str) -> Table | None:
        """Facts of persons and groups; see ``Dialect.activity``."""
        if unit_type not in self._unit_types():
            return None
        return _of_type(ibis.table(_ACTIVITY, name="activity"), unit_type)

    def unit_day_measures(self, measure: str, unit_type: str) -> Table | None:
        """Facts of a declared measure once a refresh has built it; see ``Dialect.unit_day_measures``."""
        if unit_type not in self._unit_types() or measure not in self._measures():
            return None
        return _of_type(ibis.table(_MEASURE, name=view_name(measure)), unit_type)

    def unit_names(self, unit_type: str) -> Table:
        """unit_key and unit; a session's key is its name."""
        if unit_type == "session":
            sessions = ibis.table(_SESSIONS, name="event_sessions")
            return sessions.filter(sessions.unit_key.notnull()).select("unit_key", unit=sessions.unit_key).distinct()
        return _of_type(ibis.table(_UNITS, name="units"), "person" if unit_type == "device" else unit_type)

    def unit_property(self, unit_type: str, name: str) -> Table:
        """The history of one trait; sessions and devices have none."""
        traits = _of_type(ibis.table(_TRAITS, name="trait_history"), unit_type)
        return traits.filter(traits.name == name).drop("name")

    def observations(self, series: str) -> Table:
        """day, dimensions, value, recorded_at of an external series; the latest recording of each."""
        known = ibis.table(_OBSERVATIONS, name="latest_observations")
        return known.filter(known.series == series).drop("series")


def _of_type(table: Table, unit_type: str) -> Table:
    return table.filter(table.unit_type == unit_type).drop("unit_type")


def fact_unit_types(group_types: frozenset[str]) -> frozenset[str]:
    """The unit types that facts are kept for, when events bear these groups."""
    return (group_types - RESERVED_UNIT_TYPES) | {"person"}
