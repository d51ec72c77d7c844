"""The state of Explore's address: which tab, which things, and all that every window has."""

from typing import Literal, TypeAlias, cast

import msgspec

from upshot.core.errors import InvalidInput, NotFound
from upshot.metrics.ad_hoc import retention_of
from upshot.metrics.definition import Metric, RetentionKind, Selection
from upshot.web.explore.things import Thing, metric_name, named_thing, read_thing
from upshot.web.filters.form import added
from upshot.web.metric.ordering import offered_metrics
from upshot.web.page import Page
from upshot.web.window import View

__all__ = ["KINDS", "PATH", "TABS", "Question", "Tab", "changed", "read_question"]

PATH = "/explore"
Tab: TypeAlias = Literal["trends", "breakdown", "distribution", "retention"]
TABS: dict[Tab, str] = {
    "trends": "Trends",
    "breakdown": "Breakdown",
    "distribution": "Distribution",
    "retention": "Retention",
}
KINDS = {RetentionKind.N_DAY: "in that period", RetentionKind.UNBOUNDED: "in that period or later"}
_MOST_THINGS = 8
_PRESETS: dict[Tab, str] = {"retention": "90d"}
_ANY = "*"


class Question(View, frozen=True):
    """The state. ``each`` is whose values a distribution spreads; ``start`` and ``back`` are events of a grid."""

    tab: Tab = "trends"
    show: tuple[str, ...] = ()
    each: Literal["unit", "event"] = "unit"
    start: str = _ANY
    back: str = _ANY
    kind: RetentionKind = RetentionKind.N_DAY

    @property
    def things(self) -> tuple[Thing, ...]:
        """What is shown."""
        return tuple(read_thing(word) for word in self.show)

    def pairs(self, **changes: object) -> list[tuple[str, str]]:
        """The state as parameters of an address."""
        state = msgspec.structs.replace(self, **changes)
        own: list[tuple[str, str]] = [("tab", state.tab)] if state.tab != "trends" else []
        own += [("show", word) for word in state.show]
        own += [("each", state.each)] if state.each != "unit" else []
        own += [("start", state.start)] if state.start != _ANY else []
        own += [("back", state.back)] if state.back != _ANY else []
        own += [("kind", state.kind)] if state.kind is not RetentionKind.N_DAY else []
        return own + super().pairs(**changes)

    def without_thing(self, word: str) -> str:
        """The address without one of the things."""
        return self.url(show=tuple(shown for shown in self.show if shown != word))

    def retention(self, title: str = "") -> Metric:
        """The definition of the grid: of those who first did ``start``, the share that did ``back`` later."""
        returned, began = _selection(self.back), _selection(self.start)
        said = f"Retention of {_said(self.start)}" + (f" by {_said(self.back)}" if self.back != self.start else "")
        called = title or said
        return retention_of(metric_name(called), called, began, returned, self.kind, self.grain)


def _selection(event: str) -> Selection:
    return Selection(() if event == _ANY else (event,))


def _said(event: str) -> str:
    return "any event" if event == _ANY else event


def read_question(page: Page) -> Question:
    """The state that the address names; where it names nothing to show, the first metric is.

    Raises:
        InvalidInput: A value is not one of those allowed.
        NotFound: No tab of that name.
    """
    tab = page.parameter("tab", "trends")
    if tab not in TABS:
        raise NotFound("tab", tab, TABS)
    each, kind = page.parameter("each", "unit"), page.parameter("kind", RetentionKind.N_DAY)
    if each not in ("unit", "event"):
        raise InvalidInput(f"{each!r} has no values.", hint="Use each=unit or each=event.")
    if kind not in set(KINDS):
        raise InvalidInput(f"{kind!r} is no kind of retention here.", hint=f"Use one of {', '.join(KINDS)}.")
    view = page.view(_PRESETS.get(tab, "30d"))
    words = tuple(dict.fromkeys(word for word in page.parameters.get("show", ()) if word))
    if len(words) > _MOST_THINGS:
        raise InvalidInput(f"{len(words)} things are more than a chart can show.", hint=f"Show {_MOST_THINGS} at most.")
    state = {name: getattr(view, name) for name in View.__struct_fields__}
    question = Question(
        **state,
        tab=tab,
        show=words,
        each=cast("Literal['unit', 'event']", each),
        start=page.parameter("start", _ANY).strip() or _ANY,
        back=page.parameter("back", _ANY).strip() or _ANY,
        kind=RetentionKind(kind),
    )
    _ = question.things  # what is no thing is told now
    return question if words or tab == "retention" else msgspec.structs.replace(question, show=(_first(page),))


def _first(page: Page) -> str:
    metrics = offered_metrics(page)
    return Thing("metric", metrics[0].name).word if metrics else Thing("events", _ANY).word


def changed(page: Page, question: Question) -> Question | None:
    """The state that one of the page's forms asks for; None where none was sent.

    Raises:
        InvalidInput: What was typed means nothing.
    """
    if filtered := added(page, question):
        return cast("Question", filtered)
    what = page.parameter("add_event").strip()
    if not what:
        return None
    measure, value = page.parameter("add_measure"), page.parameter("add_number").strip()
    word = named_thing(what, measure, value, page.metrics).word
    replaced = page.parameter("replace")
    shown = [word if old == replaced else old for old in question.show]
    show = tuple(dict.fromkeys(shown if replaced in question.show else [*shown, word]))
    return msgspec.structs.replace(question, show=show)
