"""A file of metrics gives its definitions, and all that is wrong with it at once."""

import pytest

from upshot.core.problems import Problem
from upshot.core.time import Grain
from upshot.metrics.definition import Metric, MetricType, RetentionKind, Selection, Window
from upshot.metrics.library import library
from upshot.metrics.parse import parse_metrics
from upshot.metrics.text import metric_to_yaml

FULL = """\
metrics:
  - name: revenue
    title: Revenue
    type: revenue
    event: purchase
    value: Quantity * UnitPrice
    where: [InvoiceNo not starts with C]
  - {name: buyers, type: active, event: [purchase, order], window: 28d, unit: account}
  - {name: buying, type: conversion, event: purchase, of: {event: signup, where: plan = pro}, within: 36 hours}
  - {name: back, type: retention, kind: bracket, brackets: [0, 3, 7], period: day, after: 2}
  - {name: people, type: active}
  - {name: revenue_per_person, type: ratio, numerator: revenue, denominator: people, format: money}
  - {name: people_a_buyer, type: formula, formula: (people - buyers) / buyers}
  - {name: revenue_a_buyer, type: formula, formula: revenue / buyers}
  - {name: twice, type: formula, formula: 'revenue_a_buyer * 2 + "a-b"', parts: [{name: a-b, type: count}]}
  - {name: errors, type: count, event: error, direction: down}
"""


def named(text: str) -> dict[str, Metric]:
    parsed = parse_metrics(text)
    assert parsed.problems == ()
    return {metric.name: metric for metric in parsed.metrics}


def test_file_gives_its_definitions_with_defaults() -> None:
    found = named(FULL)
    assert found["revenue"].type is MetricType.SUM
    assert found["revenue"].format == "money"
    assert found["revenue"].value is not None
    assert found["revenue"].value.text == "Quantity * UnitPrice"
    assert (found["buyers"].window, found["buyers"].unit) == (Window.ROLLING_28_DAYS, "account")
    assert found["buying"].within_seconds == 36 * 3_600
    assert found["buying"].of is not None
    assert found["buying"].of.events == ("signup",)
    assert (found["back"].kind, found["back"].brackets, found["back"].period) == (
        RetentionKind.BRACKET,
        (0, 3, 7),
        Grain.DAY,
    )
    assert found["people"].selection == Selection()
    assert found["revenue_per_person"].numerator == found["revenue"]
    assert found["people_a_buyer"].parts == (found["people"], found["buyers"])
    assert [found[name].format for name in ("people_a_buyer", "revenue_a_buyer", "twice")] == [
        "number",
        "money",
        "number",
    ]
    assert (found["errors"].direction, found["errors"].format) == ("down", "count")


def test_every_definition_survives_its_own_yaml() -> None:
    for metric in named(FULL).values():
        assert parse_metrics(metric_to_yaml(metric)).metrics == (metric,)


def test_ratio_may_name_a_metric_that_is_known_already() -> None:
    text = "{name: r, type: ratio, numerator: events, denominator: active_persons}"
    assert parse_metrics(text, known=library()).problems == ()
    assert parse_metrics(text).metrics == ()


def test_formulas_that_come_to_the_same_have_one_hash() -> None:
    text = """
    - {name: a, type: count}
    - {name: b, type: active}
    - {name: rest, type: formula, formula: a - b}
    - {name: nested, type: formula, formula: rest / a}
    - {name: flat, type: formula, formula: (c - d) / c, parts: [{name: c, type: count}, {name: d, type: active}]}
    - {name: other, type: formula, formula: (d - c) / c, parts: [{name: c, type: count}, {name: d, type: active}]}
    """
    found = named(text)
    assert found["nested"].hash == found["flat"].hash != found["other"].hash


def test_formula_refers_to_itself_neither_at_once_nor_through_others() -> None:
    known = named("[{name: a, type: count}, {name: b, type: formula, formula: a * 2}]")
    for text, said in (
        ("{name: c, type: formula, formula: c + 1}", "'c' refers to itself."),
        ("{name: a, type: formula, formula: a + 1}", "'a' refers to itself."),
        ("{name: a, type: formula, formula: b + 1}", "'a' refers to itself, through b."),
        (
            "[{name: d, type: formula, formula: b / 3}, {name: a, type: formula, formula: d + 1}]",
            "'a' refers to itself, through d and b.",
        ),
    ):
        (problem,) = parse_metrics(text, known=known.values()).problems
        assert problem.message == f"The formula of {said}"


