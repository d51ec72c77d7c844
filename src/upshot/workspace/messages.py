"""The questions and answers of every operation, and the operations themselves."""

from datetime import date, datetime
from typing import Literal

import msgspec

from upshot.core.time import Grain
from upshot.workspace.operation import Operation, Permission

__all__ = [
    "ACCESS_ADD",
    "ACCESS_LIST",
    "ACCESS_REVOKE",
    "DATA_EVENTS",
    "DATA_PROPERTIES",
    "DATA_REJECTS",
    "DOCTOR",
    "EVENTS_APPEND",
    "EVENTS_RECENT",
    "FACTS_REFRESH",
    "IDENTITY_MERGE",
    "IMPORT_PREVIEW",
    "IMPORT_START",
    "IMPORT_STATUS",
    "METRIC_APPLY",
    "METRIC_LIST",
    "METRIC_QUERY",
    "METRIC_RETENTION",
    "METRIC_SHOW",
    "OBSERVATIONS_APPEND",
    "OPERATIONS",
    "UNIT_PROPERTIES_SET",
    "WORKSPACE_INFO",
]


class Nothing(msgspec.Struct, frozen=True):
    """A question without parameters."""


# --- the workspace ---------------------------------------------------------------------------------------------------


class WorkspaceInfo(msgspec.Struct, frozen=True):
    """What the workspace is and holds. ``revision`` grows with each commit to the event store."""

    name: str
    version: str
    time_zone: str
    currency: str
    events: int
    first_event_at: datetime | None
    last_event_at: datetime | None
    last_received_at: datetime | None
    revision: int
    dirty_days: int
    storage_bytes: int
    engine: str
    catalog: str


class Finding(msgspec.Struct, frozen=True):
    """One thing that ``doctor`` looked at."""

    check: str
    level: Literal["ok", "warning", "error"]
    message: str
    hint: str = ""


class Findings(msgspec.Struct, frozen=True):
    """All of them, worst last."""

    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing is an error."""
        return all(f.level != "error" for f in self.findings)


# --- metrics ---------------------------------------------------------------------------------------------------------


class MetricView(msgspec.Struct, frozen=True):
    """A metric as people see it; ``definition`` is its YAML.

    ``format`` is count, money, percent, duration or number.
    """

    name: str
    title: str
    description: str
    shape: str
    format: str
    direction: Literal["up", "down", "none"]
    unit: str
    version: int
    hash: str
    definition: str
    additive: bool


class MetricList(msgspec.Struct, frozen=True):
    """All metrics, by name."""

    metrics: tuple[MetricView, ...]


class MetricName(msgspec.Struct, frozen=True):
    """Which metric."""

    name: str


class MetricApply(msgspec.Struct, frozen=True):
    """Definitions as YAML. ``source`` names where they come from, for messages and the audit log."""

    yaml: str
    source: str = ""
    dry_run: bool = False


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a definition, a filter or a file: where, what, and the nearest right words.

    A ``warning`` should be looked at and stands in nobody's way.
    """

    message: str
    where: str = ""
    line: int = 0
    suggestions: tuple[str, ...] = ()
    level: Literal["error", "warning"] = "error"


class MetricChange(msgspec.Struct, frozen=True):
    """What applying did, or would do, to one metric."""

    name: str
    change: Literal["added", "changed", "unchanged"]
    version: int
    hash: str


class MetricApplied(msgspec.Struct, frozen=True):
    """Changes and problems; nothing is changed while there is a problem."""

    changes: tuple[MetricChange, ...]
    problems: tuple[Problem, ...]


class MetricQuery(msgspec.Struct, frozen=True):
    """A series. ``first`` and ``last`` are local days, both counted.

    ``breakdown`` and ``where`` are in the words of the command line: ``Country``, ``person.plan``,
    ``Country in (France, Spain)``.
    """

    name: str
    first: date
    last: date
    grain: Grain = Grain.DAY
    breakdown: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    compare: Literal["none", "previous", "year"] = "none"
    limit: int = 20


