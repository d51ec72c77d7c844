"""What was shipped, when it reached users, and what else happened meanwhile."""

from datetime import date, datetime
from typing import Literal

import msgspec

from upshot.api.declarations import DeclarationsApplied
from upshot.api.operation import Operation, Permission
from upshot.api.state import Nothing
from upshot.catalog.kinds import Annotation, Launch, Output

__all__ = [
    "LAUNCH_LIST",
    "OUTPUTS_RECORD",
    "OUTPUT_LIST",
    "OUTPUT_SHOW",
    "SHIP",
    "AnnotationView",
    "ExpectationView",
    "LaunchList",
    "LaunchView",
    "OutputList",
    "OutputName",
    "OutputView",
    "OutputsRecord",
    "Ship",
]


class ExpectationView(msgspec.Struct, frozen=True, kw_only=True):
    """An expectation as it was sealed. ``change``, ``low`` and ``high`` are shares where ``relative``.

    ``late``: it was stated after the launch, so it says nothing about foresight. ``withdrawn``: the output no longer
    states it; it was stated all the same.
    """

    text: str
    metric: str
    change: float
    relative: bool
    low: float | None
    high: float | None
    within_days: int
    seal: str
    sealed_at: datetime | None
    sealed_by: str
    late: bool
    withdrawn: bool


class OutputView(msgspec.Struct, frozen=True, kw_only=True):
    """An output as people see it. ``launches`` are names, the earliest first; none: it is not shipped yet.

    ``cost`` is in the workspace's currency (days at the team's rate, and money); null where the days have no rate.
    """

    name: str
    title: str
    description: str
    kind: Literal["bet", "upkeep", "enabling", "compliance"]
    objective: str
    team: str
    product_owner: str
    design_owner: str
    engineering_owner: str
    cost_days: float | None
    cost_money: float | None
    cost: float | None
    cost_estimated: bool
    cost_how: str
    expectations: tuple[ExpectationView, ...]
    launches: tuple[str, ...]
    refs: tuple[str, ...]
    link: str
    version: int
    managed: Literal["hand", "code", "import"]


class OutputList(msgspec.Struct, frozen=True):
    """All outputs, in the order of declaration."""

    outputs: tuple[OutputView, ...]
    currency: str


class OutputName(msgspec.Struct, frozen=True):
    """Which output."""

    name: str


class LaunchView(msgspec.Struct, frozen=True, kw_only=True):
    """A launch as people see it; ``day`` is its local day, ``experiment`` the name of its experiment or empty."""

    name: str
    title: str
    at: datetime
    day: date
    outputs: tuple[str, ...]
    output_titles: tuple[str, ...]
    audience: tuple[str, ...]
    ramp: tuple[tuple[datetime, float], ...]
    randomised: bool
    ended_at: datetime | None
    experiment: str
    version: int
    managed: Literal["hand", "code", "import"]


class AnnotationView(msgspec.Struct, frozen=True, kw_only=True):
    """Something else that happened; ``metrics`` that it touches, none: possibly all."""

    name: str
    title: str
    description: str
    kind: str
    first_day: date
    last_day: date | None
    metrics: tuple[str, ...]


class LaunchList(msgspec.Struct, frozen=True):
    """All launches and annotations, oldest first: what charts mark."""

    launches: tuple[LaunchView, ...]
    annotations: tuple[AnnotationView, ...]


class Ship(msgspec.Struct, frozen=True, kw_only=True):
    """Say that something reached users: makes the output where there is none of that name, and a launch.

    ``name`` is made from the title where empty. ``at`` is now where null. ``expects`` are lines as in YAML. ``usage``
    is the metric that says how many people use it.
    """

    title: str
    name: str = ""
    at: datetime | None = None
    kind: Literal["bet", "upkeep", "enabling", "compliance"] = "bet"
    objective: str = ""
    team: str = ""
    expects: tuple[str, ...] = ()
    usage: str = ""
    cost_days: float | None = None
    audience: tuple[str, ...] = ()
    share: float = 1.0
    refs: tuple[str, ...] = ()
    link: str = ""


class OutputsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Outputs, launches and annotations read from elsewhere: a repository, a tracker, a table.

    What is there already and was changed by hand or from code since stays as it is, and is named in a warning. What
    came from ``source`` before and is not among these is named too; ``prune`` removes it, and what is named in
    ``left_out`` is removed in any case: somebody asked for it. Nothing is removed that something else refers to.
    """

    source: str
    outputs: tuple[Output, ...] = ()
    launches: tuple[Launch, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    left_out: tuple[str, ...] = ()
    prune: bool = False
    dry_run: bool = False


OUTPUT_LIST = Operation("output.list", Permission.READ, Nothing, OutputList)
OUTPUT_SHOW = Operation("output.show", Permission.READ, OutputName, OutputView)
LAUNCH_LIST = Operation("launch.list", Permission.READ, Nothing, LaunchList)
SHIP = Operation("output.ship", Permission.WRITE, Ship, DeclarationsApplied, changes=True)
OUTPUTS_RECORD = Operation("outputs.record", Permission.WRITE, OutputsRecord, DeclarationsApplied, changes=True)
