"""An import from its first row to its last: read, look closely where something is wrong, commit, report, resume.

While the store commits one piece, the next one is read. What a commit keeps includes how far the import has come, so an
import that was killed goes on after the last piece that is durable; rows before it are read once more, but only to tell
equal rows apart as the first run did.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from upshot.collect.imports.mapping import Mapping, Status
from upshot.collect.imports.parts import Part, parts_of
from upshot.collect.imports.pieces import PIECE_BYTES
from upshot.collect.imports.plan import FilePlan, Plan, make_plan
from upshot.collect.imports.rejects import write_rejects
from upshot.collect.imports.staging import stage
from upshot.core.errors import InvalidInput, NotFound, StoreFull, UserError
from upshot.engines.bulk import ImportRecord, RejectedRow, Staged
from upshot.engines.values import EARLIEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from datetime import datetime

    from upshot.engines.bulk import BulkLoader

__all__ = ["ImportRun", "Trial", "resume_import", "start_import", "status_of", "try_rows"]

_PARQUET_ROWS = 245_760
"""Two of the engine's groups of rows."""

_ENOUGH_TO_GIVE_UP = 100
_TRIED_BYTES, _TRIED_ROWS = 4 << 20, 20_000
_SHOWN_REASONS = 3


class _Progress(msgspec.Struct, frozen=True):
    """How far an import has come: the file, and the line or row in it that comes next."""

    files: tuple[tuple[str, str], ...]
    piece_bytes: int
    piece_rows: int
    file: int = 0
    position: int = 0
    fraction: float = 0.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of the first rows of a file.

    Attributes:
        rows: How many were read.
        rejected: How many of them cannot become events.
        reasons: The most frequent reasons, each with how often it was met and the first line of it.
    """

    rows: int
    rejected: int
    reasons: tuple[tuple[str, int, int], ...]


def try_rows(plan: Plan, loader: BulkLoader) -> Trial:
    """Read the first rows of the first file that can be read as an import would, and keep nothing.

    Raises:
        InvalidInput: The file is damaged where its rows begin.
    """
    run = ImportRun(plan, loader, _nowhere(), Path())
    return run.try_rows() if plan.files else Trial(0, 0, ())


def _nowhere() -> ImportRecord:
    progress = msgspec.json.encode(_Progress((), _TRIED_BYTES, _TRIED_ROWS)).decode()
    return ImportRecord("", "running", "{}", progress, EARLIEST)


def status_of(record: ImportRecord) -> Status:
    """An import's record as people see it."""
    progress = msgspec.json.decode(record.progress, type=_Progress)
    return Status(
        id=record.import_id,
        state=record.state,
        rows=record.rows,
        stored=record.stored,
        duplicates=record.duplicates,
        rejected=record.rejected,
        fraction=1.0 if record.state == "done" else progress.fraction,
        total_rows=record.rows if record.state == "done" else record.total_rows,
        rejects_file=record.rejects_file,
        mapping=msgspec.json.decode(record.mapping, type=Mapping),
        message=record.message,
        hint=record.hint,
    )


def start_import(
    plan: Plan,
    loader: BulkLoader,
    *,
    import_id: str,
    started_at: datetime,
    rejects_folder: Path,
    piece_bytes: int = PIECE_BYTES,
    piece_rows: int = _PARQUET_ROWS,
) -> ImportRun:
    """Note that an import begins, durably, and make it ready to run.

    Args:
        plan: What to do; without errors.
        loader: The store's.
        import_id: A new id.
        started_at: Now, UTC without offset.
        rejects_folder: Where the rejects file goes, if there are rejects; it is made when needed.
        piece_bytes: How much text is committed at once.
        piece_rows: How many rows of a Parquet file are.

    Raises:
        InvalidInput: The plan has errors: the first of them.
        StoreFull: There is no room for the note.
    """
    if plan.preview.errors:
        first = plan.preview.errors[0]
        raise InvalidInput(f"{first.where}: {first.message}")
    files = tuple((str(each.file.path), each.file.fingerprint) for each in plan.files)
    totals = [each.total_rows for each in plan.files]
    known = [total for total in totals if total is not None]
    record = ImportRecord(
        import_id=import_id,
        state="running",
        mapping=msgspec.json.encode(plan.preview.mapping).decode(),
        progress=msgspec.json.encode(_Progress(files, piece_bytes, piece_rows)).decode(),
        started_at=started_at,
        total_rows=sum(known) if len(known) == len(totals) else None,
    )
    loader.save(record)
    return ImportRun(plan, loader, record, rejects_folder)


