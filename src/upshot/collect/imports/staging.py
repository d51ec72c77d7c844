"""One piece of a file into the store, as fast as may be, and row by row where something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upshot.collect.imports.examine import examine, shown, suspicious
from upshot.collect.imports.parts import delimiter_of
from upshot.collect.imports.pieces import TextPiece
from upshot.core.errors import InternalError, InvalidInput
from upshot.engines.bulk import Piece, RejectedRow, Staged, UnreadablePiece

if TYPE_CHECKING:
    from upshot.collect.imports.parts import Part
    from upshot.collect.imports.plan import FilePlan
    from upshot.engines.bulk import BulkLoader

__all__ = ["stage"]


def stage(loader: BulkLoader, plan: FilePlan, part: Part, *, replay: bool) -> tuple[Staged | None, list[RejectedRow]]:
    """Read a piece into the store, uncommitted, and what of it cannot become events.

    Args:
        loader: The store's.
        plan: Of the piece's file.
        part: The piece.
        replay: Whether it is committed already and only its equal rows are to be told apart again.

    Returns:
        What waits for a commit, None where nothing does; and the rejected rows, by line.

    Raises:
        InvalidInput: The piece cannot be read.
    """
    match part.content:
        case None:
            return None, list(part.rejected)
        case Piece() as piece:
            return _stage_rows(loader, plan, piece, replay=replay)
        case TextPiece() as piece:
            return _stage_text(loader, plan, piece, replay=replay)


def _stage_rows(loader: BulkLoader, plan: FilePlan, piece: Piece, *, replay: bool) -> tuple[Staged, list[RejectedRow]]:
    try:
        staged = loader.stage(plan.reading, piece, numbered=True, replay=replay)
    except UnreadablePiece as error:
        last = piece.first_row + piece.rows
        raise InvalidInput(
            f"Rows {piece.first_row + 1} to {last} of {plan.file.path.name} cannot be read: {error.message}",
            hint="Fetch the file again and import it again: what was stored from it is recognised.",
        ) from error
    if staged.rows != piece.rows:
        raise InternalError(f"{piece.rows} rows of {piece.file} were asked for, {staged.rows} came")
    complaints = loader.complaints(staged) if staged.rejected and not replay else []
    name = str(plan.file.path)
    return staged, [RejectedRow(name, piece.first_row + c.row + 1, c.reason, shown(c.raw.encode())) for c in complaints]


def _stage_text(
    loader: BulkLoader, plan: FilePlan, piece: TextPiece, *, replay: bool
) -> tuple[Staged | None, list[RejectedRow]]:
    delimiter = delimiter_of(plan)
    if not suspicious(piece.text, delimiter):
        try:
            staged = loader.stage(plan.reading, Piece(piece.text), replay=replay)
        except UnreadablePiece:
            return _stage_examined(loader, plan, piece, replay=replay)
        if _all_there(piece.text, staged.rows) and (replay or not staged.rejected):
            return staged, []
        loader.forget(staged)
    return _stage_examined(loader, plan, piece, replay=replay)


def _stage_examined(
    loader: BulkLoader, plan: FilePlan, piece: TextPiece, *, replay: bool
) -> tuple[Staged | None, list[RejectedRow]]:
    found = examine(piece, delimiter_of(plan), len(plan.reading.columns))
    name = str(plan.file.path)
    rejected = [RejectedRow(name, line, reason, raw) for line, reason, raw in found.rejected]
    if not found.lines:
        return None, rejected
    try:
        staged = loader.stage(plan.reading, Piece(found.text), numbered=True, replay=replay)
    except UnreadablePiece as error:
        raise InvalidInput(
            f"Lines {found.lines[0]} to {found.lines[-1]} of {plan.file.path.name} cannot be read: {error.message}"
        ) from error
    if staged.rows != len(found.lines):
        raise InternalError(f"{len(found.lines)} rows of {name} were read, {staged.rows} came")
    if not replay:
        rejected += [
            RejectedRow(name, found.lines[c.row], c.reason, shown(found.raws[c.row])) for c in loader.complaints(staged)
        ]
        rejected.sort(key=lambda row: row.line)
    return staged, rejected


def _all_there(text: bytes, rows: int) -> bool:
    """Whether as many rows came as there are lines, where that can be told at once."""
    return b'"' in text or b"\n\n" in text or text.startswith(b"\n") or rows == text.count(b"\n")
