"""What launches did: studies, verdicts, experiments, decisions."""

from datetime import date, datetime
from typing import Literal

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.outputs import LaunchView, OutputView
from upshot.api.state import Nothing
from upshot.catalog.kinds import Choice
from upshot.catalog.verdict import Check, Effect, Grade, Verdict, VerdictRecord, VerdictWord
from upshot.studies.checked import CheckInputs, CheckReport
from upshot.studies.tabled import TableInputs, TableReport

__all__ = [
    "DECIDE",
    "EXPERIMENTS_CHECK",
    "EXPERIMENT_ANALYSE",
    "EXPERIMENT_LIST",
    "EXPERIMENT_SHOW",
    "LAUNCHES_JOIN",
    "LAUNCH_REPORT",
    "STUDIES_RECORD",
    "STUDY_LIST",
    "STUDY_PLAN",
    "VERDICT_VERIFY",
    "ArmView",
    "ArmsEffect",
    "Decide",
    "Decided",
    "DecisionView",
    "ExperimentList",
    "ExperimentName",
    "ExperimentReport",
    "ExperimentView",
    "JointLaunch",
    "LaunchName",
    "LaunchReport",
    "LaunchesJoin",
    "LaunchesJoined",
    "PlanQuery",
    "PlanWay",
    "StudiesRecord",
    "StudiesRecorded",
    "StudyList",
    "StudyPlan",
    "StudyState",
    "StudyView",
    "VerdictId",
    "Verification",
]


class LaunchName(msgspec.Struct, frozen=True):
    """Which launch."""

    name: str


class StudyView(msgspec.Struct, frozen=True, kw_only=True):
    """How a launch is measured. ``declared`` is false where it was made from the outputs' expectations."""

    name: str
    launch: str
    design: str
    primary: str
    secondary: tuple[str, ...]
    guardrails: tuple[str, ...]
    controls: tuple[str, ...]
    readings: tuple[date, ...]
    next_reading: date | None
    smallest_effect: float
    estimand: str
    level: float
    declared: bool


class DecisionView(msgspec.Struct, frozen=True):
    """What people decided."""

    name: str
    launch: str
    choice: Choice
    by: str
    at: datetime
    why: str
    verdict: str


class LaunchesJoin(msgspec.Struct, frozen=True, kw_only=True):
    """Make one launch of several that lie too close to be told apart: they are then measured together, once.

    ``names`` are joined as they are; without names, all launches that follow each other within ``near_days`` are.
    """

    names: tuple[str, ...] = ()
    near_days: int = 14
    dry_run: bool = False


class JointLaunch(msgspec.Struct, frozen=True):
    """A joint launch and what it is made of."""

    name: str
    of: tuple[str, ...]
    first: date
    last: date


class LaunchesJoined(msgspec.Struct, frozen=True):
    """The joint launches; those that they are made of are removed, and can be restored."""

    joint: tuple[JointLaunch, ...]


