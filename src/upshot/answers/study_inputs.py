"""Collects what a study reads: definitions, daily series, exposures, and what else happened."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from upshot.answers.answering import Answering
from upshot.answers.extent import Extent, extent_of, extent_of_event
from upshot.answers.fields import read_filters
from upshot.answers.launch_book import LaunchBook, Measurement
from upshot.catalog.kinds import Experiment, Launch, Study
from upshot.catalog.verdict import MetricRole
from upshot.core.time import DayRange, Grain
from upshot.metrics.compile.query import ExposureQuery, SeriesQuery
from upshot.metrics.definition import Metric, Selection
from upshot.metrics.kinds import RetentionKind, Ripens
from upshot.metrics.ripening import least_grain, lookback, ripening
from upshot.studies.inputs import (
    ArmUnits,
    ArmValues,
    DailySeries,
    ExperimentInput,
    KnownDays,
    MetricInput,
    OtherLaunch,
    OtherNote,
    StudyInputs,
    UndeclaredExposures,
    seed_of,
)

__all__ = ["HISTORY_DAYS", "collect", "daily_series", "metric_input", "others_of", "ripe_on", "study_extent"]

_NAMED = 3
_LONGEST_NAME = 60
HISTORY_DAYS = 800
"""Days before a launch that are read: more than two years, so that the season can be learned."""
_NEARLY_ALWAYS = 0.98
_NEVER_ZERO = 10.0


def collect(book: LaunchBook, launch: Launch, measured: Measurement, reading: date) -> StudyInputs:
    """The inputs of a launch's study as of the end of ``reading``, with the data as they are now.

    Raises:
        NotFound: A metric of the study is not there any more.
    """
    study = measured.study
    if study is None:
        raise ValueError(measured.why_not)
    resources, day = book.resources, book.day_of(launch)
    since = _foretold_at(measured)
    roles: list[tuple[str, MetricRole | None]] = [(study.primary, MetricRole.PRIMARY)]
    roles += [(name, MetricRole.SECONDARY) for name in study.secondary]
    roles += [(name, MetricRole.GUARDRAIL) for name in study.guardrails]
    roles += [(name, None) for name in study.controls]
    metrics = [metric_input(resources, name, role, since) for name, role in dict(reversed(roles)).items()]
    metrics.sort(key=lambda metric: [name for name, _ in roles].index(metric.name))
    experiment = book.experiment_in(study)
    days = DayRange.of(day - timedelta(days=HISTORY_DAYS), max(reading, day))
    series = [s for m in metrics if not m.no_daily and (s := daily_series(resources, m.name, days)) is not None]
    return StudyInputs(
        launch=launch,
        launch_day=day,
        ramp_days=tuple(dict.fromkeys(book.local_day(step.at) for step in launch.ramp if step.at >= launch.at)),
        ended_day=None if launch.ended_at is None else book.local_day(launch.ended_at),
        study=study,
        declared=measured.declared,
        reading=reading,
        seed=seed_of(study.name, reading),
        expectation=measured.stated.sealed(launch.at) if measured.stated else None,
        metrics=tuple(metrics),
        series=tuple(series),
        others=others_of(book, launch.name, days),
        notes=_notes_of(book, days),
        experiment=_exposures(resources, experiment, study, metrics, reading) if experiment else None,
    )


def ripe_on(resources: Answering, study: Study, day: date) -> date:
    """The day with whose end all of the study's metrics know ``day``: units may be given time after it."""
    names = (study.primary, *study.secondary, *study.guardrails, *study.controls)
    return max(ripening(resources.metrics.get(name)[0]).end(day) for name in names)


def study_extent(book: LaunchBook, study: Study) -> Extent:
    """From when until when there are data for a study: those of its primary metric; of all where that is gone.

    An experiment that is over by the end of these needs no more of them: units whose own time is over are counted.
    """
    found = book.resources.metrics.all().get(study.primary)
    own = extent_of(book.resources, None if found is None else found[0])
    experiment = book.experiment_in(study)
    over = None if experiment is None else experiment.ends
    if over is not None and own.known is not None and over <= own.known:
        return extent_of(book.resources)
    return own


