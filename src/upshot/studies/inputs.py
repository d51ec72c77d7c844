"""All that a study reads, as one value: a verdict is a function of it and of nothing else.

Its canonical bytes are kept as a snapshot; whoever has them can conclude again.
"""

import hashlib
from datetime import date, datetime, timedelta

import msgspec

from upshot.catalog.kinds import AnnotationKind, Experiment, Launch, Study
from upshot.catalog.verdict import MetricRole
from upshot.core.units import format_value

__all__ = [
    "ArmUnits",
    "ArmValues",
    "DailySeries",
    "ExperimentInput",
    "KnownDays",
    "MetricInput",
    "OtherLaunch",
    "OtherNote",
    "Sealed",
    "StudyInputs",
    "UndeclaredExposures",
    "seed_of",
]

_SEED_BYTES = 6


class MetricInput(msgspec.Struct, frozen=True, kw_only=True):
    """A metric as it was defined when it was read.

    Attributes:
        role: What it is in the study; None for a control.
        direction: ``up``, ``down`` or ``none``: which way is better.
        additive: Whether its days add up.
        hash_then: Hash of its definition when the expectation was sealed, or the study declared; empty if unknown.
        no_daily: Why it has no daily series; empty where it has one.
        currency: Of its values where ``format`` is money; inputs that were kept before there was one have none.
    """

    name: str
    title: str
    hash: str
    role: MetricRole | None
    direction: str
    format: str
    additive: bool
    hash_then: str = ""
    no_daily: str = ""
    currency: str | msgspec.UnsetType = msgspec.UNSET

    def written(self, value: float) -> str:
        """A value as it is written everywhere else; money of an unknown currency as a number."""
        currency = "" if isinstance(self.currency, msgspec.UnsetType) else self.currency
        return format_value(value, "number" if self.format == "money" and not currency else self.format, currency)


class DailySeries(msgspec.Struct, frozen=True, kw_only=True):
    """A metric by local day; None for a day without a value."""

    metric: str
    first_day: date
    values: tuple[float | None, ...]

    @property
    def last_day(self) -> date:
        """The last day of ``values``."""
        return self.first_day + timedelta(days=len(self.values) - 1)


class OtherLaunch(msgspec.Struct, frozen=True, kw_only=True):
    """Another launch.

    Attributes:
        changes: Local days on which it changed what users have: its launch, its ramp steps, its end.
        quiet: Whether its outputs are all upkeep, enabling or compliance: nobody expects it to move an outcome.
    """

    name: str
    title: str
    changes: tuple[date, ...]
    quiet: bool


class OtherNote(msgspec.Struct, frozen=True, kw_only=True):
    """An annotation; ``metrics`` that it touches, none: possibly all."""

    name: str
    title: str
    kind: AnnotationKind
    first_day: date
    last_day: date | None
    metrics: tuple[str, ...]


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """The expectation that the study tests, as it was sealed; ``late``: stated after the launch."""

    output: str
    expectation: str
    sealed_at: datetime
    late: bool


class ArmUnits(msgspec.Struct, frozen=True, kw_only=True):
    """A variant and how many units met it first; ``mature``: so long ago that their horizon is over."""

    variant: str
    weight: float
    units: int
    mature: int


class ArmValues(msgspec.Struct, frozen=True, kw_only=True):
    """Sufficient statistics of one metric in one variant, over mature units.

    ``x`` is the metric's value of a unit, or the numerator where ``shape`` is ``ratio``; ``y`` the denominator; ``b``
    what the unit did before its exposure. Moments that do not apply are None; divisors are n − 1.

    Attributes:
        shape: ``mean``, ``proportion`` or ``ratio``.
        horizon_days: Days from the exposure over which a unit was counted.
        cubes: Means of products of three, which say how skewed values are: xxx, and where there is a y or b, called v,
            also xxv, xvv, vvv. Unset, and so absent from the bytes, in inputs from before they were collected.
    """

    metric: str
    variant: str
    shape: str
    horizon_days: int
    n: int
    mean_x: float
    variance_x: float
    mean_y: float | None = None
    variance_y: float | None = None
    covariance_xy: float | None = None
    mean_b: float | None = None
    variance_b: float | None = None
    covariance_xb: float | None = None
    cubes: tuple[float, ...] | msgspec.UnsetType = msgspec.UNSET


