"""What a study concluded: effects with intervals, checks, a grade of evidence and a word; or why there is none."""

import enum
from datetime import date, datetime

import msgspec

__all__ = [
    "Check",
    "Effect",
    "Grade",
    "Interval",
    "MetricRole",
    "Point",
    "Seal",
    "StudyDesign",
    "Verdict",
    "VerdictRecord",
    "VerdictWord",
]


class VerdictWord(enum.StrEnum):
    """What is said of a launch; ``transient``: it moved the metric for some days, and that was over by the reading."""

    IMPROVED = "improved"
    HARMED = "harmed"
    MIXED = "mixed"
    TRANSIENT = "transient"
    NO_EFFECT = "no effect"
    INCONCLUSIVE = "inconclusive"
    TOO_EARLY = "too early"
    NOT_MEASURABLE = "not measurable"


class Grade(enum.StrEnum):
    """How well the effect is identified, not how precisely it is known.

    A randomised and healthy; B strong quasi-experiment that passed its checks; C weaker one that passed; D description;
    U unmeasured.
    """

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    U = "U"


class StudyDesign(enum.StrEnum):
    """The method."""

    EXPERIMENT = "experiment"
    TIME_SERIES = "time series"
    BEFORE_AFTER = "before/after"
    NONE = "none"


class MetricRole(enum.StrEnum):
    """What a metric is in a study; the verdict falls on the primary one."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    GUARDRAIL = "guardrail"


class Interval(msgspec.Struct, frozen=True):
    """An estimate with its interval; shares where relative (0.1 is +10 %), else in the metric's unit."""

    value: float
    low: float
    high: float


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """The effect on one metric over one window.

    Attributes:
        metric: Its name.
        metric_hash: Of the definition that was measured.
        role: What it is in the study.
        direction: Which way is better.
        first_day: First local day of the window.
        last_day: Last local day of the window.
        relative: As a share of what would have been; None where there is none.
        absolute: In the metric's unit: of the sum over the window where the metric adds up, of a unit's mean in an
            experiment, of the daily mean otherwise (``per`` says which); None where there is none.
        per: ``total``, ``unit`` or ``day``.
        level: Of the intervals.
        p_value: None where the method has none.
        method: The estimator.
        n: Units, or days, that entered.
        why_not: Why there is no estimate; empty where there is one.
        variant: Of an experiment, which variant is compared with the control; empty otherwise.
        reach: What the absolute effect is multiplied by to be the total over the window: units that had the variant,
            days, or 1 where it is the total.
    """

    metric: str
    metric_hash: str
    role: MetricRole
    direction: str
    first_day: date
    last_day: date
    relative: Interval | None
    absolute: Interval | None
    per: str
    level: float
    p_value: float | None
    method: str
    n: float
    why_not: str = ""
    variant: str = ""
    reach: float = 1.0


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One condition that the design rests on.

    Attributes:
        name: ``sample ratio``, ``placebos in time``, ``neighbours``, …
        passed: None where it could not be looked at, and for what is only told.
        sentence: What was found, with its numbers.
    """

    name: str
    passed: bool | None
    sentence: str


class Point(msgspec.Struct, frozen=True):
    """One day of the report: what was observed, and what would have been; None where unknown."""

    day: date
    observed: float | None
    without: float | None
    low: float | None
    high: float | None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a study says on one reading date.

    Attributes:
        study: The study's name.
        launch: The launch's name.
        reading: The declared reading date.
        word: The verdict.
        grade: Of the evidence.
        design: The method that was used.
        sentence: The verdict in one sentence, with its numbers.
        effects: On each metric; the primary one first.
        checks: What the design rests on.
        reasons: Why a stronger design was not used, or why there is no measurement.
        path: The primary metric day by day, for the report.
        estimand: What was estimated, in words.
        smallest_effect: The smallest effect that matters, as declared; a share.
        snapshot: Hash of the inputs.
        seed: Of all random draws.
        software: Name and version of what concluded.
    """

    study: str
    launch: str
    reading: date
    word: VerdictWord
    grade: Grade
    design: StudyDesign
    sentence: str
    effects: tuple[Effect, ...]
    checks: tuple[Check, ...]
    reasons: tuple[str, ...]
    path: tuple[Point, ...]
    estimand: str
    smallest_effect: float
    snapshot: str
    seed: int
    software: str


class VerdictRecord(msgspec.Struct, frozen=True):
    """A verdict as it is kept; ``hash`` is the SHA-256 of its body."""

    id: str
    verdict: Verdict
    hash: str
    created_at: datetime
    created_by: str


class Seal(msgspec.Struct, frozen=True):
    """An expectation as it was stated, and when; ``hash`` covers the output's name and the expectation's line."""

    hash: str
    output: str
    expectation: str
    sealed_at: datetime
    sealed_by: str