class Point(msgspec.Struct, frozen=True):
    """One value of a series. ``value`` is null where the data give none, and ``note`` says why.

    ``complete`` is false where the period is not over, or the data begin or end inside it.
    ``group`` holds the breakdown's values in the order asked, null for none.
    """

    period: date
    value: float | None
    complete: bool
    group: tuple[str | None, ...] = ()
    numerator: float | None = None
    denominator: float | None = None
    note: str = ""


class MetricSeries(msgspec.Struct, frozen=True):
    """The answer to a ``MetricQuery``; ``total`` is the metric over the whole window, where it has a meaning.

    ``previous`` is aligned with ``points``: its nth period is compared with the nth. ``route`` says what was read:
    ``facts``, ``measures`` or ``events``.
    """

    metric: MetricView
    points: tuple[Point, ...]
    previous: tuple[Point, ...]
    total: Point | None
    totals: tuple[Point, ...]
    previous_total: Point | None
    sql: str
    route: str
    elapsed_ms: float
    time_zone: str
    currency: str
    data_from: date | None
    data_until: datetime | None
    notes: tuple[str, ...] = ()
    truncated_groups: int = 0


class RetentionQuery(msgspec.Struct, frozen=True):
    """A cohort grid of a retention metric, or of any activity that the metric counts."""

    name: str
    first: date
    last: date
    grain: Grain = Grain.MONTH
    periods: int = 12
    where: tuple[str, ...] = ()


class RetentionCell(msgspec.Struct, frozen=True):
    """One cell. ``complete`` is false while units of the cohort can still come back within the period."""

    cohort: date
    offset: int
    units: int
    share: float | None
    complete: bool


class RetentionGrid(msgspec.Struct, frozen=True):
    """The grid. ``cut_off_left``: the first cohort holds everybody seen before, as the data begin inside or with it."""

    metric: MetricView
    grain: Grain
    cells: tuple[RetentionCell, ...]
    cut_off_left: tuple[date, ...]
    sql: str
    route: str
    elapsed_ms: float
    notes: tuple[str, ...] = ()


# --- events ----------------------------------------------------------------------------------------------------------


class NewEvent(msgspec.Struct, frozen=True):
    """An event to keep.

    ``id`` is the client's own; without one the event gets a random key and cannot be told from a second sending.
    """

    event: str
    occurred_at: datetime
    distinct_id: str | None = None
    id: str | None = None
    session_id: str | None = None
    groups: dict[str, str] = {}
    # a factory, as the description of the API cannot show a raw default
    properties: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"{}"))


class EventsAppend(msgspec.Struct, frozen=True):
    """Events of one source."""

    source: str
    events: tuple[NewEvent, ...]


class EventsAppended(msgspec.Struct, frozen=True):
    """Durable: they survive a crash. ``duplicates`` were known already."""

    stored: int
    duplicates: int
    revision: int


class EventsRecent(msgspec.Struct, frozen=True):
    """The newest events by arrival."""

    limit: int = 50
    event: str = ""
    distinct_id: str = ""


class EventRow(msgspec.Struct, frozen=True):
    """A stored event; ``properties`` is JSON."""

    event_id: str
    event: str
    occurred_at: datetime
    received_at: datetime
    distinct_id: str | None
    session_id: str | None
    source: str
    properties: msgspec.Raw


class EventRows(msgspec.Struct, frozen=True):
    """Newest first."""

    events: tuple[EventRow, ...]


class IdentityMerge(msgspec.Struct, frozen=True):
    """``alias`` is the same person as ``distinct_id``."""

    distinct_id: str
    alias: str


class UnitPropertiesSet(msgspec.Struct, frozen=True):
    """Traits of a unit from ``at`` on; ``once`` keeps a value that is there already."""

    unit_type: str
    unit: str
    properties: dict[str, str | float | bool | None]
    at: datetime
    once: bool = False


