"""A metric of units from their exposure on: what an experiment compares.

A unit's clock starts at its first exposure and runs for a fixed time, in whole days of 24 hours; only units whose time
is over count, so that totals are final. What a unit did in the four weeks before is carried along where it may explain
what it did after.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
from ibis.expr.types import Table

from upshot.core.errors import InternalError, InvalidInput
from upshot.core.time import DayRange
from upshot.metrics.compile.calendar import Column
from upshot.metrics.compile.events import earliest_rows, event_rows
from upshot.metrics.compile.formula import Counted, counted_together, sides
from upshot.metrics.compile.funnel import converted_starts
from upshot.metrics.compile.query import ExposureQuery, Route
from upshot.metrics.definition import Expression, Metric, Property, Selection, Window
from upshot.metrics.dialect import Dialect
from upshot.metrics.kinds import Clock, MetricType, RetentionKind, Ripens
from upshot.metrics.ripening import brackets_of, ripening
from upshot.metrics.unit_sums import why_not_by_unit

__all__ = ["MOMENTS", "exposed_moments", "exposed_units", "horizon_days", "undeclared_exposures", "value_shape"]

MOMENTS = (
    *("mean_x", "variance_x", "mean_y", "variance_y", "covariance_xy"),
    *("mean_b", "variance_b", "covariance_xb"),
    *("cube_xxx", "cube_xxv", "cube_xvv", "cube_vvv"),
)
"""Columns of ``exposed_moments`` after ``variant`` and ``n``."""
_BEFORE_DAYS = 28


def value_shape(metric: Metric) -> str:
    """What a unit's value is: ``mean``, ``proportion`` (0 or 1) or ``ratio`` (a numerator and a denominator)."""
    if metric.formula is not None:
        return "ratio" if metric.fractional else "mean"
    on_how_many_days = metric.is_a.clock is Clock.WINDOW and metric.window is Window.DAY
    return "mean" if on_how_many_days else metric.is_a.by_unit


def horizon_days(metric: Metric, asked: int) -> int:
    """How many days after its exposure a unit's value is final; retention says so itself.

    >>> from upshot.core.time import Grain
    >>> horizon_days(Metric(name="back", type=MetricType.RETENTION, period=Grain.WEEK, after=1), 7)
    14
    """
    match metric.is_a.ripens:
        case Ripens.PERIODS:
            first, last = _return_days(metric)
            return max(last, asked) if metric.kind is RetentionKind.UNBOUNDED and asked > first else last
        case Ripens.WITHIN:
            # A time in days ends with a local day, which may be a day of 24 hours later.
            return asked + ripening(metric).days + (metric.within_days is not None)
        case Ripens.AT_ONCE | Ripens.PARTS:
            # What has a time of its own is no part that units have values of.
            return asked


def exposed_units(query: ExposureQuery, dialect: Dialect) -> Table:
    """Units by the declared variant that they met first.

    Columns: ``variant``, ``units``, ``mature`` (whose horizon is over), ``crossed`` (who met another one too).
    """
    units = _exposed(query, dialect)
    over = units.exposed_at + ibis.interval(days=query.horizon_days) <= ibis.timestamp(query.until)
    clean = units.met == 1
    return (
        units.group_by("variant")
        .agg(
            units=units.count(),
            mature=_ones(over & clean).sum(),
            crossed=_ones(~clean).sum(),
        )
        .order_by("variant")
    )


def undeclared_exposures(query: ExposureQuery, dialect: Dialect) -> Table:
    """Exposures that name no declared variant, as those of a flag that is switched off, by what they name.

    Columns: ``variant`` (null where the property is missing or null), ``exposures`` of known units, ``units`` (those
    without an exposure to a declared variant; each counts once, with the first of what it met in the order of texts).
    """
    rows = _exposures(query, dialect)
    declared = rows.variant.isin(list(query.variants))
    known = rows.filter(declared).select(known_key="unit_key").distinct().view()
    others = rows.filter(rows.variant.isnull() | ~declared).view()
    counted = others.group_by(["unit_key", "variant"]).agg(exposures=others.count())
    joined = counted.left_join(known, counted.unit_key == known.known_key)
    place = ibis.row_number().over(group_by=joined.unit_key, order_by=joined.variant)
    placed = joined.mutate(place=place)
    return (
        placed.group_by("variant")
        .agg(
            exposures=placed.exposures.sum(),
            units=_ones((placed.place == 0) & placed.known_key.isnull()).sum(),
        )
        .order_by([ibis.desc("exposures"), "variant"])
    )


