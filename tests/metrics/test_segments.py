"""Segments: their words, what they mean, and the numbers beside SQL that was written by hand."""

from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.metrics.harness import RawOnly, run_series, same
from tests.metrics.test_moments import filter_of, metric_of
from tests.metrics.test_shapes import DAYS, LOG, a_world
from upshot.core.errors import InvalidInput
from upshot.core.problems import Problem
from upshot.core.time import Grain
from upshot.metrics.compile import SeriesQuery
from upshot.metrics.definition import Field, Filter, Scope
from upshot.metrics.filters import parse_field, parse_filter
from upshot.metrics.segments import Segments, named_segments, parse_segment, resolved, resolved_metric, segments_in
from upshot.metrics.text import metric_to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upshot.engines.duckdb import DuckDBStore


def conditions(*texts: str) -> tuple[Filter, ...]:
    found = parse_segment(texts)
    assert not isinstance(found, Problem)
    return found


SEGMENTS: Segments = {
    "pro": conditions("person.plan = pro"),
    "french": conditions("first.Country = France"),
    "spanish_pro": conditions("first.Country = Spain", "person.plan is not null"),
}
FIRST = """, f AS (SELECT distinct_id, country AS first_country FROM
    (SELECT *, row_number() OVER (PARTITION BY distinct_id ORDER BY occurred_at, event_id) AS n FROM log) WHERE n = 1)
, known AS (SELECT i.*, coalesce(f.first_country = 'France', false) AS french,
    coalesce(f.first_country = 'Spain', false) AS spanish,
    (i.distinct_id IS NOT DISTINCT FROM 'p1' AND occurred_at >= TIMESTAMP '2024-03-31 23:00:00') AS pro
    FROM inside i LEFT JOIN f ON i.distinct_id = f.distinct_id)
SELECT date_trunc('month', local)::DATE, count(*) FROM known WHERE """


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[DuckDBStore]":
    from tests.metrics.harness import fill

    made = fill(tmp_path_factory.mktemp("segments"), a_world())
    made.refresh_facts()
    yield made
    made.close()


def asked(text: str) -> Filter:
    found = resolved(filter_of(text), SEGMENTS)
    assert not isinstance(found, Problem)
    return found


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("segment = pro", "pro"),
        ("segment != pro", "NOT pro"),
        ("segment = french", "french"),
        ("segment in (pro, french)", "pro OR french"),
        ("segment not in (pro, french)", "NOT (pro OR french)"),
        ("segment = spanish_pro", "spanish AND pro"),
    ],
)
def test_question_about_a_segment_equals_sql_by_hand(store: "DuckDBStore", text: str, sql: str) -> None:
    trait_at = next(t.at for t in a_world().traits)
    by_hand = LOG + FIRST.replace("2024-03-31 23:00:00", f"{trait_at:%Y-%m-%d %H:%M:%S}") + f"({sql}) GROUP BY 1"
    expected = {(row[0], ()): (float(str(row[1])), None, None) for row in store.run_sql(by_hand).rows}
    for dialect in (store.dialect(), RawOnly(store.dialect())):
        query = SeriesQuery(DAYS, Grain.MONTH, (), (asked(text),))
        assert same(run_series(store, metric_of("{name: m, type: count}"), query, dialect), expected)
    assert expected


def test_segment_in_a_definition_is_the_one_in_the_question(store: "DuckDBStore") -> None:
    french = "{type: count, event: buy, where: segment = french}"
    text = f"{{name: m, type: ratio, numerator: {french}, denominator: {{type: count}}}}"
    metric = resolved_metric(metric_of(text), SEGMENTS)
    plain = metric_of("{name: m, type: count, event: buy}")
    one = run_series(store, metric, SeriesQuery(DAYS, Grain.MONTH))
    other = run_series(store, plain, SeriesQuery(DAYS, Grain.MONTH, (), (asked("segment = french"),)))
    assert {k: v[1] for k, v in one.items()} == {k: v[0] for k, v in other.items()}
    assert segments_in(metric) == ("french",)


def test_hash_of_a_definition_covers_what_its_segment_means_and_not_its_name() -> None:
    metric = metric_of("{name: m, type: count, where: segment = pro}")
    meant = resolved_metric(metric, SEGMENTS)
    renamed = resolved_metric(
        metric_of("{name: m, type: count, where: segment in (paying)}"), {"paying": SEGMENTS["pro"]}
    )
    changed = resolved_metric(metric, {"pro": SEGMENTS["french"]})
    assert meant.hash == renamed.hash
    assert len({metric.hash, meant.hash, changed.hash}) == 3
    assert "segment = pro" in metric_to_yaml(meant)
    plain = metric_of("{name: m, type: count, where: person.plan = pro}")
    assert resolved_metric(plain, SEGMENTS) is plain


def test_unknown_segment_is_named_with_the_nearest() -> None:
    found = resolved(filter_of("segment = frensh"), SEGMENTS)
    assert isinstance(found, Problem)
    assert found.suggestions[0] == "french"
    assert resolved(filter_of("Country = x"), SEGMENTS) == filter_of("Country = x")
    assert named_segments([filter_of("segment in (a, b)")]) == ("a", "b")


def test_definition_whose_segment_is_gone_is_refused_when_it_is_asked(store: "DuckDBStore") -> None:
    metric = resolved_metric(metric_of("{name: m, type: count, where: segment = gone}"), SEGMENTS)
    with pytest.raises(InvalidInput, match="not there"):
        run_series(store, metric, SeriesQuery(DAYS, Grain.MONTH))


def test_segment_tells_no_groups_apart(store: "DuckDBStore") -> None:
    field = parse_field("segment")
    assert field == Field(Scope.SEGMENT, "segment")
    assert isinstance(field, Field)
    with pytest.raises(InvalidInput, match="cannot tell groups apart"):
        run_series(store, metric_of("{name: m, type: count}"), SeriesQuery(DAYS, Grain.MONTH, (field,)))


def test_property_called_segment_stands_in_quotes() -> None:
    found = filter_of('"segment" contains x')
    assert found.field == Field(Scope.EVENT, "segment")
    assert parse_filter(found.text) == found
    assert isinstance(parse_filter("segment contains x"), Problem)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Country = France", "write person.Country or first.Country"),
        ("$event = buy", "about events"),
        ("segment = pro", "other segments"),
        ("person.plan like x", "comparison"),
    ],
)
def test_condition_that_is_none_of_a_unit_is_refused(text: str, words: str) -> None:
    found = parse_segment([text])
    assert isinstance(found, Problem)
    assert words in found.message


def test_segment_of_nothing_is_refused_and_membership_is_a_filter() -> None:
    assert isinstance(parse_segment([]), Problem)
    assert msgspec.json.encode(asked("segment = pro")) != msgspec.json.encode(filter_of("segment = pro"))
