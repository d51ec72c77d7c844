"""Inputs of studies, made by hand or drawn."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from upshot.catalog.kinds import Experiment, Launch, Study, Variant
from upshot.catalog.verdict import MetricRole
from upshot.studies.inputs import (
    ArmUnits,
    ArmValues,
    DailySeries,
    ExperimentInput,
    MetricInput,
    OtherLaunch,
    OtherNote,
    Sealed,
    StudyInputs,
    UndeclaredExposures,
    seed_of,
)

START = date(2025, 6, 1)
LAUNCH_DAY = date(2026, 1, 5)
HISTORY = (LAUNCH_DAY - START).days
AFTER_DAYS = 40
Floats = NDArray[np.float64]


def metric(name: str, role: MetricRole | None = MetricRole.PRIMARY, **fields: object) -> MetricInput:
    known: dict[str, object] = {
        "title": name.capitalize(),
        "hash": f"hash-{name}",
        "hash_then": f"hash-{name}",
        "direction": "up",
        "format": "count",
        "additive": True,
    }
    return MetricInput(name=name, role=role, **{**known, **fields})  # type: ignore[arg-type]


def daily(seed: int, *, days: int, effect: float = 0.0, fades_after: int | None = None, level: float = 400.0) -> Floats:
    """Counts with weekdays, a slow trend and autocorrelated noise; ``effect`` from the launch on."""
    rng = np.random.default_rng(seed)
    t = np.arange(HISTORY + days)
    week = np.array([0.05, 0.02, 0.0, 0.01, 0.03, -0.06, -0.05])[t % 7]
    noise = np.zeros(len(t))
    for i in range(1, len(t)):
        noise[i] = 0.4 * noise[i - 1] + 0.03 * rng.standard_normal()
    log = np.log(level) + 0.0003 * t + week + noise
    after = t >= HISTORY
    if fades_after is not None:
        after &= t < HISTORY + fades_after
    values: Floats = np.rint(np.exp(log + np.log1p(effect) * after))
    return values


def series(name: str, values: Floats) -> DailySeries:
    kept = tuple(None if np.isnan(v) else float(v) for v in values)
    return DailySeries(metric=name, first_day=START, values=kept)


def launched(
    values: Floats,
    *,
    after: int = 28,
    readings: tuple[int, ...] = (28,),
    others: tuple[OtherLaunch, ...] = (),
    notes: tuple[OtherNote, ...] = (),
    metrics: tuple[MetricInput, ...] = (),
    more: tuple[DailySeries, ...] = (),
    sealed: Sealed | None = None,
    study: dict[str, object] | None = None,
) -> StudyInputs:
    """A launch to everybody, read ``after`` days after it."""
    days = tuple(LAUNCH_DAY + timedelta(days=day) for day in readings)
    fields: dict[str, object] = {"name": "s", "launch": "l", "primary": "sales", "readings": days, **(study or {})}
    declared = Study(**fields)  # type: ignore[arg-type]
    reading = LAUNCH_DAY + timedelta(days=after)
    return StudyInputs(
        launch=Launch(name="l", title="Faster checkout", at=datetime(2026, 1, 5, 9, tzinfo=UTC), outputs=("o",)),
        launch_day=LAUNCH_DAY,
        study=declared,
        declared=True,
        reading=reading,
        seed=seed_of("s", reading),
        expectation=sealed,
        metrics=metrics or (metric("sales"),),
        series=(series("sales", values), *more),
        others=others,
        notes=notes,
    )


def other(days: int, name: str = "other", *, quiet: bool = False) -> OtherLaunch:
    """A launch so many days after (or before) the one that is studied."""
    return OtherLaunch(name=name, title=name, changes=(LAUNCH_DAY + timedelta(days=days),), quiet=quiet)


def arm(
    variant: str,
    x: Floats,
    *,
    name: str = "sales",
    shape: str = "mean",
    y: Floats | None = None,
    past: Floats | None = None,
) -> ArmValues:
    """Sufficient statistics of raw values."""
    extra: dict[str, float] = {}
    cubes = [float(np.mean(x**3))]
    for key, column in (("y", y), ("b", past)):
        if column is not None:
            extra[f"mean_{key}"] = float(column.mean())
            extra[f"variance_{key}"] = float(column.var(ddof=1))
            extra[f"covariance_x{key}"] = float(np.cov(x, column)[0, 1])
            cubes += [float(np.mean(x ** (3 - power) * column**power)) for power in (1, 2, 3)]
    return ArmValues(
        metric=name,
        variant=variant,
        shape=shape,
        horizon_days=7,
        n=len(x),
        mean_x=float(x.mean()),
        variance_x=float(x.var(ddof=1)),
        cubes=tuple(cubes),
        **extra,
    )


def experiment(
    values: tuple[ArmValues, ...],
    units: dict[str, int] | None = None,
    *,
    final: bool = True,
    crossed: int = 0,
    strange: int = 0,
    undeclared: UndeclaredExposures | msgspec.UnsetType = msgspec.UNSET,
    mature: dict[str, int] | None = None,
    readings: int = 1,
    metrics: tuple[MetricInput, ...] = (),
    study: dict[str, object] | None = None,
    weights: tuple[float, ...] = (),
) -> StudyInputs:
    """A randomised launch, read on its last declared reading date, or a day before the first."""
    names = tuple(dict.fromkeys(v.variant for v in values))
    counted = units or {v.variant: v.n for v in values}
    base = launched(daily(1, days=60), study=study, metrics=metrics)
    days = tuple(LAUNCH_DAY + timedelta(days=28 + 7 * i) for i in range(readings))
    return StudyInputs(
        launch=base.launch,
        launch_day=base.launch_day,
        study=Study(**{"name": "s", "launch": "l", "primary": "sales", "readings": days, **(study or {})}),  # type: ignore[arg-type]
        declared=True,
        reading=days[-1] if final else days[0] - timedelta(days=1),
        seed=1,
        metrics=base.metrics,
        series=base.series,
        experiment=ExperimentInput(
            experiment=Experiment(
                name="e",
                launch="l",
                exposure="met",
                property="variant",
                variants=tuple(Variant(name=name) for name in names),
                starts=LAUNCH_DAY,
                ends=LAUNCH_DAY + timedelta(days=14),
            ),
            arms=tuple(
                ArmUnits(variant=n, weight=w, units=counted[n], mature=(mature or counted)[n])
                for n, w in zip(names, weights or (1.0,) * len(names), strict=True)
            ),
            crossed=crossed,
            strange=strange,
            undeclared=undeclared,
            values=values,
        ),
    )
