"""From what a person said to what an import does: guesses made and shown, problems found before a row is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from upshot.collect.imports.amount_columns import amount_forms, written_numbers
from upshot.collect.imports.files import SourceFile, expand, look_at
from upshot.collect.imports.mapping import NOBODY, ROLES, Column, Mapping, Preview
from upshot.collect.imports.roles import guess_timestamp, guess_unique
from upshot.collect.imports.sample import INSIDE, TextSample, excerpt, more_values, separated_by_spaces, text_sample
from upshot.collect.imports.spaces import SPACES
from upshot.collect.imports.times import carries_offset, narrowed, recognise
from upshot.collect.imports.times_of_day import guess_time_of_day, written_instants
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.ids import named_id
from upshot.core.problems import Problem
from upshot.core.suggest import did_you_mean, nearest
from upshot.core.time import zone
from upshot.core.units import counted
from upshot.engines.bulk import FileColumn, Reading
from upshot.engines.values import ANY_EVENT, RESERVED_UNIT_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from upshot.engines.bulk import BulkLoader

__all__ = ["FilePlan", "Plan", "make_plan"]

_DEFAULT_SOURCE = "import"
_NESTED_PROPERTIES = "properties"
_HEADER_BYTES = 1 << 20
_EXAMPLES = 5
_LOOKED_AT = 5000
_FORMATS = ("iso", "epoch_s", "epoch_ms", "epoch_us")
Guess: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class FilePlan:
    """A file and how its rows become events."""

    file: SourceFile
    reading: Reading
    total_rows: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import will do; it can run when ``preview.errors`` is empty."""

    preview: Preview
    files: tuple[FilePlan, ...]


def make_plan(paths: Sequence[str], mapping: Mapping, loader: BulkLoader, time_zone: str) -> Plan:
    """Look at the files and complete the mapping.

    Args:
        paths: Files and patterns.
        mapping: What was said.
        loader: Reads files that describe themselves.
        time_zone: The workspace's, for timestamps without offset when nothing else is said.

    Raises:
        InvalidInput: A file cannot be read as any format; there are no files.
        NotFound: A file is not there.
    """
    found = expand(paths)
    problems: list[Problem] = []
    files = _looked_at(found, mapping, problems)
    delimiter = _delimiter(mapping)
    if files[0].format == "csv" and (delimiter == SPACES or (not delimiter and separated_by_spaces(files[0]))):
        files = [replace(file, spaces=True) for file in files]
        delimiter = "\t"
    first = files[0]
    sample = text_sample(first, delimiter, loader)
    complete, guessed = _complete(mapping, first, sample, time_zone, problems)
    plans: tuple[FilePlan, ...] = ()
    if not any(problem.level == "error" for problem in problems):
        plans = tuple(_file_plans(files, sample, complete, loader, problems))
    preview = Preview(
        complete, guessed, _columns(sample, complete), tuple(problems), tuple(str(path) for path in found)
    )
    return Plan(preview, plans)


def _delimiter(mapping: Mapping) -> str:
    given = {"\\t": "\t", "tab": "\t"}.get(mapping.delimiter, mapping.delimiter)
    if given and given != SPACES and (len(given) != 1 or given in '"\r\n' or not given.isascii()):
        raise InvalidInput(
            f"{mapping.delimiter!r} cannot separate columns.", hint="Give one character, 'tab' or 'spaces'."
        )
    return given


def _looked_at(found: Sequence[Path], mapping: Mapping, problems: list[Problem]) -> list[SourceFile]:
    files: list[SourceFile] = []
    for path in found:
        try:
            files.append(look_at(path, mapping.format, mapping.encoding))
        except InvalidInput as error:
            if len(found) == 1:
                raise
            problems.append(Problem(str(error), path.name, level="error" if path.stat().st_size else "warning"))
    if not files:
        raise InvalidInput("None of the files can be imported.", hint=problems[0].message)
    if len({file.format for file in files}) > 1:
        raise InvalidInput("The files are of several formats.", hint="Import each format by itself.")
    return files


