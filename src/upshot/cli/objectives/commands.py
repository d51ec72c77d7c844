"""``upshot objective list`` and ``show``."""

from typing import TYPE_CHECKING

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import json_or, lines, table
from upshot.core.units import format_value

if TYPE_CHECKING:
    from upshot.api.objectives import ObjectiveView

__all__ = ["list_objectives", "show"]

_MOST_POINTS = 20


def list_objectives(*, common: Common | None = None) -> None:
    """List objectives as a tree, each with where it stands."""
    from upshot.api.objectives import OBJECTIVE_LIST
    from upshot.api.state import Nothing
    from upshot.objectives.words import chance_text

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(OBJECTIVE_LIST, Nothing())
    if json_or(common, answer):
        return
    depth: dict[str, int] = {}
    for objective in answer.objectives:
        depth[objective.name] = depth.get(objective.parent, -1) + 1
    table(
        (
            ("objective", "left"),
            ("status", "left"),
            ("from", "right"),
            ("now", "right"),
            ("target", "right"),
            ("way", "right"),
            ("time", "right"),
            ("chance", "right"),
            ("due", "left"),
        ),
        (
            (
                "  " * depth[o.name] + o.name,
                o.status,
                *(format_value(value, o.format, answer.currency) for value in (o.baseline, o.current, o.target)),
                _share(o.progress),
                _share(min(max(o.expected_progress, 0.0), 1.0)),
                "–" if o.forecast is None else chance_text(o.forecast.chance),
                str(o.due),
            )
            for o in answer.objectives
        ),
    )


def show(name: str, /, *, common: Common | None = None) -> None:
    """Show one objective: where it stands, where it will be if it goes on like this, and its course.

    Args:
        name: Which.
        common: The options of every command.
    """
    from upshot.api.objectives import OBJECTIVE_SHOW, ObjectiveName
    from upshot.api.state import WORKSPACE_INFO, Nothing

    common = common or Common()
    with open_workspace(common) as workspace:
        objective = workspace.call(OBJECTIVE_SHOW, ObjectiveName(name))
        if json_or(common, objective):
            return
        currency = workspace.call(WORKSPACE_INFO, Nothing()).currency
    lines(_about(objective, currency))
    known = [point for point in objective.points if point.value is not None]
    step = max(-(-len(known) // _MOST_POINTS), 1)
    shown = known[::-1][::step][::-1]
    if shown:
        table(
            (("day", "left"), (objective.metric_title, "right"), ("path", "right")),
            ((str(p.day), *(format_value(v, objective.format, currency) for v in (p.value, p.path))) for p in shown),
        )


def _about(objective: "ObjectiveView", currency: str) -> list[str]:
    from upshot.objectives.words import chance_text

    said = [f"{objective.title}: {objective.status}.", objective.sentence]
    forecast = objective.forecast
    if forecast is not None:
        value, low, high = (
            format_value(each, objective.format, currency) for each in (forecast.value, forecast.low, forecast.high)
        )
        said.append(
            f"If it goes on like this: {value} on {objective.due} ({low} to {high} with {forecast.level:.0%}); "
            f"the chance of the target is {chance_text(forecast.chance)}. By {forecast.method}."
        )
    else:
        said.append(objective.forecast_note)
    if objective.children:
        said.append(f"Below it: {', '.join(objective.children)}.")
    if objective.outputs:
        said.append(f"Outputs for it: {', '.join(objective.outputs)}.")
    return said


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
