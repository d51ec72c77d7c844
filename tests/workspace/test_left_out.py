"""What a sum or a mean leaves out is told on every door."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from tests.shop import event
from upshot.api.events import EVENTS_APPEND, EventsAppend
from upshot.api.metrics import METRIC_APPLY, METRIC_QUERY, MetricApply, MetricQuery
from upshot.api.operation import LOCAL_OWNER, Caller
from upshot.core.settings import load_settings
from upshot.core.time import Grain
from upshot.workspace.doctor import examine
from upshot.workspace.local import LocalWorkspace

JANUARY = (date(2024, 1, 1), date(2024, 1, 31))
YAML = """
- {name: spent, type: sum, event: purchase, value: amount}
- {name: basket, type: mean, event: purchase, value: amount * 2}
- {name: buyers, type: active, event: purchase}
- {name: each, type: ratio, numerator: spent, denominator: buyers}
- {name: french, type: sum, event: purchase, value: amount, where: country = FR}
"""
TOLD = "2 values of 'amount' are no numbers and are left out; the filter \"amount is no number\" shows which."


def _spoil(owner: Caller) -> None:
    applied = owner.call(METRIC_APPLY, MetricApply(YAML))
    assert not applied.problems
    odd = (
        event(3, "ann", country="DE", amount="1,250.00"),
        event(4, "bob", country="DE", amount="$5"),
        event(5, "bob", country="DE", amount="7"),
        event(6, "eve", "visit", amount="many"),
        event(7, "eve", country="DE"),
    )
    owner.call(EVENTS_APPEND, EventsAppend("test", odd))


@pytest.mark.parametrize("refreshed", [False, True])
def test_answer_says_how_many_values_it_left_out(owner: Caller, workspace: LocalWorkspace, *, refreshed: bool) -> None:
    _spoil(owner)
    if refreshed:
        workspace.resources.store.refresh_facts()
    answers = {
        name: owner.call(METRIC_QUERY, MetricQuery(name, *JANUARY, Grain.MONTH))
        for name in ("spent", "basket", "each", "buyers", "french")
    }
    assert answers["spent"].total is not None
    assert answers["spent"].total.value == 143.5
    told = {name: [note for note in answer.notes if "left out" in note] for name, answer in answers.items()}
    assert told == {"spent": [TOLD], "basket": [TOLD], "each": [TOLD], "buyers": [], "french": []}


def test_days_and_filters_without_such_values_say_nothing(owner: Caller) -> None:
    _spoil(owner)
    for days, where, count in (
        (JANUARY, ("country = FR",), 0),
        (JANUARY, ("country = DE",), 2),
        ((date(2024, 1, 4), date(2024, 1, 5)), (), 1),
        ((date(2024, 1, 9), date(2024, 1, 20)), (), 0),
    ):
        answer = owner.call(METRIC_QUERY, MetricQuery("spent", *days, Grain.DAY, (), where))
        notes = [note for note in answer.notes if "left out" in note]
        assert [note.split(" ")[0] for note in notes] == ([str(count)] if count else [])
    shown = owner.call(METRIC_QUERY, MetricQuery("buyers", *JANUARY, Grain.MONTH, (), ("amount is no number",)))
    assert shown.total is not None
    assert shown.total.value == 2


def test_doctor_names_metrics_that_leave_values_out(folder: Path) -> None:
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        _spoil(workspace.acting_as(LOCAL_OWNER))
    warned = [f for f in examine(folder, {}).findings if f.level == "warning" and "left out" in f.message]
    assert {f.message.split(":")[0] for f in warned} == {
        "The metric spent", "The metric basket", "The metric each",
    }  # fmt: skip
    assert "2 values of 'amount' are no numbers" in warned[0].message


def test_answer_carries_the_note_as_json(owner: Caller) -> None:
    _spoil(owner)
    answer = owner.call(METRIC_QUERY, MetricQuery("spent", *JANUARY, Grain.MONTH))
    assert TOLD in msgspec.to_builtins(answer)["notes"]
