"""Everything that people declare: one frozen type for each kind, as it stands in YAML and in the catalog.

A declaration has a name, unique within its kind, and refers to others by name. Its fields are those of its YAML; what
is as it would be anyway is left out there. Types say what is right within one declaration; whether the names that it
refers to exist is asked when it is applied.
"""

from collections.abc import Mapping

from upshot.catalog.kinds.dashboard import Dashboard, Home
from upshot.catalog.kinds.declaration import NAME, Declaration, check_name
from upshot.catalog.kinds.expectation import Expectation, parse_expectation
from upshot.catalog.kinds.measuring import Choice, Decision, Experiment, Study, Variant
from upshot.catalog.kinds.planning import Evidence, Need, Objective, Outcome, Target, Team, parse_target
from upshot.catalog.kinds.segment import Segment
from upshot.catalog.kinds.shipping import (
    Annotation,
    AnnotationKind,
    Cost,
    Launch,
    Output,
    OutputKind,
    Owners,
    RampStep,
)
from upshot.catalog.kinds.tracking import PlannedEvent, PlannedProperty, PropertyType, TrackingPlan

__all__ = [
    "KINDS",
    "NAME",
    "Annotation",
    "AnnotationKind",
    "Choice",
    "Cost",
    "Dashboard",
    "Decision",
    "Declaration",
    "Evidence",
    "Expectation",
    "Experiment",
    "Home",
    "Launch",
    "Need",
    "Objective",
    "Outcome",
    "Output",
    "OutputKind",
    "Owners",
    "PlannedEvent",
    "PlannedProperty",
    "PropertyType",
    "RampStep",
    "Segment",
    "Study",
    "Target",
    "Team",
    "TrackingPlan",
    "Variant",
    "check_name",
    "parse_expectation",
    "parse_target",
]

KINDS: Mapping[str, type[Declaration]] = {
    kind.KIND: kind
    for kind in (
        Team,
        Segment,
        Need,
        Outcome,
        Objective,
        Output,
        Launch,
        Annotation,
        Experiment,
        Study,
        Decision,
        Dashboard,
        Home,
        TrackingPlan,
    )
}
"""Kinds by name, in an order in which each refers to earlier ones."""