def resume_import(loader: BulkLoader, import_id: str, *, time_zone: str, rejects_folder: Path) -> ImportRun:
    """Make an import that was interrupted ready to go on where it was.

    Raises:
        NotFound: There is no such import.
        InvalidInput: It is over, or a file is not what it was; the import has failed then.
    """
    record = loader.find(import_id)
    if record is None:
        raise NotFound("import", import_id)
    if record.state in {"done", "failed"}:
        raise InvalidInput(f"The import {import_id} is {record.state}.", hint="Start a new one.")
    progress = msgspec.json.decode(record.progress, type=_Progress)
    mapping = msgspec.json.decode(record.mapping, type=Mapping)
    plan = make_plan([path for path, _ in progress.files], mapping, loader, time_zone)
    now = {str(each.file.path): each.file.fingerprint for each in plan.files}
    for path, fingerprint in progress.files:
        if now.get(path) != fingerprint:
            message = f"{path} is not what it was when the import began."
            hint = "Import it anew: rows that are stored already are recognised."
            loader.save(msgspec.structs.replace(record, state="failed", message=message, hint=hint))
            raise InvalidInput(message, hint=hint)
    record = msgspec.structs.replace(record, state="running", message="", hint="")
    loader.save(record)
    return ImportRun(plan, loader, record, rejects_folder)


