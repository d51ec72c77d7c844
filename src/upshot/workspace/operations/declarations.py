"""What people declare: from YAML files and as YAML, one at a time by hand, its versions."""

from collections.abc import Iterable
from typing import Any

import msgspec

from upshot.api.declarations import (
    DECLARATION_HISTORY,
    DECLARATION_LIST,
    DECLARATION_PUT,
    DECLARATION_REMOVE,
    DECLARATION_RESTORE,
    DECLARATIONS_APPLY,
    DECLARATIONS_EXPORT,
    DeclarationExport,
    DeclarationKind,
    DeclarationPut,
    DeclarationRef,
    DeclarationsApplied,
    DeclarationsApply,
    DeclarationText,
    DeclarationView,
    DeclarationViews,
)
from upshot.api.operation import Principal
from upshot.catalog.declarations import Declared
from upshot.catalog.kinds import KINDS, Declaration
from upshot.catalog.yaml.read import METRIC, Written, read_files, read_one
from upshot.catalog.yaml.write import text_of, write_file
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.problems import Problem
from upshot.metrics.definition import Metric
from upshot.metrics.library import library
from upshot.metrics.library_web import web_library
from upshot.workspace.binding import Binding
from upshot.workspace.operations.declaring import Current, Submission, carry_out, current, refuse_managed, weigh
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "apply", "export", "history", "list_declarations", "put", "remove", "restore"]

_HAND = "by hand"


def apply(resources: Resources, principal: Principal, request: DeclarationsApply) -> DeclarationsApplied:
    """Add, change and, where asked, remove what the files say, all of it or, where something is wrong, nothing."""
    known = [metric for metric, _ in resources.metrics.all().values()]
    written = read_files([(file.path, file.text) for file in request.files], resources.zone, known)
    there = current(resources)
    leftover = _leftover(written, there)
    removes = tuple((found.value.KIND, found.value.name) for found in leftover) if request.prune else ()
    read = {(v.KIND, v.name) for v in written.declarations} | {(METRIC, metric.name) for metric, _ in written.metrics}
    unread = frozenset(written.places.keys() - read)
    submission = Submission(written.declarations, "code", "", written.metrics, removes, written.places, unread=unread)
    weighed = weigh(resources, submission, there)
    problems = (
        *written.problems,
        *weighed.problems,
        *(() if request.prune else _left(request, leftover)),
    )
    order = {file.path: place for place, file in enumerate(request.files)}
    in_order = sorted(problems, key=lambda p: (order.get(p.where, len(order)), p.line))
    answer = DeclarationsApplied(weighed.changes, tuple(in_order))
    if not answer.refused and not request.dry_run:
        carry_out(resources, weighed, by=principal.name)
    return answer


def export(resources: Resources, principal: Principal, request: DeclarationExport) -> DeclarationText:
    """Declarations as YAML; of the metrics those that not every workspace has.

    Raises:
        NotFound: There is no such kind, or nothing of a name that was asked for.
    """
    del principal
    for kind in request.kinds:
        if kind not in (METRIC, *KINDS):
            raise NotFound("kind", kind, (METRIC, *KINDS))
    wanted = request.kinds or (METRIC, *KINDS)
    metrics = tuple(_own_metrics(resources, request.names)) if METRIC in wanted else ()
    found = [
        declared.value
        for kind in KINDS.values()
        if kind.KIND in wanted
        for declared in resources.catalog.declarations.current(kind).values()
        if not request.names or declared.value.name in request.names
    ]
    there = {value.name for value in found} | {metric.name for metric in metrics}
    for name in request.names:
        if name not in there:
            raise NotFound("declaration", name, hint="`upshot export` without names writes all of them.")
    return DeclarationText(write_file(found, metrics))


def list_declarations(resources: Resources, principal: Principal, request: DeclarationKind) -> DeclarationViews:
    """All of one kind, in the order of declaration."""
    del principal
    found = resources.catalog.declarations.current(_kind(request.kind))
    return DeclarationViews(tuple(_view(declared) for declared in found.values()))


def history(resources: Resources, principal: Principal, request: DeclarationRef) -> DeclarationViews:
    """Every version of one, oldest first.

    Raises:
        NotFound: There never was one of that name.
    """
    del principal
    kind = _kind(request.kind)
    found = resources.catalog.declarations.history(kind, request.name)
    if not found:
        raise NotFound(request.kind, request.name, resources.catalog.declarations.current(kind))
    return DeclarationViews(tuple(_view(declared) for declared in found))