def _complete(
    mapping: Mapping, file: SourceFile, sample: TextSample, time_zone: str, problems: list[Problem]
) -> tuple[Mapping, tuple[str, ...]]:
    said = {name: getattr(mapping, name) for name in ROLES}
    _check_names(mapping, sample, problems)
    guess: Guess = {}
    if not sample.rows:
        problems.append(Problem("The file has names of columns but no rows.", file.path.name, level="warning"))
    if sample.header_is_data:
        problems.append(
            Problem("The first line holds values; it should hold the names of the columns.", file.path.name)
        )
    if not mapping.timestamp:
        guess |= _guess_timestamp(sample, problems)
    taken = {name for name in said.values() if name} | set(guess.values())
    timestamp = mapping.timestamp or guess.get("timestamp", "")
    if timestamp in {column.name for column in sample.columns} and not mapping.time_of_day:
        others = taken | set(mapping.groups.values()) | set(mapping.ignore)
        if time := guess_time_of_day(sample, timestamp, others, problems):
            guess["time_of_day"] = time
            taken.add(time)
    guess |= _guess_others(mapping, sample, taken, problems)
    complete = msgspec.structs.replace(
        mapping,
        **guess,
        format=_format_name(mapping, file, sample),
        delimiter=SPACES if file.spaces else sample.delimiter,
        source=mapping.source or _DEFAULT_SOURCE,
    )
    guess |= {
        name: "" for name in ("format", "delimiter", "source") if not getattr(mapping, name) and getattr(complete, name)
    }
    if complete.timestamp and not any(problem.level == "error" for problem in problems):
        found = _guess_time_format(complete, file, sample, time_zone, problems)
        complete = msgspec.structs.replace(complete, **found)
        guess |= found
    if complete.distinct_id != NOBODY and complete.distinct_id in {column.name for column in sample.columns}:
        _warn_of_nobody(complete.distinct_id, sample, problems)
    numbers = written_numbers(complete, file, sample, problems)
    if numbers != complete.numbers:
        complete = msgspec.structs.replace(complete, numbers=numbers)
        guess |= {"numbers": ""}
    return complete, tuple(sorted(guess))


def _warn_of_nobody(column: str, sample: TextSample, problems: list[Problem]) -> None:
    values = sample.values(column)
    nobody = [value for value in values if named_id(value) is None]
    if nobody:
        message = (
            f"Of {counted(len(values), 'row')} that were looked at, {counted(len(nobody), 'has', 'have')} an id such "
            f"as {excerpt(nobody[0])!r}, which names nobody: they count as events, and for no person."
        )
        problems.append(Problem(message, column, level="warning"))


def _format_name(mapping: Mapping, file: SourceFile, sample: TextSample) -> str:
    return mapping.format or ("tsv" if sample.delimiter == "\t" and not file.spaces else file.format)


def _check_names(mapping: Mapping, sample: TextSample, problems: list[Problem]) -> None:
    names = [column.name for column in sample.columns]
    asked = [(role, getattr(mapping, role)) for role in ROLES if getattr(mapping, role)]
    asked += [(f"groups.{kind}", name) for kind, name in mapping.groups.items()]
    asked += [("ignore", name) for name in mapping.ignore]
    asked += [(f"numbers.{name}", name) for name in mapping.numbers]
    for role, name in asked:
        if name in names or (role in {"distinct_id", "time_of_day"} and name == NOBODY):
            continue
        close = nearest(name, names)
        advice = " " + did_you_mean(close) if close else f" There are {', '.join(names[:20])}."
        problems.append(Problem(f"There is no column named {name!r}.{advice}{_separator_hint(sample)}", role, 0, close))
    if mapping.event and mapping.event_column:
        problems.append(Problem("Both a constant event and a column of events are given; give one.", "event"))
    if mapping.event == ANY_EVENT:
        problems.append(Problem(f"{ANY_EVENT!r} stands for any event and cannot be the name of one.", "event"))
    problems.extend(
        Problem(f"{kind!r} is not a name for groups.", f"groups.{kind}")
        for kind in mapping.groups
        if not kind or kind in RESERVED_UNIT_TYPES
    )
    if mapping.timezone:
        try:
            zone(mapping.timezone)
        except NotFound as error:
            problems.append(Problem(str(error), "timezone", suggestions=error.suggestions))
    for name, later in sample.renamed:
        problems.append(
            Problem(f"There is another column {name!r}; it is called {later!r} here.", name, level="warning")
        )


