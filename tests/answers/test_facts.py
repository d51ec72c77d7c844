"""Facts are rebuilt before questions are asked of them, and not all the time."""

from tests.shop import event
from upshot.answers.facts import FactRefresher
from upshot.api.data import FACTS_REFRESH
from upshot.api.events import EVENTS_APPEND, EventsAppend
from upshot.api.operation import LOCAL_OWNER
from upshot.api.state import WORKSPACE_INFO, Nothing
from upshot.workspace.local import LocalWorkspace


def test_few_dirty_days_are_rebuilt_and_then_it_rests(workspace: LocalWorkspace) -> None:
    owner = workspace.acting_as(LOCAL_OWNER)
    owner.call(FACTS_REFRESH, Nothing())
    seconds = iter([0.0, 1.0, 4.9, 5.1, 6.0])
    refresher = FactRefresher(workspace.resources.answering, lambda: False, clock=lambda: next(seconds))

    def dirty_after(day: int) -> int:
        owner.call(EVENTS_APPEND, EventsAppend("test", (event(day, f"p{day}", "more"),)))
        refresher.refresh_when_due()
        return owner.call(WORKSPACE_INFO, Nothing()).dirty_days

    refresher.refresh_when_due()
    assert dirty_after(3) == 0, "from 0.0 to 1.0"
    assert dirty_after(4) == 1, "at 4.9 it rests"
    refresher.refresh_when_due()
    assert owner.call(WORKSPACE_INFO, Nothing()).dirty_days == 0, "from 5.1 to 6.0"


def test_many_dirty_days_are_left_to_the_server_s_own_work(workspace: LocalWorkspace) -> None:
    owner = workspace.acting_as(LOCAL_OWNER)
    owner.call(FACTS_REFRESH, Nothing())
    owner.call(EVENTS_APPEND, EventsAppend("test", tuple(event(day, "late") for day in (2, 5, 8))))
    workspace.refresh_facts_when_due()
    assert owner.call(WORKSPACE_INFO, Nothing()).dirty_days == 3
