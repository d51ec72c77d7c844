"""The file of rows that could not become events: where they stood, why, and what they said."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from upshot.core.csv_text import write_csv
from upshot.core.errors import InvalidInput, StoreFull

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upshot.engines.bulk import RejectedRow

__all__ = ["write_rejects"]


def write_rejects(folder: Path, file: str, rejected: Iterable[RejectedRow]) -> None:
    """Write the rejects of an import as CSV with the columns file, line, reason and raw, whole or not at all.

    Raises:
        StoreFull: The disk has no room for it.
        InvalidInput: It cannot be written there.
    """
    unfinished = Path(f"{file}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8", newline="") as stream:
            rows = ((row.file, row.line, row.reason, row.raw) for row in rejected)
            write_csv(stream, ("file", "line", "reason", "raw"), rows)
        unfinished.replace(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise StoreFull(
                f"There is no room left for {file}.", hint="Free some space and resume the import."
            ) from error
        raise InvalidInput(f"{file} cannot be written: {error.strerror}.") from error
