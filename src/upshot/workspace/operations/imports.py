"""Imports of files: look, start, watch; what was interrupted goes on."""

import logging
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from upshot.answers.facts import refresh_facts
from upshot.api.imports import (
    IMPORT_LIST,
    IMPORT_PREVIEW,
    IMPORT_RESUME,
    IMPORT_START,
    IMPORT_STATUS,
    ImportColumn,
    ImportId,
    ImportList,
    ImportMapping,
    ImportPreview,
    ImportRequest,
    ImportStatus,
)
from upshot.api.operation import Principal
from upshot.api.state import Nothing
from upshot.core.errors import InternalError, InvalidInput, NotFound, UserError
from upshot.core.problems import Problem
from upshot.core.units import counted
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upshot.collect.imports.mapping import Mapping, Status
    from upshot.collect.imports.plan import Plan
    from upshot.collect.imports.run import ImportRun, Trial
    from upshot.engines.bulk import BulkLoader, ImportRecord

__all__ = ["BINDINGS", "list_imports", "preview", "resume", "start", "status"]

_REJECTS = "rejects"
_log = logging.getLogger(__name__)


class _Begun(msgspec.Struct, frozen=True):
    """What an import's own note of its progress says about its files: path and fingerprint."""

    files: tuple[tuple[str, str], ...]


def preview(resources: Resources, principal: Principal, request: ImportRequest) -> ImportPreview:
    """What the import would do."""
    del principal
    from upshot.collect.imports.run import Trial, try_rows

    with _loader(resources) as loader:
        plan = _plan(resources, loader, request)
        tried = Trial(0, 0, ()) if plan.preview.errors or not request.dry_run else try_rows(plan, loader)
    found = plan.preview
    return ImportPreview(
        mapping=msgspec.convert(msgspec.to_builtins(found.mapping), ImportMapping),
        guessed=found.guessed,
        columns=tuple(ImportColumn(c.name, c.type, c.role, c.examples) for c in found.columns),
        problems=(
            *(Problem(p.message, p.where, suggestions=p.suggestions, level=p.level) for p in found.problems),
            *_told(tried),
        ),
        files=found.files,
        tried_rows=tried.rows,
        rejected_rows=tried.rejected,
    )


def _told(tried: "Trial") -> "Iterator[Problem]":
    if tried.rejected:
        reasons = "; ".join(
            f"{count:,} because {reason} (first in line {line})" for reason, count, line in tried.reasons
        )
        message = f"Of the first {counted(tried.rows, 'row')} {tried.rejected:,} would be rejected: {reasons}."
        yield Problem(message, level="warning")


def start(resources: Resources, principal: Principal, request: ImportRequest) -> ImportId:
    """Begin, or go on with, an import; it runs after this has been answered.

    The same files with the same mapping are the same import while it is not over.
    """
    del principal
    if request.dry_run:
        raise InvalidInput("A dry run starts nothing.", hint="Ask for import.preview instead.")
    with resources.imports.beginning:
        return _start(resources, request)


def _start(resources: Resources, request: ImportRequest) -> ImportId:
    from upshot.collect.imports.run import resume_import, start_import

    loader = _open_loader(resources)
    try:
        plan = _plan(resources, loader, request)
        begun = _begun(loader, plan)
        if begun is not None and begun.import_id in resources.imports.running:
            loader.close()
            return ImportId(begun.import_id)
        run = (
            start_import(
                plan,
                loader,
                import_id=uuid.uuid4().hex,
                started_at=resources.clock().replace(tzinfo=None),
                rejects_folder=resources.folder / _REJECTS,
            )
            if begun is None
            else resume_import(
                loader, begun.import_id, time_zone=resources.zone.key, rejects_folder=resources.folder / _REJECTS
            )
        )
    except BaseException:
        loader.close()
        raise
    resources.sources.note(run.status.mapping.source, "file")
    return ImportId(_begin(resources, loader, run))


