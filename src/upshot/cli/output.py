"""Printing: exact JSON for programs, tables for people."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from upshot.cli.common import Common

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Column", "console", "instant", "json_or", "line", "lines", "print_json", "table"]

_WIDE = 200
Column = tuple[str, Literal["left", "right"]]


def print_json(message: msgspec.Struct) -> None:
    """The message as it travels over HTTP, indented."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(message), indent=2).decode() + "\n")


def console(*, error: bool = False) -> "Console":
    """Where people read; wide enough for whole rows when it is no terminal."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else _WIDE, highlight=False, markup=False)


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """A table; numbers stand at the right."""
    from rich import box
    from rich.table import Table

    if title:
        line(title)
    out = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name, side in columns:
        out.add_column(name, justify=side, no_wrap=side == "right", overflow="fold")
    for row in rows:
        out.add_row(*row)
    console().print(out)


def line(text: str) -> None:
    """One line for people."""
    sys.stdout.write(text + "\n")


def lines(texts: Iterable[str]) -> None:
    """Lines for people."""
    for text in texts:
        line(text)


def instant(value: datetime | None) -> str:
    """An instant, in UTC to the second; ``–`` for none.

    >>> from datetime import UTC
    >>> instant(datetime(2024, 2, 29, 12, 0, tzinfo=UTC))
    '2024-02-29 12:00:00 UTC'
    """
    return "–" if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"


def json_or(common: Common, message: msgspec.Struct) -> bool:
    """Print ``message`` as JSON if programs asked for it; whether that was so."""
    if common.json:
        print_json(message)
    return common.json
