"""What is shipped and how it reaches users: outputs, launches, and what else happened meanwhile."""

import enum
from datetime import date, datetime
from typing import ClassVar

import msgspec

from upshot.catalog.kinds.declaration import Declaration
from upshot.catalog.kinds.expectation import Expectation, parse_expectation
from upshot.core.errors import InvalidInput
from upshot.core.time import check_century

__all__ = ["Annotation", "AnnotationKind", "Cost", "Launch", "Output", "OutputKind", "Owners", "RampStep"]

_MOST = 1e15
"""Of days and of money; more is a slip, and sums of it say nothing."""


class OutputKind(enum.StrEnum):
    """Why something is shipped; only a bet is expected to move an outcome."""

    BET = "bet"
    UPKEEP = "upkeep"
    ENABLING = "enabling"
    COMPLIANCE = "compliance"


class Owners(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who answers for an output."""

    product: str = ""
    design: str = ""
    engineering: str = ""


class Cost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an output cost.

    Attributes:
        days: Days of one person's work.
        money: Other spending, in the workspace's currency.
        estimated: Whether ``days`` is an estimate and nobody's record.
        how: Where it comes from, or how it was estimated.
    """

    days: float = 0.0
    money: float = 0.0
    estimated: bool = False
    how: str = ""

    def __post_init__(self) -> None:
        if self.days < 0 or self.money < 0:
            raise ValueError("a cost is not negative")
        if not (self.days < _MOST and self.money < _MOST):
            raise ValueError(f"a cost is a number below {_MOST:,.0f}")


class Output(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A thing shipped, or to be shipped.

    Attributes:
        kind: Why.
        objective: Which objective it serves.
        cost: What it cost; None where nobody knows.
        expects: Expectations, one line each (``parse_expectation``); they are sealed when they are first applied.
        usage: The metric that says how many people use it, by day: a feature that next to nobody uses is waste.
        refs: Commits, tags, tickets, pull requests, as their systems name them.
        link: Where people read more.
    """

    KIND: ClassVar[str] = "output"
    PLURAL: ClassVar[str] = "outputs"

    title: str = ""
    description: str = ""
    kind: OutputKind = OutputKind.BET
    objective: str = ""
    team: str = ""
    owners: Owners = Owners()
    cost: Cost | None = None
    expects: tuple[str, ...] = ()
    usage: str = ""
    refs: tuple[str, ...] = ()
    link: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        for line in self.expects:
            try:
                parse_expectation(line)
            except InvalidInput as error:
                raise ValueError(str(error)) from None

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """The expectations that its lines state."""
        return tuple(parse_expectation(line) for line in self.expects)

    def references(self) -> tuple[tuple[str, str, str], ...]:
        """Its objective, its team, and the metrics of its use and of what it expects to move."""
        asked = [
            ("objective", "objective", self.objective),
            ("team", "team", self.team),
            ("usage", "metric", self.usage),
        ]
        asked += [("expects", "metric", expected.metric) for expected in self.expectations]
        return tuple(reference for reference in asked if reference[2])


class RampStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From ``at`` on, ``share`` of the units has it; 0 to 1."""

    at: datetime
    share: float

    def __post_init__(self) -> None:
        check_century("at", self.at)
        if not 0 <= self.share <= 1:
            raise ValueError("a ramp's share is between 0 and 1")


class Launch(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How outputs reached users. Outputs that reached the same people together share a launch, and so one effect.

    Attributes:
        at: When the first user could have it, with offset.
        outputs: What was launched.
        audience: Who may have it, in the filter grammar; empty: everybody.
        ramp: Steps up to everybody of the audience; empty: all at once.
        randomised: Whether chance decided who had it first; its readout is then an experiment's.
        ended_at: When it was taken back; None while it stands.
    """

    KIND: ClassVar[str] = "launch"
    PLURAL: ClassVar[str] = "launches"

    title: str = ""
    at: datetime
    outputs: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    ramp: tuple[RampStep, ...] = ()
    randomised: bool = False
    ended_at: datetime | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.at.tzinfo is None:
            raise ValueError("a launch's instant needs its offset, as in 2026-03-01T09:00:00+01:00")
        if self.ended_at is not None and (self.ended_at.tzinfo is None or self.ended_at <= self.at):
            raise ValueError("a launch ends after it began; its instant needs an offset")
        if any(later.at <= earlier.at for earlier, later in zip(self.ramp, self.ramp[1:], strict=False)):
            raise ValueError("a ramp's steps follow each other in time")

    def references(self) -> tuple[tuple[str, str, str], ...]:
        """Its outputs."""
        return tuple(("outputs", "output", name) for name in self.outputs)


class AnnotationKind(enum.StrEnum):
    """What else can move a metric, or only its measurement (logging)."""

    LOGGING = "logging"
    PRICE = "price"
    CAMPAIGN = "campaign"
    OUTAGE = "outage"
    HOLIDAY = "holiday"
    OTHER = "other"


class Annotation(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that happened and is no launch: a campaign, a new price, a change of logging, an outage.

    Attributes:
        first_day: Its first local day.
        last_day: Its last local day; None where it stays, as a new price or another way of logging does.
        metrics: Metrics that it touches; empty: possibly all.
    """

    KIND: ClassVar[str] = "annotation"
    PLURAL: ClassVar[str] = "annotations"

    title: str = ""
    description: str = ""
    kind: AnnotationKind = AnnotationKind.OTHER
    first_day: date
    last_day: date | None = None
    metrics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError(f"it ends ({self.last_day}) before it begins ({self.first_day})")

    def references(self) -> tuple[tuple[str, str, str], ...]:
        """The metrics that it touches."""
        return tuple(("metrics", "metric", name) for name in self.metrics)
