"""How a launch's effect is measured, and what people decided on it: experiments, studies, decisions."""

import enum
from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec

from upshot.catalog.kinds.declaration import Declaration

__all__ = ["Choice", "Decision", "Experiment", "Study", "Variant"]


class Variant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One arm: the value of the variant's property, and the share of units that it should get."""

    name: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not self.name or not self.weight > 0:
            raise ValueError("a variant has a name and a weight above 0")


class Experiment(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A randomised launch.

    Attributes:
        launch: Which launch is randomised.
        unit: What is randomised: ``person``, ``device``, ``session`` or a group.
        exposure: The event that says that a unit has met its variant.
        where: Filters on that event, in the filter grammar.
        property: The property of that event that names the variant.
        variants: At least two, the control first.
        starts: The first local day on which exposures count.
        ends: The last one; None while it runs.
    """

    KIND: ClassVar[str] = "experiment"
    PLURAL: ClassVar[str] = "experiments"

    title: str = ""
    launch: str
    unit: str = "person"
    exposure: str
    where: tuple[str, ...] = ()
    property: str
    variants: tuple[Variant, ...]
    starts: date
    ends: date | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.variants) < 2 or len({variant.name for variant in self.variants}) != len(self.variants):
            raise ValueError("an experiment has at least two variants with different names, the control first")
        if self.ends is not None and self.ends < self.starts:
            raise ValueError(f"it ends ({self.ends}) before it starts ({self.starts})")

    def references(self) -> tuple[tuple[str, str, str], ...]:
        """Its launch."""
        return (("launch", "launch", self.launch),)


class Study(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One declared measurement of a launch's effect. A launch without a declared study gets one made from its outputs.

    Attributes:
        launch: Whose effect.
        design: ``auto``: the strongest valid one.
        primary: The metric on which the verdict falls.
        secondary: Metrics that are measured too and decide nothing.
        guardrails: Metrics that must not be harmed.
        controls: Metrics that the launch cannot have touched, for the counterfactual.
        first_day: First day of the measured window, counted from the launch's day, which is 0.
        readings: Local days on which the verdict may fall; before the first it is too early.
        smallest_effect: The smallest relative change of the primary metric that matters (0.02 is 2 %).
        horizon_days: In an experiment, for how many days from its exposure on a unit is counted; it counts when they
            are over.
        estimand: In words: whose outcome, against what, over which days; made from the rest where empty.
        level: Of all intervals.
    """

    KIND: ClassVar[str] = "study"
    PLURAL: ClassVar[str] = "studies"

    title: str = ""
    launch: str
    design: Literal["auto", "experiment", "time series", "before/after"] = "auto"
    primary: str
    secondary: tuple[str, ...] = ()
    guardrails: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    first_day: int = 1
    readings: tuple[date, ...]
    smallest_effect: float = 0.02
    horizon_days: int = 7
    estimand: str = ""
    level: float = 0.95

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.readings or list(self.readings) != sorted(set(self.readings)):
            raise ValueError("a study declares at least one reading date, in order")
        if not 0 < self.level < 1 or not 0 < self.smallest_effect < 10:
            raise ValueError("level lies between 0 and 1; smallest_effect is a share above 0, such as 0.02")
        if self.first_day < 0:
            raise ValueError("first_day is not before the launch")
        if not 1 <= self.horizon_days <= 366:
            raise ValueError("horizon_days is between 1 and 366")

    def references(self) -> tuple[tuple[str, str, str], ...]:
        """Its launch and its metrics."""
        asked = [("launch", "launch", self.launch), ("primary", "metric", self.primary)]
        for field in ("secondary", "guardrails", "controls"):
            asked += [(field, "metric", name) for name in getattr(self, field)]
        return tuple(asked)


class Choice(enum.StrEnum):
    """What people did with a verdict."""

    KEEP = "keep"
    ITERATE = "iterate"
    ROLL_BACK = "roll back"


class Decision(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What people decided about a launch; a later decision stands beside it and does not change it."""

    KIND: ClassVar[str] = "decision"
    PLURAL: ClassVar[str] = "decisions"
    IMMUTABLE: ClassVar[bool] = True

    launch: str
    choice: Choice
    by: str
    at: datetime
    why: str = ""
    verdict: str = ""

    def references(self) -> tuple[tuple[str, str, str], ...]:
        """Its launch."""
        return (("launch", "launch", self.launch),)
