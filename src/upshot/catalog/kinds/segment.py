"""Segments: who is meant, by name."""

from typing import ClassVar

from upshot.catalog.kinds.declaration import Declaration
from upshot.core.problems import Problem
from upshot.metrics.segments import parse_segment

__all__ = ["Segment"]


class Segment(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Units that meet all of its conditions, as of the time of what they do.

    Attributes:
        where: Conditions in the filter grammar, on traits (``person.plan = pro``), on a unit's first event
            (``first.country = DE``) or on its period (``cohort.week = 2026-03-02``).
    """

    KIND: ClassVar[str] = "segment"
    PLURAL: ClassVar[str] = "segments"

    title: str = ""
    description: str = ""
    where: tuple[str, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        parsed = parse_segment(self.where)
        if isinstance(parsed, Problem):
            raise ValueError(parsed.message.rstrip("."))
