"""A series with its launch, brought to the scale on which the model stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from upshot.causal.calendar import Calendar, Step, step_day
from upshot.causal.posterior import typical_noise
from upshot.causal.statespace import Design
from upshot.core.errors import InvalidInput
from upshot.stats.arguments import chosen, floats, given, row, several, whole

__all__ = ["RHYTHMS", "Prepared", "Rhythm", "Series", "Step", "Transform", "Window", "prepared"]

Floats = NDArray[np.float64]
Transform = Literal["log", "identity"]

_LOG_FLOOR = 10.0
_YEARS_FOR_SEASON = 1.6
_SEASON_SD = (0.2, 0.1)
_START_SD, _PERIOD_SD, _JUMP_SD = 1.0, 0.5, 0.5
_MOST_JUMPS = 12


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What a step is worth.

    Attributes:
        period: Steps of the short season (weekdays, or months of the year); 1 for none.
        year: Steps of a year where it enters as harmonics, else 0.
        history: Least number of values before a launch.
        drift_sd: Prior standard deviation of the drift, as a share of the level for each step.
        relearning: Steps in which the level is learned again after another launch or a change of logging.
    """

    period: int
    year: float
    history: int
    drift_sd: float
    relearning: int


RHYTHMS: dict[Step, Rhythm] = {
    "day": Rhythm(7, 365.25, 56, 0.003, 14),
    "week": Rhythm(1, 52.18, 40, 0.01, 4),
    "month": Rhythm(12, 0.0, 48, 0.02, 4),
}


def _no_columns() -> Floats:
    return np.zeros((0, 0))


