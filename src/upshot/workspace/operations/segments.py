"""Segments: what there is. They are changed as every declaration is."""

from upshot.api.operation import Principal
from upshot.api.segments import DATA_TRAITS, SEGMENT_LIST, SegmentList, SegmentView, TraitSummaries, TraitSummary
from upshot.api.state import Nothing
from upshot.catalog.kinds import Segment
from upshot.metrics.definition import Field, Scope
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "list_segments", "traits"]


def list_segments(resources: Resources, principal: Principal, request: Nothing) -> SegmentList:
    """All segments."""
    del principal, request
    return SegmentList(
        tuple(
            SegmentView(
                name=found.value.name,
                title=found.value.title or found.value.name,
                description=found.value.description,
                where=found.value.where,
                version=found.version,
                managed=found.managed,
            )
            for found in resources.catalog.declarations.current(Segment).values()
        )
    )


def traits(resources: Resources, principal: Principal, request: Nothing) -> TraitSummaries:
    """What units are told apart by."""
    del principal, request
    return TraitSummaries(
        tuple(
            TraitSummary(Field(Scope.UNIT, found.name, found.unit_type).text, found.unit_type, found.units)
            for found in resources.store.trait_summaries()
        )
    )


BINDINGS = (
    Binding(DATA_TRAITS, traits),
    Binding(SEGMENT_LIST, list_segments),
)
