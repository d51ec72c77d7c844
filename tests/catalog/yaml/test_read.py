"""What is wrong in a file is named with its line and the nearest right word, all of it at once."""

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from upshot.catalog.kinds import Launch, Objective, Output, Team
from upshot.catalog.yaml.read import read_files, read_one
from upshot.core.nodes import LONGEST_TEXT

BERLIN = ZoneInfo("Europe/Berlin")
SUMMER, WINTER = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
OBJECTIVE = "objectives:\n- name: o\n  metric: m\n  target: +5%\n  starts: 2026-01-01\n  due: 2026-02-01\n"


def problems(text: str) -> list[tuple[int, str, tuple[str, ...]]]:
    return [(p.line, p.message, p.suggestions) for p in read_files([("a.yaml", text)], BERLIN).problems]


WRONG = [
    ("objctives:\n- name: a", 1, "no kind 'objctives'", ("objectives",)),
    ("objective:\n- name: a", 1, "no kind 'objective'", ("objectives",)),
    ("- name: a", 1, "begins with a kind", ()),
    ("just words", 1, "begins with a kind", ()),
    ("teams: growth", 1, "is a list", ()),
    ("teams:\n- growth", 2, "A team is a mapping", ()),
    ("teams:\n- title: Growth", 2, "'name' is missing", ()),
    ("teams:\n- name: a b", 2, "'a-b' could", ()),
    ("teams:\n- name: a\n- name: a", 3, "the other one is in line 2", ()),
    ("teams:\n- name: a\n  titel: A", 3, "A team has no 'titel'", ("title",)),
    ("teams:\n- name: a\n  title: A\n  title: B", 4, "'title' is there twice", ()),
    ("teams:\n- name: a\n  cost_a_day: much", 3, "must be a number, not 'much'", ()),
    ("teams:\n- name: a\n  cost_a_day: .inf", 3, "must be a number", ()),
    ("teams:\n- name: a\n  cost_a_day: 1e999", 3, "must be a number", ()),
    ("teams:\n- name: a\n  cost_a_day: -1", 3, "cost_a_day is negative", ()),
    ("teams:\n- name: a\n  title: [A, B]", 3, "must be a text, not a list", ()),
    ("teams: []\nteams: []", 2, "there twice; put all of them into one list", ()),
    (OBJECTIVE + "  baseline_days: 1.5", 7, "a whole number", ()),
    (OBJECTIVE + "  outputs: [x]", 7, "its target is on a metric of what users do", ("metric",)),
    (OBJECTIVE.replace("+5%", "more"), 4, "'more' is not a target", ()),
    (OBJECTIVE.replace("2026-02-01", "2026-2-1"), 6, "must be a day", ()),
    (OBJECTIVE.replace("2026-02-01", "2025-02-01"), 6, "it is due (2025-02-01) before it has begun", ()),
    ("outputs:\n- name: o\n  target: 5", 3, "being shipped is no target", ("expects",)),
    ("outputs:\n- name: o\n  kind: bett", 3, "'kind' cannot be 'bett'", ("bet",)),
    ("outputs:\n- name: o\n  cost: {day: 3}", 3, "'cost' of an output has no 'day'", ("days",)),
    ("outputs:\n- name: o\n  cost:\n    days: x", 4, "'cost.days' must be a number", ()),
    ("outputs:\n- name: o\n  cost:\n    days: -2", 4, "a cost is not negative", ()),
    ("outputs:\n- name: o\n  cost:\n    days: 1e300", 4, "a cost is a number below", ()),
    ("launches:\n- name: l\n  at: 9999-12-31T23:59:00+00:00", 3, "'at' is of the year 9999", ()),
    ("annotations:\n- name: a\n  first_day: 0001-01-01", 3, "'first_day' is of the year 1", ()),
    ("outputs:\n- name: o\n  refs:\n  - a\n  - ", 5, "Number 2 of 'refs' is empty", ()),
    (
        "outputs:\n- name: o\n  expects:\n  - m +5% within 30d\n  - more of m",
        5,
        "'more of m' is not an expectation",
        (),
    ),
    ("launches:\n- name: l\n  at: soon", 3, "must be an instant such as", ()),
    ("launches:\n- name: l\n  at: 2026-02-30", 3, "must be an instant such as", ()),
    ("launches:\n- name: l\n  at: 2026-03-01\n  randomised: maybe", 4, "must be true or false", ()),
    ("launches:\n- name: l\n  at: 2026-03-01\n  ramp:\n  - {at: 2026-03-01, share: 3}", 5, "between 0 and 1", ()),
    ("metrics:\n- name: m\n  type: cout", 3, "no type of metric 'cout'", ("count",)),
    ("metrics:\n- {name: m, type: count}\n- {name: m, type: count}", 3, "There are two metrics named 'm'", ()),
    ("teams: [", 1, "not YAML", ()),
    ("teams:\n- name: a\n  title: \x00", 3, "not YAML", ()),
    ("teams:\n- &a\n  name: a\n- *a", 4, "The alias *a is not read", ()),
    ("teams:\n- !!python/object:os.system\n  name: a", 2, "The tag !!python/object:os.system is not read", ()),
    ("teams: " + "[" * 100_000, 1, "nested more than", ()),
    ("? [a]\n: []", 1, "no kind '[…]'", ()),
]


