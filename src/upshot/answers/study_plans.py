"""Collects what planning reads: the metric's past, other changes, and what units did."""

from datetime import date, timedelta

from upshot.answers.answering import Answering
from upshot.answers.launch_book import LaunchBook
from upshot.answers.study_inputs import HISTORY_DAYS, daily_series, metric_input, others_of
from upshot.api.studies import PlanQuery
from upshot.catalog.kinds import AnnotationKind, Expectation
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.time import DayRange
from upshot.core.units import counted
from upshot.metrics.definition import Metric
from upshot.metrics.unit_sums import why_not_by_unit
from upshot.studies.inputs import MetricInput, seed_of
from upshot.studies.planned import PlanInputs, UnitSums

__all__ = ["plan_inputs"]

_LONGEST_DAYS = 400


def plan_inputs(resources: Answering, request: PlanQuery) -> PlanInputs:
    """What planning reads for a question.

    Raises:
        NotFound: There is no such metric or output.
        InvalidInput: The days are out of range, or the output expects nothing.
    """
    book = LaunchBook.of(resources)
    name, expected, within = _asked(book, request)
    if not 1 <= within <= _LONGEST_DAYS:
        raise InvalidInput(f"{counted(within, 'day')} cannot be planned.", hint=f"Plan 1 to {_LONGEST_DAYS} days.")
    given = metric_input(resources, name, None, None)
    metric, _ = resources.metrics.get(name)
    today = resources.today()
    days = DayRange(today - timedelta(days=HISTORY_DAYS), today)
    series = None if given.no_daily else daily_series(resources, name, days)
    changes, logging = _changes(book, given, days)
    end = today if series is None else min(today, series.last_day + timedelta(days=1))
    return PlanInputs(
        title=given.title,
        daily=series,
        no_daily=given.no_daily,
        changes=changes,
        logging=logging,
        units=_unit_sums(resources, metric, DayRange(end - timedelta(days=within), end)),
        within_days=within,
        expected=expected,
        seed=seed_of(name, today),
    )


def _asked(book: LaunchBook, request: PlanQuery) -> tuple[str, float | None, int]:
    """The metric, what is expected of it, and within how many days; an output's first expectation fills the gaps."""
    if not request.output:
        if not request.metric:
            raise InvalidInput("Nothing is asked about.", hint="Name a metric, or an output with an expectation.")
        return request.metric, request.expected, request.within_days
    if request.output not in book.outputs:
        raise NotFound("output", request.output, book.outputs)
    stated: tuple[Expectation, ...] = book.outputs[request.output].value.expectations
    fitting = [each for each in stated if not request.metric or each.metric == request.metric]
    if not fitting:
        raise InvalidInput(
            f"{request.output!r} expects nothing{' of ' + request.metric if request.metric else ''}.",
            hint="Write what it should do: expects: [new_subscriptions +5% (1%..9%) within 30d].",
        )
    first = fitting[0]
    expected = request.expected if request.expected is not None else first.change if first.relative else None
    return first.metric, expected, first.within_days


def _changes(book: LaunchBook, metric: MetricInput, days: DayRange) -> tuple[tuple[date, ...], tuple[date, ...]]:
    changes = {day for other in others_of(book, "", days) if not other.quiet for day in other.changes}
    logging = set()
    for declared in book.annotations.values():
        note = declared.value
        touched = not note.metrics or metric.name in note.metrics
        if touched and note.kind in (AnnotationKind.PRICE, AnnotationKind.CAMPAIGN, AnnotationKind.OUTAGE):
            changes.add(note.first_day)
        elif touched and note.kind is AnnotationKind.LOGGING:
            logging.add(note.first_day)
    return tuple(sorted(changes)), tuple(sorted(logging))


def _unit_sums(resources: Answering, metric: Metric, days: DayRange) -> UnitSums | None:
    """Sums over units, and how many were active at all; None where nobody is known to have been."""
    from upshot.metrics.ad_hoc import actives_of
    from upshot.metrics.compile import compile_per_unit
    from upshot.metrics.definition import Selection

    if why_not_by_unit(metric):
        return None
    dialect, store = resources.store.dialect(), resources.store
    rows = compile_per_unit(metric, days, dialect).expr
    x = rows.numerator if metric.fractional else rows["value"]
    figures = {"x": x.sum(), "xx": (x * x).sum()}
    if metric.fractional:
        y = rows.denominator
        figures |= {"y": y.sum(), "yy": (y * y).sum(), "xy": (x * y).sum()}
    sums = dict(zip(figures, store.run(rows.agg(**figures)).rows[0], strict=True))
    anybody = actives_of("anybody", Selection(), metric.unit)
    active = compile_per_unit(anybody, days, dialect).expr
    units = float(store.run(active.agg(units=active.count())).rows[0][0])
    if not units or sums["x"] is None:
        return None
    return UnitSums(units=units, **{key: float(value) for key, value in sums.items()})
