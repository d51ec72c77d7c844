"""What is written is read back to the same declarations, and written again to the same bytes."""

from zoneinfo import ZoneInfo

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.catalog.yaml.strategies import ANY, BY_KIND
from tests.metrics.test_parse import FULL
from upshot.catalog.kinds import KINDS, Declaration
from upshot.catalog.yaml.read import read_files
from upshot.catalog.yaml.write import text_of, write_file
from upshot.metrics.library import library
from upshot.metrics.parse import parse_metrics

BERLIN = ZoneInfo("Europe/Berlin")


def bodies(values: tuple[Declaration, ...]) -> list[bytes]:
    return [msgspec.json.encode(value) for value in values]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.KIND)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_declaration_survives_yaml(kind: type[Declaration], data: st.DataObject) -> None:
    value = data.draw(BY_KIND[kind])
    text = write_file([value])
    read = read_files([("a.yaml", text)], BERLIN)
    assert read.problems == ()
    assert read.declarations == (value,)
    assert bodies(read.declarations) == bodies((value,))
    assert write_file(read.declarations) == text


@given(st.lists(ANY, max_size=12, unique_by=lambda value: (value.KIND, value.name)))
@settings(max_examples=60, deadline=None)
def test_file_of_many_kinds_survives_and_is_byte_stable(values: list[Declaration]) -> None:
    in_order = [value for kind in KINDS for value in values if kind == value.KIND]
    text = write_file(values)
    read = read_files([("a.yaml", text)], BERLIN)
    assert read.problems == ()
    assert list(read.declarations) == in_order
    assert write_file(read.declarations) == text == write_file(in_order)


@given(ANY)
@settings(max_examples=150, deadline=None)
def test_written_yaml_means_the_same_to_other_readers(value: Declaration) -> None:
    fields = yaml.safe_load(text_of(value))
    texts = {name: getattr(value, name) for name in fields if isinstance(getattr(value, name), str)}
    assert {name: fields[name] for name in texts} == {name: str(text) for name, text in texts.items()}


def test_metrics_survive_beside_declarations() -> None:
    metrics = (*library(), *parse_metrics(FULL).metrics)
    text = write_file((), metrics)
    read = read_files([("a.yaml", text)], BERLIN)
    assert read.problems == ()
    assert tuple(metric for metric, _ in read.metrics) == metrics
    assert write_file((), (metric for metric, _ in read.metrics)) == text


def test_every_kind_is_generated() -> None:
    assert set(BY_KIND) == set(KINDS.values())
