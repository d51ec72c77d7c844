"""Every operation, asked by the fixed cast: owner, editor, viewer, outsider."""

import importlib
import pkgutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.shop import event
from tests.workspace.dashboard_requests import dashboard_requests
from tests.workspace.declaration_requests import declaration_requests
from tests.workspace.feedback_requests import feedback_requests
from tests.workspace.study_requests import study_requests
from upshot import api
from upshot.api.access import ACCESS_ADD, ACCESS_LIST, ACCESS_REVOKE, AccessAdd, AccessName
from upshot.api.collect import (
    EVENTS_SENT,
    QUARANTINE_LIST,
    QUARANTINE_REPLAY,
    TRACKING_BREAKAGES,
    EventIds,
    QuarantineQuery,
    QuarantineReplay,
)
from upshot.api.data import DATA_EVENTS, DATA_PROPERTIES, DATA_REJECTS, FACTS_REFRESH, EventName, RejectsQuery
from upshot.api.events import (
    EVENTS_APPEND,
    EVENTS_RECENT,
    IDENTITY_MERGE,
    OBSERVATIONS_APPEND,
    UNIT_PROPERTIES_SET,
    EventsAppend,
    EventsRecent,
    IdentityMerge,
    NewObservation,
    ObservationsAppend,
    UnitPropertiesSet,
)
from upshot.api.explore import (
    DATA_VALUES,
    EXPLORE_DISTRIBUTION,
    EXPLORE_RETENTION,
    EXPLORE_SERIES,
    ExploreDistribution,
    ExploreRetention,
    ExploreSeries,
    ValuesQuery,
)
from upshot.api.imports import (
    IMPORT_LIST,
    IMPORT_PREVIEW,
    IMPORT_RESUME,
    IMPORT_START,
    IMPORT_STATUS,
    ImportId,
    ImportMapping,
    ImportRequest,
    ImportStatus,
)
from upshot.api.keys import WRITE_KEY_ADD, WRITE_KEY_LIST, WRITE_KEY_REVOKE, WriteKeyAdd, WriteKeyName
from upshot.api.lifecycle import METRIC_LIFECYCLE, LifecycleQuery
from upshot.api.lifetime import METRIC_LIFETIME, LifetimeQuery
from upshot.api.metrics import (
    METRIC_APPLY,
    METRIC_LIST,
    METRIC_QUERY,
    METRIC_RETENTION,
    METRIC_SHOW,
    MetricApply,
    MetricName,
    MetricQuery,
    RetentionQuery,
)
from upshot.api.operation import Caller, Operation, Permission, Principal, Role
from upshot.api.segments import DATA_TRAITS, SEGMENT_LIST
from upshot.api.state import DOCTOR, WORKSPACE_INFO, Nothing
from upshot.core.errors import InvalidInput, NotAllowed, NotFound
from upshot.core.time import Grain
from upshot.workspace.dispatch import find_operation
from upshot.workspace.local import LocalWorkspace
from upshot.workspace.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

REVENUE = """
name: revenue
title: Revenue
type: revenue
event: purchase
value: amount
"""
JANUARY = (date(2024, 1, 1), date(2024, 1, 31))
AnyOperation = Operation[Any, Any]


def a_file(folder: Path) -> ImportRequest:
    file = folder / "events.csv"
    file.write_text("at,who,price\n2024-01-03T10:00:00Z,ann,5\n2024-01-04T10:00:00Z,bob,7\n", encoding="utf-8")
    return ImportRequest((str(file),), ImportMapping(timestamp="at", distinct_id="who", event="order"))


