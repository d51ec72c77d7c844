"""The questions and answers of every operation, and the operations themselves."""

from upshot.workspace.messages import (
    collect,
    declarations,
    feedback,
    ledger,
    objectives,
    outputs,
    segments,
    series,
    studies,
)
from upshot.workspace.messages.access import (
    AccessAdd,
    AccessEntries,
    AccessEntry,
    AccessName,
    AccessToken,
)
from upshot.workspace.messages.dashboards import (
    DashboardApply,
    DashboardChange,
    DashboardDelete,
    DashboardList,
    DashboardName,
    DashboardRestore,
    DashboardsApplied,
    DashboardSave,
    DashboardsOffered,
    DashboardView,
    HomeRestore,
    HomeSave,
    HomeView,
)
from upshot.workspace.messages.data import (
    EventName,
    EventSummaries,
    EventSummary,
    PropertySummaries,
    PropertySummary,
    Reject,
    Rejects,
    RejectsQuery,
)
from upshot.workspace.messages.events import (
    Done,
    EventRow,
    EventRows,
    EventsAppend,
    EventsAppended,
    EventsRecent,
    IdentityMerge,
    NewEvent,
    NewObservation,
    ObservationsAppend,
    UnitPropertiesSet,
)
from upshot.workspace.messages.explore import (
    Distribution,
    ExploreDistribution,
    ExploreRetention,
    ExploreSeries,
    FieldValue,
    FieldValues,
    Quantile,
    Step,
    ValuesQuery,
)
from upshot.workspace.messages.imports import (
    ImportColumn,
    ImportId,
    ImportList,
    ImportMapping,
    ImportPreview,
    ImportRequest,
    ImportStatus,
)
from upshot.workspace.messages.keys import (
    WriteKeyAdd,
    WriteKeyName,
    WriteKeys,
    WriteKeyView,
)
from upshot.workspace.messages.metrics import (
    MetricApplied,
    MetricApply,
    MetricChange,
    MetricList,
    MetricName,
    MetricQuery,
    MetricSeries,
    MetricView,
    Point,
    RetentionCell,
    RetentionGrid,
    RetentionQuery,
)
from upshot.workspace.messages.state import (
    Finding,
    Findings,
    Nothing,
    Problem,
    WorkspaceInfo,
)
from upshot.workspace.operation import Operation, Permission

__all__ = [
    "ACCESS_ADD",
    "ACCESS_LIST",
    "ACCESS_REVOKE",
    "DASHBOARD_APPLY",
    "DASHBOARD_DELETE",
    "DASHBOARD_LIST",
    "DASHBOARD_OFFERED",
    "DASHBOARD_RESTORE",
    "DASHBOARD_SAVE",
    "DASHBOARD_SHOW",
    "DATA_EVENTS",
    "DATA_PROPERTIES",
    "DATA_REJECTS",
    "DATA_VALUES",
    "DOCTOR",
    "EVENTS_APPEND",
    "EVENTS_RECENT",
    "EXPLORE_DISTRIBUTION",
    "EXPLORE_RETENTION",
    "EXPLORE_SERIES",
    "FACTS_REFRESH",
    "HOME_RESTORE",
    "HOME_SAVE",
    "HOME_SHOW",
    "IDENTITY_MERGE",
    "IMPORT_LIST",
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
    "WRITE_KEY_ADD",
    "WRITE_KEY_LIST",
    "WRITE_KEY_REVOKE",
    "AccessAdd",
    "AccessEntries",
    "AccessEntry",
    "AccessName",
    "AccessToken",
    "DashboardApply",
    "DashboardChange",
    "DashboardDelete",
    "DashboardList",
    "DashboardName",
    "DashboardRestore",
    "DashboardSave",
    "DashboardView",
    "DashboardsApplied",
    "DashboardsOffered",
    "Distribution",
    "Done",
    "EventName",
    "EventRow",
    "EventRows",
    "EventSummaries",
    "EventSummary",
    "EventsAppend",
    "EventsAppended",
    "EventsRecent",
    "ExploreDistribution",
    "ExploreRetention",
    "ExploreSeries",
    "FieldValue",
    "FieldValues",
    "Finding",
    "Findings",
    "HomeRestore",
    "HomeSave",
    "HomeView",
    "IdentityMerge",
    "ImportColumn",
    "ImportId",
    "ImportList",
    "ImportMapping",
    "ImportPreview",
    "ImportRequest",
    "ImportStatus",
    "MetricApplied",
    "MetricApply",
    "MetricChange",
    "MetricList",
    "MetricName",
    "MetricQuery",
    "MetricSeries",
    "MetricView",
    "NewEvent",
    "NewObservation",
    "Nothing",
    "ObservationsAppend",
    "Point",
    "Problem",
    "PropertySummaries",
    "PropertySummary",
    "Quantile",
    "Reject",
    "Rejects",
    "RejectsQuery",
    "RetentionCell",
    "RetentionGrid",
    "RetentionQuery",
    "Step",
    "UnitPropertiesSet",
    "ValuesQuery",
    "WorkspaceInfo",
    "WriteKeyAdd",
    "WriteKeyName",
    "WriteKeyView",
    "WriteKeys",
]

_R, _W, _A = Permission.READ, Permission.WRITE, Permission.ADMIN

