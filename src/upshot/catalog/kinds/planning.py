"""What is aimed at: teams, needs, outcomes, objectives."""

import re
from datetime import date
from typing import ClassVar, Literal

import msgspec

from upshot.catalog.kinds.declaration import Declaration

__all__ = ["Evidence", "Need", "Objective", "Outcome", "Target", "Team", "parse_target"]


class Team(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """People who own objectives and outputs together.

    Attributes:
        title: As it is shown; the name where empty.
        cost_a_day: What a day of one person's work costs, in the workspace's currency; 0 where nobody said.
    """

    KIND: ClassVar[str] = "team"
    PLURAL: ClassVar[str] = "teams"

    title: str = ""
    description: str = ""
    cost_a_day: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cost_a_day < 0:
            raise ValueError("cost_a_day is negative")


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Why somebody believes in a need: a survey, an interview, tickets, data."""

    kind: Literal["survey", "interview", "ticket", "data", "other"] = "other"
    text: str = ""
    link: str = ""
    on: date | None = None


class Need(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What users lack, with the evidence for it."""

    KIND: ClassVar[str] = "need"
    PLURAL: ClassVar[str] = "needs"

    title: str = ""
    description: str = ""
    team: str = ""
    evidence: tuple[Evidence, ...] = ()

    def references(self) -> tuple[tuple[str, str, str], ...]:
        """Its team."""
        return _named(("team", "team", self.team))


class Outcome(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A metric that somebody is accountable for; it bears the metric's name.

    Attributes:
        owner: Who is accountable.
        worth: What one unit of the metric is worth, in the workspace's currency: one more subscription, one more of a
            day's listeners. None where nobody said; 1 for a metric in money.
        worth_note: Where that figure comes from.
    """

    KIND: ClassVar[str] = "outcome"
    PLURAL: ClassVar[str] = "outcomes"

    owner: str = ""
    team: str = ""
    worth: float | None = None
    worth_note: str = ""

    def references(self) -> tuple[tuple[str, str, str], ...]:
        """Its metric and its team."""
        return _named(("name", "metric", self.name), ("team", "team", self.team))


class Target(msgspec.Struct, frozen=True):
    """Where a metric should get: to ``value``, or by ``change`` away from the baseline (0.2 is +20 %); one is None."""

    value: float | None
    change: float | None

    def level(self, baseline: float) -> float:
        """The value to reach from ``baseline``."""
        return self.value if self.value is not None else baseline * (1 + (self.change or 0.0))


_TARGET = re.compile(r"\s*([+\-−]?)\s*(\d+(?:\.\d+)?)\s*(%?)\s*")


def parse_target(text: str) -> Target:
    """A target as people write it.

    ``+20%`` and ``-20%`` are changes against the baseline; ``42%`` and ``1200`` are values to reach.

    Raises:
        ValueError: It is none.

    >>> parse_target("+20%"), parse_target("42%").value, parse_target("1200").value
    (Target(value=None, change=0.2), 0.42, 1200.0)
    """
    found = _TARGET.fullmatch(text)
    if found is None or (found[1] and not found[3]):
        raise ValueError(f"{text!r} is not a target: write +20% for a change, 42% or 1200 for a value to reach")
    number = float(found[2]) / (100.0 if found[3] else 1.0)
    if not found[1]:
        return Target(number, None)
    return Target(None, number if found[1] == "+" else -number)


class Objective(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A measurable target on a metric; objectives form a tree.

    Attributes:
        metric: On which metric.
        where: Filters that narrow it, in the filter grammar.
        target: See ``parse_target``.
        baseline: The metric's value before; None: it is measured over the ``baseline_days`` before ``starts``.
        baseline_days: Over how many days it is measured.
        window_days: Over how many days the metric is measured at any later time.
        starts: The first day of the work.
        due: The day by which the target is reached.
        need: The user need behind it.
        parent: The objective that it serves.
    """

    KIND: ClassVar[str] = "objective"
    PLURAL: ClassVar[str] = "objectives"

    title: str = ""
    description: str = ""
    metric: str
    where: tuple[str, ...] = ()
    target: str
    baseline: float | None = None
    baseline_days: int = 28
    window_days: int = 28
    starts: date
    due: date
    owner: str = ""
    team: str = ""
    need: str = ""
    parent: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_target(self.target)
        if self.due <= self.starts:
            raise ValueError(f"it is due ({self.due}) before it has begun ({self.starts})")
        if self.baseline_days < 1 or self.window_days < 1:
            raise ValueError("baseline_days and window_days are at least 1")

    def references(self) -> tuple[tuple[str, str, str], ...]:
        """Its metric, team, need and parent."""
        return _named(
            ("metric", "metric", self.metric),
            ("team", "team", self.team),
            ("need", "need", self.need),
            ("parent", "objective", self.parent),
        )


def _named(*all_of_them: tuple[str, str, str]) -> tuple[tuple[str, str, str], ...]:
    return tuple(reference for reference in all_of_them if reference[2])