class LaunchReport(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of what a launch did.

    ``now`` is the reading as of today: ``too early`` before the first reading date, with the path all the same; null
    where there is no study, and ``no_study`` says why. ``verdicts`` are the recorded ones, oldest first; the newest of
    each reading counts. ``word``, ``grade`` and ``sentence`` are where the judgement stands: of the newest recorded
    verdict, and until there is one that it is too early, that a reading is due, or that nothing can be measured.
    """

    launch: LaunchView
    word: VerdictWord
    grade: Grade
    sentence: str
    outputs: tuple[OutputView, ...]
    study: StudyView | None
    no_study: str
    now: Verdict | None
    verdicts: tuple[VerdictRecord, ...]
    decisions: tuple[DecisionView, ...]
    metric_title: str
    metric_format: str
    currency: str
    elapsed_ms: float


class StudiesRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Record the verdicts that are due, of one launch or of all, for about ``seconds`` at most; then ask again.

    ``again`` also concludes anew what is recorded already, of the one launch that is named; the old record stays.
    """

    launch: str = ""
    seconds: float = 20.0
    again: bool = False


class StudiesRecorded(msgspec.Struct, frozen=True):
    """Verdicts that were due and are recorded now, and studies that could not be read, with the reason.

    ``waiting`` readings are still due: there was no time for them.
    """

    recorded: tuple[VerdictRecord, ...]
    failed: tuple[str, ...]
    waiting: int = 0


class StudyState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the measurement of one launch stands. ``study`` is null where there is none, and ``no_study`` says why.

    ``due`` are reading dates that have come and are not recorded yet; ``late`` whether its expectation came late.
    """

    launch: LaunchView
    study: StudyView | None
    no_study: str
    expectation: str
    late: bool
    due: tuple[date, ...]
    word: str
    grade: str
    sentence: str
    verdict: str


class StudyList(msgspec.Struct, frozen=True):
    """All launches with their studies, the newest first."""

    studies: tuple[StudyState, ...]


class VerdictId(msgspec.Struct, frozen=True):
    """A verdict by its id or the beginning of it."""

    id: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a verdict can be had again from its snapshot.

    ``identical``: to the last digit. ``close``: to a relative 1e-9, which is enough where the software differs.
    ``differences`` name the fields that differ with both values. ``drift`` says which of today's data differ from the
    snapshot; it does not touch the verdict.
    """

    verdict: VerdictRecord
    snapshot_bytes: int
    identical: bool
    close: bool
    differences: tuple[str, ...]
    drift: tuple[str, ...]
    software_then: str
    software_now: str
    elapsed_ms: float

    @property
    def holds(self) -> bool:
        """Whether it can be had again: to the last digit, or nearly so where other software calculates."""
        return self.identical or (self.close and self.software_then != self.software_now)


class Decide(msgspec.Struct, frozen=True, kw_only=True):
    """Decide about a launch; who and when are known."""

    launch: str
    choice: Choice
    why: str = ""
    verdict: str = ""


class Decided(msgspec.Struct, frozen=True):
    """The decision as it is kept."""

    decision: DecisionView


class PlanQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What could be detected of a change of ``metric``, before shipping. ``expected`` is a share (0.05 is +5 %)."""

    metric: str
    output: str = ""
    expected: float | None = None
    within_days: int = 30


class PlanWay(msgspec.Struct, frozen=True, kw_only=True):
    """One way of launching, and what it could detect with a chance of 80 % at a false-positive rate of 5 %.

    ``detectable`` is the smallest such relative effect, null where none can be (``sentence`` says why). ``enough``:
    whether that is at most the expected effect; null where none is expected.
    """

    way: Literal["everyone at once", "holdout", "half and half"]
    design: str
    grade: str
    detectable: float | None
    days: int
    enough: bool | None
    sentence: str


class StudyPlan(msgspec.Struct, frozen=True):
    """The ways, and which of them is advised: the one that costs least and measures the expectation."""

    ways: tuple[PlanWay, ...]
    advised: str
    sentence: str


class ArmView(msgspec.Struct, frozen=True, kw_only=True):
    """One variant: how many units met it, and how many should have."""

    name: str
    control: bool
    units: int
    expected_share: float


class ArmsEffect(msgspec.Struct, frozen=True, kw_only=True):
    """A metric in two variants: the unit's mean in each, and the effect of ``variant`` against the control."""

    metric: str
    metric_title: str
    format: str
    variant: str
    control_mean: float | None
    variant_mean: float | None
    effect: Effect


class ExperimentView(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment in a list. ``state`` follows from its days."""

    name: str
    title: str
    launch: str
    unit: str
    starts: date
    ends: date | None
    state: Literal["planned", "running", "ended"]
    variants: tuple[str, ...]
    word: str
    sentence: str


class ExperimentList(msgspec.Struct, frozen=True):
    """All experiments, the newest first."""

    experiments: tuple[ExperimentView, ...]


class ExperimentName(msgspec.Struct, frozen=True):
    """Which experiment."""

    name: str


class ExperimentReport(msgspec.Struct, frozen=True, kw_only=True):
    """The readout: arms, checks, effects of each metric, verdict.

    ``final`` is false while the experiment runs or units have not had their days: what is shown then is a peek, and
    ``verdict`` says too early.
    """

    experiment: ExperimentView
    launch: LaunchView
    hypothesis: tuple[str, ...]
    arms: tuple[ArmView, ...]
    effects: tuple[ArmsEffect, ...]
    checks: tuple[Check, ...]
    verdict: Verdict | None
    final: bool
    note: str
    currency: str
    elapsed_ms: float


_R, _W = Permission.READ, Permission.WRITE

LAUNCH_REPORT = Operation("launch.report", _R, LaunchName, LaunchReport)
LAUNCHES_JOIN = Operation("launches.join", _W, LaunchesJoin, LaunchesJoined, changes=True)
STUDIES_RECORD = Operation(
    "studies.record", _W, StudiesRecord, StudiesRecorded, changes=True, changed=lambda answer: bool(answer.recorded)
)
STUDY_LIST = Operation("study.list", _R, Nothing, StudyList)
STUDY_PLAN = Operation("study.plan", _R, PlanQuery, StudyPlan)
VERDICT_VERIFY = Operation("verdict.verify", _R, VerdictId, Verification)
DECIDE = Operation("launch.decide", _W, Decide, Decided, changes=True)
EXPERIMENTS_CHECK = Operation("experiments.check", _R, CheckInputs, CheckReport)
EXPERIMENT_ANALYSE = Operation("experiment.analyse", _R, TableInputs, TableReport)
EXPERIMENT_LIST = Operation("experiment.list", _R, Nothing, ExperimentList)
EXPERIMENT_SHOW = Operation("experiment.show", _R, ExperimentName, ExperimentReport)