@dataclass(frozen=True, slots=True)
class Series:
    """A series and what is known of the steps around a launch.

    Attributes:
        y: Values, shape (steps,), NaN for a step without one; those from ``launch`` on are the observed outcome.
        launch: Index of the launch's step; ``len(y)`` for a launch that is still to come (planning).
        controls: Series that the launch cannot have touched, shape (steps, controls); leave out for none.
        others: Steps of other known launches of this product; the level may jump there, and placebos keep away.
        changes: Steps on which the metric's definition or its logging changed.
        calendar: Known days that count apart (holidays, sales), shape (steps, columns); leave out for none.
        step: ``day``, ``week`` or ``month``.
        position: Steps from 1 January (or the year's first step) to the first value, for the yearly season.
        names: The controls' names; numbers where none are given.
        start: The first value's day, where it is known.

    Raises:
        InvalidInput: Something is no series of numbers, of another length, or out of range.
    """

    y: Floats
    launch: int
    controls: Floats = field(default_factory=_no_columns)
    others: tuple[int, ...] = ()
    changes: tuple[int, ...] = ()
    calendar: Floats = field(default_factory=_no_columns)
    step: Step = "day"
    position: int = 0
    names: tuple[str, ...] = ()
    start: date | None = None

    def __post_init__(self) -> None:
        chosen("step", self.step, get_args(Step))
        y = _finite("y", row("y", self.y))
        steps = len(y)
        columns = {"controls": _columns("controls", self.controls, steps)}
        columns["calendar"] = _columns("calendar", self.calendar, steps)
        names = several("names", self.names, str) or tuple(str(i + 1) for i in range(columns["controls"].shape[1]))
        if len(names) != columns["controls"].shape[1]:
            raise InvalidInput(
                f"There are {len(names)} names and {columns['controls'].shape[1]} controls.",
                hint="Give a name for each control, or none.",
            )
        given("start", self.start, date, type(None))
        checked = {"y": y, "launch": whole("launch", self.launch, least=0, most=steps), "names": names, **columns}
        checked |= {"position": whole("position", self.position, least=-(2**53))}
        for name in ("others", "changes"):
            steps_given = several(name, getattr(self, name), object)
            checked[name] = tuple(whole(name, step, least=-(2**53)) for step in steps_given)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of(
        cls,
        values: ArrayLike,
        launch: date | str | int,
        *,
        dates: Sequence[date | str] | None = None,
        controls: Mapping[str, ArrayLike] | None = None,
        others: Sequence[date | str | int] = (),
        changes: Sequence[date | str | int] = (),
        special: Mapping[str, Sequence[date | str]] | None = None,
        step: Step | None = None,
    ) -> "Series":
        """A series as it stands in a notebook, with its dates.

        Args:
            values: The outcome: a pandas series with dates as its index; or any column beside ``dates``, or without.
            launch: The launch's day, which is the first with it; of a series without dates the index.
            dates: The values' days (of weeks and months any day in them), where ``values`` does not have them.
            controls: Series that the launch cannot have touched, by name; those with dates are aligned.
            others: Days of other launches.
            changes: Days on which the definition or the logging changed.
            special: Days that count apart, by name: ``{"sale": ["2026-11-27"]}``.
            step: ``day``, ``week`` or ``month``; read from the dates where it is not given.

        Returns:
            The series over all steps from its first to its last, NaN where there is none.

        Raises:
            InvalidInput: A date is none, comes twice or is not there, or steps are uneven.

        Examples:
            >>> days = [date(2026, 1, day) for day in range(1, 21)]
            >>> Series.of(list(range(20)), "2026-01-15", dates=days, controls={"abroad": [1.0] * 20})
            Series(20 days from 2026-01-01, launch on 2026-01-15, controls: abroad)
        """
        given("controls", controls, Mapping, type(None))
        given("special", special, Mapping, type(None))
        calendar = Calendar.of(values, dates, step)
        beside = {
            str(name): calendar.placed(f"controls[{name!r}]", column) for name, column in (controls or {}).items()
        }
        marks = [calendar.marked(f"special[{name!r}]", days) for name, days in (special or {}).items()]
        return cls(
            calendar.placed("values", values, dates),
            calendar.index("launch", launch, ahead=True),
            controls=np.stack(list(beside.values()), axis=1) if beside else _no_columns(),
            others=tuple(calendar.index("others", day) for day in several("others", others, object)),
            changes=tuple(calendar.index("changes", day) for day in several("changes", changes, object)),
            calendar=np.stack(marks, axis=1) if marks else _no_columns(),
            step=calendar.step,
            position=calendar.position,
            names=tuple(beside),
            start=calendar.start,
        )

    def __repr__(self) -> str:
        """In one line: the numbers are in ``y``."""
        begun = f" from {self.start}" if self.start else ""
        day = step_day(self.start, self.launch, self.step) if self.start else None
        words = [f"{len(self.y)} {self.step}s{begun}", f"launch on {day}" if day else f"launch at {self.launch}"]
        if self.names:
            words.append(f"controls: {', '.join(self.names)}")
        return f"Series({', '.join(words)})"

    @property
    def rhythm(self) -> Rhythm:
        """What a step is worth."""
        return RHYTHMS[self.step]

    @property
    def before(self) -> Floats:
        """Values before the launch."""
        return self.y[: self.launch]

    @property
    def observed(self) -> int:
        """Steps of the series from the launch on."""
        return len(self.y) - self.launch