def metric_input(resources: Answering, name: str, role: MetricRole | None, foretold_at: datetime | None) -> MetricInput:
    """A metric as it is defined now, with the hash that it had when it was foretold.

    Raises:
        NotFound: There is none of that name.
    """
    metric, version = resources.metrics.get(name)
    then = ""
    if foretold_at is not None:
        known = [each for each in resources.catalog.metrics.history(name) if each.created_at <= foretold_at]
        then = known[-1].hash if known else ""
    return MetricInput(
        name=name,
        title=metric.title or name,
        hash=version.hash,
        role=role,
        direction=metric.direction,
        format=metric.format,
        additive=metric.additive,
        hash_then=then,
        no_daily=_no_daily(metric),
        currency=resources.currency if metric.format == "money" else msgspec.UNSET,
    )


def daily_series(resources: Answering, name: str, days: DayRange) -> DailySeries | None:
    """The metric by day, from its first day with a value on; None where it has none.

    A day without a row is a zero of what counts and adds up. Where nearly every day has one, and zero is far from what
    is usual, it is taken as missing: a logging that failed, a table with a hole. Such days at the end are left out, and
    days that the data do not cover or whose units still have time by the end of the data.
    """
    metric, _ = resources.metrics.get(name)
    prepared, answer = resources.compiled.series(resources.store, metric, SeriesQuery(days, Grain.DAY))
    at = {column: answer.columns.index(column) for column in prepared.columns}
    extent = extent_of(resources, metric)
    found: dict[date, float] = {
        row[at["period"]]: float(row[at["value"]])
        for row in answer.rows
        if row[at["value"]] is not None and not extent.is_too_early(row[at["period"]])
    }
    if not found:
        return None
    first, end, ripe = min(found), days.end, extent.ripe
    if ripe is not None:
        end = min(end, ripe + timedelta(days=1))
    calendar = [first + timedelta(days=i) for i in range((end - first).days)]
    if not calendar:
        return None
    absent = None if _misses(metric, found, calendar) else prepared.absent
    values = [found.get(day, absent) for day in calendar]
    while values and values[-1] is None:
        values.pop()
    return DailySeries(metric=name, first_day=first, values=tuple(values))


def others_of(book: LaunchBook, launch: str, days: DayRange) -> tuple[OtherLaunch, ...]:
    """Other launches with a change on these days, earliest first."""
    found = []
    for name, declared in book.launches.items():
        other = declared.value
        if name == launch:
            continue
        instants = (other.at, *(step.at for step in other.ramp if step.at > other.at), other.ended_at)
        changes = dict.fromkeys(book.local_day(at) for at in instants if at is not None)
        inside = tuple(sorted(day for day in changes if days.start <= day < days.end))
        if inside:
            title = book.launch_view(name).title
            found.append(OtherLaunch(name=name, title=title, changes=inside, quiet=book.quiet(other)))
    return tuple(sorted(found, key=lambda other: (other.changes, other.name)))


def _notes_of(book: LaunchBook, days: DayRange) -> tuple[OtherNote, ...]:
    found = [
        OtherNote(
            name=note.name,
            title=note.title,
            kind=note.kind,
            first_day=note.first_day,
            last_day=note.last_day,
            metrics=note.metrics,
        )
        for note in (declared.value for declared in book.annotations.values())
        if note.first_day < days.end and (note.last_day is None or note.last_day >= days.start)
    ]
    return tuple(sorted(found, key=lambda note: (note.first_day, note.name)))


def _foretold_at(measured: Measurement) -> datetime | None:
    """From when on a definition must stay: the seal, or a study that was declared later, knowing the definition."""
    seal = measured.stated.seal if measured.stated else None
    known = [at for at in (seal.sealed_at if seal else None, measured.declared_at) if at is not None]
    return max(known, default=None)


def _no_daily(metric: Metric) -> str:
    title = metric.title or metric.name
    if least_grain(metric) is not Grain.DAY:
        return f"{title} counts by {least_grain(metric)}; a time series takes a metric that each day has."
    if metric.is_a.ripens is Ripens.PERIODS and metric.kind is RetentionKind.UNBOUNDED:
        return f"Whoever returns at any time later counts in {title}, so that no day of it is final; measure n-day."
    if lookback(metric).days:
        return f"Each day of {title} holds the 27 days before it; measure its daily version."
    return next(filter(None, map(_no_daily, metric.parts)), "")


