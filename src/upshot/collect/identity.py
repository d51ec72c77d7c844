"""Whose events they are, and who is who: ids that programs send for many people join nobody.

What is in ``core.ids.IDS_OF_NOBODY`` counts as not given, wherever it stands for a person, a group, a session or an
event. Where a message has another id of a person, its event is that one's.
"""

from collections.abc import Callable, Iterator
from itertools import chain

import msgspec

from upshot.collect.delivery import Arrival, Arrivals, Link, TraitChange
from upshot.core.ids import IDS_OF_MANY, is_of_many, named_id

__all__ = ["told_apart"]

Note = Callable[[Arrival, str], None]
"""Told which event says what."""


def told_apart(arrivals: Arrivals, note: Note) -> Arrivals:
    """The same events without ids that stand for many; ``note`` is told of each that had one."""
    columns = chain(arrivals.distinct_id, arrivals.session_id, arrivals.client_id)
    if IDS_OF_MANY.isdisjoint(map(str.lower, filter(None, chain(columns, _others(arrivals))))):
        return arrivals
    return Arrivals.of(_apart(arrival, note) for arrival in arrivals)


def _others(arrivals: Arrivals) -> Iterator[str]:
    """Ids that do not stand in the columns; none is empty."""
    for arrival in arrivals.fuller.values():
        yield from arrival.groups.values()
        for link in arrival.links:
            yield link.distinct_id
            yield link.alias


def _apart(arrival: Arrival, note: Note) -> Arrival:
    links = tuple(link for link in arrival.links if not (is_of_many(link.distinct_id) or is_of_many(link.alias)))
    person = _person(arrival)
    groups = {kind: unit for kind, unit in arrival.groups.items() if named_id(unit)}
    said = (
        ("distinct_id", arrival.distinct_id, person),
        ("session_id", arrival.session_id, named_id(arrival.session_id) or ""),
        ("id", arrival.client_id, named_id(arrival.client_id) or ""),
    )
    for what, given, kept in said:
        if given != kept:
            note(arrival, _TOLD.format(what, given, "its other id counts" if kept else "it counts as none"))
    for kind in arrival.groups.keys() - groups.keys():
        note(arrival, _TOLD.format(f"group {kind!r}", arrival.groups[kind], "it counts as none"))
    for each in arrival.links:
        if each not in links:
            note(arrival, _unjoined(each))
    return msgspec.structs.replace(
        arrival,
        distinct_id=person,
        session_id=said[1][2],
        client_id=said[2][2],
        groups=groups,
        links=links,
        traits=tuple(_traits(arrival, person)),
    )


_TOLD = "Its {} is {!r}, which programs send where they have none: {}."


def _unjoined(link: Link) -> str:
    given = link.distinct_id if is_of_many(link.distinct_id) else link.alias
    return f"It joins persons by the id {given!r}, which stands for many: nobody was joined."


def _person(arrival: Arrival) -> str:
    """Whose event it is; empty for nobody."""
    if not is_of_many(arrival.distinct_id):
        return arrival.distinct_id
    others = (name for link in arrival.links for name in (link.distinct_id, link.alias))
    return next((name for name in others if not is_of_many(name)), named_id(arrival.distinct_id) or "")


def _traits(arrival: Arrival, person: str) -> Iterator[TraitChange]:
    """What is said of the person, of whom it now is; nothing of nobody."""
    for change in arrival.traits:
        unit = person if change.unit_type == "person" and change.unit == arrival.distinct_id else change.unit
        if named_id(unit):
            yield msgspec.structs.replace(change, unit=unit)
