"""What every page has: who asks, the workspace as they may use it, and the frame that it is drawn in."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import jinja2
import msgspec
from jinja2.ext import Extension
from litestar import MediaType, Request, Response
from litestar.datastructures import State
from markupsafe import Markup, escape

from upshot.api.dashboards import DASHBOARD_LIST, DashboardView
from upshot.api.imports import IMPORT_LIST, ImportStatus
from upshot.api.metrics import METRIC_LIST, MetricView
from upshot.api.objectives import OBJECTIVE_LIST
from upshot.api.operation import Caller, Operation, Permission, Principal, who
from upshot.api.outputs import LAUNCH_LIST
from upshot.api.segments import SEGMENT_LIST, SegmentView
from upshot.api.state import WORKSPACE_INFO, Nothing, WorkspaceInfo
from upshot.catalog.kinds.expectation import parse_expectation
from upshot.charts import DARK, LIGHT, Palette, instant_label
from upshot.core.errors import InternalError
from upshot.core.time import zone
from upshot.core.units import counted, format_bytes, one_or_many
from upshot.web.area import Place
from upshot.web.assets import entry, static_url
from upshot.web.filters.chips import COMPARISONS, chips_of
from upshot.web.notices import told
from upshot.web.served import ServedWorkspace
from upshot.web.texts import Texts, speak, translate
from upshot.web.window import PRESETS, DataDays, Usual, View, read_view

if TYPE_CHECKING:
    from upshot.web.answers import Answers

__all__ = ["Page", "PageRequest", "environment", "fragment", "provide_page", "render"]

Request_ = TypeVar("Request_", bound=msgspec.Struct)
Response_ = TypeVar("Response_", bound=msgspec.Struct)
PageRequest: TypeAlias = Request[Principal | None, None, State]
_THEMES = ("light", "dark")
_TYPED = re.compile(r"`([^`]+)`")


def environment(*extensions: type[Extension]) -> jinja2.Environment:
    """What pages are written with."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=extensions,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"presets": PRESETS, "comparisons": COMPARISONS, "chips_of": chips_of, "_": translate}
    made.filters["bytes"] = format_bytes
    made.filters["count"] = lambda number: f"{number:,}"
    made.filters["counted"] = counted
    made.filters["who"] = who
    made.filters["one_or_many"] = one_or_many
    made.filters["with_commands"] = with_commands
    made.filters["named"] = lambda url, name: f"{url}{'&' if '?' in url else '?'}metric={quote(name)}" if name else url
    return made


def with_commands(sentence: str) -> Markup:
    """A sentence for a page: what stands between backticks is a command or a name that is typed.

    >>> with_commands("Run `upshot apply`, if a < b.")
    Markup('Run <code>upshot apply</code>, if a &lt; b.')
    """
    return Markup(_TYPED.sub(r"<code>\1</code>", str(escape(sentence))))  # noqa: S704  # escaped before


_TEMPLATES = environment(Texts)