def exposed_moments(
    metric: Metric, query: ExposureQuery, dialect: Dialect, known: tuple[datetime, datetime] | None = None
) -> Table:
    """Sufficient statistics of the metric by variant, over units that met one variant and whose horizon is over.

    Args:
        metric: What is compared.
        query: Who met which variant.
        dialect: Of the store.
        known: UTC instants without offset from which and until which the metric's own events are known, where that is
            not as long as the query's; units whose horizon reaches beyond them are left out.

    Columns: ``variant``, ``n``, ``mean_x``, ``variance_x``, ``mean_y``, ``variance_y``, ``covariance_xy``, ``mean_b``,
    ``variance_b``, ``covariance_xb``, and means of products of three, ``cube_xxx`` to ``cube_vvv`` with y or b for v;
    null where the metric has none.

    Raises:
        InvalidInput: The metric cannot be measured from an exposure on.
    """
    units = _exposed(query, dialect)
    begin, end = known or (None, query.until)
    over = units.exposed_at + ibis.interval(days=horizon_days(metric, query.horizon_days)) <= ibis.timestamp(end)
    units = units.filter(over & (units.met == 1))
    if begin is not None:
        units = units.filter(units.exposed_at >= ibis.timestamp(begin))
    values = _values(metric, _Clock(units, query, dialect))
    kept = units.select("unit_key", "variant").view()
    did = values.view()
    rows = kept.left_join(did, kept.unit_key == did.value_key)
    names = [name for name in ("x", "y", "b") if name in values.columns]
    rows = rows.select("variant", **{name: rows[name].cast("float64").fill_null(0.0) for name in names})
    figures: dict[str, Column] = {"n": rows.count()}
    for name in names:
        figures[f"mean_{name}"] = rows[name].mean()
        figures[f"variance_{name}"] = rows[name].var(how="sample")
        if name != "x":
            figures[f"covariance_x{name}"] = rows.x.cov(rows[name], how="sample")
            x, v = rows.x, rows[name]
            figures |= {"cube_xxv": (x * x * v).mean(), "cube_xvv": (x * v * v).mean(), "cube_vvv": (v * v * v).mean()}
    figures["cube_xxx"] = (rows.x * rows.x * rows.x).mean()
    found = rows.group_by("variant").agg(**figures)
    null = ibis.null("float64")
    columns = {name: found[name] if name in found.columns else null for name in MOMENTS}
    return found.select("variant", "n", **columns).order_by("variant")


@dataclass(frozen=True, slots=True)
class _Clock:
    """Units with the instant of their exposure, and events around it."""

    units: Table
    query: ExposureQuery
    dialect: Dialect

    @property
    def days(self) -> DayRange:
        """Local days on which an event may matter."""
        days = self.query.days
        until: datetime = self.query.until
        return DayRange(days.start - timedelta(days=_BEFORE_DAYS + 1), until.date() + timedelta(days=2))

    def around(self, metric: Metric) -> Table:
        """The metric's events of exposed units, with ``exposed_at``."""
        text = metric.value.name if metric.is_a.any_value and isinstance(metric.value, Property) else None
        return self.rows(metric.selection, None if text is not None else metric.value, text)

    def rows(self, selection: Selection, value: Expression | None = None, text: str | None = None) -> Table:
        """Events of exposed units, with ``exposed_at``."""
        rows = event_rows(
            self.dialect, selection, days=self.days, unit_type=self.query.unit, value=value, value_text=text
        ).view()
        who = self.units.select(value_key=self.units.unit_key, exposed_at=self.units.exposed_at).view()
        joined = who.inner_join(rows, who.value_key == rows.unit_key)
        return joined.filter(joined.occurred_at < ibis.timestamp(self.query.until))

    def after(self, rows: Table, first: int, last: int) -> Column:
        """Whether an event lies ``first`` days after the exposure or later, and before ``last`` days after it."""
        begin = rows.exposed_at + ibis.interval(days=first)
        return (rows.occurred_at >= begin) & (rows.occurred_at < rows.exposed_at + ibis.interval(days=last))

    def before(self, rows: Table) -> Column:
        """Whether an event lies in the four weeks before the exposure."""
        begin = rows.exposed_at - ibis.interval(days=_BEFORE_DAYS)
        return (rows.occurred_at < rows.exposed_at) & (rows.occurred_at >= begin)


def _exposed(query: ExposureQuery, dialect: Dialect) -> Table:
    """Each unit's first exposure to a declared variant.

    Columns: ``unit_key``, ``exposed_at``, ``variant``, ``met`` (how many declared variants it met).
    """
    rows = _exposures(query, dialect)
    rows = rows.filter(rows.variant.isin(list(query.variants)))
    firsts = earliest_rows(rows).select("unit_key", "variant", exposed_at="occurred_at").view()
    met = rows.group_by(met_key=rows.unit_key).agg(met=rows.variant.nunique()).view()
    return firsts.inner_join(met, firsts.unit_key == met.met_key).drop("met_key")


def _exposures(query: ExposureQuery, dialect: Dialect) -> Table:
    """Exposures of known units, whatever ``variant`` they name."""
    rows = event_rows(
        dialect, query.selection, days=query.days, unit_type=query.unit, value_text=query.property
    ).rename(variant="value")
    return rows.filter(rows.unit_key.notnull() & (rows.occurred_at < ibis.timestamp(query.until)))