def a_request(operation: AnyOperation, workspace: LocalWorkspace, tmp_path: Path) -> msgspec.Struct:
    """A request that an owner's call meets."""
    owner = workspace.acting_as(Principal("olivia", Role.OWNER))

    def started() -> ImportId:
        return owner.call(IMPORT_START, a_file(tmp_path))

    def known() -> AccessName:
        owner.call(ACCESS_ADD, AccessAdd("zoe", "viewer"))
        return AccessName("zoe")

    def with_key() -> WriteKeyName:
        owner.call(WRITE_KEY_ADD, WriteKeyAdd("ios"))
        return WriteKeyName("ios")

    def worth() -> LifetimeQuery:
        owner.call(METRIC_APPLY, MetricApply(REVENUE))
        return LifetimeQuery("revenue")

    requests: dict[str, Callable[[], msgspec.Struct]] = {
        **dashboard_requests(owner),
        **declaration_requests(owner),
        **feedback_requests(owner),
        **study_requests(owner),
        WORKSPACE_INFO.name: Nothing,
        DOCTOR.name: Nothing,
        METRIC_LIST.name: Nothing,
        METRIC_SHOW.name: lambda: MetricName("events"),
        METRIC_APPLY.name: lambda: MetricApply(REVENUE),
        METRIC_QUERY.name: lambda: MetricQuery("events", *JANUARY),
        METRIC_RETENTION.name: lambda: RetentionQuery("retention", *JANUARY, Grain.WEEK, 3),
        METRIC_LIFECYCLE.name: lambda: LifecycleQuery("active_persons", *JANUARY),
        METRIC_LIFETIME.name: worth,
        EVENTS_APPEND.name: lambda: EventsAppend("test", (event(20, "new"),)),
        EVENTS_RECENT.name: EventsRecent,
        IDENTITY_MERGE.name: lambda: IdentityMerge("ann", "bob"),
        UNIT_PROPERTIES_SET.name: lambda: UnitPropertiesSet(
            "person", "ann", {"plan": "pro"}, datetime(2024, 1, 1, tzinfo=UTC)
        ),
        OBSERVATIONS_APPEND.name: lambda: ObservationsAppend("cost", (NewObservation(date(2024, 1, 1), 5.0),)),
        FACTS_REFRESH.name: Nothing,
        DATA_EVENTS.name: Nothing,
        DATA_PROPERTIES.name: EventName,
        DATA_REJECTS.name: RejectsQuery,
        DATA_TRAITS.name: Nothing,
        SEGMENT_LIST.name: Nothing,
        DATA_VALUES.name: lambda: ValuesQuery("country"),
        EXPLORE_SERIES.name: lambda: ExploreSeries("{name: x, type: count}", *JANUARY),
        EXPLORE_RETENTION.name: lambda: ExploreRetention("{name: x, type: retention}", *JANUARY, Grain.WEEK, 3),
        EXPLORE_DISTRIBUTION.name: lambda: ExploreDistribution(*JANUARY, name="events"),
        IMPORT_PREVIEW.name: lambda: a_file(tmp_path),
        IMPORT_START.name: lambda: a_file(tmp_path),
        IMPORT_STATUS.name: started,
        IMPORT_LIST.name: Nothing,
        IMPORT_RESUME.name: Nothing,
        ACCESS_ADD.name: lambda: AccessAdd("max", "editor"),
        ACCESS_LIST.name: Nothing,
        ACCESS_REVOKE.name: known,
        EVENTS_SENT.name: lambda: EventIds(()),
        QUARANTINE_LIST.name: QuarantineQuery,
        QUARANTINE_REPLAY.name: QuarantineReplay,
        TRACKING_BREAKAGES.name: Nothing,
        WRITE_KEY_ADD.name: lambda: WriteKeyAdd("web"),
        WRITE_KEY_LIST.name: Nothing,
        WRITE_KEY_REVOKE.name: with_key,
    }
    return requests[operation.name]()


def settle(caller: Caller, started: ImportId) -> ImportStatus:
    """The import when it is over."""
    status = caller.call(IMPORT_STATUS, started)
    while status.state == "running":
        status = caller.call(IMPORT_STATUS, started)
    return status


def declared_operations() -> list[str]:
    """The names of all operations that the modules of the interface declare as theirs."""
    modules = [importlib.import_module(f"upshot.api.{found.name}") for found in pkgutil.iter_modules(api.__path__)]
    public = [getattr(module, name) for module in modules for name in module.__all__]
    return [each.name for each in public if isinstance(each, Operation)]


def test_every_operation_is_bound_once() -> None:
    names = declared_operations()
    assert sorted(names) == sorted(operation.name for operation in OPERATIONS)
    assert len(set(names)) == len(names)


