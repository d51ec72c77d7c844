"""Arithmetic is read, never run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upshot.core.problems import Problem
from upshot.metrics.arithmetic import parse_expression
from upshot.metrics.definition import Binary, Expression, Negate, Number, Property
from upshot.metrics.expression import names_in


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("Quantity*UnitPrice", "Quantity * UnitPrice"),
        ("Quantity × UnitPrice", "Quantity * UnitPrice"),
        ("a-b-c", "a - b - c"),
        ("a-(b-c)", "a - (b - c)"),
        ("((a + b)) * 2", "(a + b) * 2"),
        ("a / b / c", "a / b / c"),
        ("-a * -(b + 1)", "-a * -(b + 1)"),
        ('"unit price" + `a.b`', '"unit price" + "a.b"'),
        ("1e3 + .5", "1000 + 0.5"),
        ("select", "select"),
    ],
)
def test_expression_is_written_with_as_few_parentheses_as_keep_its_meaning(text: str, canonical: str) -> None:
    found = parse_expression(text)
    assert not isinstance(found, Problem)
    assert found.text == canonical
    assert parse_expression(canonical) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "ends too early"),
        ("a +", "ends too early"),
        ("(a", "not closed"),
        ("a b", "not expected"),
        ("a ** b", "not expected"),
        ("__import__('os').system('x')", "not expected"),
        ("a; drop table events", "not expected"),
        ("f(a)", "not expected"),
        ('"open', "not closed"),
        ("9" * 400, "not expected"),
        ("(" * 80 + "a" + ")" * 80, "nested"),
        ("-" * 80 + "a", "nested"),
    ],
)
def test_expression_that_means_nothing_is_a_problem(text: str, says: str) -> None:
    found = parse_expression(text)
    assert isinstance(found, Problem)
    assert says in found.message


def test_property_names_come_in_order() -> None:
    found = parse_expression('a * (b - "c d") / -a')
    assert not isinstance(found, Problem)
    assert list(names_in(found)) == ["a", "b", "c d", "a"]


leaves = st.one_of(
    st.builds(Number, st.floats(min_value=0, max_value=1e12, allow_nan=False)),
    st.builds(Property, st.text(min_size=1, max_size=8)),
)
expressions: st.SearchStrategy[Expression] = st.recursive(
    leaves,
    lambda inner: st.one_of(st.builds(Negate, inner), st.builds(Binary, st.sampled_from("+-*/"), inner, inner)),
    max_leaves=12,
)


@given(expressions)
def test_expression_survives_its_own_text(expression: Expression) -> None:
    assert parse_expression(expression.text) == expression


@given(st.text(max_size=40))
def test_any_text_gives_an_expression_or_a_problem(text: str) -> None:
    assert isinstance(parse_expression(text), Number | Property | Negate | Binary | Problem)
