r"""How long, how many, how small: sample size, power, smallest effect, and a curve by week.

One ``Plan`` says what is measured (``Baseline``), what is asked (better, not worse, the same), how often one looks
(``power.Monitoring``), how units are split and how many variants share the error. All sizes count the units of the
whole experiment, all variants and the control together. Normal theory throughout (``power.t_test_power`` for small
samples): with η = (effect − null)/√(V/n), the sample size is n = V η²/(effect − null)², V depending on the effect.

Sources: Wellek (2010) for non-inferiority and equivalence (two one-sided tests); Jennison & Turnbull (2000) for looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import chosen, fitting, floats, given, number, place_of, whole
from upshot.stats.bayes import BETTERS
from upshot.stats.planning_baseline import Baseline
from upshot.stats.power import (
    FIXED,
    AlwaysValid,
    Fixed,
    GroupSequential,
    Monitoring,
    expected_fraction,
    rejection_probability,
    required_drift,
)
from upshot.stats.result import (
    ALTERNATIVES,
    SCALES,
    Alternative,
    FloatArray,
    IntArray,
    NoEstimate,
    Reason,
    Scale,
    Tabular,
)
from upshot.stats.shown import Shown
from upshot.stats.tabular import Table, plain, without_labels

__all__ = [
    "Equivalence",
    "NonInferiority",
    "Plan",
    "PlanCurve",
    "Planned",
    "Superiority",
    "curve_by_week",
    "duration_weeks",
    "minimum_effect",
    "plan_power",
    "sample_size",
]

_STEPS = 200


@dataclass(frozen=True, slots=True)
class Superiority:
    """Is it better (or just different, if two-sided)?

    Examples:
        >>> Superiority().alternative
        'two-sided'
    """

    alternative: Alternative = "two-sided"

    def __post_init__(self) -> None:
        chosen("alternative", self.alternative, ALTERNATIVES)


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """Is it not worse by ``margin`` or more? One-sided.

    Attributes:
        margin: Above 0, on the plan's scale.
        better: Whether higher or lower values are better.

    Examples:
        >>> NonInferiority(margin=0.02, better="lower").better
        'lower'
    """

    margin: float
    better: str = "higher"

    def __post_init__(self) -> None:
        object.__setattr__(self, "margin", number("margin", self.margin, above=0.0))
        chosen("better", self.better, BETTERS)


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Does the effect lie within ±``margin``? Two one-sided tests.

    Examples:
        >>> Equivalence(margin=0.1).margin
        0.1
    """

    margin: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "margin", number("margin", self.margin, above=0.0))


@dataclass(frozen=True, slots=True, repr=False)
class Plan(Shown):
    """An experiment to be sized.

    Attributes:
        baseline: The metric without the change.
        question: Superiority, non-inferiority or equivalence.
        scale: Whether effects and margins are absolute or relative to the control.
        alpha: Error of the first kind over all variants and looks; two-sided for two-sided superiority, else one-sided.
        power: Wanted chance to succeed, for one variant.
        monitoring: How often one looks.
        variants: Treatments that are compared with the control; alpha is divided among them (Bonferroni).
        control_share: Share of all units in the control; the treatments have equal shares of the rest. None is an even
            split. 1/(1 + √variants) makes the comparisons as precise as they can be.

    Examples:
        >>> plan = Plan(Baseline.of_proportion(0.1), scale="relative", variants=3, control_share=0.4)
        >>> bool(sample_size(plan, 0.05).value > sample_size(plan, 0.1).value)
        True
    """

    baseline: Baseline
    question: Superiority | NonInferiority | Equivalence = Superiority()
    scale: Scale = "absolute"
    alpha: float = 0.05
    power: float = 0.8
    monitoring: Monitoring = FIXED
    variants: int = 1
    control_share: float | None = None

    def __post_init__(self) -> None:
        given("baseline", self.baseline, Baseline)
        given("question", self.question, Superiority, NonInferiority, Equivalence)
        chosen("scale", self.scale, SCALES)
        given("monitoring", self.monitoring, Fixed, GroupSequential, AlwaysValid)
        object.__setattr__(self, "variants", whole("variants", self.variants, least=1))
        if self.control_share is not None:
            share = number("control_share", self.control_share, above=0.0, below=1.0)
            object.__setattr__(self, "control_share", share)
        for name in ("alpha", "power"):
            object.__setattr__(self, name, number(name, getattr(self, name), above=0.0, below=1.0))
        if not self.alpha < self.power:
            raise InvalidInput(f"alpha {self.alpha} and power {self.power}: 0 < alpha < power < 1 is needed.")

    @property
    def shares(self) -> tuple[float, float]:
        """Shares of the control and of one treatment."""
        control = 1.0 / (self.variants + 1) if self.control_share is None else self.control_share
        return control, (1.0 - control) / self.variants

    @property
    def comparison_alpha(self) -> float:
        """Error of one comparison."""
        return self.alpha / self.variants


