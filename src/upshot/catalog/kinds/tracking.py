"""What clients may send: events and their properties, as agreed beforehand, and what must not be kept."""

from typing import ClassVar, Literal

import msgspec

from upshot.catalog.kinds.declaration import Declaration

__all__ = ["PlannedEvent", "PlannedProperty", "PropertyType", "TrackingPlan"]

PropertyType = Literal["any", "text", "number", "integer", "boolean", "list", "object", "instant"]


class PlannedProperty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A property of a planned event.

    Attributes:
        name: As clients send it.
        type: What its values are; null is of every type where the property is not required.
        required: Whether every such event has it.
        pii: Whether it says who somebody is: it is then kept only as the plan's ``pii`` says.
        description: What it means.
    """

    name: str
    type: PropertyType = "any"
    required: bool = False
    pii: bool = False
    description: str = ""


class PlannedEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An event that clients may send.

    Attributes:
        event: Its name, as clients send it.
        properties: Its properties.
        others: Whether it may have further ones.
        description: When it is sent.
    """

    event: str
    properties: tuple[PlannedProperty, ...] = ()
    others: bool = True
    description: str = ""

    def __post_init__(self) -> None:
        names = [each.name for each in self.properties]
        twice = sorted({name for name in names if names.count(name) > 1})
        if not self.event:
            raise ValueError("a planned event needs a name")
        if twice:
            raise ValueError(f"{self.event!r} has the property {twice[0]!r} twice")


class TrackingPlan(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What sources may send.

    Attributes:
        mode: ``off``: nothing is compared; ``warn``: what breaks the plan is kept and counted; ``enforce``: it goes to
            quarantine.
        sources: Which sources it holds for; all when empty.
        events: The events that may come. Those of the clients themselves, whose names begin with ``$``, always may.
        pii: What becomes of properties that say who somebody is: ``hash``, ``drop`` or ``keep``.
        drop: Properties of any event that are never kept.
        hash: Properties of any event that are kept only as a hash, which says whether two values are the same.
    """

    KIND: ClassVar[str] = "tracking plan"
    PLURAL: ClassVar[str] = "tracking_plans"

    mode: Literal["off", "warn", "enforce"] = "warn"
    sources: tuple[str, ...] = ()
    events: tuple[PlannedEvent, ...] = ()
    pii: Literal["hash", "drop", "keep"] = "hash"
    drop: tuple[str, ...] = ()
    hash: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        names = [each.event for each in self.events]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the event {twice[0]!r} stands in the plan twice")