def test_operation_mistyped_gets_the_nearest() -> None:
    with pytest.raises(NotFound) as caught:
        find_operation("metric.querry")
    assert "metric.query" in caught.value.suggestions


@pytest.mark.parametrize("role", list(Role), ids=str)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_operation_is_for_whom_it_says(
    operation: AnyOperation, role: Role, workspace: LocalWorkspace, tmp_path: Path
) -> None:
    request = a_request(operation, workspace, tmp_path)
    caller = workspace.acting_as(Principal("somebody", role))
    expected = {
        Permission.READ: {Role.OWNER, Role.EDITOR, Role.VIEWER},
        Permission.WRITE: {Role.OWNER, Role.EDITOR},
        Permission.ADMIN: {Role.OWNER},
    }[operation.permission]
    changes = operation.changes
    if role in expected:
        answer = caller.call(operation, request)
        assert isinstance(answer, operation.response)
        changes = changes and operation.changed(answer)
    else:
        with pytest.raises(NotAllowed, match=f"somebody \\({role}\\) may not do this"):
            caller.call(operation, request)
    noted = workspace.resources.catalog.audit.recent(1)
    if changes:
        (line,) = noted
        assert (line.principal, line.role, line.operation) == ("somebody", str(role), operation.name)
        assert line.outcome == ("done" if role in expected else "forbidden")
    else:
        assert all(line.principal != "somebody" for line in noted)


def test_audit_holds_no_token_and_no_bulk(workspace: LocalWorkspace, owner: Caller) -> None:
    token = owner.call(ACCESS_ADD, AccessAdd("zoe", "viewer")).token
    owner.call(EVENTS_APPEND, EventsAppend("test", tuple(event(1 + i % 28, f"p{i}") for i in range(100))))
    lines = workspace.resources.catalog.audit.recent(10)
    assert token not in str(lines)
    assert lines[0].request == '{"source":"test","events":{"items":100}}'


def test_access_token_names_its_principal(workspace: LocalWorkspace, owner: Caller) -> None:
    was_open = workspace.is_open
    token = owner.call(ACCESS_ADD, AccessAdd("zoe", "viewer")).token
    assert (was_open, workspace.is_open) == (True, False)
    assert workspace.principal_of(token) == Principal("zoe", Role.VIEWER)
    assert workspace.principal_of("wrong") is None
    owner.call(ACCESS_REVOKE, AccessName("zoe"))
    assert workspace.principal_of(token) is None


def test_info_says_what_is_held(owner: Caller) -> None:
    info = owner.call(WORKSPACE_INFO, Nothing())
    assert (info.name, info.time_zone, info.currency, info.events) == ("Shop", "Europe/Berlin", "EUR", 6)
    assert info.first_event_at == datetime(2024, 1, 1, 12, tzinfo=UTC)
    assert info.last_event_at == datetime(2024, 1, 16, 12, tzinfo=UTC)


def test_new_workspace_has_the_ready_made_metrics(owner: Caller) -> None:
    names = {m.name for m in owner.call(METRIC_LIST, Nothing()).metrics}
    assert {"events", "active_persons", "active_persons_28d", "stickiness", "retention"} <= names


def test_metrics_are_listed_in_the_order_of_their_file(owner: Caller) -> None:
    text = "metrics: [{name: zebra, type: count, event: x}, {name: ape, type: count, event: x}]"
    owner.call(METRIC_APPLY, MetricApply(text))
    owner.call(METRIC_APPLY, MetricApply(text.replace("event: x}, ", "event: y}, ")))
    assert [m.name for m in owner.call(METRIC_LIST, Nothing()).metrics][-2:] == ["zebra", "ape"]


def test_metric_applied_twice_is_unchanged_then_changed(owner: Caller) -> None:
    first = owner.call(METRIC_APPLY, MetricApply(REVENUE, "shop.yaml"))
    again = owner.call(METRIC_APPLY, MetricApply(REVENUE, "shop.yaml"))
    other = owner.call(METRIC_APPLY, MetricApply(REVENUE.replace("amount", "amount * 2"), "shop.yaml", dry_run=True))
    assert [(c.name, c.change, c.version) for a in (first, again, other) for c in a.changes] == [
        ("revenue", "added", 1),
        ("revenue", "unchanged", 1),
        ("revenue", "changed", 2),
    ]
    assert owner.call(METRIC_SHOW, MetricName("revenue")).version == 1


