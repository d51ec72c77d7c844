"""Segments in questions and definitions, changed and taken back."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from upshot.api.declarations import (
    DECLARATION_PUT,
    DECLARATION_REMOVE,
    DECLARATION_RESTORE,
    DECLARATIONS_APPLY,
    DECLARATIONS_EXPORT,
    DeclarationExport,
    DeclarationFile,
    DeclarationPut,
    DeclarationRef,
    DeclarationsApplied,
    DeclarationsApply,
)
from upshot.api.events import UNIT_PROPERTIES_SET, UnitPropertiesSet
from upshot.api.explore import DATA_VALUES, EXPLORE_SERIES, ExploreSeries, ValuesQuery
from upshot.api.metrics import METRIC_APPLY, METRIC_QUERY, MetricApply, MetricQuery
from upshot.api.operation import Caller
from upshot.api.segments import DATA_TRAITS, SEGMENT_LIST, TraitSummary
from upshot.api.state import Nothing
from upshot.core.errors import InvalidInput
from upshot.core.time import Grain

JANUARY = (date(2024, 1, 1), date(2024, 1, 31))
YAML = "segments:\n  - name: french\n    title: The French\n    where:\n      - first.country = FR\n"


def put(owner: Caller, name: str, *where: str) -> DeclarationsApplied:
    body = msgspec.Raw(msgspec.json.encode({"name": name, "where": where}))
    return owner.call(DECLARATION_PUT, DeclarationPut("segment", body))


def total(owner: Caller, *where: str) -> float | None:
    found = owner.call(METRIC_QUERY, MetricQuery("events", *JANUARY, Grain.MONTH, where=where))
    return None if found.total is None else found.total.value


def test_segment_is_asked_for_by_name_and_means_what_it_says_now(owner: Caller) -> None:
    assert put(owner, "french", "first.country = FR").problems == ()
    assert total(owner, "segment = french") == 2
    assert total(owner, "segment != french") == 4
    put(owner, "french", "first.country in (FR, DE)")
    assert total(owner, "segment = french") == 4
    owner.call(DECLARATION_RESTORE, DeclarationRef("segment", "french"))
    assert total(owner, "segment = french") == 2
    owner.call(DECLARATION_REMOVE, DeclarationRef("segment", "french"))
    with pytest.raises(InvalidInput, match="No segment is named 'french'"):
        total(owner, "segment = french")
    owner.call(DECLARATION_RESTORE, DeclarationRef("segment", "french"))
    assert total(owner, "segment = french") == 2


def test_segment_is_as_of_the_event(owner: Caller) -> None:
    at = datetime(2024, 1, 2, tzinfo=UTC)
    owner.call(UNIT_PROPERTIES_SET, UnitPropertiesSet("person", "ann", {"plan": "pro"}, at))
    put(owner, "pro", "person.plan = pro")
    assert total(owner, "segment = pro") == 1
    assert owner.call(DATA_TRAITS, Nothing()).traits == (TraitSummary("person.plan", "person", 1),)
    assert owner.call(DATA_VALUES, ValuesQuery("person.plan")).values[-1].value == "pro"


def test_metric_with_a_segment_follows_it_and_keeps_it_from_being_removed(owner: Caller) -> None:
    put(owner, "french", "first.country = FR")
    definition = "{name: french_events, type: count, where: segment = french}"
    assert owner.call(METRIC_APPLY, MetricApply(definition)).problems == ()
    asked = MetricQuery("french_events", *JANUARY, Grain.MONTH)
    assert [p.value for p in owner.call(METRIC_QUERY, asked).points] == [2]
    assert owner.call(EXPLORE_SERIES, ExploreSeries(definition, *JANUARY, Grain.MONTH)).points[0].value == 2
    put(owner, "french", "first.country = DE")
    assert [p.value for p in owner.call(METRIC_QUERY, asked).points] == [2 + 0]
    refused = owner.call(DECLARATION_REMOVE, DeclarationRef("segment", "french"))
    assert "the metric 'french_events' refers to it" in refused.problems[0].message
    assert [s.name for s in owner.call(SEGMENT_LIST, Nothing()).segments] == ["french"]


def test_metric_with_an_unknown_segment_is_warned_about(owner: Caller) -> None:
    put(owner, "french", "first.country = FR")
    applied = owner.call(METRIC_APPLY, MetricApply("{name: x, type: count, where: segment = frensh}"))
    assert [(p.level, p.suggestions) for p in applied.problems] == [("warning", ("french",))]
    with pytest.raises(InvalidInput, match="not there"):
        owner.call(METRIC_QUERY, MetricQuery("x", *JANUARY))


def test_segment_is_yaml_without_loss(owner: Caller) -> None:
    applied = owner.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("segments.yaml", YAML),)))
    assert applied.problems == ()
    (segment,) = owner.call(SEGMENT_LIST, Nothing()).segments
    assert (segment.title, segment.where, segment.managed) == ("The French", ("first.country = FR",), "code")
    assert owner.call(DECLARATIONS_EXPORT, DeclarationExport(("segment",))).yaml == YAML


@pytest.mark.parametrize(
    ("where", "words"),
    [("country = FR", "about events"), ("person.plan ~ x", "comparison"), ("segment = x", "other segments")],
)
def test_segment_that_is_none_is_refused_with_its_line(owner: Caller, where: str, words: str) -> None:
    text = YAML.replace("first.country = FR", where)
    applied = owner.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("segments.yaml", text),)))
    assert words in applied.problems[0].message
    assert applied.problems[0].line
    assert owner.call(SEGMENT_LIST, Nothing()).segments == ()


def test_audience_with_an_unknown_segment_is_refused(owner: Caller) -> None:
    text = "launches:\n- name: x\n  at: 2024-01-03T09:00:00+01:00\n  audience:\n  - segment = nobody\n"
    applied = owner.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("a.yaml", text),)))
    assert "names a segment that is not there: 'nobody'" in " ".join(p.message for p in applied.problems)
