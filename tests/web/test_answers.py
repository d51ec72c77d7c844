"""Answers that are kept."""

import pytest

from tests.web.conftest import NOW, Served
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.metrics import METRIC_APPLY, MetricApply, MetricName
from upshot.api.operation import LOCAL_OWNER
from upshot.api.state import Nothing
from upshot.core.errors import InvalidInput
from upshot.web.answers import Answers


def test_answers_are_asked_for_once_and_the_oldest_is_forgotten() -> None:
    answers, asked = Answers(most=2), []

    def get(key: str) -> MetricName:
        def ask() -> MetricName:
            asked.append(key)
            return MetricName(key)

        return answers.get(key, MetricName, ask)

    assert [get(key).name for key in ("a", "b", "a", "c", "a", "b")] == ["a", "b", "a", "c", "a", "b"]
    assert asked == ["a", "b", "c", "b"]


def test_error_is_not_kept() -> None:
    answers = Answers()

    def fail() -> Nothing:
        raise InvalidInput("no")

    with pytest.raises(InvalidInput):
        answers.get("a", Nothing, fail)
    assert answers.get("a", Nothing, Nothing) == Nothing()


def test_page_shows_new_events_and_new_definitions_at_once(fresh: Served) -> None:
    owner = fresh.workspace.acting_as(LOCAL_OWNER)

    def append() -> None:
        owner.call(EVENTS_APPEND, EventsAppend("t", (NewEvent("x", NOW, "p"), NewEvent("y", NOW, "q"))))

    def total() -> str:
        text = fresh.get("/metrics/seen?range=7d").text
        return text.partition('id="total">')[2].partition("<")[0]

    owner.call(METRIC_APPLY, MetricApply("metrics: [{name: seen, type: count, event: x}]"))
    append()
    assert [total(), total()] == ["1", "1"]
    append()
    assert total() == "2"
    owner.call(METRIC_APPLY, MetricApply('metrics: [{name: seen, type: count, event: "*"}]'))
    assert total() == "4"