def test_metric_with_a_problem_changes_nothing(owner: Caller) -> None:
    answer = owner.call(METRIC_APPLY, MetricApply(f"metrics:\n- {{name: good, type: count}}\n- {REVENUE_WRONG}", "f"))
    assert answer.changes == ()
    assert any("revenu" in p.message or p.suggestions for p in answer.problems)
    with pytest.raises(NotFound):
        owner.call(METRIC_SHOW, MetricName("good"))


REVENUE_WRONG = "{name: bad, type: cuont}"


def test_metric_mistyped_gets_the_nearest(owner: Caller) -> None:
    with pytest.raises(NotFound) as caught:
        owner.call(METRIC_QUERY, MetricQuery("active_person", *JANUARY))
    assert "active_persons" in caught.value.suggestions


@pytest.mark.parametrize("refreshed", [False, True])
def test_series_counts_and_says_what_is_missing(owner: Caller, refreshed: bool) -> None:
    owner.call(METRIC_APPLY, MetricApply(REVENUE))
    if refreshed:
        owner.call(FACTS_REFRESH, Nothing())
    answer = owner.call(METRIC_QUERY, MetricQuery("revenue", *JANUARY, Grain.WEEK))
    assert [(p.value, p.note) for p in answer.points] == [
        (35.5, ""),
        (101.0, ""),
        (0.0, "the data end inside"),
        (None, "after the last event"),
        (None, "after the last event"),
    ]
    assert answer.total is not None
    assert answer.total.value == 136.5
    assert answer.route == ("measures" if refreshed else "events")
    assert (answer.data_from, answer.currency) == (date(2024, 1, 1), "EUR")


def test_series_is_broken_down_filtered_and_cut(owner: Caller) -> None:
    owner.call(METRIC_APPLY, MetricApply(REVENUE))
    query = MetricQuery("revenue", *JANUARY, Grain.MONTH, ("country",), ("amount < 50",), limit=1)
    answer = owner.call(METRIC_QUERY, query)
    assert [(p.group, p.value) for p in answer.points] == [(("DE",), 21.5)]
    assert [(p.group, p.value) for p in answer.totals] == [(("DE",), 21.5)]
    assert answer.total is not None
    assert answer.total.value == 36.5
    assert answer.truncated_groups == 1


def test_series_is_compared_with_the_periods_before(owner: Caller) -> None:
    query = MetricQuery("events", date(2024, 1, 8), date(2024, 1, 14), Grain.WEEK, compare="previous")
    answer = owner.call(METRIC_QUERY, query)
    assert [p.value for p in answer.points] == [2.0]
    assert [(p.period, p.value) for p in answer.previous] == [(date(2024, 1, 1), 3.0)]
    assert answer.previous_total is not None
    assert answer.previous_total.value == 3.0


def test_series_after_new_events_is_new(owner: Caller) -> None:
    query = MetricQuery("events", *JANUARY, Grain.MONTH)
    assert [p.value for p in owner.call(METRIC_QUERY, query).points] == [6.0]
    owner.call(EVENTS_APPEND, EventsAppend("test", (event(20, "new"),)))
    assert [p.value for p in owner.call(METRIC_QUERY, query).points] == [7.0]


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        ({"where": ("countri = FR",)}, "no property named 'countri'", "'country'"),
        ({"breakdown": ("contry",)}, "no property named 'contry'", "'country'"),
        ({"where": ("country =",)}, "country =", "Write a filter as"),
        ({"first": date(2024, 2, 2)}, "ends .2024-01-31. before it starts", "Swap"),
        ({"first": date(2024, 2, 1)}, "ends .2024-01-31. before it starts .2024-02-01.", "Swap"),
        ({"limit": 0}, "0 groups cannot be shown", "1 to 1000"),
        ({"limit": 5_000}, "5000 groups cannot be shown", "1 to 1000"),
        ({"first": date(1900, 1, 1)}, "too fine", "shorter window"),
    ],
)
def test_series_of_a_wrong_question_is_refused(
    owner: Caller, change: dict[str, object], message: str, hint: str
) -> None:
    query = msgspec.structs.replace(MetricQuery("events", *JANUARY), **change)
    with pytest.raises((InvalidInput, NotFound), match=message) as caught:
        owner.call(METRIC_QUERY, query)
    assert hint in caught.value.hint