class NewObservation(msgspec.Struct, frozen=True):
    """One value of an external series."""

    day: date
    value: float
    dimensions: dict[str, str] = {}


class ObservationsAppend(msgspec.Struct, frozen=True):
    """Values of one series; a later recording of the same day and dimensions supersedes, and the earlier is kept."""

    series: str
    values: tuple[NewObservation, ...]


class Done(msgspec.Struct, frozen=True):
    """It is done and durable."""

    revision: int


# --- data page -------------------------------------------------------------------------------------------------------


class EventSummary(msgspec.Struct, frozen=True):
    """One event name and what the store knows of it."""

    event: str
    count: int
    units: int
    without_unit: int
    first_at: datetime
    last_at: datetime
    last_received_at: datetime


class EventSummaries(msgspec.Struct, frozen=True):
    """All event names, most frequent first."""

    events: tuple[EventSummary, ...]


class EventName(msgspec.Struct, frozen=True):
    """Which event; empty for all."""

    event: str = ""


class PropertySummary(msgspec.Struct, frozen=True):
    """One property: its share of events and some values, by frequency in a sample."""

    name: str
    types: tuple[str, ...]
    share: float
    examples: tuple[str, ...]


class PropertySummaries(msgspec.Struct, frozen=True):
    """Properties, most frequent first; from ``sampled`` events."""

    properties: tuple[PropertySummary, ...]
    sampled: int


class Reject(msgspec.Struct, frozen=True):
    """A row that could not become an event."""

    source: str
    line: int
    reason: str
    raw: str
    rejected_at: datetime


class Rejects(msgspec.Struct, frozen=True):
    """Newest first; ``total`` counts all of them."""

    rejects: tuple[Reject, ...]
    total: int


class RejectsQuery(msgspec.Struct, frozen=True):
    """How many to show."""

    limit: int = 100


# --- import ----------------------------------------------------------------------------------------------------------


class ImportMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which column is what. Empty strings are guessed, and the guess is shown; columns not named become properties.

    ``event`` is a constant name; ``event_column`` a column; one of them is needed. ``timezone`` is the zone of
    timestamps that carry no offset; ``timestamp_format`` is iso, epoch_s, epoch_ms, epoch_us or a strptime pattern.
    A ``distinct_id`` of ``-`` says that no column tells who.
    ``format`` is csv, tsv, jsonl or parquet; ``delimiter`` for csv.
    """

    timestamp: str = ""
    distinct_id: str = ""
    event: str = ""
    event_column: str = ""
    event_id: str = ""
    session_id: str = ""
    timezone: str = ""
    timestamp_format: str = ""
    groups: dict[str, str] = {}
    source: str = ""
    format: str = ""
    delimiter: str = ""
    ignore: tuple[str, ...] = ()


class ImportRequest(msgspec.Struct, frozen=True):
    """Absolute paths of files on the machine that holds the workspace."""

    paths: tuple[str, ...]
    mapping: ImportMapping = ImportMapping()
    dry_run: bool = False


class ImportColumn(msgspec.Struct, frozen=True):
    """A column of the file: its type, its role (``property`` when not named), and some values."""

    name: str
    type: str
    role: str
    examples: tuple[str, ...]


class ImportPreview(msgspec.Struct, frozen=True):
    """What the import would do, with the mapping made complete."""

    mapping: ImportMapping
    guessed: tuple[str, ...]
    columns: tuple[ImportColumn, ...]
    problems: tuple[Problem, ...]
    files: tuple[str, ...]


class ImportId(msgspec.Struct, frozen=True):
    """Which import."""

    id: str


class ImportStatus(msgspec.Struct, frozen=True):
    """Where an import stands.

    ``rows`` = stored + duplicates + rejected when it is done; ``total_rows`` and ``fraction`` are null where unknown.
    """

    id: str
    state: Literal["running", "done", "failed", "interrupted"]
    rows: int
    stored: int
    duplicates: int
    rejected: int
    fraction: float | None
    total_rows: int | None
    rejects_file: str
    mapping: ImportMapping
    message: str = ""
    hint: str = ""


# --- access ----------------------------------------------------------------------------------------------------------


class AccessAdd(msgspec.Struct, frozen=True):
    """Let somebody, or some program, in."""

    name: str
    role: Literal["owner", "editor", "viewer"]


class AccessToken(msgspec.Struct, frozen=True):
    """The secret is shown once and stored only as a hash."""

    name: str
    role: str
    token: str


class AccessEntry(msgspec.Struct, frozen=True):
    """Who has access."""

    name: str
    role: str
    created_at: datetime
    last_used_at: datetime | None


class AccessEntries(msgspec.Struct, frozen=True):
    """All of them, by name."""

    entries: tuple[AccessEntry, ...]


class AccessName(msgspec.Struct, frozen=True):
    """Whose access."""

    name: str


_R, _W, _A = Permission.READ, Permission.WRITE, Permission.ADMIN

WORKSPACE_INFO = Operation("workspace.info", _R, Nothing, WorkspaceInfo)
DOCTOR = Operation("workspace.doctor", _R, Nothing, Findings)
METRIC_LIST = Operation("metric.list", _R, Nothing, MetricList)
METRIC_SHOW = Operation("metric.show", _R, MetricName, MetricView)
METRIC_APPLY = Operation("metric.apply", _W, MetricApply, MetricApplied, changes=True)
METRIC_QUERY = Operation("metric.query", _R, MetricQuery, MetricSeries)
METRIC_RETENTION = Operation("metric.retention", _R, RetentionQuery, RetentionGrid)
EVENTS_APPEND = Operation("events.append", _W, EventsAppend, EventsAppended, changes=True)
EVENTS_RECENT = Operation("events.recent", _R, EventsRecent, EventRows)
IDENTITY_MERGE = Operation("identity.merge", _W, IdentityMerge, Done, changes=True)
UNIT_PROPERTIES_SET = Operation("unit_properties.set", _W, UnitPropertiesSet, Done, changes=True)
OBSERVATIONS_APPEND = Operation("observations.append", _W, ObservationsAppend, Done, changes=True)
FACTS_REFRESH = Operation("facts.refresh", _W, Nothing, Done, changes=True)
DATA_EVENTS = Operation("data.events", _R, Nothing, EventSummaries)
DATA_PROPERTIES = Operation("data.properties", _R, EventName, PropertySummaries)
DATA_REJECTS = Operation("data.rejects", _R, RejectsQuery, Rejects)
IMPORT_PREVIEW = Operation("import.preview", _A, ImportRequest, ImportPreview)
IMPORT_START = Operation("import.start", _A, ImportRequest, ImportId, changes=True)
IMPORT_STATUS = Operation("import.status", _R, ImportId, ImportStatus)
ACCESS_ADD = Operation("access.add", _A, AccessAdd, AccessToken, changes=True)
ACCESS_LIST = Operation("access.list", _A, Nothing, AccessEntries)
ACCESS_REVOKE = Operation("access.revoke", _A, AccessName, Done, changes=True)

OPERATIONS = (
    WORKSPACE_INFO,
    DOCTOR,
    METRIC_LIST,
    METRIC_SHOW,
    METRIC_APPLY,
    METRIC_QUERY,
    METRIC_RETENTION,
    EVENTS_APPEND,
    EVENTS_RECENT,
    IDENTITY_MERGE,
    UNIT_PROPERTIES_SET,
    OBSERVATIONS_APPEND,
    FACTS_REFRESH,
    DATA_EVENTS,
    DATA_PROPERTIES,
    DATA_REJECTS,
    IMPORT_PREVIEW,
    IMPORT_START,
    IMPORT_STATUS,
    ACCESS_ADD,
    ACCESS_LIST,
    ACCESS_REVOKE,
)