def status(resources: Resources, principal: Principal, request: ImportId) -> ImportStatus:
    """Where an import stands."""
    del principal
    from upshot.collect.imports.run import status_of

    live = resources.imports.running.get(request.id)
    if live is not None:
        return _shown(live)
    with _loader(resources) as loader:
        record = loader.find(request.id)
    if record is None:
        raise NotFound("import", request.id)
    found = status_of(record)
    if found.state == "running":
        found = msgspec.structs.replace(
            found, state="interrupted", message="The import was interrupted.", hint="Start it again: it goes on."
        )
    return _shown(found)


def list_imports(resources: Resources, principal: Principal, request: Nothing) -> ImportList:
    """The imports that run, oldest first; told from memory, so that every page may ask."""
    del principal, request
    return ImportList(tuple(_shown(found) for found in list(resources.imports.running.values())))


def resume(resources: Resources, principal: Principal, request: Nothing) -> ImportList:
    """Go on with what was interrupted; what cannot go on (a file has changed, say) is told in the log."""
    del principal, request
    with resources.imports.beginning:
        return ImportList(tuple(_resumed(resources)))


def _resumed(resources: Resources) -> "Iterator[ImportStatus]":
    from upshot.collect.imports.run import resume_import

    with _loader(resources) as looking:
        waiting = [record.import_id for record in looking.unfinished()]
    for import_id in waiting:
        if import_id in resources.imports.running:
            continue
        loader = _open_loader(resources)
        try:
            run = resume_import(
                loader, import_id, time_zone=resources.zone.key, rejects_folder=resources.folder / _REJECTS
            )
        except UserError as error:
            loader.close()
            _log.warning("The import %s cannot go on: %s", import_id, error)
            continue
        begun = run.status
        _begin(resources, loader, run)
        yield _shown(begun)


def _begin(resources: Resources, loader: "BulkLoader", run: "ImportRun") -> str:
    import_id = run.status.id
    resources.imports.running[import_id] = run.status

    def tell(now: "Status") -> None:
        # it is over when the facts are fresh, so that who waits for the import gets fast answers
        resources.imports.running[import_id] = msgspec.structs.replace(now, state="running")

    def work() -> None:
        try:
            if run.run(tell, resources.imports.background.stopping.is_set).state == "done":
                refresh_facts(resources.answering)
        finally:
            loader.close()
            del resources.imports.running[import_id]

    resources.imports.background.start(work)
    return import_id


def _plan(resources: Resources, loader: "BulkLoader", request: ImportRequest) -> "Plan":
    from upshot.collect.imports.plan import make_plan

    return make_plan(request.paths, _mapping(request.mapping), loader, resources.zone.key)


def _mapping(asked: ImportMapping) -> "Mapping":
    from upshot.collect.imports.mapping import Mapping

    return msgspec.convert(msgspec.to_builtins(asked), Mapping)


def _shown(found: "Status") -> ImportStatus:
    return msgspec.convert(msgspec.to_builtins(found), ImportStatus)


def _begun(loader: "BulkLoader", plan: "Plan") -> "ImportRecord | None":
    """The unfinished import of the same files with the same mapping."""
    mapping = msgspec.json.encode(plan.preview.mapping).decode()
    files = tuple((str(each.file.path), each.file.fingerprint) for each in plan.files)
    for record in loader.unfinished():
        if record.mapping == mapping and msgspec.json.decode(record.progress, type=_Begun).files == files:
            return record
    return None


@contextmanager
def _loader(resources: Resources) -> "Iterator[BulkLoader]":
    loader = _open_loader(resources)
    try:
        yield loader
    finally:
        loader.close()


def _open_loader(resources: Resources) -> "BulkLoader":
    from upshot.engines.duckdb import DuckDBStore
    from upshot.engines.duckdb.bulk import DuckDBBulkLoader

    if not isinstance(resources.store, DuckDBStore):
        raise InternalError("This store cannot load files.")
    return DuckDBBulkLoader(resources.store, resources.clock().replace(tzinfo=None))


BINDINGS = (
    Binding(IMPORT_PREVIEW, preview),
    Binding(IMPORT_START, start),
    Binding(IMPORT_STATUS, status),
    Binding(IMPORT_LIST, list_imports),
    Binding(IMPORT_RESUME, resume),
)