def put(resources: Resources, principal: Principal, request: DeclarationPut) -> DeclarationsApplied:
    """Add or change one by hand.

    Raises:
        NotAllowed: It is managed from code.
        InvalidInput: The body is no JSON, or somebody else changed it meanwhile.
    """
    kind = _kind(request.kind)
    value, problems = read_one(kind, _json(request.body), resources.zone)
    if value is None:
        return DeclarationsApplied((), tuple(Problem(p.message, p.where, 0, p.suggestions) for p in problems))
    there = current(resources)
    old = there[kind.KIND].get(value.name)
    if old is not None:
        refuse_managed(old)
    submission = Submission((value,), "hand", _HAND, after={(kind.KIND, value.name): request.after})
    return _made(resources, principal, submission, there)


def remove(resources: Resources, principal: Principal, request: DeclarationRef) -> DeclarationsApplied:
    """Take one away; ``restore`` brings it back.

    Raises:
        NotFound: It is not there.
        NotAllowed: It is managed from code.
        InvalidInput: Somebody else changed it meanwhile.
    """
    kind = _kind(request.kind)
    old = resources.catalog.declarations.get(kind, request.name)
    refuse_managed(old)
    key = (kind.KIND, request.name)
    submission = Submission((), old.managed, _HAND, removes=(key,), after={key: request.after})
    return _made(resources, principal, submission, current(resources))


def restore(resources: Resources, principal: Principal, request: DeclarationRef) -> DeclarationsApplied:
    """Undo the last change of one: what was in force before it is so again.

    Raises:
        NotFound: There never was one of that name.
        NotAllowed: It is managed from code.
        InvalidInput: There is nothing before its only version, or somebody else changed it meanwhile.
    """
    kind = _kind(request.kind)
    wanted, after = resources.catalog.declarations.before_last(kind, request.name)
    there = current(resources)
    old = there[kind.KIND].get(request.name)
    if old is not None:
        refuse_managed(old)
    if request.after is not None and request.after != after:
        raise InvalidInput(
            f"The {kind.KIND} {request.name!r} was changed meanwhile.", hint="Look at it as it is now, then undo it."
        )
    submission = Submission((wanted.value,), wanted.managed, wanted.source, after={(kind.KIND, request.name): after})
    return _made(resources, principal, submission, there)


def _made(resources: Resources, principal: Principal, submission: Submission, there: Current) -> DeclarationsApplied:
    weighed = weigh(resources, submission, there)
    if not weighed.refused:
        carry_out(resources, weighed, by=principal.name)
    return weighed.answer


def _kind(name: str) -> type[Declaration]:
    if name not in KINDS:
        raise NotFound("kind", name, KINDS, hint=f"Kinds are {', '.join(KINDS)}.")
    return KINDS[name]


def _json(body: msgspec.Raw) -> Any:  # Any: it is looked at field by field
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"The body is no JSON: {error}.", hint="Send the declaration's fields.") from None


def _view(found: Declared[Declaration]) -> DeclarationView:
    return DeclarationView(
        kind=found.value.KIND,
        name=found.value.name,
        version=found.version,
        hash=found.hash,
        removed=found.removed,
        managed=found.managed,
        source=found.source,
        created_at=found.created_at,
        created_by=found.created_by,
        yaml=text_of(found.value),
        body=msgspec.Raw(msgspec.json.encode(found.value)),
    )


def _own_metrics(resources: Resources, names: tuple[str, ...]) -> Iterable[Metric]:
    ready_made = {metric.name: metric for metric in (*library(), *web_library())}
    for name, (metric, _) in resources.metrics.all().items():
        if name in names or (not names and ready_made.get(name) != metric):
            yield metric


def _leftover(written: Written, there: Current) -> list[Declared[Declaration]]:
    """What came from code before and is in none of the files."""
    return [
        found
        for values in there.values()
        for found in values.values()
        if found.managed == "code" and (found.value.KIND, found.value.name) not in written.places
    ]


def _left(request: DeclarationsApply, leftover: Iterable[Declared[Declaration]]) -> Iterable[Problem]:
    """A word on what was taken out of a file that is applied now."""
    paths = {file.path for file in request.files}
    for found in leftover:
        if found.source in paths:
            message = (
                f"The {found.value.KIND} {found.value.name!r} is no longer there, and stays in force: prune removes it."
            )
            yield Problem(message, found.source, level="warning")


BINDINGS = (
    Binding(DECLARATIONS_APPLY, apply),
    Binding(DECLARATIONS_EXPORT, export),
    Binding(DECLARATION_LIST, list_declarations),
    Binding(DECLARATION_HISTORY, history),
    Binding(DECLARATION_PUT, put),
    Binding(DECLARATION_REMOVE, remove),
    Binding(DECLARATION_RESTORE, restore),
)
