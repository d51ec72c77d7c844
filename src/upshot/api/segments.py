"""Segments: named conditions on units."""

from typing import Literal

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.state import Nothing

__all__ = ["DATA_TRAITS", "SEGMENT_LIST", "SegmentList", "SegmentView", "TraitSummaries", "TraitSummary"]


class SegmentView(msgspec.Struct, frozen=True):
    """A segment as people see it: ``where`` are its conditions, all of which hold for who is in it."""

    name: str
    title: str
    description: str
    where: tuple[str, ...]
    version: int
    managed: Literal["hand", "code", "import"]


class SegmentList(msgspec.Struct, frozen=True):
    """All segments, in the order of declaration."""

    segments: tuple[SegmentView, ...]


class TraitSummary(msgspec.Struct, frozen=True):
    """One trait, written as a field (``person.plan``), and how many units ever had it."""

    field: str
    unit_type: str
    units: int


class TraitSummaries(msgspec.Struct, frozen=True):
    """Every trait that units have, most frequent first."""

    traits: tuple[TraitSummary, ...]


DATA_TRAITS = Operation("data.traits", Permission.READ, Nothing, TraitSummaries)
SEGMENT_LIST = Operation("segment.list", Permission.READ, Nothing, SegmentList)
