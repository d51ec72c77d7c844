"""What was shipped: listed, recorded from elsewhere, and said by a deploy script."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from upshot.answers.launch_book import LaunchBook
from upshot.api.declarations import DeclarationsApplied
from upshot.api.operation import Principal
from upshot.api.outputs import (
    LAUNCH_LIST,
    OUTPUT_LIST,
    OUTPUT_SHOW,
    OUTPUTS_RECORD,
    SHIP,
    AnnotationView,
    LaunchList,
    OutputList,
    OutputName,
    OutputsRecord,
    OutputView,
    Ship,
)
from upshot.api.state import Nothing
from upshot.catalog.kinds import (
    Annotation,
    Cost,
    Declaration,
    Launch,
    Output,
    OutputKind,
    RampStep,
)
from upshot.catalog.kinds.declaration import with_article
from upshot.catalog.yaml.read import Key
from upshot.core.errors import InvalidInput
from upshot.core.ids import folded_title, slug
from upshot.core.problems import Problem
from upshot.core.suggest import nearest
from upshot.core.time import check_century
from upshot.core.units import counted, one_or_many
from upshot.workspace.binding import Binding
from upshot.workspace.operations.declaring import Current, Submission, carry_out, current, refuse_managed, weigh
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "list_launches", "list_outputs", "record", "ship", "show"]

D = TypeVar("D", bound=Declaration)
_SHIPPED = "shipped"
_MOST_WARNINGS = 20


def list_outputs(resources: Resources, principal: Principal, request: Nothing) -> OutputList:
    """All outputs, in the order of declaration."""
    del principal, request
    book = LaunchBook.of(resources.answering)
    currency = resources.loaded.settings.workspace.currency
    return OutputList(tuple(book.output_view(name) for name in book.outputs), currency)


def show(resources: Resources, principal: Principal, request: OutputName) -> OutputView:
    """One output.

    Raises:
        NotFound: There is none of that name.
    """
    del principal
    return LaunchBook.of(resources.answering).output_view(request.name)


def list_launches(resources: Resources, principal: Principal, request: Nothing) -> LaunchList:
    """Launches and annotations, oldest first."""
    del principal, request
    book = LaunchBook.of(resources.answering)
    launches = sorted((book.launch_view(name) for name in book.launches), key=lambda view: (view.at, view.name))
    annotations = sorted(
        (_annotation_view(found.value) for found in book.annotations.values()), key=lambda view: view.first_day
    )
    return LaunchList(tuple(launches), tuple(annotations))


def ship(resources: Resources, principal: Principal, request: Ship) -> DeclarationsApplied:
    """Make the output where there is none of that name, and its launch. The same again changes nothing.

    Raises:
        NotAllowed: The output is managed from code, and the request would change it.
        InvalidInput: A name or a share is none.
    """
    if not request.title.strip():
        raise InvalidInput("What is shipped has no title.", hint='Say what it is, as in upshot ship "saved songs".')
    at = _instant(resources, request.at)
    there = current(resources)
    _refuse_another(resources, request)
    output = _shipped(request, there)
    launch = _launched(resources, request, output, at, there)
    puts: list[Declaration] = []
    for value in (output, launch):
        old = there[value.KIND].get(value.name)
        if old is None or old.value != value:
            puts.append(value)
            if old is not None:
                refuse_managed(old)
    weighed = weigh(resources, Submission(tuple(puts), "hand", _SHIPPED), there)
    if not weighed.refused:
        carry_out(resources, weighed, by=principal.name)
    return weighed.answer


def record(resources: Resources, principal: Principal, request: OutputsRecord) -> DeclarationsApplied:
    """Keep what was read elsewhere. What is there and was changed or removed by people since stays as it is."""
    if not request.source.strip():
        raise InvalidInput("The source of the outputs is empty.", hint="Name where they come from.")
    there = current(resources)
    whole: tuple[Declaration, ...] = (*request.outputs, *request.launches, *request.annotations)
    fresh, kept = _not_ours(resources, whole, there, request.source)
    known = _known(there, fresh)
    puts, dropped = _without_unknown(resources, fresh, known)
    removes, gone = _no_longer_given(request, whole, there)
    weighed = weigh(resources, Submission(tuple(puts), "import", request.source, removes=removes), there)
    problems = (*_few(kept), *_few(dropped), *_few(gone), *_few(p for p in weighed.problems if p.level == "warning"))
    errors = tuple(problem for problem in weighed.problems if problem.level == "error")
    if not errors and not request.dry_run:
        carry_out(resources, weighed, by=principal.name)
    return DeclarationsApplied(weighed.changes, (*errors, *problems))


def _instant(resources: Resources, at: datetime | None) -> datetime:
    """``at``, now where it is none; a clock without offset is the workspace's."""
    if at is None:
        # what is expected is sealed in a moment, before the launch
        return (resources.clock() + timedelta(seconds=2)).replace(microsecond=0)
    try:
        check_century("at", at)
    except ValueError as error:
        raise InvalidInput(f"{error}.", hint="Write the day and time as 2026-03-31T09:30.") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=resources.zone)