class UndeclaredExposures(msgspec.Struct, frozen=True, kw_only=True):
    """Exposures that name no declared variant, as those of a flag that is switched off.

    Attributes:
        exposures: How many there are.
        named: What most of them name (None: nothing), at most 60 characters of it, each with how many.
        others: How many more are named.
    """

    exposures: int
    named: tuple[tuple[str | None, int], ...] = ()
    others: int = 0


class KnownDays(msgspec.Struct, frozen=True, kw_only=True):
    """The local days on which a metric is known; of units only those count whose whole time lies on them."""

    metric: str
    first: date
    last: date


class ExperimentInput(msgspec.Struct, frozen=True, kw_only=True):
    """What an experiment's exposures say, up to the reading.

    Attributes:
        experiment: As declared.
        arms: The control first.
        crossed: Units that met more than one variant; they are left out of the values.
        strange: Units that met no declared variant; they are left out. In inputs without ``undeclared``: units whose
            first variant is not declared.
        undeclared: Exposures that name no declared variant; they are left out. Unset, and so absent from the bytes, in
            inputs from before they were collected.
        values: By metric and variant.
        partly: Metrics whose own sources began or ended within the time of the experiment's units. Unset, and so absent
            from the bytes, where there is none.
    """

    experiment: Experiment
    arms: tuple[ArmUnits, ...]
    crossed: int
    strange: int
    undeclared: UndeclaredExposures | msgspec.UnsetType = msgspec.UNSET
    values: tuple[ArmValues, ...]
    partly: tuple[KnownDays, ...] | msgspec.UnsetType = msgspec.UNSET

    def known(self, metric: str) -> KnownDays | None:
        """On which days a metric is known; None where its sources cover the time of all units."""
        partly = () if isinstance(self.partly, msgspec.UnsetType) else self.partly
        return next((each for each in partly if each.metric == metric), None)


class StudyInputs(msgspec.Struct, frozen=True, kw_only=True):
    """All that a study reads.

    Attributes:
        version: Of this type; kept as ``shape``.
        launch: As declared.
        launch_day: Its local day.
        ramp_days: Local days of its ramp's steps.
        ended_day: The local day on which it was taken back; None while it stands.
        study: As declared, or as made from the outputs.
        declared: Whether somebody declared it.
        reading: The local day up to which everything is read, itself counted.
        seed: Of all random draws.
        expectation: What was expected of the primary metric; None where nothing was.
        metrics: Primary first, then secondary, guardrails, controls.
        series: Of those that have one.
        others: Other launches, earliest first.
        notes: Annotations, earliest first.
        experiment: Where the launch is randomised.
    """

    version: int = msgspec.field(default=1, name="shape")
    launch: Launch
    launch_day: date
    ramp_days: tuple[date, ...] = ()
    ended_day: date | None = None
    study: Study
    declared: bool
    reading: date
    seed: int
    expectation: Sealed | None = None
    metrics: tuple[MetricInput, ...]
    series: tuple[DailySeries, ...] = ()
    others: tuple[OtherLaunch, ...] = ()
    notes: tuple[OtherNote, ...] = ()
    experiment: ExperimentInput | None = None

    @property
    def primary(self) -> MetricInput:
        """The metric on which the verdict falls."""
        return self.metrics[0]

    @property
    def final(self) -> bool:
        """Whether a verdict may fall: the day is a declared reading date."""
        return self.reading in self.study.readings

    def of_role(self, role: MetricRole) -> tuple[MetricInput, ...]:
        """The metrics of one role."""
        return tuple(metric for metric in self.metrics if metric.role is role)

    def daily(self, metric: str) -> DailySeries | None:
        """The series of a metric; None where it has none."""
        return next((series for series in self.series if series.metric == metric), None)

    def to_bytes(self) -> bytes:
        """Canonical JSON: the same inputs give the same bytes."""
        return msgspec.json.encode(self)

    @classmethod
    def from_bytes(cls, content: bytes) -> "StudyInputs":
        """What ``to_bytes`` wrote."""
        return msgspec.json.decode(content, type=cls)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical bytes, 64 hexadecimal digits."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


def seed_of(study: str, reading: date) -> int:
    """The seed of a study's reading: the same whoever asks, so that nobody can look for a lucky one."""
    digest = hashlib.sha256(f"{study}\x1f{reading.isoformat()}".encode()).digest()
    return int.from_bytes(digest[:_SEED_BYTES], "big")