def _values(metric: Metric, clock: _Clock) -> Table:
    """``value_key`` and ``x``, and ``y`` or ``b`` where the metric has them; units without an event may be missing."""
    if reason := why_not_by_unit(metric):
        raise InvalidInput(reason, hint="Measure its parts in the experiment." if metric.parts else "")
    match metric.type:
        case MetricType.RATIO:
            return _ratio(metric, clock)
        case MetricType.FORMULA:
            return _formula(metric, clock)
        case MetricType.CONVERSION | MetricType.FUNNEL:
            return _conversion(metric, clock)
        case _:
            return _plain(metric, clock)


def _plain(metric: Metric, clock: _Clock) -> Table:
    rows = clock.around(metric)
    first, last = 0, horizon_days(metric, clock.query.horizon_days)
    if metric.type is MetricType.RETENTION:
        first = _return_days(metric)[0]
    after, before = clock.after(rows, first, last), clock.before(rows)
    figures: dict[str, Column] = {}
    match metric.type:
        case MetricType.COUNT:
            figures = {"x": _ones(after).sum(), "b": _ones(before).sum()}
        case MetricType.SUM:
            figures = {"x": _where(after, rows["value"]).sum(), "b": _where(before, rows["value"]).sum()}
        case MetricType.MEAN:
            value = _where(after, rows["value"])
            figures = {"x": value.sum(), "y": value.count()}
        case MetricType.DISTINCT:
            figures = {"x": _where(after, rows["value"]).nunique()}
        case MetricType.ACTIVE | MetricType.STICKINESS | MetricType.RETENTION:
            days = _where(after, rows.day).nunique()
            figures = {"x": _ones(after).max() if value_shape(metric) == "proportion" else days}
            figures["b"] = _where(before, rows.day).nunique()
        case other:
            raise InternalError(f"{other} is no plain type")
    found = rows.group_by("value_key").agg(**figures)
    if metric.type is MetricType.STICKINESS:
        found = found.mutate(x=found.x / float(last))
    return found


def _ratio(metric: Metric, clock: _Clock) -> Table:
    if metric.numerator is None or metric.denominator is None:
        raise InternalError(f"The ratio {metric.name!r} lacks a part; definitions are checked when they are read.")
    upper, lower = (_plain(part, clock) for part in (metric.numerator, metric.denominator))
    zero = ibis.literal(0.0, "float64")
    a = upper.select("value_key", x=upper.x.cast("float64"), y=zero)
    b = lower.select("value_key", x=zero, y=lower.x.cast("float64"))
    both = a.union(b)
    return both.group_by("value_key").agg(x=both.x.sum(), y=both.y.sum())


def _formula(metric: Metric, clock: _Clock) -> Table:
    leaves = metric.arithmetic.leaves
    plain = {key: (leaf, _plain(leaf, clock)) for key, leaf in leaves.items()}

    def side_by_side(column: str) -> Table:
        made = {
            key: (leaf, Counted(rows.select("value_key", value=rows[column]), Route.EVENTS, ""))
            for key, (leaf, rows) in plain.items()
        }
        return counted_together(made, ["value_key"])[1]

    after = side_by_side("x")
    found = after.select("value_key", **dict(zip("xy", sides(metric, after), strict=False)))
    if metric.fractional or not all("b" in rows.columns for _, rows in plain.values()):
        return found
    before = side_by_side("b")
    told = before.select(before_key=before.value_key, b=sides(metric, before)[0]).view()
    return found.left_join(told, found.value_key == told.before_key).drop("before_key")


def _conversion(metric: Metric, clock: _Clock) -> Table:
    """Of units that started within the horizon (``y``) those that reached the last step in time (``x``)."""
    starts, *steps = (clock.rows(step) for step in metric.path)
    starts = starts.filter(clock.after(starts, 0, clock.query.horizon_days))
    walked = converted_starts(metric, starts, steps)
    return walked.group_by(value_key=walked.unit_key).agg(x=walked.converted.max(), y=ibis.literal(1))


def _return_days(metric: Metric) -> tuple[int, int]:
    """From how many days after the exposure on, and until how many, a return counts."""
    if metric.type is not MetricType.RETENTION:
        raise InvalidInput(f"{metric.name} says nothing about coming back.", hint="Name a retention metric.")
    length = metric.period.days[1]
    first, last = brackets_of(metric, metric.after)[metric.after]
    return first * length, (last + 1) * length


def _ones(condition: Column) -> Column:
    ones: Column = ibis.ifelse(condition, 1, 0)
    return ones


def _where(condition: Column, value: Column) -> Column:
    kept: Column = ibis.ifelse(condition, value, ibis.null(value.type()))
    return kept