def _refuse_another(resources: Resources, request: Ship) -> None:
    """Let through what is new, and what is shipped again.

    Raises:
        InvalidInput: The name made from the title belongs to an output that never had this title.
    """
    name = request.name or slug(request.title)
    versions = resources.catalog.declarations.history(Output, name) if not request.name else ()
    if not versions or versions[-1].removed:
        return
    titles = {version.value.title or name for version in versions}
    if folded_title(request.title) not in {folded_title(title) for title in (*titles, name)}:
        raise InvalidInput(
            f"{name!r} is the name of {versions[-1].value.title!r} already, and not of {request.title!r}.",
            hint=f"Give it a name of its own, such as --output {name}-2, or --output {name} where it is the same.",
        )


def _shipped(request: Ship, there: Current) -> Output:
    """The output as it is, with what the request says; new where there is none of its name."""
    name = request.name or slug(request.title)
    old = _value(there, Output, name)
    try:
        cost = None if request.cost_days is None else Cost(days=request.cost_days, how="said when it was shipped")
        if old is None:
            return Output(
                name=name,
                title=request.title,
                kind=OutputKind(request.kind),
                objective=request.objective,
                team=request.team,
                cost=cost,
                expects=request.expects,
                usage=request.usage,
                refs=request.refs,
                link=request.link,
            )
        said = {field: getattr(request, field) for field in ("objective", "team", "expects", "usage", "refs", "link")}
        given = {field: value for field, value in said.items() if value}
        return msgspec.structs.replace(old, **given, **({} if cost is None else {"cost": cost}))
    except ValueError as error:
        raise InvalidInput(
            f"It cannot be shipped so: {str(error).removesuffix('.')}.", hint="Nothing was changed."
        ) from None


def _launched(resources: Resources, request: Ship, output: Output, at: datetime, there: Current) -> Launch:
    """The launch, which has the output's name, or the day too where that is taken by an earlier one."""
    if not 0 < request.share <= 1:
        raise InvalidInput(
            f"{request.share:g} of the users cannot have it.", hint="Say a share above 0, up to 1: 0.25 is 25%."
        )
    day = at.astimezone(resources.zone).date()
    number, name = 1, output.name
    while (other := _value(there, Launch, name)) is not None:
        if other.at == at and output.name in other.outputs:
            return other
        name = f"{output.name}-{day}" if number == 1 else f"{output.name}-{day}-{number}"
        number += 1
    ramp = () if request.share == 1 else (RampStep(at=at, share=request.share),)
    return Launch(name=name, title=output.title, at=at, outputs=(output.name,), audience=request.audience, ramp=ramp)


def _value(there: Current, kind: type[D], name: str) -> D | None:
    found = there[kind.KIND].get(name)
    return found.value if found is not None and isinstance(found.value, kind) else None


def _not_ours(
    resources: Resources, values: Iterable[Declaration], there: Current, source: str
) -> tuple[list[Declaration], list[Problem]]:
    """What an import may change, and a word on what it may not."""
    gone = resources.catalog.declarations.removed
    removed = {kind.KIND: gone(kind, not_by=source) for kind in (Output, Launch, Annotation)}
    fresh: list[Declaration] = []
    kept: list[Problem] = []
    for value in values:
        old = there[value.KIND].get(value.name)
        if old is None and value.name in removed[value.KIND]:
            kept.append(_warning(f"The {value.KIND} {value.name!r} was removed here, and stays so.", value.name))
        elif old is None or old.managed == "import":
            fresh.append(value)
        elif old.value != value:
            how = "from code" if old.managed == "code" else "by hand"
            kept.append(_warning(f"The {value.KIND} {value.name!r} is kept as it was changed {how}.", value.name))
    return fresh, kept


