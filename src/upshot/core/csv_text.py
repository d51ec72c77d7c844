"""Tables as CSV that a spreadsheet may open."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TextIO, TypeAlias

__all__ = ["Cell", "csv_text", "safe_cell", "write_csv"]

Cell: TypeAlias = str | int | float | date | None

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    r"""A header and its rows: numbers in full, days as ISO, true and false in small letters, nothing for None.

    Texts, those of the header too, come from users and their events: none of them can be a formula.

    >>> csv_text(("=plan", "users"), [("-free", 2.5), (None, True)])
    "'=plan,users\n'-free,2.5\n,true\n"
    """
    text = io.StringIO()
    write_csv(text, head, rows)
    return text.getvalue()


def write_csv(stream: TextIO, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write what ``csv_text`` gives, row by row."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([safe_cell(name) for name in head])
    writer.writerows([_written(cell) for cell in row] for row in rows)


def safe_cell(text: str) -> str:
    """Text as a spreadsheet may open it: what would be taken for a formula gets an apostrophe before it.

    >>> safe_cell("=1+1"), safe_cell("France")
    ("'=1+1", 'France')
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case str():
            return safe_cell(cell)
        case float():
            return repr(cell)
        case _:
            return str(cell)
