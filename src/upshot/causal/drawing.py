"""An assessment as a chart: the series, and what it would have gone on to be."""

import numpy as np

from upshot.causal.assessment import Assessment
from upshot.causal.calendar import step_day
from upshot.causal.series import Floats, Series
from upshot.charts.chart import Chart
from upshot.charts.line import Annotation, Band, Line, line_chart
from upshot.charts.option import Axis, ChartPoint
from upshot.charts.words import period_label
from upshot.core.errors import InvalidInput
from upshot.core.time import Grain
from upshot.stats.arguments import given

__all__ = ["drawn"]


def drawn(series: Series, assessment: Assessment) -> Chart:
    """The series beside its counterfactual, with the bounds of each step and the launch as an upright line.

    Args:
        series: The series that was assessed, with its dates (``Series.of``).
        assessment: What ``assess`` said of it.

    Returns:
        A chart that a notebook shows; ``save`` writes it as SVG, PNG or PDF.

    Raises:
        InvalidInput: The series has no dates, or is another one than was assessed.
    """
    given("series", series, Series)
    given("assessment", assessment, Assessment)
    path = assessment.path
    if series.start is None:
        raise InvalidInput("The series has no dates.", hint="Make it with Series.of(values, launch, dates=…).")
    if len(path.observed) != series.observed:
        raise InvalidInput(
            f"The assessment has {len(path.observed)} steps from the launch on, the series {series.observed}.",
            hint="Give the series that was assessed.",
        )
    launched = series.launch
    steps = len(path.expected)
    expected, low, high = (_behind(a, launched, len(series.y)) for a in (path.expected, path.low, path.high))
    band = Band(_known(low), _known(high), f"{path.level:.0%} interval of each {series.step}")
    lines = (
        Line("observed", _points(series, series.y)),
        Line("expected without the launch", _points(series, expected), band if steps else None),
    )
    day = step_day(series.start, launched, series.step)
    grain = Grain(series.step)
    option = line_chart(lines, grain, Axis(), (Annotation(day, "launch", own=True),) if series.observed else ())
    return Chart(option, assessment.summary)


def _behind(values: Floats, launch: int, length: int) -> Floats:
    whole = np.full(length, np.nan)
    kept = values[: length - launch]
    whole[launch : launch + len(kept)] = kept
    return whole


def _known(values: Floats) -> tuple[float | None, ...]:
    return tuple(float(value) if np.isfinite(value) else None for value in values)


def _points(series: Series, values: Floats) -> tuple[ChartPoint, ...]:
    points = _known(values)
    assert series.start is not None  # noqa: S101 - whoever calls has looked
    grain = Grain(series.step)
    days = [step_day(series.start, index, series.step) for index in range(len(points))]
    return tuple(
        ChartPoint(day, value, "no value" if value is None else f"{value:,.4g}", period_label(day, grain))
        for day, value in zip(days, points, strict=True)
    )