def _no_longer_given(
    request: OutputsRecord, given: Iterable[Declaration], there: Current
) -> tuple[tuple[Key, ...], list[Problem]]:
    """What came from the source before and does not any more: what of it is removed, and a word on the rest."""
    still = {(value.KIND, value.name) for value in given}
    past = [
        (kind.KIND, name)
        for kind in (Output, Launch, Annotation)
        for name, found in there[kind.KIND].items()
        if found.managed == "import" and found.source == request.source and (kind.KIND, name) not in still
    ]
    removes = {key for key in past if request.prune or key[1] in request.left_out}
    told = [
        _warning(
            f"The {kind} {name!r} came from {request.source} before and does not any more; prune (--prune) removes it.",
            name,
        )
        for kind, name in past
        if (kind, name) not in removes
    ]
    while held := _referred_to(removes, still, given, there):
        removes -= held.keys()
        told += [
            _warning(f"The {kind} {name!r} stays, as {by} refers to it.", name) for (kind, name), by in held.items()
        ]
    return tuple(key for key in past if key in removes), told


def _referred_to(removes: set[Key], still: set[Key], given: Iterable[Declaration], there: Current) -> dict[Key, str]:
    """Of what would be removed that to which something else refers, with what that is."""
    others = [each.value for values in there.values() for each in values.values()]
    stay = [value for value in others if (value.KIND, value.name) not in removes | still]
    return {
        (kind, name): f"the {value.KIND} {value.name!r}"
        for value in (*stay, *given)
        for _, kind, name in value.references()
        if (kind, name) in removes
    }


def _known(there: Current, fresh: Iterable[Declaration]) -> set[Key]:
    known = {(kind, name) for kind, values in there.items() for name in values}
    return known | {(value.KIND, value.name) for value in fresh}


def _without_unknown(
    resources: Resources, values: Iterable[Declaration], known: set[Key]
) -> tuple[list[Declaration], list[Problem]]:
    """The declarations less what they refer to and nobody declared: a history is not refused for a name in it."""
    metrics = resources.metrics.all()
    puts: list[Declaration] = []
    dropped: list[Problem] = []
    for value in values:
        kept = value
        for field, kind, name in value.references():
            if name in metrics if kind == "metric" else (kind, name) in known:
                continue
            kept = _less(kept, field, name)
            names = metrics if kind == "metric" else [other for of, other in known if of == kind]
            said = f"The {value.KIND} {value.name!r} names {with_article(kind)} that is not there: {name!r}."
            message = f"{said} It is left out; declare it and import again."
            dropped.append(Problem(message, value.name, 0, nearest(name, names), level="warning"))
        puts.append(kept)
    return puts, dropped


def _less(value: Declaration, field: str, name: str) -> Declaration:
    match value:
        case Output() if field == "expects":
            lines = tuple(e.text for e in value.expectations if e.metric != name)
            return msgspec.structs.replace(value, expects=lines)
        case Output():
            return msgspec.structs.replace(value, **{field: ""})
        case Launch():
            return msgspec.structs.replace(value, outputs=tuple(each for each in value.outputs if each != name))
        case Annotation():
            return msgspec.structs.replace(value, metrics=tuple(each for each in value.metrics if each != name))
        case _:
            return value


def _few(problems: Iterable[Problem]) -> list[Problem]:
    """The first of many warnings, and how many more there are."""
    whole = list(problems)
    more = len(whole) - _MOST_WARNINGS
    there_are = f"There {one_or_many(more, 'is', 'are')} {counted(more, 'more such warning')}."
    return whole[:_MOST_WARNINGS] + ([_warning(there_are, "")] if more > 0 else [])


def _warning(message: str, where: str) -> Problem:
    return Problem(message, where, level="warning")


def _annotation_view(value: Annotation) -> AnnotationView:
    return AnnotationView(
        name=value.name,
        title=value.title or value.name,
        description=value.description,
        kind=str(value.kind),
        first_day=value.first_day,
        last_day=value.last_day,
        metrics=value.metrics,
    )


BINDINGS = (
    Binding(OUTPUT_LIST, list_outputs),
    Binding(OUTPUT_SHOW, show),
    Binding(LAUNCH_LIST, list_launches),
    Binding(SHIP, ship),
    Binding(OUTPUTS_RECORD, record),
)