@pytest.mark.parametrize("text", ["", "metrics:", "metrics: []", "[]", "# nothing"])
def test_empty_file_is_no_problem(text: str) -> None:
    assert parse_metrics(text) == parse_metrics("")


WRONG = [
    ("name: a\ntype: summ", 2, "no type of metric 'summ'", ("sum",)),
    ("name: a", 1, "needs a type", ()),
    ("type: count", 1, "needs 'name'", ()),
    ("name: a\ntype: sum", 1, "needs 'value'", ()),
    ("name: a\ntype: count\nevnt: x", 3, "has no 'evnt'", ("event",)),
    ("name: a\ntype: count\nvalue: x", 3, "has no 'value'", ()),
    ("name: a\ntype: count\nevent: []", 3, "'event' is empty", ()),
    ("name: a\ntype: count\nevent: {x: y}", 3, "must be a text", ()),
    ("name: a b\ntype: count", 1, "cannot be a metric's name", ("a_b",)),
    ("name: a\ntype: count\ntype: sum", 3, "there twice", ()),
    ("name: a\ntype: count\nwhere:\n- x = 1\n- y lik 2", 5, "no comparison", ()),
    ("name: a\ntype: sum\nvalue: a +", 3, "ends too early", ()),
    ("name: a\ntype: active\nwindow: weak", 3, "'window' cannot be 'weak'", ("week",)),
    ("name: a\ntype: stickiness\nwindow: day", 3, "A stickiness has a window of week, 28d, month, not day.", ()),
    ("name: a\ntype: count\nformat: monney", 3, "'format' cannot be", ("money",)),
    ("name: a\ntype: count\ndirection: sideways", 3, "'direction' cannot be", ()),
    ("name: a\ntype: conversion\nevent: x\nof: y\nwithin: soon", 5, "a duration", ()),
    ("name: a\ntype: conversion\nevent: x\nof: y\nwithin: 0 days", 5, "more than nothing", ()),
    ("name: a\ntype: conversion\nevent: x\nof: y\nwithin: 900 weeks", 5, "ten years", ()),
    ("name: a\ntype: conversion\nevent: x\nof: {evnt: y}\nwithin: 1 day", 4, "'of' has no 'evnt'", ("event",)),
    ("name: a\ntype: retention\nkind: bracket", 3, "needs 'brackets'", ()),
    ("name: a\ntype: retention\nkind: bracket\nbrackets: [3, 1]", 4, "must ascend", ()),
    ("name: a\ntype: retention\nkind: bracket\nbrackets: [0, 3]\nafter: 2", 4, "there are 2", ()),
    ("name: a\ntype: retention\nbrackets: [0, 3]", 3, "kind bracket", ()),
    ("name: a\ntype: retention\nafter: -1", 3, "whole number", ()),
    ("name: a\ntype: formula\nformula: b + 1", 3, "not defined above: 'b'", ()),
    ("name: a\ntype: formula", 1, "needs 'formula'", ()),
    ("name: a\ntype: formula\nformula: 1 + 2", 3, "names no metric", ()),
    ("name: a\ntype: formula\nformula: b +\nparts: [{name: b, type: count}]", 3, "a metric or a number", ()),
    ("name: a\ntype: formula\nformula: b / 0\nparts: [{name: b, type: count}]", 3, "divides by nothing: 0", ()),
    ("name: a\ntype: formula\nformula: 1/(b-b)\nparts: [{name: b, type: count}]", 3, "nothing: b - b", ()),
    ("name: a\ntype: formula\nformula: b\nparts: [{type: count}, {name: b, type: count}]", 4, "needs a name", ()),
    ("name: a\ntype: formula\nformula: b\nparts: [{name: b, type: count}, {name: c, type: count}]", 4, "'c'", ()),
    ("name: a\ntype: ratio\nnumerator: b\ndenominator: {type: count}", 3, "not defined above", ()),
    ("name: a\ntype: ratio\nnumerator: {type: mean, value: x}\ndenominator: {type: count}", 3, "must be one of", ()),
    ("name: a\ntype: ratio\nnumerator: {type: count, unit: x}\ndenominator: {type: count}", 3, "units equal", ()),
    ("metric:\n- name: a", 1, "no list of metrics", ("metrics",)),
    ("metrics: 5", 1, "are a list", ()),
    ("metrics:\n- 5", 2, "is a mapping", ()),
    ("metrics:\n- name: a\n  type: count\n- name: a\n  type: count", 4, "two metrics named 'a'", ()),
    ("metrics: [", 1, "not YAML", ()),
    ("a: b: c", 1, "not YAML", ()),
    ("name: a\n\ttype: count", 2, "not YAML", ()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "says", "suggests"), WRONG)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, says: str, suggests: tuple[str, ...]) -> None:
    parsed = parse_metrics(text, "m.yaml")
    problem = parsed.problems[0]
    assert says in problem.message
    assert (problem.where, problem.line) == ("m.yaml", line)
    assert problem.suggestions[: len(suggests)] == suggests


