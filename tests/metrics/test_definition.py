"""Two definitions are one number when their hashes are equal."""

import msgspec
import pytest

from upshot.metrics.definition import Metric, MetricType
from upshot.metrics.library import library
from upshot.metrics.parse import parse_metrics
from upshot.metrics.text import metric_to_yaml


def one(text: str) -> Metric:
    parsed = parse_metrics(text)
    assert not parsed.problems, parsed.problems
    (metric,) = parsed.metrics
    return metric


BASE = "{name: a, type: sum, event: [x, y], value: p * q, where: [c = 1, 'd in (u, v)']}"


@pytest.mark.parametrize(
    "spelling",
    [
        "{name: b, type: sum, event: [y, x, x], value: p*q, where: ['d in (v, u, u)', c = 1]}",
        "{name: a, title: T, direction: down, type: sum, event: [x, y], value: (p) * q, where: [c = 1, 'd in (u, v)']}",
        "{name: a, format: money, type: sum, event: [x, y], value: p * q, where: [c = 1, c = 1, 'd in (u, v)']}",
    ],
)
def test_hash_is_equal_for_another_spelling_of_the_same_number(spelling: str) -> None:
    assert one(spelling).hash == one(BASE).hash


@pytest.mark.parametrize(
    "other",
    [
        BASE.replace("sum", "mean"),
        BASE.replace("[x, y]", "x"),
        BASE.replace("p * q", "q * p"),
        BASE.replace("c = 1", "c = '1'"),
        BASE.replace("c = 1", "c != 1"),
        BASE.replace("type: sum", "type: sum, unit: account"),
    ],
)
def test_hash_differs_for_another_number(other: str) -> None:
    assert one(other).hash != one(BASE).hash


def test_hash_is_the_same_in_every_process() -> None:
    assert one("{name: e, type: count}").hash == Metric(name="", type=MetricType.COUNT).hash
    assert one("{name: e, type: count}").hash == "9b010da11a448f3d25f38dbda6e6a854974400e27e5da2caf48d163160e51b79"


def test_library_survives_its_own_yaml_and_a_json_round_trip() -> None:
    for metric in library():
        assert one(metric_to_yaml(metric)) == metric
        assert msgspec.json.decode(msgspec.json.encode(metric), type=Metric) == metric


def test_library_names_no_event_and_no_property() -> None:
    parts = [p for m in library() for p in (m, m.numerator, m.denominator) if p is not None]
    assert all(not p.selection.events and not p.selection.where and p.value is None for p in parts)


def test_only_counts_and_sums_are_additive() -> None:
    assert {m.name for m in library() if m.additive} == {"events"}
    assert one(BASE).additive