@dataclass(frozen=True, slots=True, repr=False)
class Planned(Tabular):
    """Planned quantities, or why there are none.

    Attributes:
        value: Any shape; NaN where ``reason`` is not OK.
        reason: Values of ``Reason``: NOT_REACHED where no size is enough, ZERO_BASELINE, NOT_FINITE, OK.

    Examples:
        >>> never = duration_weeks(Plan(Baseline.of_proportion(0.1)), 0.001, [10.0, 10.0])
        >>> Reason(int(never.reason)).name
        'NOT_REACHED'
    """

    value: FloatArray
    reason: IntArray

    def at(self, *index: int) -> float | NoEstimate:
        """One planned quantity, or why there is none."""
        index = place_of(index, np.shape(self.reason))
        reason = Reason(int(self.reason[index]))
        return float(self.value[index]) if reason is Reason.OK else NoEstimate(reason, "planning")


@dataclass(frozen=True, slots=True, repr=False)
class PlanCurve(Table):
    """What each week would buy.

    Attributes:
        week: 1 … W.
        units: Units of the whole experiment by the end of each week.
        power: Chance to succeed if the experiment is planned to end there.
        minimum_effect: Smallest effect (or margin) that it would find with the plan's power; NaN where none is.
        expected_units: Mean number of units until the stop if the effect is there.

    Examples:
        >>> curve = curve_by_week(Plan(Baseline.of_proportion(0.1)), 0.01, [5000.0] * 4)
        >>> curve.week.tolist(), bool((np.diff(curve.power) > 0.0).all())
        ([1, 2, 3, 4], True)
    """

    week: IntArray
    units: FloatArray
    power: FloatArray
    minimum_effect: FloatArray
    expected_units: FloatArray

    def columns(self, **labels: Sequence[object]) -> dict[str, list[object]]:
        """One row for each week: week, units, power, minimum_effect (None where there is none) and expected_units.

        Raises:
            InvalidInput: There are labels: weeks are numbered.
        """
        without_labels(labels)
        parts = (self.week, self.units, self.power, self.minimum_effect, self.expected_units)
        names = ("week", "units", "power", "minimum_effect", "expected_units")
        return {name: plain(part.tolist()) for name, part in zip(names, parts, strict=True)}

    @property
    def summary(self) -> str:
        """What the last week would buy."""
        power = f"power {self.power[-1]:.1%} with {self.units[-1]:,.10g} units"
        least = f"smallest effect {self.minimum_effect[-1]:.4g}"
        return f"by week {self.week[-1]}: {power}, {least}"


def plan_power(plan: Plan, units: ArrayLike, effect: ArrayLike) -> FloatArray:
    """Chance to succeed with so many units.

    Args:
        plan: The experiment.
        units: Units of the whole experiment, above 0.
        effect: True effect, on the plan's scale; for non-inferiority and equivalence mostly 0.

    Returns:
        Probabilities of the broadcast shape. For equivalence with several looks it is a lower bound, P(A) + P(B) − 1.

    Examples:
        >>> plan = Plan(Baseline.of_proportion(0.10), scale="relative")
        >>> plan_power(plan, 60_000, 0.05).round(3).item()
        0.504
    """
    given("plan", plan, Plan)
    delta, n = floats("effect", effect), floats("units", units, above=0.0)
    fitting(effect=delta.shape, units=n.shape, baseline=plan.baseline.mean.shape)
    with np.errstate(all="ignore"):
        se = np.sqrt(plan.baseline.unit_variance(delta, plan.scale, *plan.shares) / n)
        return np.asarray(_success(plan, delta, se))


def sample_size(plan: Plan, effect: ArrayLike) -> Planned:
    """Units of the whole experiment that give the plan's power, rounded up.

    Args:
        plan: The experiment.
        effect: True effect, on the plan's scale, any shape.

    Returns:
        Units; NOT_REACHED where the effect is not in the direction asked about (or outside the margin).

    Examples:
        >>> sample_size(Plan(Baseline.of_mean(0.0, 1.0)), 0.1).at()
        3140.0
        >>> sample_size(Plan(Baseline.of_mean(0.0, 1.0), NonInferiority(0.1)), 0.0).at()
        2474.0
    """
    given("plan", plan, Plan)
    delta = floats("effect", effect)
    fitting(effect=delta.shape, baseline=plan.baseline.mean.shape)
    v = plan.baseline.unit_variance(delta, plan.scale, *plan.shares)
    with np.errstate(all="ignore"):
        distance = _distance(plan, delta)
        n = v * np.square(_drift(plan) / distance)
        if isinstance(plan.question, Equivalence):
            n = _equivalence_size(plan, delta, v)
        reason = _why_no_size(plan, v, distance)
    # A tiny slack keeps a size that is a whole number but for rounding from growing by one.
    return Planned(np.where(reason == 0, np.ceil(n * (1.0 - 1e-12)), np.nan), reason)


