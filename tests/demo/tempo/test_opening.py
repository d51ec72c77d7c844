import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from upshot.api.metrics import METRIC_LIST, METRIC_QUERY, MetricQuery
from upshot.api.operation import LOCAL_OWNER, Caller
from upshot.api.state import WORKSPACE_INFO, Nothing
from upshot.core.settings import WorkspaceSettings, load_settings
from upshot.demo.tempo.files import TRUTH_FILE
from upshot.demo.tempo.opening import CURRENCY, ZONE, Opening
from upshot.demo.tempo.today import rest_of_today
from upshot.demo.tempo.truth import TruthFile
from upshot.demo.tempo.world import World
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace

WORLD = World(last_day=date(2026, 6, 30), days=330, scale=0.05, seed=5)


def workspace_in(folder: Path) -> LocalWorkspace:
    loaded = load_settings(None, {})
    initialise(folder, WorkspaceSettings("Tempo", ZONE, CURRENCY), loaded)
    return LocalWorkspace.open(folder, load_settings(folder, {}))


def opening_of(caller: Caller, folder: Path, said: list[str]) -> Opening:
    return Opening(caller, folder / "company", WORLD, said.append)


def test_opening_brings_in_the_whole_company_and_its_truth(tmp_path: Path) -> None:
    said: list[str] = []
    with workspace_in(tmp_path / "w") as workspace:
        caller = workspace.acting_as(LOCAL_OWNER)
        with opening_of(caller, tmp_path, said) as opening:
            opening.recent()
            after_recent = caller.call(WORKSPACE_INFO, Nothing()).events
            opening.older()
            whole = caller.call(WORKSPACE_INFO, Nothing())
            assert after_recent < whole.events
            assert whole.dirty_days == 0
            assert opening.complete
        truth = msgspec.json.decode((tmp_path / "company" / TRUTH_FILE).read_bytes(), type=TruthFile)
        first = WORLD.day(WORLD.launch + 61)
        query = MetricQuery("new_subscriptions", first, first + timedelta(days=29))
        total = caller.call(METRIC_QUERY, query).total
        (subscriptions,) = (t for t in truth.truths if t.metric == "new subscriptions" and t.first_day == 61)
        assert total is not None
        assert total.value == subscriptions.with_launch

        with opening_of(caller, tmp_path, said) as again:
            again.recent()
            again.older()
        assert caller.call(WORKSPACE_INFO, Nothing()).events == whole.events


def test_opening_defines_metrics_that_all_answer(tmp_path: Path) -> None:
    with workspace_in(tmp_path / "w") as workspace:
        caller = workspace.acting_as(LOCAL_OWNER)
        ready_made = {m.name for m in caller.call(METRIC_LIST, Nothing()).metrics}
        with opening_of(caller, tmp_path, []) as opening:
            opening.recent()
        metrics = [m for m in caller.call(METRIC_LIST, Nothing()).metrics if m.name not in ready_made]
        assert {"listeners", "saved_songs_users", "new_subscriptions", "revenue"} <= {m.name for m in metrics}
        for metric in metrics:
            answer = caller.call(METRIC_QUERY, MetricQuery(metric.name, date(2026, 5, 1), date(2026, 6, 29)))
            assert answer.points
            assert metric.name == "crashes" or any(point.value for point in answer.points), metric.name


def test_opening_that_is_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    with workspace_in(tmp_path / "w") as workspace:
        caller = workspace.acting_as(LOCAL_OWNER)
        with opening_of(caller, tmp_path, []) as first:
            first.recent()
            worker = threading.Thread(target=first.older)
            worker.start()
            first.stop()
            worker.join(timeout=60)
            assert not worker.is_alive()
            assert not first.complete
        with opening_of(caller, tmp_path, []) as second:
            second.recent()
            second.older()
            assert second.complete


def test_live_brings_what_happened_since_the_recent_months_were_written(tmp_path: Path) -> None:
    until = datetime(2026, 6, 30, 10, tzinfo=UTC)  # a day that is over by now, or all of it would not come at once
    with workspace_in(tmp_path / "w") as workspace:
        caller = workspace.acting_as(LOCAL_OWNER)
        (tmp_path / "company").mkdir()
        (tmp_path / "company" / "progress.json").write_bytes(
            msgspec.json.encode({"world": WORLD, "until": until.replace(tzinfo=None), "imported": True})
        )
        with opening_of(caller, tmp_path, []) as opening:
            opening.live()
        assert caller.call(WORKSPACE_INFO, Nothing()).events == len(list(rest_of_today(WORLD, until)))


def test_rest_of_today_comes_in_order_and_only_from_now_on() -> None:
    noon = datetime(2026, 6, 30, 10, tzinfo=UTC)
    events = list(rest_of_today(WORLD, noon))
    assert events
    times = [coming.at for coming in events]
    assert times == sorted(times)
    assert times[0] > noon
    assert all(coming.event.id and coming.event.distinct_id for coming in events)


@pytest.mark.parametrize("days", [1, -400])
def test_rest_of_another_day_is_nothing(days: int) -> None:
    assert list(rest_of_today(WORLD, datetime(2026, 6, 30, 10, tzinfo=UTC) + timedelta(days=days))) == []