@dataclass(frozen=True, slots=True)
class Window:
    """A reading: steps ``first`` to ``last`` after the launch, both counted; the launch's own step is 0."""

    first: int
    last: int

    def __post_init__(self) -> None:
        first = whole("first", self.first, least=0)
        object.__setattr__(self, "first", first)
        object.__setattr__(self, "last", whole("last", self.last, least=first))

    @property
    def length(self) -> int:
        """Steps in it."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Prepared:
    """The series on the model's scale: logarithms, or shares of its typical size; about zero.

    Attributes:
        y: Values before the launch.
        design: Regressors for all steps.
        transform: The scale.
        unit: What one on the identity scale is worth in the series' unit.
        centre: What was taken off.
        noise: Typical noise, the scale of the priors; 0 where there is no variation.
    """

    y: Floats
    design: Design
    transform: Transform
    unit: float
    centre: float
    noise: float

    def back(self, paths: Floats) -> Floats:
        """From the model's scale to the series' unit."""
        moved = paths + self.centre
        return np.exp(moved) if self.transform == "log" else moved * self.unit


def _finite(argument: str, values: Floats) -> Floats:
    if np.isinf(values).any():
        raise InvalidInput(f"{argument} holds an infinite value.", hint="Give NaN where there is no value.")
    return values


def _columns(argument: str, values: object, steps: int) -> Floats:
    columns = _finite(argument, floats(argument, values))
    if columns.ndim == 2 and not columns.size:
        return _no_columns()
    wide = columns[:, None] if columns.ndim == 1 else columns
    if wide.ndim != 2 or len(wide) < steps:
        raise InvalidInput(
            f"{argument} has shape {columns.shape}, the series {steps} steps.",
            hint="Give one column of the series' length for each.",
        )
    return wide


def _scaled(values: Floats, until: int, transform: Transform) -> tuple[Floats, float, float]:
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = float(np.sqrt(np.nanmean(np.square(values[:until])))) or 1.0
        moved = np.log(values) if transform == "log" else values / unit
    centre = float(np.nanmedian(moved[:until]))
    return moved - centre, unit, centre


def _transform_of(values: Floats) -> Transform:
    usable = values[np.isfinite(values)]
    return "log" if usable.min() > 0 and np.median(usable) >= _LOG_FLOOR else "identity"


def _seasons(series: Series, steps: int) -> tuple[list[Floats], list[float], list[str]]:
    rhythm, t = series.rhythm, np.arange(steps)
    columns: list[Floats] = []
    sds: list[float] = []
    names: list[str] = []
    for pair in range(1, rhythm.period // 2 + 1):
        angle = 2 * np.pi * pair * t / rhythm.period
        columns.append(np.cos(angle))
        if 2 * pair != rhythm.period:
            columns.append(np.sin(angle))
    sds += [_PERIOD_SD] * len(columns)
    names += ["season"] * len(columns)
    if rhythm.year and series.launch >= _YEARS_FOR_SEASON * rhythm.year:
        phase = 2 * np.pi * (t + series.position) / rhythm.year
        for harmonic, sd in enumerate(_SEASON_SD, start=1):
            columns += [np.cos(harmonic * phase), np.sin(harmonic * phase)]
            sds += [sd, sd]
            names += ["year", "year"]
    return columns, sds, names


def _design(series: Series, transform: Transform, steps: int) -> Design:
    t = np.arange(steps, dtype=np.float64)
    columns = [np.ones(steps), t - series.launch / 2]
    sds, names = [_START_SD, series.rhythm.drift_sd], ["start", "drift"]
    more, more_sds, more_names = _seasons(series, steps)
    columns, sds, names = columns + more, sds + more_sds, names + more_names
    controls = series.controls.shape[1]
    for index, control in enumerate(series.controls.T):
        x, _, _ = _scaled(control, series.launch, _transform_of(control) if transform == "log" else "identity")
        if x[: series.launch].std() > 0:
            columns += [x[:steps], _trailing(x[:steps], series.rhythm.period)]
            sds += [1.0 / np.sqrt(controls)] * 2
            names += [f"control {index}", f"control {index}, trailing mean"]
    for column in series.calendar.T:
        columns.append(column[:steps].astype(np.float64))
        sds.append(_JUMP_SD)
        names.append("calendar")
    jumps = sorted({day for day in (*series.others, *series.changes) if 0 < day < series.launch})
    for day in jumps[-_MOST_JUMPS:]:
        columns.append((t >= day).astype(np.float64))
        sds.append(_JUMP_SD)
        names.append("jump")
    return Design(np.stack(columns, axis=1), np.array(sds), tuple(names))


def _trailing(x: Floats, period: int) -> Floats:
    """Mean over the steps up to now of one period: the control without its own noise."""
    total = np.cumsum(np.concatenate([np.zeros(1), x]))
    until = np.arange(1, len(x) + 1)
    since = np.maximum(until - max(period, 2), 0)
    return np.asarray((total[until] - total[since]) / (until - since))


def prepared(series: Series, *, ahead: int) -> Prepared:
    """Choose the scale and build the regressors, for the steps before the launch and ``ahead`` more.

    The logarithm is taken where all values before the launch are above zero and the typical one is 10 or more: effects
    and seasons then act in proportion, and noise grows with the level.
    """
    transform = _transform_of(series.before)
    y, unit, centre = _scaled(series.before.astype(np.float64), series.launch, transform)
    design = _design(series, transform, series.launch + ahead)
    return Prepared(y, design, transform, unit, centre, typical_noise(y, max(series.rhythm.period, 1)))