def minimum_effect(plan: Plan, units: ArrayLike) -> Planned:
    """Smallest effect that so many units find with the plan's power; for the other questions the smallest margin.

    Args:
        plan: The experiment; of a non-inferiority or equivalence question the margin is what is looked for, at no
            true effect.
        units: Units of the whole experiment, 0 or more, any shape.

    Returns:
        Positive effects or margins on the plan's scale (for "less" the size of the decrease). NOT_REACHED where
        even the largest possible effect would not be found.

    Examples:
        >>> round(minimum_effect(Plan(Baseline.of_proportion(0.10), scale="relative"), 60_000).at(), 4)
        0.0722
    """
    given("plan", plan, Plan)
    n = floats("units", units, least=0.0)
    fitting(units=n.shape, baseline=plan.baseline.mean.shape)
    if not isinstance(plan.question, Superiority):
        with np.errstate(all="ignore"):
            v = plan.baseline.unit_variance(np.zeros(()), plan.scale, *plan.shares)
            margin = _drift(plan) * np.sqrt(v / n)
        reason = np.where(np.isfinite(margin), np.int64(0), np.int64(Reason.NOT_FINITE))
        return Planned(np.where(reason == 0, margin, np.nan), np.asarray(reason, np.int64))
    return _smallest(plan, n, -1.0 if plan.question.alternative == "less" else 1.0)


def duration_weeks(plan: Plan, effect: ArrayLike, weekly_units: ArrayLike) -> Planned:
    """Whole weeks until enough units have entered.

    Args:
        plan: The experiment.
        effect: True effect, on the plan's scale, any shape.
        weekly_units: New units in each week, at least 0, shape (W,). Returning units do not count again.

    Returns:
        Weeks, of the shape of ``effect``; NOT_REACHED where the traffic given does not suffice.

    Examples:
        >>> plan = Plan(Baseline.of_mean(0.0, 1.0))
        >>> duration_weeks(plan, [0.1, 0.05], [2000, 1000, 800, 700]).value.tolist()
        [3.0, nan]
    """
    given("plan", plan, Plan)
    total = np.cumsum(_checked_weeks(weekly_units))
    needed = sample_size(plan, effect)
    week = np.searchsorted(total, np.where(needed.reason == 0, needed.value, np.inf)) + 1.0
    late = (needed.reason == 0) & (week > total.size)
    reason = np.where(late, np.int64(Reason.NOT_REACHED), needed.reason)
    return Planned(np.where(reason == 0, week, np.nan), np.asarray(reason, np.int64))


def curve_by_week(plan: Plan, effect: float, weekly_units: ArrayLike) -> PlanCurve:
    """Power and smallest effect for an experiment that is planned to end after each week.

    Args:
        plan: The experiment. Its looks are fractions of the length, so that each week is a plan of its own.
        effect: True effect, on the plan's scale.
        weekly_units: New units in each week, shape (W,); the first above 0.

    Examples:
        >>> curve = curve_by_week(Plan(Baseline.of_mean(0.0, 1.0)), 0.1, [2000, 1000, 800])
        >>> curve.power.round(3).tolist()
        [0.609, 0.782, 0.869]
    """
    given("plan", plan, Plan)
    effect = number("effect", effect)
    units = np.cumsum(_checked_weeks(weekly_units))
    fitting(weeks=units.shape, baseline=plan.baseline.mean.shape)
    delta = np.full(units.shape, effect)
    expected = np.ones(units.shape)
    if not isinstance(plan.monitoring, Fixed) and isinstance(plan.question, Superiority):
        with np.errstate(all="ignore"):
            se = np.sqrt(plan.baseline.unit_variance(delta, plan.scale, *plan.shares) / units)
        expected = expected_fraction(
            delta / se, alpha=plan.comparison_alpha, alternative=plan.question.alternative, monitoring=plan.monitoring
        )
    return PlanCurve(
        np.arange(1, units.size + 1),
        units,
        plan_power(plan, units, delta),
        minimum_effect(plan, units).value,
        expected * units,
    )


def _success(plan: Plan, delta: FloatArray, se: FloatArray) -> FloatArray:
    alpha, monitoring = plan.comparison_alpha, plan.monitoring
    match plan.question:
        case Superiority(alternative=alternative):
            return rejection_probability(delta / se, alpha=alpha, alternative=alternative, monitoring=monitoring)
        case NonInferiority(margin=margin, better=better):
            drift = ((delta if better == "higher" else -delta) + margin) / se
            return rejection_probability(drift, alpha=alpha, alternative="greater", monitoring=monitoring)
        case Equivalence(margin=margin):
            above, below = (
                rejection_probability(d / se, alpha=alpha, alternative="greater", monitoring=monitoring)
                for d in (delta + margin, margin - delta)
            )
            return np.asarray(np.maximum(0.0, above + below - 1.0))