class ImportRun:
    """One import; ``start_import`` and ``resume_import`` make it."""

    def __init__(self, plan: Plan, loader: BulkLoader, record: ImportRecord, rejects_folder: Path) -> None:
        self._plan = plan
        self._loader = loader
        self._record = record
        self._rejects_folder = rejects_folder
        self._progress = msgspec.json.decode(record.progress, type=_Progress)
        self._pending: tuple[Future[ImportRecord], Staged | None] | None = None
        self._tell: Callable[[Status], None] = lambda _: None
        self._reasons: Counter[str] = Counter()

    @property
    def status(self) -> Status:
        """Where it stands."""
        return status_of(self._record)

    def run(
        self, on_progress: Callable[[Status], None] | None = None, should_stop: Callable[[], bool] | None = None
    ) -> Status:
        """Import until the end, a failure or a wish to stop.

        Args:
            on_progress: Told after each commit, from this thread.
            should_stop: Asked before each piece.

        Returns:
            ``done``; ``failed`` with a message, when the files are at fault; ``interrupted`` when it can go on later:
            stopped, or no room on the disk.
        """
        self._tell = on_progress or self._tell
        state: Literal["done", "failed", "interrupted"]
        message = hint = ""
        try:
            state = "done" if self._import(should_stop or (lambda: False)) else "interrupted"
        except StoreFull as error:
            state, message, hint = "interrupted", error.message, error.hint
        except UserError as error:
            state, message, hint = "failed", error.message, error.hint
        return self._end(state, message, hint)

    def try_rows(self) -> Trial:
        """See ``try_rows``."""
        self._loader.next_file()
        for part in self._parts(self._plan.files[0]):
            staged, rejected = stage(self._loader, self._plan.files[0], part, replay=False)
            kept = staged.rows - staged.rejected if staged is not None else 0
            if staged is not None:
                self._loader.forget(staged)
            if kept or rejected:
                return Trial(kept + len(rejected), len(rejected), _reasons(rejected))
        return Trial(0, 0, ())

    def _import(self, should_stop: Callable[[], bool]) -> bool:
        begun = self._progress
        sizes = [each.file.size for each in self._plan.files]
        try:
            for number, plan in enumerate(self._plan.files):
                if number < begun.file:
                    continue
                self._loader.next_file()
                done_before = begun.position if number == begun.file else 0
                for part in self._parts(plan):
                    if should_stop():
                        self._await_commit()
                        return False
                    if part.start < done_before:
                        self._replay(plan, part)
                        continue
                    share = (sum(sizes[:number]) + part.fraction * sizes[number]) / max(sum(sizes), 1)
                    self._commit(plan, part, number, min(share, 1.0))
            self._await_commit()
        finally:
            self._abandon()
        return True

    def _parts(self, plan: FilePlan) -> Iterator[Part]:
        return parts_of(plan, piece_bytes=self._progress.piece_bytes, piece_rows=self._progress.piece_rows)

    # --- one piece ---

    def _replay(self, plan: FilePlan, part: Part) -> None:
        if part.content is None or plan.reading.event_id:
            return
        staged, _ = stage(self._loader, plan, part, replay=True)
        if staged is not None:
            self._loader.drop(staged)

    def _commit(self, plan: FilePlan, part: Part, number: int, fraction: float) -> None:
        staged, rejected = stage(self._loader, plan, part, replay=False)
        self._await_commit()
        self._progress = msgspec.structs.replace(self._progress, file=number, position=part.end, fraction=fraction)
        progress = msgspec.json.encode(self._progress).decode()
        self._reasons.update(_kind(row.reason) for row in rejected)
        self._pending = self._loader.commit(self._record.import_id, staged, rejected, progress), staged

    def _await_commit(self) -> None:
        """Wait for the commit under way."""
        if self._pending is None:
            return
        future, staged = self._pending
        self._pending = None
        self._record = future.result()
        if staged is not None:
            self._loader.drop(staged)
        self._tell(self.status)
        if self._record.rejected == self._record.rows >= _ENOUGH_TO_GIVE_UP:
            reason = self._reasons.most_common(1)[0][0]
            raise InvalidInput(
                f"All of the first {self._record.rows} rows were rejected, most of them because: {reason}.",
                hint="Look at the preview; say which columns to use and how they are written.",
            )

    def _abandon(self) -> None:
        """Let the commit under way come to its end when something else went wrong."""
        if self._pending is not None:
            future, _ = self._pending
            self._pending = None
            future.exception()

    # --- the end ---

    def _end(self, state: Literal["done", "failed", "interrupted"], message: str, hint: str) -> Status:
        known = self._loader.find(self._record.import_id) or self._record
        file = str(self._rejects_folder / f"{known.import_id}.csv") if known.rejected and state != "interrupted" else ""
        record = msgspec.structs.replace(known, state=state, message=message, hint=hint, rejects_file=file)
        self._record = record
        try:
            if file:
                write_rejects(self._rejects_folder, file, self._loader.rejected_rows(record.import_id))
            self._loader.save(record)
        except StoreFull as error:
            # The note must wait as well; the store still says "running", which the next start takes as interrupted.
            self._record = msgspec.structs.replace(
                record, state="interrupted", message=error.message, hint=error.hint, rejects_file=""
            )
        self._tell(self.status)
        return self.status


def _reasons(rejected: list[RejectedRow]) -> tuple[tuple[str, int, int], ...]:
    """Kinds of reasons by how often they stand, in the words of the first."""
    first = {_kind(row.reason): row for row in reversed(rejected)}
    counted = Counter(_kind(row.reason) for row in rejected).most_common(_SHOWN_REASONS)
    return tuple((first[kind].reason, count, first[kind].line) for kind, count in counted)


def _kind(reason: str) -> str:
    """A reason without the value in it."""
    return reason.partition("' ")[2] if reason.startswith("'") else reason
