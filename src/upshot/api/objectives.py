"""Are we on course: objectives with their measured progress."""

from datetime import date
from typing import Literal

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.state import Nothing

__all__ = [
    "OBJECTIVE_LIST",
    "OBJECTIVE_SHOW",
    "Forecast",
    "ObjectiveList",
    "ObjectiveName",
    "ObjectivePoint",
    "ObjectiveStatus",
    "ObjectiveView",
]

ObjectiveStatus = Literal["not started", "no data", "behind", "on course", "ahead", "reached", "missed"]


class ObjectivePoint(msgspec.Struct, frozen=True):
    """The measured value on one day, over the objective's window, and where the straight path to the target is."""

    day: date
    value: float | None
    path: float | None


class Forecast(msgspec.Struct, frozen=True):
    """The value on the due date if it goes on like this, with its interval; ``chance`` of reaching the target."""

    value: float
    low: float
    high: float
    level: float
    chance: float
    method: str


class ObjectiveView(msgspec.Struct, frozen=True, kw_only=True):
    """An objective as people see it.

    ``format`` and ``direction`` are the metric's. ``baseline``, ``target`` and ``current`` are in its unit, null where
    there is no data yet. ``progress`` is the share of the way from baseline to target, ``expected_progress`` the share
    of the time that is over; both may lie outside 0 to 1. ``sentence`` says the status with its numbers, and
    ``forecast_note`` why there is no forecast. ``children`` and ``outputs`` are names.
    """

    name: str
    title: str
    description: str
    metric: str
    metric_title: str
    format: str
    direction: Literal["up", "down", "none"]
    where: tuple[str, ...]
    owner: str
    team: str
    need: str
    parent: str
    children: tuple[str, ...]
    outputs: tuple[str, ...]
    starts: date
    due: date
    target_text: str
    baseline: float | None
    target: float | None
    current: float | None
    status: ObjectiveStatus
    sentence: str
    progress: float | None
    expected_progress: float
    forecast: Forecast | None
    forecast_note: str
    points: tuple[ObjectivePoint, ...]
    version: int
    managed: Literal["hand", "code", "import"]


class ObjectiveList(msgspec.Struct, frozen=True):
    """All objectives, parents before their children; ``points`` are left out."""

    objectives: tuple[ObjectiveView, ...]
    currency: str


class ObjectiveName(msgspec.Struct, frozen=True):
    """Which objective."""

    name: str


OBJECTIVE_LIST = Operation("objective.list", Permission.READ, Nothing, ObjectiveList)
OBJECTIVE_SHOW = Operation("objective.show", Permission.READ, ObjectiveName, ObjectiveView)
