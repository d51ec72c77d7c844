"""The words of filters mean one thing, and what means nothing is answered with advice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upshot.core.problems import Problem
from upshot.metrics.definition import WITHOUT_VALUE, Field, Filter, Op, Scope, Value
from upshot.metrics.filters import parse_field, parse_filter


def parsed(text: str) -> Filter:
    found = parse_filter(text)
    assert isinstance(found, Filter), found
    return found


@pytest.mark.parametrize(
    ("text", "op", "values"),
    [
        ("Country = France", Op.EQ, (Value("France"),)),
        ("Country == United Kingdom", Op.EQ, (Value("United Kingdom"),)),
        ("Country <> 'O''Brien'", Op.NE, (Value("O'Brien"),)),
        (
            'Country in (France, "a, b", New  York, -3)',
            Op.IN,
            (Value("France"), Value("a, b"), Value("New  York"), Value("-3", -3.0)),
        ),
        ("Country NOT IN (5)", Op.NOT_IN, (Value("5", 5.0),)),
        ("Country contains https://x?y&z", Op.CONTAINS, (Value("https://x?y&z"),)),
        ("Country starts with ☕", Op.STARTS_WITH, (Value("☕"),)),
        ("Country not starts with C", Op.NOT_STARTS_WITH, (Value("C"),)),
        ('Country not contains ""', Op.NOT_CONTAINS, (Value(""),)),
        ("Country < 1e3", Op.LT, (Value("1e3", 1000.0),)),
        ("Country >= 2024-01-01T00:00:00Z", Op.GE, (Value("2024-01-01T00:00:00Z"),)),
        ("Country is null", Op.IS_NULL, ()),
        ("Country Is Not Null", Op.IS_NOT_NULL, ()),
        ("Country is no number", Op.IS_NO_NUMBER, ()),
    ],
)
def test_filter_reads_operator_and_values(text: str, op: Op, values: tuple[Value, ...]) -> None:
    assert parsed(text) == Filter(Field(Scope.EVENT, "Country"), op, values)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Country", Field(Scope.EVENT, "Country")),
        ("unit price", Field(Scope.EVENT, "unit price")),
        ('"a.b"', Field(Scope.EVENT, "a.b")),
        ("`say ``hi```", Field(Scope.EVENT, "say `hi`")),
        ('"$event"', Field(Scope.EVENT, "$event")),
        ("$event", Field(Scope.COLUMN, "event")),
        ("$browser", Field(Scope.EVENT, "$browser")),
        ("person.plan", Field(Scope.UNIT, "plan", "person")),
        ('account."a.b"', Field(Scope.UNIT, "a.b", "account")),
        ("first.Country", Field(Scope.FIRST, "Country")),
        ("cohort", Field(Scope.COHORT, "month")),
        ("cohort.week", Field(Scope.COHORT, "week")),
        ("select", Field(Scope.EVENT, "select")),
        ("größe_2", Field(Scope.EVENT, "größe_2")),
    ],
)
def test_field_reads_where_it_comes_from(text: str, field: Field) -> None:
    assert parse_field(text) == field


@pytest.mark.parametrize(
    ("text", "says", "suggests"),
    [
        ("Country lik France", "'lik'", ()),
        ("Country contain France", "no comparison", ("contains",)),
        ("Country", "says nothing", ()),
        ("Country =", "value is missing", ()),
        ("= France", "begins with a field", ()),
        ('Country = "France', "not closed", ()),
        ("Country in France", "parentheses", ()),
        ("Country in (a,,b)", "missing in the list", ()),
        ("Country in ()", "missing in the list", ()),
        ("Country is null now", "Nothing may follow", ()),
        ("Country = a = b", "more than one value", ()),
        ("Country contains https://x?y=1", "more than one value", ()),
        ("a.b.c = 1", "at most one dot", ('"a.b.c"',)),
        ("cohort.weak = 1", "no period", ("week",)),
        ("cohort < 2024-01-01", "equality only", ()),
        ("", "begins with a field", ()),
    ],
)
def test_filter_that_means_nothing_is_a_problem_with_advice(text: str, says: str, suggests: tuple[str, ...]) -> None:
    found = parse_filter(text)
    assert isinstance(found, Problem)
    assert says in found.message
    assert found.suggestions[: len(suggests)] == suggests


names = st.text(min_size=1, max_size=12)
fields = st.one_of(
    st.builds(Field, st.just(Scope.EVENT), names),
    st.builds(Field, st.just(Scope.FIRST), names),
    st.builds(Field, st.just(Scope.UNIT), names, st.sampled_from(("person", "account", "odd type"))),
    st.builds(Field, st.just(Scope.COLUMN), st.sampled_from(("event", "distinct_id", "session_id", "source"))),
    st.builds(Field, st.just(Scope.COHORT), st.sampled_from(("day", "week", "month", "quarter", "year"))),
)
values = st.one_of(
    st.builds(Value, st.text(max_size=12)),
    st.integers(-1000, 1000).map(lambda n: Value(str(n), float(n))),
)


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    op = draw(st.sampled_from(list(Op)))
    if op in WITHOUT_VALUE:
        return Filter(draw(fields), op)
    many = op in (Op.IN, Op.NOT_IN)
    field = draw(fields.filter(lambda f: f.scope is not Scope.COHORT or op not in (Op.LT, Op.LE, Op.GT, Op.GE)))
    return Filter(field, op, tuple(draw(st.lists(values, min_size=1, max_size=4 if many else 1))))


@given(filters())
def test_filter_survives_its_own_text(condition: Filter) -> None:
    assert parse_filter(condition.text) == condition


@given(fields)
def test_field_survives_its_own_text(field: Field) -> None:
    assert parse_field(field.text) == field


@given(st.text(max_size=40))
def test_any_text_gives_a_filter_or_a_problem(text: str) -> None:
    assert isinstance(parse_filter(text), Filter | Problem)
    assert isinstance(parse_field(text), Field | Problem)
