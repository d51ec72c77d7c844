"""The statements of a bulk load: rows of a file in, events out.

Each function returns SQL. Names of columns never reach a statement unquoted, and texts only as literals made here.
A row without an id of its own is told from an equal one of the same file by its number among them. Rows are compared by
MD5, the fastest of the hashes whose value DuckDB promises never to change; it guards against nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, assert_never

from upshot.core.ids import EVENT_NAMESPACE, IDS_OF_NOBODY
from upshot.engines.amounts import AmountForm
from upshot.engines.duckdb.sql import identifier, literal
from upshot.engines.values import ANY_EVENT, EARLIEST, LATEST, MAX_NESTING

if TYPE_CHECKING:
    from upshot.engines.bulk import FileColumn, Piece, Reading

__all__ = ["amount", "event_uuid", "file_columns", "rows", "to_utc"]

_UTC = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "GMT", "Etc/GMT", "Zulu", "Etc/Zulu"})
# Casting a text with an offset to TIMESTAMP drops the offset, so all texts go through TIMESTAMPTZ.
_OFFSET = r":[0-9.]+ ?([Zz]|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?|[A-Z][A-Za-z_]+/[A-Za-z_/+-]+)$"
_MIDNIGHT = r"[T ]00:00(:00(\.0+)?)?$"
_ABBREVIATION = r"[0-9] ?[A-Za-z]{2,5}$"
_KEPT_BITS = f"'0x{0xFFFFFFFF_FFFF_0FFF_3FFF_FFFFFFFFFFFF:032x}'"
_VERSION_5_BITS = f"'0x{0x00000000_0000_5000_8000_000000000000:032x}'"
_MICROSECONDS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
_LARGEST_MICROSECONDS = 9_000_000_000_000_000
_UNIT_SEPARATOR = "chr(31)"
_NOBODY = "\x1f".join(["", *sorted(IDS_OF_NOBODY), ""])
_LONGEST_OF_NOBODY = max(map(len, IDS_OF_NOBODY))
# No JSON text holds this byte unescaped, so a line stays in one piece.
_NEVER_IN_JSON = "\\x01"


def to_utc(naive: str, zone: str) -> str:
    """The UTC instant of a local one."""
    return naive if zone in _UTC else f"timezone('UTC', timezone({literal(zone)}, {naive}))"


def event_uuid(source: str, client_id: str, table: str) -> str:
    """All columns of ``table`` and ``event_id``: ``core.ids.event_id`` of a constant source and an expression.

    The bits of version and variant are set in a number: replacing characters took three times the rest.
    """
    prefix = (EVENT_NAMESPACE.bytes + f"{source}\x1f".encode()).hex()
    number = f"left(sha1(unhex('{prefix}') || encode({client_id})), 32)::UUID::UHUGEINT"
    bits = f"{number} & {_KEPT_BITS}::UHUGEINT | {_VERSION_5_BITS}::UHUGEINT"
    return f"SELECT *, ({bits})::UUID AS event_id FROM ({table})"


def file_columns(reading: Reading) -> dict[str, str]:
    """For each column of the file, the name that it bears in the statements."""
    return {column.name: f"c{index}" for index, column in enumerate(reading.columns)}


def rows(reading: Reading, piece: Piece, text_file: str, *, numbered: bool) -> str:
    """One row for each row of a piece.

    Columns: ``n`` (its number when ``numbered``), ``reason`` (null for events), ``event``, ``occurred_at``,
    ``distinct_id``, ``session_id``, ``groups``, ``client_id`` (null without a column of ids), ``hash`` (of the whole
    row and of what it is read as; null beside a ``client_id``), ``raw`` (when there is a reason and the format is
    parquet), ``properties``.
    """
    value = _Values(reading)
    instant = _instant(reading, value)
    read_as = f"{reading.event}/{reading.timestamp}/" + (f"{reading.time_of_day}/" if reading.time_of_day else "")
    hashed = f"md5({literal(read_as)} || {value.whole_row()})"
    if reading.event_id:  # a row with an id of its own needs no other name, and a fifth of the reading went into it
        hashed = f"CASE WHEN {value.id(reading.event_id)} IS NULL THEN {hashed} END"
    source = _source(reading, piece, text_file, numbered=numbered)
    read = f"SELECT *, {_written(reading, value)} AS written FROM ({source})"
    dated = f"SELECT *, {instant} AS instant FROM ({read})"
    inner = f"SELECT *, {_reason(reading, value)} AS reason FROM ({dated})"
    raw = f"CASE WHEN reason IS NOT NULL THEN {value.raw()} END"
    return (
        f"SELECT n, reason, {value.event()} AS event, instant AS occurred_at, "
        f"{value.id(reading.distinct_id)} AS distinct_id, {value.id(reading.session_id)} AS session_id, "
        f"{value.groups()} AS groups, {value.id(reading.event_id)} AS client_id, {hashed} AS hash, {raw} AS raw, "
        f"{value.properties()} AS properties FROM ({inner})"
    )


def _source(reading: Reading, piece: Piece, text_file: str, *, numbered: bool) -> str:
    if reading.format == "parquet":
        names = ", ".join(f"{identifier(c.name)} AS c{i}" for i, c in enumerate(reading.columns))
        last = piece.first_row + piece.rows - 1
        return (
            f"SELECT file_row_number - {piece.first_row} AS n, {names} "
            f"FROM read_parquet({literal(piece.file)}, file_row_number = true, hive_partitioning = false) "
            f"WHERE file_row_number BETWEEN {piece.first_row} AND {last}"
        )
    n = "row_number() OVER () - 1" if numbered else "0"
    common = f"header = false, auto_detect = false, new_line = '\\n', nullstr = '', max_line_size = {_LONGEST_LINE}"
    if reading.format == "jsonl":
        line = (
            f"read_csv({literal(text_file)}, delim = '{_NEVER_IN_JSON}', quote = '', escape = '', {common}, "
            "columns = {'line': 'VARCHAR'})"
        )
        # One parse for all roles; the list is null where the line is no JSON.
        paths = ", ".join(literal(_json_pointer(reading, name)) for name in _extracted(reading))
        deep = f"SELECT {n} AS n, line, {_is_too_deep('line')} AS too_deep FROM {line}"
        found = f"TRY(json_extract_string(CASE WHEN NOT too_deep THEN line END, [{paths}]))"
        fields = f"SELECT *, {found} AS fields FROM ({deep})"
        doc = "CASE WHEN fields IS NOT NULL AND left(ltrim(line), 1) = '{' THEN line END"
        return f"SELECT *, {doc} AS doc FROM ({fields})"
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(reading.columns)))
    table = (
        f"read_csv({literal(text_file)}, delim = {literal(reading.delimiter)}, quote = '\"', escape = '\"', {common}, "
        f"strict_mode = true, null_padding = false, columns = {{{columns}}})"
    )
    return f"SELECT {n} AS n, * FROM {table}"


_LONGEST_LINE = 16_000_000


_TOO_DEEP = f"nested deeper than {MAX_NESTING} levels"
_STRING_OR_BRACKET = r'"(?:[^"\\]|\\.)*"|[\[\]{}]'


def _is_too_deep(text: str) -> str:
    """Whether a JSON text is nested deeper than may be; never null. Texts that are too short for it cost nothing."""
    brackets = f"length({text}) - length(replace(replace({text}, '{{', ''), '[', '')) > {MAX_NESTING}"
    steps = (
        f"list_transform(regexp_extract_all({text}, {literal(_STRING_OR_BRACKET)}), lambda part: "
        "CASE WHEN part IN ('{', '[') THEN 1 WHEN part IN ('}', ']') THEN -1 ELSE 0 END)"
    )
    # What has been too deep stays so.
    deepest = (
        f"list_reduce({steps}, lambda level, step: CASE WHEN level > {MAX_NESTING} THEN level ELSE level + step END)"
    )
    suspect = f"length({text}) > {2 * MAX_NESTING} AND {brackets}"
    return f"coalesce(CASE WHEN {suspect} THEN {deepest} > {MAX_NESTING} END, false)"


class _Values:
    """Expressions over the columns of one row."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._column = file_columns(reading)
        self._type = {column.name: column for column in reading.columns}

    def text(self, name: str) -> str:
        """The value as text; null when it is missing or blank."""
        match self._reading.format:
            case "jsonl":
                return f"nullif(trim(fields[{_extracted(self._reading).index(name) + 1}]), '')"
            case "csv":
                return f"nullif(trim({self._column[name]}), '')"
            case "parquet":
                column = self._column[name]
                if self._type[name].declared in {"DOUBLE", "FLOAT"}:
                    # Tools that know no null integers write ids as 17850.0.
                    whole = f"abs({column}) < 1e15 AND {column} = trunc({column})"
                    plain = f"WHEN NOT isnan({column}) THEN {column}::VARCHAR"
                    column = f"CASE WHEN {whole} THEN {column}::BIGINT::VARCHAR {plain} END"
                return f"nullif(trim(({column})::VARCHAR), '')"
            case _ as never:
                assert_never(never)

    def column(self, name: str) -> tuple[str, FileColumn]:
        """The expression of a typed column, and what it is."""
        return self._column[name], self._type[name]

    def id(self, name: str) -> str:
        """The id; null where it names nobody. One search through one text: a list of so many became a join."""
        if not name:
            return "NULL::VARCHAR"
        text = self.text(name)
        known = f"contains({literal(_NOBODY)}, {_UNIT_SEPARATOR} || lower({text}) || {_UNIT_SEPARATOR})"
        return f"CASE WHEN length({text}) > {_LONGEST_OF_NOBODY} OR NOT {known} THEN {text} END"

    def event(self) -> str:
        return self.text(self._reading.event_column) if self._reading.event_column else literal(self._reading.event)

    def groups(self) -> str:
        if not self._reading.groups:
            return "NULL::MAP(VARCHAR, VARCHAR)"
        entries = ", ".join(
            f"{{'k': {literal(kind)}, 'v': {self.id(name)}}}" for kind, name in sorted(self._reading.groups.items())
        )
        return f"map_from_entries(list_filter([{entries}], lambda entry: entry.v IS NOT NULL))"

    def whole_row(self) -> str:
        if self._reading.format == "jsonl":
            return "coalesce(line, '')"
        columns = (f"coalesce(c{i}::VARCHAR, '')" for i in range(len(self._reading.columns)))
        return f"concat_ws({_UNIT_SEPARATOR}, {', '.join(columns)})"

    def holds_nul(self) -> str:
        """Column by column: putting the row together for it cost a fifth of the reading."""
        texts = (
            f"coalesce(contains(c{i}::VARCHAR, chr(0)), false)"
            for i, column in enumerate(self._reading.columns)
            if column.type in {"text", "nested"}
        )
        return " OR ".join(texts) or "false"

    def raw(self) -> str:
        if self._reading.format != "parquet":
            return "NULL::VARCHAR"
        pairs = ", ".join(f"{literal(c.name)}, c{i}::VARCHAR" for i, c in enumerate(self._reading.columns))
        return f"json_object({pairs})::VARCHAR"

    def properties(self) -> str:
        reading = self._reading
        if reading.format == "jsonl":
            return f"{_with_amounts(reading, _json_properties(reading))}::VARIANT"
        kept = [c for c in reading.columns if c.name not in reading.roles and c.name != reading.nested_properties]
        nested = self._column.get(reading.nested_properties)
        if not kept and not nested:
            return "'{}'::JSON::VARIANT"
        typed = [(c, self._column[c.name]) for c in kept]
        if nested:
            own = ", ".join(f"{literal(c.name)}, {_natural_or_text(reading, c, name)}" for c, name in typed)
            objects = (
                f"CASE WHEN NOT {_is_too_deep(nested)} AND json_valid({nested}::VARCHAR) THEN {nested}::JSON END"
                if reading.format == "csv"
                else f"to_json({nested})"
            )
            return f"json_merge_patch(json_object({own}), coalesce({objects}, '{{}}'::JSON))::VARIANT"
        struct = ", ".join(f"{identifier(c.name)} := {_natural(reading, c, name)}" for c, name in typed)
        packed = f"struct_pack({struct})::VARIANT"
        misfits = [m for c, name in typed if (m := _misfit(reading, c, name))]
        if not misfits:
            return packed
        own = ", ".join(f"{literal(c.name)}, {_natural_or_text(reading, c, name)}" for c, name in typed)
        return f"CASE WHEN {' OR '.join(misfits)} THEN json_object({own})::VARIANT ELSE {packed} END"


