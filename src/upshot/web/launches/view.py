"""What the report of a launch shows."""

from datetime import date

import msgspec

from upshot.answers.pictures import Words
from upshot.api.studies import LAUNCH_REPORT, LaunchName, LaunchReport
from upshot.catalog.verdict import Effect, MetricRole, Verdict
from upshot.charts import Annotation, ChartPoint, Line, Option, line_chart, period_label
from upshot.charts.line import Band
from upshot.core.time import Grain
from upshot.web.evidence import (
    GRADES,
    IntervalBar,
    Tone,
    day_words,
    interval_bar,
    interval_words,
    reach_of,
    tone_of,
    window_words,
)
from upshot.web.marks import Marks, annotations_of, marked_on
from upshot.web.page import Page

__all__ = ["EffectRow", "PathChart", "Reading", "ReportPage", "effect_rows", "path_chart", "read_report"]

_PER = {"total": "over these days", "unit": "a unit", "day": "a day"}


class EffectRow(msgspec.Struct, frozen=True):
    """The effect on one metric in words."""

    metric: str
    title: str
    role: MetricRole
    variant: str
    relative: str
    absolute: str
    per: str
    window: str
    bar: IntervalBar | None
    why_not: str
    method: str


class PathChart(msgspec.Struct, frozen=True):
    """Observed against what would have been: the chart with its marks, and the same as rows of a table."""

    json: str
    label: str
    rows: tuple[tuple[str, str, str, str], ...]
    marks: Marks


class Reading(msgspec.Struct, frozen=True):
    """A verdict that was recorded on a reading date."""

    id: str
    day: str
    word: str
    tone: Tone
    grade: str
    grade_words: str
    sentence: str
    snapshot: str
    decided: str


class ReportPage(msgspec.Struct, frozen=True):
    """The page. ``shown`` is the newest recorded verdict, or the reading as of now where there is none."""

    report: LaunchReport
    shown: Verdict | None
    recorded: bool
    word: str
    tone: Tone
    grade_words: str
    effects: tuple[EffectRow, ...]
    path: PathChart | None
    readings: tuple[Reading, ...]
    next_reading: str
    launched: str


def read_report(page: Page, name: str) -> ReportPage:
    """Ask for the report, and lay it out."""
    report = page.ask(LAUNCH_REPORT, LaunchName(name))
    newest = report.verdicts[-1] if report.verdicts else None
    shown = newest.verdict if newest is not None else report.now
    words = Words(report.metric_format, report.currency)
    path = (report.now or shown) if shown is not None else None
    return ReportPage(
        report=report,
        shown=shown,
        recorded=newest is not None,
        word=str(report.word),
        tone=tone_of(report.word),
        grade_words=GRADES[report.grade],
        effects=effect_rows(page, shown.effects, report.currency) if shown else (),
        path=path_chart(path, words, report.metric_title, _happened(page, report))
        if path is not None and path.path
        else None,
        readings=_readings(report),
        next_reading=day_words(report.study.next_reading) if report.study and report.study.next_reading else "",
        launched=page.when(report.launch.at),
    )


def effect_rows(page: Page, effects: tuple[Effect, ...], currency: str) -> tuple[EffectRow, ...]:
    """Effects in words, with bars on one scale."""
    metrics = {metric.name: metric for metric in page.metrics}
    reach = reach_of(effect.relative for effect in effects)
    rows = []
    for effect in effects:
        metric = metrics.get(effect.metric)
        words = Words(metric.format if metric else "number", currency)
        absolute = effect.absolute
        rows.append(
            EffectRow(
                metric=effect.metric,
                title=metric.title if metric else effect.metric,
                role=effect.role,
                variant=effect.variant,
                relative=interval_words(effect.relative),
                absolute="–"
                if absolute is None
                else f"{words.write(absolute.value)} ({words.write(absolute.low)} to {words.write(absolute.high)})",
                per=_PER.get(effect.per, effect.per),
                window=window_words(effect),
                bar=interval_bar(effect.relative, reach, effect.direction),
                why_not=effect.why_not,
                method=effect.method.replace("_", " "),
            )
        )
    return tuple(rows)


def path_chart(verdict: Verdict, words: Words, title: str, annotations: tuple[Annotation, ...]) -> PathChart:
    """The metric day by day with what it would have been without the launch; the launch and what else fell there."""
    points = verdict.path
    observed = tuple(_point(p.day, p.observed, words) for p in points)
    without = tuple(_point(p.day, p.without, words) for p in points)
    band = Band(tuple(p.low for p in points), tuple(p.high for p in points))
    lines = [Line(title, observed)]
    if any(p.without is not None for p in points):
        lines.append(Line("Without the launch", without, band))
    option: Option = line_chart(lines, Grain.DAY, words.axis, annotations)
    return PathChart(
        json=msgspec.json.encode(option).decode(),
        label=f"{title} by day, observed and without the launch",
        rows=tuple(
            (
                period_label(p.day, Grain.DAY),
                words.write(p.observed),
                words.write(p.without),
                "" if p.low is None or p.high is None else f"{words.write(p.low)} to {words.write(p.high)}",
            )
            for p in points
        ),
        marks=marked_on(annotations, [p.day for p in points], Grain.DAY),
    )


def _happened(page: Page, report: LaunchReport) -> tuple[Annotation, ...]:
    return annotations_of(page, report.study.primary if report.study else "", report.launch.name)


def _point(day: date, value: float | None, words: Words) -> ChartPoint:
    return ChartPoint(day, value, words.write(value), period_label(day, Grain.DAY))


def _readings(report: LaunchReport) -> tuple[Reading, ...]:
    decided = {d.verdict: d for d in report.decisions if d.verdict}
    return tuple(
        Reading(
            id=record.id,
            day=day_words(record.verdict.reading),
            word=str(record.verdict.word),
            tone=tone_of(record.verdict.word),
            grade=str(record.verdict.grade),
            grade_words=GRADES[record.verdict.grade],
            sentence=record.verdict.sentence,
            snapshot=record.verdict.snapshot,
            decided=str(decided[record.id].choice) if record.id in decided else "",
        )
        for record in reversed(report.verdicts)
    )
