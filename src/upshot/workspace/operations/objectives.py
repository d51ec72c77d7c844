"""Are we on course: objectives with what they are measured at."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from upshot.answers.objectives import standing_of
from upshot.api.objectives import (
    OBJECTIVE_LIST,
    OBJECTIVE_SHOW,
    Forecast,
    ObjectiveList,
    ObjectiveName,
    ObjectivePoint,
    ObjectiveView,
)
from upshot.api.operation import Principal
from upshot.api.state import Nothing
from upshot.catalog.kinds import Objective, Output
from upshot.core.errors import NotFound
from upshot.objectives.measure import Standing
from upshot.objectives.progress import Status, path_at
from upshot.objectives.tree import children_of, in_order, rolled_up
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

if TYPE_CHECKING:
    from upshot.catalog.declarations import Declared

__all__ = ["BINDINGS", "list_objectives", "show"]

_MOST_DAILY = 130
_WEEK = 7
_METHOD = "level and drift of the last {count} {unit}, which know no season"


def list_objectives(resources: Resources, principal: Principal, request: Nothing) -> ObjectiveList:
    """All objectives, parents before their children."""
    del principal, request
    book = _Book(resources)
    views = (book.view(name, with_points=False) for name in in_order(book.parents))
    return ObjectiveList(tuple(views), resources.loaded.settings.workspace.currency)


def show(resources: Resources, principal: Principal, request: ObjectiveName) -> ObjectiveView:
    """One objective, with its course.

    Raises:
        NotFound: There is none of that name.
    """
    del principal
    book = _Book(resources)
    if request.name not in book.objectives:
        raise NotFound("objective", request.name, book.objectives, hint="`upshot objective list` shows all of them.")
    return book.view(request.name, with_points=True)


class _Book:
    """Objectives, what they are measured at, and what serves them."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.objectives: Mapping[str, Declared[Objective]] = resources.catalog.declarations.current(Objective)
        self.parents = {name: found.value.parent for name, found in self.objectives.items()}
        self.children = children_of(self.parents)
        self.outputs: dict[str, list[str]] = {}
        for name, output in resources.catalog.declarations.current(Output).items():
            self.outputs.setdefault(output.value.objective, []).append(name)

    def measured(self, name: str) -> Standing:
        return standing_of(self.resources.answering, self.objectives[name])

    def view(self, name: str, *, with_points: bool) -> ObjectiveView:
        declared, found = self.objectives[name], self.measured(name)
        objective = declared.value
        metric, _ = self.resources.metrics.get(objective.metric)
        return ObjectiveView(
            name=name,
            title=objective.title or name,
            description=objective.description,
            metric=objective.metric,
            metric_title=metric.title or metric.name,
            format=metric.format,
            direction=metric.direction,
            where=objective.where,
            owner=objective.owner,
            team=objective.team,
            need=objective.need,
            parent=objective.parent,
            children=self.children[name],
            outputs=tuple(self.outputs.get(name, ())),
            starts=objective.starts,
            due=objective.due,
            target_text=objective.target,
            baseline=None if found.aim is None else found.aim.baseline,
            target=None if found.aim is None else found.aim.target,
            current=found.value,
            status=found.progress.status.value,
            sentence=" ".join(filter(None, (found.sentence, self._below(name)))),
            progress=found.progress.share,
            expected_progress=found.progress.expected,
            forecast=_forecast(found),
            forecast_note=found.forecast_note,
            points=_points(objective, found) if with_points else (),
            version=declared.version,
            managed=declared.managed,
        )

    def _below(self, name: str) -> str:
        if not self.children[name]:
            return ""
        return rolled_up(name, self.children, _Statuses(self))


class _Statuses(Mapping[str, Status]):
    """The status of each objective, measured when it is asked for."""

    def __init__(self, book: _Book) -> None:
        self._book = book

    def __getitem__(self, name: str) -> Status:
        return self._book.measured(name).progress.status

    def __iter__(self) -> Iterator[str]:
        return iter(self._book.objectives)

    def __len__(self) -> int:
        return len(self._book.objectives)


def _forecast(found: Standing) -> Forecast | None:
    if found.forecast is None or found.collected is None:
        return None
    days = found.collected.block_days
    unit = "weeks" if days == _WEEK else f"windows of {days} days"
    method = _METHOD.format(count=len(found.collected.blocks), unit=unit)
    outlook = found.forecast
    return Forecast(outlook.value, outlook.low, outlook.high, outlook.level, outlook.chance, method)


def _points(objective: Objective, found: Standing) -> tuple[ObjectivePoint, ...]:
    """The course so far and the path ahead: by day, or by week where it is long."""
    if found.collected is None or found.collected.last is None:
        return ()
    days = sorted({*_days(objective, found), *_ahead(objective)})
    back = timedelta(days=objective.window_days - 1)
    return tuple(
        ObjectivePoint(
            day,
            found.collected.value(day - back, day) if day <= found.collected.last else None,
            None if found.aim is None else path_at(found.aim, day),
        )
        for day in days
    )


def _days(objective: Objective, found: Standing) -> Sequence[date]:
    collected = found.collected
    if collected is None or collected.last is None:
        return ()
    if collected.direct is not None:
        return [last for first, last in collected.direct if (last - first).days + 1 == objective.window_days]
    first = objective.starts - timedelta(days=max(objective.baseline_days, 1))
    last = min(collected.last, objective.due)
    step = 1 if (last - first).days <= _MOST_DAILY else _WEEK
    return [last - timedelta(days=back) for back in range(0, max((last - first).days, 0) + 1, step)]


def _ahead(objective: Objective) -> Sequence[date]:
    """Days at which the path is drawn: its ends, and every week between."""
    length = (objective.due - objective.starts).days
    return [objective.starts + timedelta(days=after) for after in (*range(0, length, _WEEK), length)]


BINDINGS = (
    Binding(OBJECTIVE_LIST, list_objectives),
    Binding(OBJECTIVE_SHOW, show),
)