def test_retention_marks_the_first_cohort_as_cut_off(owner: Caller) -> None:
    grid = owner.call(METRIC_RETENTION, RetentionQuery("retention", *JANUARY, Grain.WEEK, 4))
    cells = {(c.cohort.day, c.offset): (c.units, c.complete) for c in grid.cells}
    assert cells == {(1, 0): (2, True), (1, 1): (1, True), (1, 2): (0, False), (15, 0): (1, False)}
    assert grid.cut_off_left == (date(2024, 1, 1),)


def test_retention_of_a_sum_is_refused(owner: Caller) -> None:
    owner.call(METRIC_APPLY, MetricApply(REVENUE))
    with pytest.raises(InvalidInput, match="says nothing about coming back"):
        owner.call(METRIC_RETENTION, RetentionQuery("revenue", *JANUARY))


def test_events_sent_twice_are_duplicates(owner: Caller) -> None:
    sent = EventsAppend("test", (event(20, "new"), event(21, "new")))
    assert owner.call(EVENTS_APPEND, sent).stored == 2
    assert owner.call(EVENTS_APPEND, sent).duplicates == 2
    assert owner.call(EVENTS_APPEND, msgspec.structs.replace(sent, source="other")).stored == 2


def test_events_without_a_source_are_refused(owner: Caller) -> None:
    with pytest.raises(InvalidInput, match="source"):
        owner.call(EVENTS_APPEND, EventsAppend(" ", (event(20, "new"),)))


def test_recent_events_come_with_their_properties(owner: Caller) -> None:
    rows = owner.call(EVENTS_RECENT, EventsRecent(distinct_id="bob")).events
    assert {row.occurred_at.day for row in rows} == {1, 9}
    assert {msgspec.json.decode(row.properties)["amount"] for row in rows} == {20.5, 1.0}


def test_merged_persons_count_once(owner: Caller) -> None:
    owner.call(IDENTITY_MERGE, IdentityMerge("ann", "bob"))
    answer = owner.call(METRIC_QUERY, MetricQuery("active_persons", *JANUARY, Grain.MONTH))
    assert [p.value for p in answer.points] == [2.0]


def test_traits_filter_as_of_the_event(owner: Caller) -> None:
    traits = UnitPropertiesSet("person", "ann", {"plan": "pro"}, datetime(2024, 1, 2, tzinfo=UTC))
    owner.call(UNIT_PROPERTIES_SET, traits)
    answer = owner.call(METRIC_QUERY, MetricQuery("events", *JANUARY, Grain.MONTH, where=("person.plan = pro",)))
    assert [p.value for p in answer.points] == [1.0]


def test_import_is_listed_while_it_runs(owner: Caller, tmp_path: Path) -> None:
    started = owner.call(IMPORT_START, a_file(tmp_path))
    listed = owner.call(IMPORT_LIST, Nothing()).imports
    assert [(found.id, found.state) for found in listed] in ([], [(started.id, "running")])
    settle(owner, started)
    assert owner.call(IMPORT_LIST, Nothing()).imports == ()


def test_import_keeps_every_row_once(owner: Caller, tmp_path: Path) -> None:
    request = a_file(tmp_path)
    first = settle(owner, owner.call(IMPORT_START, request))
    again = settle(owner, owner.call(IMPORT_START, request))
    assert (first.state, first.rows, first.stored, first.duplicates) == ("done", 2, 2, 0)
    assert again.stored == 0
    assert owner.call(WORKSPACE_INFO, Nothing()).events == 8


def test_import_unknown_is_not_found(owner: Caller) -> None:
    with pytest.raises(NotFound):
        owner.call(IMPORT_STATUS, ImportId("none"))