def _separator_hint(sample: TextSample) -> str:
    if len(sample.columns) != 1 or not sample.delimiter:
        return ""
    header = sample.columns[0].name
    better = max((";", ",", "\t", "|"), key=header.count)
    if better in header:
        return f" The columns may be separated by {better!r}: say so with the delimiter."
    if " " in header:
        return f" If runs of spaces separate the columns, say --delimiter {SPACES}."
    return ""


def _guess_timestamp(sample: TextSample, problems: list[Problem]) -> Guess:
    name, several = guess_timestamp(sample)
    if name:
        return {"timestamp": name}
    if several:
        message = f"Several columns could be the timestamp: {', '.join(several)}. Say which one it is."
    else:
        names = ", ".join(column.name for column in sample.columns[:20])
        message = f"No column looks like a timestamp. Say which one it is: {names}.{_separator_hint(sample)}"
    problems.append(Problem(message, "timestamp", 0, several))
    return {}


def _guess_others(mapping: Mapping, sample: TextSample, taken: set[str], problems: list[Problem]) -> Guess:
    guess: Guess = {}
    wanted = [role for role in ("distinct_id", "event_id", "session_id") if not getattr(mapping, role)]
    if not mapping.event and not mapping.event_column:
        wanted.insert(0, "event_column")
    for role in wanted:
        name, several = guess_unique(role, sample, taken | set(guess.values()))
        if name:
            guess[role] = name
        elif several and role != "session_id":
            advice = f" ({NOBODY!r} for none)" if role == "distinct_id" else ""
            words = ", ".join(several)
            problems.append(
                Problem(
                    f"Several columns could be it: {words}. Say which one it is{advice}.", role, suggestions=several
                )
            )
        elif role == "event_column":
            problems.append(Problem("Say what the events are called, or which column says it.", "event"))
        elif role == "distinct_id":
            message = "No column says who did it: the events count in event metrics, but in none of units."
            problems.append(Problem(message, role, level="warning"))
    return guess


def _guess_time_format(
    mapping: Mapping, file: SourceFile, sample: TextSample, time_zone: str, problems: list[Problem]
) -> Guess:
    column = next(c for c in sample.columns if c.name == mapping.timestamp)
    guess: Guess = {}
    if column.type == "instant" and not _time_of_day(mapping):
        if mapping.timestamp_format:
            problems.append(
                Problem(f"{column.name!r} holds {column.declared}: it needs no format.", "timestamp_format")
            )
        return {} if mapping.timezone or "ZONE" in column.declared else {"timezone": time_zone}
    form = mapping.timestamp_format
    if form and form not in _FORMATS and "%" not in form:
        close = nearest(form, _FORMATS)
        problems.append(
            Problem(
                f"{form!r} is no format. Give {', '.join(_FORMATS)} or a pattern.",
                "timestamp_format",
                suggestions=close,
            )
        )
    if not form and sample.rows:
        form = _recognised(file, sample, mapping, problems)
        guess = {"timestamp_format": form} if form else {}
    return guess | _guess_zone(mapping, form, sample, time_zone, problems)


def _time_of_day(mapping: Mapping) -> str:
    return "" if mapping.time_of_day == NOBODY else mapping.time_of_day


def _recognised(file: SourceFile, sample: TextSample, mapping: Mapping, problems: list[Problem]) -> str:
    name = mapping.timestamp
    written = written_instants(sample, name, _time_of_day(mapping))
    found = recognise(written[:_LOOKED_AT])
    candidates = found.candidates
    if candidates and file.format == "csv":
        # All values are looked at, also when one form is left, to see that nothing speaks against it.
        candidates = narrowed(candidates, more_values(file, sample, name))
    elif candidates:
        candidates = narrowed(candidates, written)
    form = candidates[0] if len(candidates) == 1 else found.name
    if form:
        return form
    shown = ", ".join(repr(excerpt(value)) for value in dict.fromkeys(written[:3]))
    if candidates:
        message = f"The dates in {name!r} ({shown}) can be read as {' or as '.join(candidates)}. Say which it is."
    else:
        message = f"The values of {name!r} ({shown}) are not timestamps of a known format. Say the format."
    problems.append(Problem(message, "timestamp_format", suggestions=candidates))
    return ""