def _misses(metric: Metric, found: dict[date, float], calendar: list[date]) -> bool:
    """Whether a day without a row is a day without data."""
    there = sum(1 for day in calendar if day in found)
    usual = sorted(found.values())[len(found) // 2]
    return there >= _NEARLY_ALWAYS * len(calendar) and (
        (metric.additive and not metric.is_a.counts) or usual >= _NEVER_ZERO
    )


def _exposures(
    resources: Answering, experiment: Experiment, study: Study, metrics: Iterable[MetricInput], reading: date
) -> ExperimentInput:
    from upshot.metrics.compile.exposed import (
        MOMENTS,
        exposed_moments,
        exposed_units,
        horizon_days,
        undeclared_exposures,
        value_shape,
    )

    last = min(experiment.ends or reading, reading)
    query = ExposureQuery(
        unit=experiment.unit,
        selection=Selection((experiment.exposure,), read_filters(resources, experiment.where)),
        property=experiment.property,
        variants=tuple(variant.name for variant in experiment.variants),
        days=DayRange.of(experiment.starts, max(last, experiment.starts - timedelta(days=1))),
        until=DayRange.of(reading, reading).instants(resources.zone)[1],
        horizon_days=study.horizon_days,
    )
    dialect, store = resources.store.dialect(), resources.store
    met = {str(row[0]): tuple(int(n) for n in row[1:]) for row in store.run(exposed_units(query, dialect)).rows}
    undeclared = store.run(undeclared_exposures(query, dialect)).rows
    values, partly = [], []
    for metric in metrics:
        if metric.role is None:
            continue
        definition, _ = resources.metrics.get(metric.name)
        days = horizon_days(definition, study.horizon_days)
        known = _known_days(resources, definition, experiment, min(reading, last + timedelta(days=days)))
        partly += [] if known is None else [known]
        moments_of = exposed_moments(definition, query, dialect, _instants(known, resources.zone))
        for variant, n, *figures in store.run(moments_of).rows:
            moments = {
                name: 0.0 if value is None and name in ("mean_x", "variance_x") else value
                for name, value in zip(MOMENTS, figures, strict=True)
            }
            cubes = [moments.pop(name) for name in MOMENTS if name.startswith("cube_")]
            values.append(
                ArmValues(
                    metric=metric.name,
                    variant=str(variant),
                    shape=value_shape(definition),
                    horizon_days=days,
                    n=int(n),
                    cubes=tuple(cube for cube in cubes if cube is not None),
                    **moments,
                )
            )
    return ExperimentInput(
        experiment=experiment,
        arms=tuple(
            ArmUnits(variant=v.name, weight=v.weight, units=met.get(v.name, (0,))[0], mature=met.get(v.name, (0, 0))[1])
            for v in experiment.variants
        ),
        crossed=sum(counts[2] for counts in met.values()),
        strange=sum(int(row[2]) for row in undeclared),
        undeclared=UndeclaredExposures(
            exposures=sum(int(row[1]) for row in undeclared),
            named=tuple((row[0] and row[0][:_LONGEST_NAME], int(row[1])) for row in undeclared[:_NAMED]),
            others=max(0, len(undeclared) - _NAMED),
        ),
        values=tuple(values),
        partly=tuple(partly) or msgspec.UNSET,
    )


def _known_days(resources: Answering, metric: Metric, experiment: Experiment, last: date) -> KnownDays | None:
    """On which days a metric is known; None where those are all from the first exposure to ``last``."""
    extent, met = extent_of(resources, metric), extent_of_event(resources, experiment.exposure)
    if extent.first is None or extent.known is None or met.first is None:
        return None
    if extent.first <= max(experiment.starts, met.first) and last <= extent.known:
        return None
    return KnownDays(metric=metric.name, first=extent.first, last=extent.known)


def _instants(known: KnownDays | None, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    if known is None:
        return None
    first, last = (DayRange.of(day, day).instants(zone) for day in (known.first, known.last))
    return first[0], last[1]