def _natural(reading: Reading, column: FileColumn, name: str) -> str:
    """The value in its own type; what an engine cannot count with (not-a-number) is missing."""
    if form := reading.amounts.get(column.name):
        plain = f"TRY_CAST({name} AS DOUBLE), " if form == AmountForm(".") else ""  # most are, and it is cheap
        return f"coalesce({plain}{amount(form, name)})"
    match column.type:
        case "integer" if not column.declared:
            return f"TRY_CAST({name} AS BIGINT)"
        case "number" if not column.declared:
            return f"TRY_CAST({name} AS DOUBLE)"
        case "boolean" if not column.declared:
            return f"(lower({name}) = 'true')"
        case "number" if column.declared in {"DOUBLE", "FLOAT"}:
            return f"CASE WHEN NOT isnan({name}) THEN {name} END"
        case _:
            return name


def amount(form: AmountForm, text: str) -> str:
    """The number that a text of this form says, null where it is none; see ``AmountForm.read``."""
    digits = f"replace(regexp_replace({text}, '[^0-9{form.decimal}]', '', 'g'), ',', '.')"
    sign = f"CASE WHEN regexp_matches({text}, '[(−-]') THEN -1 ELSE 1 END"
    return (
        f"CASE WHEN regexp_full_match({text}, {literal(form.pattern)}) THEN {sign} * TRY_CAST({digits} AS DOUBLE) END"
    )