def test_all_problems_come_at_once_and_right_metrics_beside_them() -> None:
    parsed = parse_metrics(FULL + "  - {name: x, type: summ}\n  - {name: y, type: count, evnt: z}\n", "m.yaml")
    assert len(parsed.metrics) == 10
    assert [problem.line for problem in parsed.problems] == [17, 18]


def test_problem_reads_as_a_sentence() -> None:
    problem = Problem("There is no x.", "m.yaml", 3, ("y",))
    assert str(problem) == "m.yaml:3: There is no x. Did you mean 'y'?"


@pytest.mark.parametrize("written", ["10m", "10 min", "10 minutes", "600 s"])
def test_minutes_are_written_briefly_too(written: str) -> None:
    (metric,) = parse_metrics(f"name: a\ntype: conversion\nevent: x\nof: y\nwithin: {written}").metrics
    assert (metric.within_seconds, metric.within_exact) == (600, True)


def test_milliseconds_are_no_minutes() -> None:
    (problem,) = parse_metrics("name: a\ntype: conversion\nevent: x\nof: y\nwithin: 10ms").problems
    assert "a duration such as '7 days' or '30 minutes', not '10ms'" in problem.message


def test_funnel_gives_its_steps_in_order_and_survives_its_yaml() -> None:
    text = "{name: f, type: funnel, within: 2h, steps: [a, {event: [b, c], where: plan = pro}, '*']}"
    funnel = named(text)["f"]
    assert [step.events for step in funnel.steps] == [("a",), ("b", "c"), ()]
    assert [len(step.where) for step in funnel.steps] == [0, 1, 0]
    assert funnel.path == funnel.steps == funnel.selections
    assert parse_metrics(metric_to_yaml(funnel)).metrics == (funnel,)


def test_hash_of_a_funnel_follows_the_order_of_its_steps() -> None:
    one, same, other = (
        named(f"{{name: f, type: funnel, within: 2d, steps: {steps}}}")["f"].hash
        for steps in ("[a, [b, c]]", "[{event: a}, [c, b]]", "[[b, c], a]")
    )
    assert one == same
    assert one != other


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("steps: [a]", "'steps' is a list of 2 to 20 steps, not of 1"),
        ("steps: a", "'steps' is a list of 2 to 20 steps, not of 0"),
        (f"steps: [{', '.join(f's{k}' for k in range(50))}]", "'steps' is a list of 2 to 20 steps, not of 50"),
        ("steps: [a, [b, c], {event: [c, b]}]", "Step 3 is step 2 again; tell them apart by 'where'"),
        ("steps: [a, {event: b, were: plan = pro}]", "Step 2 has no 'were'."),
        ("steps: [a, '']", "'event' is empty"),
        ("within: 2d", "A metric of type funnel needs 'steps'."),
        ("steps: [a, b], within: 0d", "'within' must be more than nothing"),
    ],
)
def test_what_is_no_funnel_is_named(keys: str, said: str) -> None:
    keys = keys if "within" in keys else f"{keys}, within: 2d"
    found = parse_metrics(f"{{name: f, type: funnel, {keys}}}")
    assert not found.metrics
    assert found.problems[0].message.startswith(said)