def _drift(plan: Plan) -> float:
    """The drift that the plan's power takes; for equivalence at no true effect, where both tests share the error."""
    alternative: Alternative = plan.question.alternative if isinstance(plan.question, Superiority) else "greater"
    power = 0.5 * (1.0 + plan.power) if isinstance(plan.question, Equivalence) else plan.power
    return required_drift(power, alpha=plan.comparison_alpha, alternative=alternative, monitoring=plan.monitoring)


def _distance(plan: Plan, delta: FloatArray) -> FloatArray:
    """How far the effect lies inside the region that the test is to show; not above 0: it never will."""
    match plan.question:
        case Superiority(alternative=alternative):
            return np.asarray(
                np.abs(delta) if alternative == "two-sided" else delta if alternative == "greater" else -delta
            )
        case NonInferiority(margin=margin, better=better):
            return np.asarray((delta if better == "higher" else -delta) + margin)
        case Equivalence(margin=margin):
            return np.asarray(margin - np.abs(delta))


def _why_no_size(plan: Plan, v: FloatArray, distance: FloatArray) -> IntArray:
    conditions = [
        np.asarray((plan.scale == "relative") & (plan.baseline.mean == 0.0)),
        ~np.isfinite(v) | np.isnan(distance),
        ~(distance > 0.0),
    ]
    shaped = np.broadcast_arrays(*conditions)
    codes = [np.int64(code) for code in (Reason.ZERO_BASELINE, Reason.NOT_FINITE, Reason.NOT_REACHED)]
    return np.asarray(np.select(shaped, codes, np.int64(Reason.OK)), np.int64)


def _equivalence_size(plan: Plan, delta: FloatArray, v: FloatArray) -> FloatArray:
    """Bisection on ln n: the two one-sided tests have no closed form away from no effect."""
    assert isinstance(plan.question, Equivalence)  # noqa: S101 - the only caller asked
    shape = np.broadcast_shapes(delta.shape, v.shape)
    nearest = np.broadcast_to(np.maximum(_distance(plan, delta), 1e-300), shape)
    one = required_drift(plan.power, alpha=plan.comparison_alpha, alternative="greater", monitoring=plan.monitoring)
    low, high = (np.log(v * np.square(drift / nearest)) for drift in (one, _drift(plan)))
    for _ in range(60):
        middle = 0.5 * (low + high)
        enough = _success(plan, delta, np.sqrt(v / np.exp(middle))) >= plan.power
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.exp(high)


def _smallest(plan: Plan, n: FloatArray, sign: float) -> Planned:
    """The least effect with enough power: doubled until there is enough, then bisected."""
    drift = _drift(plan)

    def enough(size: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        v = plan.baseline.unit_variance(sign * size, plan.scale, *plan.shares)
        return np.asarray(size >= drift * np.sqrt(v / n))

    with np.errstate(all="ignore"):
        v = plan.baseline.unit_variance(np.zeros(()), plan.scale, *plan.shares)
        start = np.asarray(drift * np.sqrt(v / n))
        usable = np.isfinite(start) & (start > 0.0)
        limit = np.broadcast_to(plan.baseline.largest_effect(plan.scale, sign), start.shape)
        low, high = np.zeros(start.shape), np.minimum(np.where(usable, start, 1.0), limit)
        for _ in range(_STEPS):
            short = ~enough(high) & (high < limit)
            if not short.any():
                break
            low, high = np.where(short, high, low), np.where(short, np.minimum(1.1 * high, limit), high)
        found = enough(high) & usable
        for _ in range(60):
            middle = 0.5 * (low + high)
            there = enough(middle)
            low, high = np.where(there, low, middle), np.where(there, middle, high)
        zero = np.broadcast_to((plan.scale == "relative") & (plan.baseline.mean == 0.0), start.shape)
    reason = np.select(
        [zero, ~usable, ~found],
        [np.int64(Reason.ZERO_BASELINE), np.int64(Reason.NOT_FINITE), np.int64(Reason.NOT_REACHED)],
        np.int64(Reason.OK),
    )
    return Planned(np.where(reason == 0, high, np.nan), np.asarray(reason, np.int64))


def _checked_weeks(weekly_units: ArrayLike) -> FloatArray:
    weeks = np.atleast_1d(floats("weekly_units", weekly_units))
    if weeks.ndim != 1 or weeks.size == 0 or not np.isfinite(weeks).all() or (weeks < 0.0).any() or weeks[0] <= 0.0:
        raise InvalidInput("Weekly units must be one row of numbers, not negative, the first above 0.")
    return weeks