@pytest.mark.parametrize(("text", "line", "said", "suggestions"), WRONG, ids=range(len(WRONG)))
def test_mistake_names_line_and_nearest_word(text: str, line: int, said: str, suggestions: tuple[str, ...]) -> None:
    found = problems(text)
    assert (line, said) in [(at, said if said in message else message) for at, message, _ in found]
    assert not suggestions or suggestions[0] in found[0][2]


def test_mistakes_are_told_all_at_once_and_the_rest_is_read() -> None:
    text = "teams:\n- name: a b\n  titel: A\n- name: ok\noutputs:\n- name: o\n  kind: bett\n"
    read = read_files([("a.yaml", text), ("b.yaml", "teams: [{name: ok}]")], BERLIN)
    assert [(p.where, p.line) for p in read.problems] == [("a.yaml", 3), ("a.yaml", 2), ("a.yaml", 7), ("b.yaml", 1)]
    assert "the other one is in a.yaml:4" in read.problems[-1].message
    assert read.declarations == (Team(name="ok"),)


def test_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    assert problems("\n".join(lines)) == [(2, "The alias *a is not read; write the value itself.", ())]


def test_file_that_is_too_long_is_refused() -> None:
    assert "Divide it" in problems("#" * (LONGEST_TEXT + 1))[0][1]


def test_texts_stay_as_they_are_written() -> None:
    text = (
        "teams:\n- {name: 2026, title: yes}\n- {name: a, title: 1.50, description: ~}\n- {name: b, title: 2026-01-01}"
    )
    read = read_files([("a.yaml", text)], BERLIN)
    assert read.declarations == (
        Team(name="2026", title="yes"),
        Team(name="a", title="1.50"),
        Team(name="b", title="2026-01-01"),
    )


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-07-01", datetime(2026, 7, 1, tzinfo=SUMMER)),
        ("2026-01-01", datetime(2026, 1, 1, tzinfo=WINTER)),
        ("2026-07-01 09:30", datetime(2026, 7, 1, 9, 30, tzinfo=SUMMER)),
        ("2026-07-01T09:30:15Z", datetime(2026, 7, 1, 11, 30, 15, tzinfo=SUMMER)),
        ("2026-07-01T09:30-0700", datetime(2026, 7, 1, 18, 30, tzinfo=SUMMER)),
    ],
)
def test_clocks_without_offset_are_the_workspaces(written: str, instant: datetime) -> None:
    read = read_files([("a.yaml", f"launches:\n- name: l\n  at: {written}\n")], BERLIN)
    (launch,) = read.declarations
    assert isinstance(launch, Launch)
    assert launch.at == instant


def test_single_value_stands_for_a_list_and_percent_for_a_share() -> None:
    text = (
        "outputs:\n- name: o\n  expects: m +5% within 30d\n  refs: v1\n"
        "launches:\n- name: l\n  at: 2026-07-01\n  outputs: o\n  ramp: {at: 2026-07-01, share: 25%}\n"
    )
    output, launch = read_files([("a.yaml", text)], BERLIN).declarations
    assert isinstance(output, Output)
    assert isinstance(launch, Launch)
    assert (output.expects, output.refs, launch.ramp[0].share) == (("m +5% within 30d",), ("v1",), 0.25)


def test_several_documents_and_several_files_are_one() -> None:
    read = read_files([("a.yaml", "teams: [{name: a}]\n---\nteams: [{name: b}]\n---\n"), ("b.yaml", "")], BERLIN)
    assert read.problems == ()
    assert [value.name for value in read.declarations] == ["a", "b"]


def test_ratio_may_name_a_metric_of_an_earlier_file() -> None:
    read = read_files(
        [
            ("a.yaml", "metrics:\n- {name: a, type: count}\n- {name: b, type: count}"),
            ("b.yaml", "name: c\ntype: ratio\nnumerator: a\ndenominator: b"),
        ],
        BERLIN,
    )
    assert read.problems == ()
    assert [metric.name for metric, _ in read.metrics] == ["a", "b", "c"]


def test_one_declaration_is_read_from_json_with_fields_for_lines() -> None:
    body = {"name": "o", "metric": "m", "target": "+5%", "starts": "2026-01-01", "due": "2026-02-01", "baseline": 0.5}
    value, wrong = read_one(Objective, body, BERLIN)
    assert wrong == ()
    assert value == Objective(
        name="o", metric="m", target="+5%", starts=date(2026, 1, 1), due=date(2026, 2, 1), baseline=0.5
    )
    value, wrong = read_one(Objective, {**body, "metrik": "m", "due": "soon"}, BERLIN)
    assert value is None
    assert {(p.where, p.suggestions) for p in wrong} == {("metrik", ("metric",)), ("due", ())}
    value, wrong = read_one(Objective, ["o"], BERLIN)
    assert (value, wrong[0].message) == (None, "An objective is a mapping with at least a name.")
