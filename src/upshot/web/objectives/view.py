"""What the pages of objectives show."""

import msgspec

from upshot.answers.pictures import Words
from upshot.api.objectives import OBJECTIVE_LIST, OBJECTIVE_SHOW, ObjectiveName, ObjectiveStatus, ObjectiveView
from upshot.api.state import Nothing
from upshot.charts import ChartPoint, Line, dated_chart, period_label
from upshot.core.time import Grain
from upshot.objectives.words import chance_text
from upshot.web.evidence import Tone, day_words
from upshot.web.page import Page

__all__ = ["ObjectivePage", "ObjectiveRow", "read_objective", "read_objectives"]

_TONES: dict[ObjectiveStatus, Tone] = {
    "behind": "warn",
    "missed": "bad",
    "on course": "good",
    "ahead": "good",
    "reached": "good",
}


class ObjectiveRow(msgspec.Struct, frozen=True):
    """An objective in the tree. ``progress`` and ``expected`` are in percent, cut to 0 to 100; None where unknown."""

    objective: ObjectiveView
    depth: int
    tone: Tone
    baseline: str
    current: str
    target: str
    progress: float | None
    expected: float
    due: str


class ObjectivePage(msgspec.Struct, frozen=True):
    """The page of one objective; ``chart`` is an option as JSON, empty where there is nothing to draw."""

    row: ObjectiveRow
    chart: str
    label: str
    table: tuple[tuple[str, str, str], ...]
    forecast: str
    children: tuple[ObjectiveRow, ...]


def read_objectives(page: Page) -> tuple[ObjectiveRow, ...]:
    """The tree, each objective right after its parent."""
    found = page.ask(OBJECTIVE_LIST, Nothing())
    by_name = {o.name: o for o in found.objectives}
    rows: list[ObjectiveRow] = []

    def walk(objective: ObjectiveView, depth: int) -> None:
        rows.append(_row(objective, found.currency, depth))
        for child in found.objectives:
            if child.parent == objective.name:
                walk(child, depth + 1)

    for objective in found.objectives:
        if objective.parent not in by_name:
            walk(objective, 0)
    return tuple(rows)


def read_objective(page: Page, name: str) -> ObjectivePage:
    """One objective, its course and what stands below it."""
    objective = page.ask(OBJECTIVE_SHOW, ObjectiveName(name))
    currency = page.info.currency
    words = Words(objective.format, currency)
    forecast = objective.forecast
    said = objective.forecast_note
    if forecast is not None:
        said = (
            f"If it goes on like this: {words.write(forecast.value)} on {day_words(objective.due)} "
            f"({words.write(forecast.low)} to {words.write(forecast.high)}); "
            f"the chance of the target is {chance_text(forecast.chance)}."
        )
    return ObjectivePage(
        row=_row(objective, currency, 0),
        chart=_chart(objective, words) if objective.points else "",
        label=f"{objective.metric_title}, measured and on the straight path to the target",
        table=tuple(
            (period_label(p.day, Grain.DAY), words.write(p.value), words.write(p.path)) for p in objective.points
        ),
        forecast=said,
        children=tuple(row for row in read_objectives(page) if row.objective.parent == name),
    )


def _row(objective: ObjectiveView, currency: str, depth: int) -> ObjectiveRow:
    words = Words(objective.format, currency)
    return ObjectiveRow(
        objective=objective,
        depth=depth,
        tone=_TONES.get(objective.status, "plain"),
        baseline=words.write(objective.baseline),
        current=words.write(objective.current),
        target=words.write(objective.target),
        progress=None if objective.progress is None else 100 * min(max(objective.progress, 0.0), 1.0),
        expected=100 * min(max(objective.expected_progress, 0.0), 1.0),
        due=day_words(objective.due),
    )


def _chart(objective: ObjectiveView, words: Words) -> str:
    def line(name: str, values: list[float | None], *, before: bool = False) -> Line:
        points = tuple(
            ChartPoint(p.day, value, words.write(value), period_label(p.day, Grain.DAY))
            for p, value in zip(objective.points, values, strict=True)
        )
        return Line(name, points, before=before)

    lines = [
        line(objective.metric_title, [p.value for p in objective.points]),
        line("Straight path", [p.path for p in objective.points], before=True),
    ]
    return msgspec.json.encode(dated_chart(lines, words.axis)).decode()