def _guess_zone(mapping: Mapping, form: str, sample: TextSample, time_zone: str, problems: list[Problem]) -> Guess:
    if mapping.timezone or form.startswith("epoch") or "%z" in form or not form:
        return {}
    if form == "iso":
        offsets = [carries_offset(v) for v in written_instants(sample, mapping.timestamp, _time_of_day(mapping))]
        if offsets and all(offsets):
            return {}
        if any(offsets):
            message = "Some timestamps carry an offset and some do not. Say the time zone of those that do not."
            problems.append(Problem(message, "timezone", suggestions=(time_zone,)))
            return {}
    return {"timezone": time_zone}


def _columns(sample: TextSample, mapping: Mapping) -> tuple[Column, ...]:
    roles = {getattr(mapping, role): role for role in reversed(ROLES) if getattr(mapping, role)}
    roles |= {name: f"groups.{kind}" for kind, name in mapping.groups.items()}
    roles |= dict.fromkeys(mapping.ignore, "ignore")
    shown = [c for c in sample.columns if c.declared != INSIDE or c.name in roles]
    return tuple(
        Column(
            c.name,
            c.declared or c.type,
            roles.get(c.name, "property"),
            sample.examples(c.name, _EXAMPLES),
        )
        for c in shown
    )


def _file_plans(
    files: Sequence[SourceFile], sample: TextSample, mapping: Mapping, loader: BulkLoader, problems: list[Problem]
) -> list[FilePlan]:
    plans: list[FilePlan] = []
    types = {column.name: column for column in sample.columns}
    for number, file in enumerate(files):
        own = sample
        if number and file.format != "jsonl":
            try:
                own = text_sample(file, sample.delimiter, loader, most_bytes=_HEADER_BYTES)
            except InvalidInput as error:
                problems.append(Problem(str(error), file.path.name))
                continue
        columns = tuple(_typed(column, types) for column in own.columns if column.declared != INSIDE)
        reading = _reading(mapping, file, columns, own)
        missing = sorted(reading.roles - {column.name for column in own.columns})
        if missing:
            problems.append(Problem(f"There is no column named {', '.join(map(repr, missing))}.", file.path.name))
        plans.append(FilePlan(file, reading, own.total_rows))
    return plans


def _typed(column: FileColumn, types: dict[str, FileColumn]) -> FileColumn:
    return column if column.declared else types.get(column.name, column)


def _reading(mapping: Mapping, file: SourceFile, columns: tuple[FileColumn, ...], sample: TextSample) -> Reading:
    instant = next((c for c in columns if c.name == mapping.timestamp), None)
    native = instant is not None and instant.type == "instant" and not _time_of_day(mapping)
    nested = any(c.name == _NESTED_PROPERTIES and _holds_objects(c, sample) for c in columns)
    return Reading(
        format=file.format,
        source=mapping.source,
        timestamp=mapping.timestamp,
        time_of_day=_time_of_day(mapping),
        time_format="native" if native else mapping.timestamp_format or "iso",
        timezone=mapping.timezone or "UTC",
        event=mapping.event,
        event_column=mapping.event_column,
        distinct_id="" if mapping.distinct_id == NOBODY else mapping.distinct_id,
        event_id=mapping.event_id,
        session_id=mapping.session_id,
        groups=mapping.groups,
        ignore=mapping.ignore,
        columns=columns,
        delimiter=sample.delimiter or ",",
        nested_properties=_NESTED_PROPERTIES if nested else "",
        amounts=amount_forms(mapping, columns, sample),
    )


def _holds_objects(column: FileColumn, sample: TextSample) -> bool:
    values = sample.values(column.name)
    if column.declared.startswith(("STRUCT", "JSON")) or (column.type == "nested" and not column.declared):
        return bool(values)
    return (
        bool(values)
        and column.type == "text"
        and all(value.startswith("{") and value.endswith("}") for value in values)
    )