def _misfit(reading: Reading, column: FileColumn, name: str) -> str:
    """Whether a text is not of the type that the column's first rows suggested: it then stays text."""
    if column.name in reading.amounts:
        return f"({name} IS NOT NULL AND NOT coalesce(isfinite({_natural(reading, column, name)}), false))"
    if reading.format != "csv":
        return ""
    match column.type:
        case "integer":
            return f"({name} IS NOT NULL AND TRY_CAST({name} AS BIGINT)::VARCHAR IS DISTINCT FROM {name})"
        case "number":
            return f"({name} IS NOT NULL AND NOT coalesce(isfinite(TRY_CAST({name} AS DOUBLE)), false))"
        case "boolean":
            return f"({name} IS NOT NULL AND lower({name}) NOT IN ('true', 'false'))"
        case _:
            return ""


def _natural_or_text(reading: Reading, column: FileColumn, name: str) -> str:
    natural = _natural(reading, column, name)
    misfit = _misfit(reading, column, name)
    return f"CASE WHEN {misfit} THEN to_json({name}) ELSE to_json({natural}) END" if misfit else f"to_json({natural})"


def _with_amounts(reading: Reading, properties: str) -> str:
    """JSON properties of which texts that are amounts become numbers."""
    for name, form in sorted(reading.amounts.items()):
        outer, _, inner = name.partition(".")
        key = inner if outer == reading.nested_properties and inner else name
        path = literal("/" + key.replace("~", "~0").replace("/", "~1"))
        text = f"json_extract_string(d, {path})"
        number = f"CASE WHEN json_type(d, {path}) = 'VARCHAR' THEN {amount(form, text)} END"
        changed = f"json_merge_patch(d, json_object({literal(key)}, {number}))"
        step = f"CASE WHEN {number} IS NULL THEN d ELSE {changed} END"
        properties = f"list_transform([{properties}], lambda d: {step})[1]"
    return properties


