"""A chart is a value: data in, options out, drawn by a page or without a browser."""

from upshot.charts.bars import Bar, bar_chart
from upshot.charts.histogram import Column, Mark, histogram_chart
from upshot.charts.line import Annotation, Band, Line, dated_chart, line_chart, marked
from upshot.charts.option import Axis, ChartPoint, Option, captioned
from upshot.charts.retention import GridCell, retention_chart
from upshot.charts.sparkline import Sparkline, sparkline
from upshot.charts.stacked import Stack, stacked_chart
from upshot.charts.theme import DARK, LIGHT, Palette
from upshot.charts.words import day_label, instant_label, offset_label, period_label, range_label

__all__ = [
    "DARK",
    "LIGHT",
    "Annotation",
    "Axis",
    "Band",
    "Bar",
    "ChartPoint",
    "Column",
    "GridCell",
    "Line",
    "Mark",
    "Option",
    "Palette",
    "Sparkline",
    "Stack",
    "bar_chart",
    "captioned",
    "dated_chart",
    "day_label",
    "histogram_chart",
    "instant_label",
    "line_chart",
    "marked",
    "offset_label",
    "period_label",
    "range_label",
    "retention_chart",
    "sparkline",
    "stacked_chart",
]
