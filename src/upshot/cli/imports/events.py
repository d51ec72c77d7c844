"""``upshot import events``."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

from cyclopts import Parameter

from upshot.cli.app import Interrupted
from upshot.cli.common import Common, open_workspace
from upshot.cli.output import json_or, line, print_json, table
from upshot.core.errors import InvalidInput, UserError
from upshot.core.suggest import did_you_mean
from upshot.core.units import counted, one_or_many

if TYPE_CHECKING:
    from upshot.api.imports import ImportMapping, ImportPreview, ImportRequest, ImportStatus
    from upshot.api.operation import Caller

__all__ = ["events"]

_LOOK_EVERY_SECONDS = 0.1
_LINE_EVERY_SECONDS = 5.0


def events(
    *files: str,
    timestamp: str = "",
    time_of_day: str = "",
    distinct_id: str = "",
    event: str = "",
    event_column: str = "",
    event_id: str = "",
    session_id: str = "",
    timestamp_format: str = "",
    timezone: Annotated[str, Parameter(name=("--timezone", "--time-zone"))] = "",
    group: tuple[str, ...] = (),
    source: str = "",
    format: str = "",  # noqa: A002 - the option's name
    delimiter: str = "",
    encoding: str = "",
    ignore: tuple[str, ...] = (),
    number: tuple[str, ...] = (),
    mapping: Path | None = None,
    dry_run: bool = False,
    common: Common | None = None,
) -> int:
    """Import events from CSV, TSV, JSON Lines or Parquet files, compressed with gzip or zstd or not.

    Columns that are not named become properties. What is not said is guessed, and the guess is shown. Importing the
    same file again changes nothing; an interrupted import goes on where it stopped.

    Args:
        files: The files; patterns such as "2024-*.csv.gz" too.
        timestamp: The column with the time, or with the day.
        time_of_day: The column with the time of day, where --timestamp has only the day; - says that there is none.
            Default: joined where there is no doubt.
        distinct_id: The column that says who; - says that there is none.
        event: The name that all events get.
        event_column: The column with the events' names, instead of --event.
        event_id: The column with the source's own id of the event.
        session_id: The column with the session.
        timestamp_format: iso, epoch_s, epoch_ms, epoch_us, or a pattern such as "%d/%m/%Y %H:%M". Default: guessed.
        timezone: IANA zone of times that carry no offset. Default: the workspace's.
        group: A group and its column, such as account=Company; may be repeated.
        source: What to call where the events come from. Equal rows of one source are one event. Default: import.
        format: csv, tsv, jsonl or parquet. Default: by the file's name and content.
        delimiter: What separates the columns of CSV: a character, tab, or spaces for runs of them. Default: guessed.
        encoding: utf-8, latin-1 or windows-1252. Default: utf-8; a file that is not is refused with what it looks like.
        ignore: A column that becomes nothing; may be repeated.
        number: How a column of text writes numbers, such as Gross=1,234.56 or Gross=1.234,56; Gross=text keeps it as
            text; may be repeated. Default: read where the whole column leaves no doubt.
        mapping: A YAML file that says all this; options win.
        dry_run: Only say what would be imported.
        common: The options of every command.
    """
    from upshot.api.imports import IMPORT_PREVIEW, ImportMapping, ImportRequest

    common = common or Common()
    if not files:
        raise InvalidInput("No file is named.", hint="Name the files to import.")
    flags = ImportMapping(
        timestamp=timestamp,
        time_of_day=time_of_day,
        distinct_id=distinct_id,
        event=event,
        event_column=event_column,
        event_id=event_id,
        session_id=session_id,
        timezone=timezone,
        timestamp_format=timestamp_format,
        groups=_pairs(group, "a group and its column", "account=Company"),
        source=source,
        format=format,
        delimiter=delimiter,
        encoding=encoding,
        ignore=ignore,
        numbers=_pairs(number, "a column and how it writes numbers", "Gross=1,234.56"),
    )
    request = ImportRequest(
        tuple(str(Path(file).expanduser().absolute()) for file in files), _merged(_mapping(mapping), flags), dry_run
    )
    with open_workspace(common) as workspace:
        preview = workspace.call(IMPORT_PREVIEW, request)
        if dry_run or any(problem.level == "error" for problem in preview.problems):
            return _show(common, preview)
        if not common.json:
            _tell_guess(preview)
            _tell_problems(preview)
        return _finish(common, _run(workspace, request, quiet=common.json))


def _pairs(pairs: tuple[str, ...], what: str, example: str) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not (sign and name and value):
            raise InvalidInput(f"{pair!r} is not {what}.", hint=f"Write it as {example}.")
        found[name] = value
    return found


def _mapping(path: Path | None) -> "ImportMapping":
    import msgspec

    from upshot.api.imports import ImportMapping
    from upshot.collect.imports.mapping import read_mapping

    if path is None:
        return ImportMapping()
    try:
        text = path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", hint="Name a YAML file in UTF-8.") from None
    return msgspec.convert(msgspec.to_builtins(read_mapping(text, where=path.name)), ImportMapping)


def _merged(below: "ImportMapping", above: "ImportMapping") -> "ImportMapping":
    import msgspec

    given = {name: value for name in above.__struct_fields__ if (value := getattr(above, name))}
    given["groups"] = {**below.groups, **above.groups}
    given["numbers"] = {**below.numbers, **above.numbers}
    if above.event and below.event_column:
        given["event_column"] = ""
    if above.event_column and below.event:
        given["event"] = ""
    return msgspec.structs.replace(below, **given)


def _show(common: Common, preview: "ImportPreview") -> int:
    if not json_or(common, preview):
        table(
            (("column", "left"), ("type", "left"), ("becomes", "left"), ("values", "left")),
            ((c.name, c.type, c.role, ", ".join(c.examples)) for c in preview.columns),
            title=counted(len(preview.files), "file"),
        )
        _tell_guess(preview)
        _tell_problems(preview)
        if preview.tried_rows and not preview.rejected_rows:
            all_of_them = f"All of the first {preview.tried_rows:,} rows can become events."
            line(one_or_many(preview.tried_rows, "The first row can become an event.", all_of_them))
    return 1 if any(problem.level == "error" for problem in preview.problems) else 0


def _tell_guess(preview: "ImportPreview") -> None:
    if preview.guessed:
        said = [
            _guess(name, getattr(preview.mapping, name)) for name in preview.guessed if hasattr(preview.mapping, name)
        ]
        line(f"Guessed: {', '.join(said)}.")


def _guess(name: str, value: str | dict[str, str]) -> str:
    """What was guessed of one key of the mapping; of a key with several columns, of each of them.

    >>> _guess("timestamp", "at"), _guess("numbers", {"price": "1,234.56", "tax": "1,234.56"})
    ('timestamp = at', 'numbers of price as 1,234.56, of tax as 1,234.56')
    """
    if isinstance(value, str):
        return f"{name} = {value}"
    return f"{name} {', '.join(f'of {column} as {written}' for column, written in value.items())}"


def _tell_problems(preview: "ImportPreview") -> None:
    for problem in preview.problems:
        place = f"{problem.where}: " if problem.where else ""
        close = did_you_mean(problem.suggestions)
        line(f"{problem.level.capitalize()}: {place}{problem.message} {close}".rstrip())


def _run(workspace: "Caller", request: "ImportRequest", *, quiet: bool) -> "ImportStatus":
    from upshot.api.imports import IMPORT_START, IMPORT_STATUS

    started = workspace.call(IMPORT_START, request)
    try:
        with _progress(quiet=quiet) as progress:
            while True:
                status = workspace.call(IMPORT_STATUS, started)
                progress.show(status)
                if status.state != "running":
                    return status
                time.sleep(_LOOK_EVERY_SECONDS)
    except KeyboardInterrupt:
        raise Interrupted("The same command goes on where this one stopped.") from None


def _finish(common: Common, status: "ImportStatus") -> int:
    if common.json:
        print_json(status)
    elif status.state == "done":
        line(
            f"{counted(status.rows, 'row')}: {status.stored:,} stored, {status.duplicates:,} known already, "
            f"{status.rejected:,} rejected."
        )
        if status.rejected:
            line(f"Rejected rows with their reasons: {status.rejects_file}")
    if status.state != "done":
        raise UserError(status.message or f"The import is {status.state}.", hint=status.hint)
    return 0


class _Progress(Protocol):
    def show(self, status: "ImportStatus") -> None: ...


class _Silence:
    def show(self, status: "ImportStatus") -> None:
        del status


class _Lines:
    """A line now and then, for logs."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _LINE_EVERY_SECONDS

    def show(self, status: "ImportStatus") -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _LINE_EVERY_SECONDS
            share = "" if status.fraction is None else f" ({status.fraction:.0%})"
            sys.stderr.write(f"{counted(status.rows, 'row')}{share}\n")


@contextmanager
def _progress(*, quiet: bool) -> Iterator[_Progress]:
    if quiet:
        yield _Silence()
    elif not sys.stderr.isatty():
        yield _Lines()
    else:
        yield from _bar()


def _bar() -> "Iterator[_Progress]":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from upshot.cli.output import console

    columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(error=True), transient=True) as bar:
        task = bar.add_task("rows", total=None)

        class Bar:
            def show(self, status: "ImportStatus") -> None:
                total = status.total_rows
                if total is None and status.fraction:
                    total = int(status.rows / status.fraction)
                bar.update(task, completed=status.rows, total=total)

        yield Bar()