def _json_steps(reading: Reading, name: str) -> list[str]:
    """A key of the record as it stands, or else a dotted path into objects."""
    return [name] if any(column.name == name for column in reading.columns) else name.split(".")


def _extracted(reading: Reading) -> list[str]:
    return sorted(reading.roles - frozenset(reading.ignore) | {reading.timestamp})


def _json_pointer(reading: Reading, name: str) -> str:
    """RFC 6901."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in _json_steps(reading, name))


def _json_properties(reading: Reading) -> str:
    removed: dict[str, object] = {}
    for name in sorted(reading.roles):
        *outer, last = _json_steps(reading, name)
        place = removed
        for part in outer:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            place[last] = None
    patched = (
        f"json_merge_patch(doc, {literal(json.dumps(removed, ensure_ascii=False))}::JSON)" if removed else "doc::JSON"
    )
    if not reading.nested_properties:
        return patched
    path = literal(_json_pointer(reading, reading.nested_properties))
    without = literal(json.dumps({reading.nested_properties: None}, ensure_ascii=False))
    nested = f"json_type(doc, {path}) = 'OBJECT'"
    outside = f"CASE WHEN {nested} THEN json_merge_patch({patched}, {without}::JSON) ELSE {patched} END"
    inside = f"CASE WHEN {nested} THEN json_extract({patched}, {path}) ELSE '{{}}'::JSON END"
    return f"json_merge_patch({outside}, {inside})"


def _written(reading: Reading, value: _Values) -> str:
    """The text of the instant; null where it, or a part of it, is missing."""
    text = value.text(reading.timestamp)
    if not reading.time_of_day:
        return text
    day = f"regexp_replace({text}, {literal(_MIDNIGHT)}, '')"
    return f"{day} || ' ' || {value.text(reading.time_of_day)}"


def _instant(reading: Reading, value: _Values) -> str:
    text = "written"
    match reading.time_format:
        case "native":
            column, kind = value.column(reading.timestamp)
            if kind.declared == "TIMESTAMP WITH TIME ZONE":
                return f"timezone('UTC', {column})"
            return _guarded(f"TRY_CAST({column} AS TIMESTAMP)", reading.timezone)
        case "iso":
            zoned = f"timezone('UTC', TRY_CAST({text} AS TIMESTAMPTZ))"
            # 2024-02-29 10:00:00 is the usual case and has no offset to look for.
            usual = f"WHEN length({text}) = 19 AND substr({text}, 17, 1) = ':'"
            local = _guarded(f"TRY_CAST({text} AS TIMESTAMP)", reading.timezone)
            if reading.timezone in _UTC:
                return f"CASE {usual} THEN {local} WHEN {_ambiguous_zone(text)} THEN NULL ELSE {zoned} END"
            offset = f"WHEN regexp_matches({text}, {literal(_OFFSET)}) THEN {zoned}"
            return f"CASE {usual} THEN {local} {offset} WHEN {_ambiguous_zone(text)} THEN NULL ELSE {local} END"
        case "epoch_s" | "epoch_ms" | "epoch_us":
            scaled = f"TRY_CAST({text} AS DOUBLE) * {_MICROSECONDS[reading.time_format]}"
            return f"CASE WHEN abs({scaled}) < {_LARGEST_MICROSECONDS} THEN make_timestamp(({scaled})::BIGINT) END"
        case form:
            parsed = f"try_strptime({text}, {literal(form)})"
            return f"timezone('UTC', {parsed})" if "%z" in form else _guarded(parsed, reading.timezone)


def _ambiguous_zone(text: str) -> str:
    """Abbreviations such as IST mean several zones; the engine would pick one."""
    letter = f"right({text}, 1) > '9'"  # cheaper than a pattern, and most often false
    return (
        f"({letter} AND regexp_matches({text}, {literal(_ABBREVIATION)}) "
        f"AND NOT regexp_matches({text}, {literal(_OFFSET)}))"
    )


def _guarded(naive: str, zone: str) -> str:
    """``to_utc`` of what a calendar reaches; the rest stays as it is, to be refused as out of range."""
    if zone in _UTC:
        return naive
    return f"CASE WHEN {naive} BETWEEN '0001-01-02' AND '9999-12-30' THEN {to_utc(naive, zone)} ELSE {naive} END"


def _reason(reading: Reading, value: _Values) -> str:
    instant, text = "instant", "written"
    shown = "left(" + text + ", 60)"
    cases = []
    if reading.format == "jsonl":
        cases.append(f"WHEN too_deep THEN '{_TOO_DEEP}'")
        cases.append("WHEN doc IS NULL THEN 'not a JSON object'")
    if reading.format == "csv" and reading.nested_properties:
        cases.append(f"WHEN {_is_too_deep(value.column(reading.nested_properties)[0])} THEN '{_TOO_DEEP}'")
    if reading.format == "parquet":
        cases.append(f"WHEN {value.holds_nul()} THEN 'holds a NUL character'")
    if reading.time_of_day:
        missing = f"{text} IS NULL AND {value.text(reading.timestamp)} IS NOT NULL"
        cases.append(f"WHEN {missing} THEN {literal(f'no time of day in {reading.time_of_day!r}')}")
    cases.append(f"WHEN {text} IS NULL THEN {literal(f'no timestamp in {reading.timestamp!r}')}")
    understood = literal(f" is not a timestamp ({_described(reading.time_format)})")
    cases.append(f"WHEN {instant} IS NULL THEN '''' || {shown} || '''' || {understood}")
    window = f"{EARLIEST:%Y} to {LATEST.year - 1}"
    outside = f"{instant} < TIMESTAMP '{EARLIEST}' OR {instant} >= TIMESTAMP '{LATEST}'"
    beyond = literal(f" is not in the years {window}")
    cases.append(f"WHEN {outside} THEN '''' || {shown} || '''' || {beyond}")
    if reading.event_column:
        cases.append(f"WHEN {value.event()} IS NULL THEN {literal(f'no event name in {reading.event_column!r}')}")
        cases.append(f"WHEN {value.event()} = '{ANY_EVENT}' THEN 'the event name {ANY_EVENT} stands for any event'")
    return f"CASE {' '.join(cases)} END"


def _described(time_format: str) -> str:
    match time_format:
        case "iso" | "native":
            return "ISO 8601"
        case "epoch_s":
            return "seconds since 1970"
        case "epoch_ms":
            return "milliseconds since 1970"
        case "epoch_us":
            return "microseconds since 1970"
        case _:
            return time_format