WORKSPACE_INFO = Operation("workspace.info", _R, Nothing, WorkspaceInfo)
DOCTOR = Operation("workspace.doctor", _R, Nothing, Findings)
METRIC_LIST = Operation("metric.list", _R, Nothing, MetricList)
METRIC_SHOW = Operation("metric.show", _R, MetricName, MetricView)
METRIC_APPLY = Operation("metric.apply", _W, MetricApply, MetricApplied, changes=True)
METRIC_QUERY = Operation("metric.query", _R, MetricQuery, MetricSeries)
METRIC_RETENTION = Operation("metric.retention", _R, RetentionQuery, RetentionGrid)
DASHBOARD_LIST = Operation("dashboard.list", _R, Nothing, DashboardList)
DASHBOARD_SHOW = Operation("dashboard.show", _R, DashboardName, DashboardView)
DASHBOARD_SAVE = Operation("dashboard.save", _W, DashboardSave, DashboardView, changes=True)
DASHBOARD_APPLY = Operation("dashboard.apply", _W, DashboardApply, DashboardsApplied, changes=True)
DASHBOARD_DELETE = Operation("dashboard.delete", _W, DashboardDelete, Done, changes=True)
DASHBOARD_RESTORE = Operation("dashboard.restore", _W, DashboardRestore, DashboardView, changes=True)
DASHBOARD_OFFERED = Operation("dashboard.offered", _R, Nothing, DashboardsOffered)
HOME_SHOW = Operation("home.show", _R, Nothing, HomeView)
HOME_SAVE = Operation("home.save", _W, HomeSave, HomeView, changes=True)
HOME_RESTORE = Operation("home.restore", _W, HomeRestore, HomeView, changes=True)
EVENTS_APPEND = Operation("events.append", _W, EventsAppend, EventsAppended, changes=True)
EVENTS_RECENT = Operation("events.recent", _R, EventsRecent, EventRows)
IDENTITY_MERGE = Operation("identity.merge", _W, IdentityMerge, Done, changes=True)
UNIT_PROPERTIES_SET = Operation("unit_properties.set", _W, UnitPropertiesSet, Done, changes=True)
OBSERVATIONS_APPEND = Operation("observations.append", _W, ObservationsAppend, Done, changes=True)
FACTS_REFRESH = Operation("facts.refresh", _W, Nothing, Done, changes=True)
DATA_EVENTS = Operation("data.events", _R, Nothing, EventSummaries)
DATA_PROPERTIES = Operation("data.properties", _R, EventName, PropertySummaries)
DATA_REJECTS = Operation("data.rejects", _R, RejectsQuery, Rejects)
DATA_VALUES = Operation("data.values", _R, ValuesQuery, FieldValues)
EXPLORE_SERIES = Operation("explore.series", _R, ExploreSeries, MetricSeries)
EXPLORE_RETENTION = Operation("explore.retention", _R, ExploreRetention, RetentionGrid)
EXPLORE_DISTRIBUTION = Operation("explore.distribution", _R, ExploreDistribution, Distribution)
IMPORT_PREVIEW = Operation("import.preview", _A, ImportRequest, ImportPreview)
IMPORT_START = Operation("import.start", _A, ImportRequest, ImportId, changes=True)
IMPORT_STATUS = Operation("import.status", _R, ImportId, ImportStatus)
IMPORT_LIST = Operation("import.list", _R, Nothing, ImportList)
ACCESS_ADD = Operation("access.add", _A, AccessAdd, AccessToken, changes=True)
ACCESS_LIST = Operation("access.list", _A, Nothing, AccessEntries)
ACCESS_REVOKE = Operation("access.revoke", _A, AccessName, Done, changes=True)
WRITE_KEY_ADD = Operation("write_key.add", _A, WriteKeyAdd, WriteKeyView, changes=True)
WRITE_KEY_LIST = Operation("write_key.list", _R, Nothing, WriteKeys)
WRITE_KEY_REVOKE = Operation("write_key.revoke", _A, WriteKeyName, Done, changes=True)

OPERATIONS = (
    WORKSPACE_INFO,
    DOCTOR,
    METRIC_LIST,
    METRIC_SHOW,
    METRIC_APPLY,
    METRIC_QUERY,
    METRIC_RETENTION,
    DASHBOARD_LIST,
    DASHBOARD_SHOW,
    DASHBOARD_SAVE,
    DASHBOARD_APPLY,
    DASHBOARD_DELETE,
    DASHBOARD_RESTORE,
    DASHBOARD_OFFERED,
    HOME_SHOW,
    HOME_SAVE,
    HOME_RESTORE,
    EVENTS_APPEND,
    EVENTS_RECENT,
    IDENTITY_MERGE,
    UNIT_PROPERTIES_SET,
    OBSERVATIONS_APPEND,
    FACTS_REFRESH,
    DATA_EVENTS,
    DATA_PROPERTIES,
    DATA_REJECTS,
    DATA_VALUES,
    EXPLORE_SERIES,
    EXPLORE_RETENTION,
    EXPLORE_DISTRIBUTION,
    IMPORT_PREVIEW,
    IMPORT_START,
    IMPORT_STATUS,
    IMPORT_LIST,
    ACCESS_ADD,
    ACCESS_LIST,
    ACCESS_REVOKE,
    *declarations.OPERATIONS,
    *collect.OPERATIONS,
    *feedback.OPERATIONS,
    *ledger.OPERATIONS,
    *objectives.OPERATIONS,
    *outputs.OPERATIONS,
    *series.OPERATIONS,
    *segments.OPERATIONS,
    *studies.OPERATIONS,
    WRITE_KEY_ADD,
    WRITE_KEY_LIST,
    WRITE_KEY_REVOKE,
)