@dataclass
class Page:
    """One request for a page, answered in a thread.

    Attributes:
        request: The request.
        workspace: What is served.
        principal: Who asks; None on pages that ask nobody.
        clock: The present instant in a zone.
    """

    request: PageRequest
    workspace: ServedWorkspace
    principal: Principal | None
    clock: Callable[[ZoneInfo], datetime] = field(default=datetime.now)
    _titles: dict[str, dict[str, str]] = field(default_factory=dict)

    @cached_property
    def caller(self) -> Caller:
        """The workspace as this principal may use it."""
        if self.principal is None:
            raise AssertionError("the guard lets nobody through who is unknown")
        return self.workspace.acting_as(self.principal)

    @cached_property
    def revision(self) -> int:
        """What the page shows at least; read before anything else is, and after facts were rebuilt for it."""
        self.workspace.refresh_facts_when_due()
        return self.workspace.revision

    @cached_property
    def info(self) -> WorkspaceInfo:
        """The workspace."""
        _ = self.revision
        return self.caller.call(WORKSPACE_INFO, Nothing())

    @property
    def places(self) -> tuple[Place, ...]:
        """Pages that people look for by name, in the order of the navigation."""
        places: tuple[Place, ...] = self.request.app.state.places
        return places

    @cached_property
    def metrics(self) -> tuple[MetricView, ...]:
        """Every metric, in the order of definition."""
        return self.caller.call(METRIC_LIST, Nothing()).metrics

    @cached_property
    def segments(self) -> tuple[SegmentView, ...]:
        """Every segment, in the order of declaration."""
        return self.caller.call(SEGMENT_LIST, Nothing()).segments

    @cached_property
    def dashboards(self) -> tuple[DashboardView, ...]:
        """Every dashboard, in the order in which they were first made."""
        return self.caller.call(DASHBOARD_LIST, Nothing()).dashboards

    @cached_property
    def imports(self) -> tuple[ImportStatus, ...]:
        """The imports that run."""
        return self.caller.call(IMPORT_LIST, Nothing()).imports

    def ask(
        self, operation: Operation[Request_, Response_], request: Request_, *, minute_old: bool = False
    ) -> Response_:
        """An answer, from those kept if the same was asked of the same data before.

        Only for operations that read and whose answer follows from events, declarations, verdicts and the day. With
        ``minute_old`` it may miss what came in within the minute, for what lies far enough back.
        """
        if operation.permission is not Permission.READ or operation.changes:
            raise InternalError(f"{operation.name} changes something, and must be called.")
        data = f"{self.clock(self.zone):%H:%M}" if minute_old else (self.revision, self.info.dirty_days)
        declared = (self.info.declared, self.metrics, self.segments)
        key = (operation.name, request, data, self.today, self.info.first_event_at, *declared)
        answers: Answers = self.request.app.state.answers
        return answers.get(key, operation.response, lambda: self.caller.call(operation, request))

    @cached_property
    def zone(self) -> ZoneInfo:
        """In which days are counted."""
        return zone(self.info.time_zone)

    @cached_property
    def today(self) -> date:
        """The present day in the workspace's zone."""
        return self.clock(self.zone).date()

    @cached_property
    def days(self) -> DataDays:
        """Which days there are events of."""
        return DataDays(self.today, self._local_day(self.info.first_event_at), self._local_day(self.info.last_event_at))

    def _local_day(self, instant: datetime | None) -> date | None:
        if instant is None:
            return None
        aware = instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo("UTC"))
        return aware.astimezone(self.zone).date()

    def when(self, instant: datetime) -> str:
        """An instant in words, in the workspace's zone."""
        return instant_label(instant, self.zone, self.today)

    @cached_property
    def parameters(self) -> dict[str, list[str]]:
        """Every value of each name in the query."""
        return {name: self.request.query_params.getall(name) for name in self.request.query_params}

    def parameter(self, name: str, default: str = "") -> str:
        """The last value of one name."""
        return self.parameters.get(name, [default])[-1]

    @property
    def palette(self) -> Palette:
        """The colours of pictures: the light ones unless the address asks for the theme "dark"."""
        return DARK if self.parameter("theme") == "dark" else LIGHT

    def told(self, name: str) -> str:
        """What the change that led here told this page under ``name``; empty for nothing."""
        return told(self.request, name)

    def view(self, usual: str | Usual, path: str = "") -> View:
        """The state that the address names, of the page at ``path`` or of this one."""
        return read_view(path or self.request.url.path, self.parameters, self.days, usual)

    def expected(self, line: str) -> str:
        """What an output is expected to do, for a reader; ``line`` is as its authors wrote it."""
        expectation = parse_expectation(line)
        return expectation.words(self.title_of("metric", expectation.metric))

    def title_of(self, kind: Literal["metric", "objective", "launch"], name: str) -> str:
        """The title of what is declared under ``name``; the name where it has none, or is not there any more."""
        if kind not in self._titles:
            self._titles[kind] = self._titles_of(kind)
        return self._titles[kind].get(name) or name

    def _titles_of(self, kind: Literal["metric", "objective", "launch"]) -> dict[str, str]:
        match kind:
            case "metric":
                return {metric.name: metric.title for metric in self.metrics}
            case "objective":
                return {each.name: each.title for each in self.ask(OBJECTIVE_LIST, Nothing()).objectives}
            case "launch":
                found = self.ask(LAUNCH_LIST, Nothing()).launches
                return {launch.name: launch.title or " and ".join(launch.output_titles) for launch in found}

    def may(self, permission: Permission) -> bool:
        """Whether the principal holds it."""
        return self.principal is not None and permission in self.principal.role.permissions

    # a template's variables are of any type
    def show(self, template: str, *, area: str, status: int = 200, **variables: Any) -> Response[str]:
        """The template in the frame, as a response; ``area`` is what the navigation marks."""
        query = self.request.url.query
        frame = {
            "page": self,
            "area": area,
            "here": self.request.url.path + (f"?{query}" if query else ""),
            "info": self.info,
            "signed_in": not self.workspace.is_open,
        }
        return render(self.request, template, status=status, **frame, **variables)


# a template's variables are of any type
def fragment(template: str, **variables: Any) -> Markup:
    """A template as a part of a page, without the frame."""
    return Markup(_TEMPLATES.get_template(template).render(**variables))  # noqa: S704  # templates escape what they show


# a template's variables are of any type
def render(request: PageRequest, template: str, *, status: int = 200, **variables: Any) -> Response[str]:
    """A template as a response; theme and language are what the browser's cookies say."""
    theme = request.cookies.get("upshot_theme", "")
    spoken = speak(request.cookies.get("upshot_language", "en"))
    html = _TEMPLATES.get_template(template).render(
        assets=entry(),
        mark=static_url("src/mark.svg"),
        spoken=spoken,
        theme=theme if theme in _THEMES else "",
        **variables,
    )
    return Response(html, media_type=MediaType.HTML, status_code=status, headers={"Cache-Control": "no-store"})


def provide_page(request: PageRequest) -> Page:
    """The dependency ``page`` of every page's handler."""
    state = request.app.state
    return Page(request, state.workspace, request.state.principal, state.clock)
