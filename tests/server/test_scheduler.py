import time
from datetime import date
from pathlib import Path

import pytest

from tests.shop import EVENTS, WANTED
from tests.workspace.study_world import make_shop, open_shop
from upshot.api.events import EVENTS_APPEND, EventsAppend
from upshot.api.imports import IMPORT_RESUME, IMPORT_START, IMPORT_STATUS, ImportMapping, ImportRequest
from upshot.api.metrics import METRIC_APPLY, METRIC_QUERY, MetricApply, MetricQuery
from upshot.api.operation import LOCAL_OWNER
from upshot.api.state import Nothing
from upshot.core.settings import load_settings
from upshot.core.time import Grain
from upshot.server.readings import Readings
from upshot.server.scheduler import Scheduler
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace

PATIENCE_SECONDS = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "shop"
    initialise(place, WANTED, load_settings(None, {}))
    return place


def test_scheduler_keeps_facts_fresh(folder: Path) -> None:
    loaded = load_settings(folder, {"UPSHOT_FACTS_REFRESH_SECONDS": "1"})
    with LocalWorkspace.open(folder, loaded) as workspace:
        workspace.acting_as(LOCAL_OWNER).call(EVENTS_APPEND, EventsAppend("test", EVENTS))
        assert workspace.resources.store.info().dirty_days > 0
        deadline = time.monotonic() + PATIENCE_SECONDS
        with Scheduler(workspace):
            while workspace.resources.store.info().dirty_days and time.monotonic() < deadline:
                workspace.resources.store.wait_for_revision(workspace.revision, 0.1)
        assert workspace.resources.store.info().dirty_days == 0


def test_many_events_are_not_left_waiting_for_the_next_turn(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upshot.server.scheduler._MANY_EVENTS", len(EVENTS))
    monkeypatch.setattr("upshot.server.scheduler._LOOK_SECONDS", 0.05)
    loaded = load_settings(folder, {"UPSHOT_FACTS_REFRESH_SECONDS": "86400"})
    with LocalWorkspace.open(folder, loaded) as workspace, Scheduler(workspace):
        store, owner = workspace.resources.store, workspace.acting_as(LOCAL_OWNER)
        owner.call(EVENTS_APPEND, EventsAppend("one", EVENTS[:1]))
        last = store.wait_for_revision(store.revision, 0.5)
        assert (store.waiting_events(), store.revision) == (1, last), "one event is no reason to refresh"
        owner.call(EVENTS_APPEND, EventsAppend("test", EVENTS))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while store.waiting_events() and time.monotonic() < deadline:
            store.wait_for_revision(store.revision, 0.1)
        assert store.waiting_events() == 0


def test_scheduler_builds_the_measures_of_new_metrics(folder: Path) -> None:
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        caller = workspace.acting_as(LOCAL_OWNER)
        caller.call(EVENTS_APPEND, EventsAppend("test", EVENTS))
        scheduler = Scheduler(workspace)
        scheduler.turn()
        caller.call(METRIC_APPLY, MetricApply("{name: r, type: revenue, event: purchase, value: amount}"))
        query = MetricQuery("r", date(2024, 1, 1), date(2024, 1, 31), Grain.MONTH)
        before = caller.call(METRIC_QUERY, query)
        scheduler.turn()
        after = caller.call(METRIC_QUERY, query)
    assert (before.route, after.route) == ("events", "measures")
    assert before.points == after.points


def rows_file(folder: Path, rows: int) -> ImportRequest:
    file = folder / "rows.csv"
    lines = (f"2024-01-01T00:00:{i % 60:02d}Z,p{i}\n" for i in range(rows))
    file.write_text("at,who\n" + "".join(lines), encoding="utf-8")
    return ImportRequest((str(file),), ImportMapping(timestamp="at", distinct_id="who", event="seen"))


def test_scheduler_goes_on_with_an_interrupted_import(folder: Path, tmp_path: Path) -> None:
    request = rows_file(tmp_path, 1_000)
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        # a process that dies after it has noted the import leaves exactly this
        workspace.resources.imports.background.stopping.set()
        started = workspace.acting_as(LOCAL_OWNER).call(IMPORT_START, request)
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        caller = workspace.acting_as(LOCAL_OWNER)
        assert caller.call(IMPORT_STATUS, started).state == "interrupted"
        deadline = time.monotonic() + PATIENCE_SECONDS
        with Scheduler(workspace):
            while caller.call(IMPORT_STATUS, started).state != "done" and time.monotonic() < deadline:
                workspace.resources.store.wait_for_revision(workspace.revision, 0.1)
        assert caller.call(IMPORT_STATUS, started).stored == 1_000


def test_resume_passes_over_an_import_whose_file_is_gone(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    request = rows_file(tmp_path, 10)
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        workspace.resources.imports.background.stopping.set()
        workspace.acting_as(LOCAL_OWNER).call(IMPORT_START, request)
    Path(request.paths[0]).unlink()
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        assert workspace.acting_as(LOCAL_OWNER).call(IMPORT_RESUME, Nothing()).imports == ()
        assert workspace.resources.imports.running == {}
    assert "cannot go on" in caplog.text


def test_scheduler_records_what_is_due_and_leaves_it_then(tmp_path: Path) -> None:
    make_shop(tmp_path / "shop")
    with open_shop(tmp_path / "shop") as workspace:
        readings = Readings(workspace)
        assert readings.turn() == 3
        assert readings.turn() == 0
        recorded = workspace.resources.catalog.conclusions.verdicts()
        assert {record.created_by for record in recorded} == {"upshot"}


def test_verdict_of_the_scheduler_reaches_pages_and_the_audit_log(tmp_path: Path) -> None:
    make_shop(tmp_path / "shop")
    with open_shop(tmp_path / "shop") as workspace:
        told: list[int] = []
        before = workspace.revision
        end = workspace.on_commit(told.append)
        assert Readings(workspace).turn() == 3
        end()
        assert told == [before + 1, before + 2, before + 3]
        assert workspace.revision == before + 3
        lines = [line for line in workspace.resources.catalog.audit.recent() if line.principal == "upshot"]
        assert [(line.operation, line.outcome) for line in lines] == [("studies.record", "done")]


def test_turns_that_find_nothing_to_do_leave_no_line_in_the_audit_log(folder: Path) -> None:
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        scheduler = Scheduler(workspace)
        scheduler.turn()
        workspace.acting_as(LOCAL_OWNER).call(EVENTS_APPEND, EventsAppend("test", EVENTS))
        scheduler.turn()
        lines = workspace.resources.catalog.audit.recent()
    assert [line.operation for line in lines if line.principal == "upshot"] == []
