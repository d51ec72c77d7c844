"""Amounts as people write them become numbers where the column leaves no doubt, and are asked about where it does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.collect.imports.conftest import write_parquet
from tests.collect.imports.test_plan import said
from upshot.collect.imports.amounts import recognise_amounts
from upshot.collect.imports.mapping import Mapping
from upshot.engines.amounts import AmountForm, form_of
from upshot.engines.duckdb.bulk_sql import amount
from upshot.engines.duckdb.sql import literal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.collect.imports.conftest import Bench

SURE: dict[str, tuple[list[str], list[float]]] = {
    "1,234.56": (["19.90", "1,250.00", "-45.5", "(7.00)"], [19.9, 1250.0, -45.5, -7.0]),
    "1.234,56": (["1.234,50", "7", "12.400", "-5,25"], [1234.5, 7.0, 12400.0, -5.25]),
    "$1,234.56": (["$5.25", "($45.00)", "$1,000", "-$2"], [5.25, -45.0, 1000.0, -2.0]),
    "€1.234,56": (["1 250,00 €", "3,50 €", "1\u202f000 €"], [1250.0, 3.5, 1000.0]),
    "1,234.56%": (["12 %", "3.5%"], [12.0, 3.5]),
}
DOUBTFUL = [
    ["1,250", "3,400"],
    ["$5", "€7"],
    ["12%", "7"],
    ["1,250.00", "n/a", "3.5"],
    ["1,250.00", "1.250,00"],
]
NO_AMOUNTS = [["192.168.100.200"], ["030 123 456"], ["2024-01-02"], ["ABC 123"], ["1.2.3"], ["10:30"], ["007"]]


def _file(bench: Bench, form: str, values: list[str]) -> Path:
    days = [f"2024-01-{n:02}" for n in range(1, len(values) + 1)]
    match form:
        case "csv":
            rows = "".join(f'{day};"{value}"\n' for day, value in zip(days, values, strict=True))
            return bench.file("a.csv", f"timestamp;Gross\n{rows}")
        case "jsonl":
            lines = [json.dumps({"timestamp": d, "Gross": v}) for d, v in zip(days, values, strict=True)]
            return bench.file("a.jsonl", "\n".join(lines) + "\n")
        case "nested":
            inner = [{"timestamp": d, "properties": {"Gross": v}} for d, v in zip(days, values, strict=True)]
            return bench.file("a.jsonl", "\n".join(map(json.dumps, inner)) + "\n")
        case _:
            rows = ", ".join(f"({literal(d)}, {literal(v)})" for d, v in zip(days, values, strict=True))
            write_parquet(bench.folder / "a.parquet", f"SELECT * FROM (VALUES {rows}) AS t(timestamp, Gross)")
            return bench.folder / "a.parquet"


def _kept(bench: Bench) -> list[tuple[object, ...]]:
    number = "property_number(properties, 'Gross')"
    return bench.rows(f"SELECT {number}, property_text(properties, 'Gross') FROM events ORDER BY occurred_at")


@pytest.mark.parametrize("form", ["csv", "jsonl", "nested", "parquet"])
@pytest.mark.parametrize("written", SURE)
def test_amounts_beyond_doubt_are_numbers(bench: Bench, form: str, written: str) -> None:
    values, numbers = SURE[written]
    file = _file(bench, form, values)
    preview = bench.preview(file)
    assert list(preview.mapping.numbers.values()) == [written]
    assert "numbers" in preview.guessed
    again = bench.preview(file, mapping=preview.mapping)
    assert (again.mapping, again.guessed) == (preview.mapping, ())
    bench.bring(file)
    assert [number for number, _ in _kept(bench)] == numbers


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("values", DOUBTFUL, ids=str)
def test_amounts_in_doubt_are_asked_about_and_kept_as_text(bench: Bench, form: str, values: list[str]) -> None:
    file = _file(bench, form, values)
    (warning,) = (text for text in said(bench.preview(file), "warning") if "Gross" in text)
    assert "kept as text" in warning
    bench.bring(file)
    assert [text for _, text in _kept(bench)] == values


@pytest.mark.parametrize("values", NO_AMOUNTS, ids=str)
def test_what_only_looks_like_amounts_is_text_without_a_word(bench: Bench, values: list[str]) -> None:
    file = _file(bench, "csv", values)
    assert not [problem for problem in bench.preview(file).problems if problem.where == "Gross"]
    bench.bring(file)
    assert [text for _, text in _kept(bench)] == values


@pytest.mark.parametrize(
    ("example", "kept"),
    [("1,234.56", [(1250.0, "1250")]), ("1.234,56", [(1.25, "1.25")]), ("text", [(None, "1,250")])],
)
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_what_is_said_of_numbers_decides(bench: Bench, form: str, example: str, kept: list[tuple[object, ...]]) -> None:
    file = _file(bench, form, ["1,250"])
    mapping = Mapping(event="seen", numbers={"Gross": example})
    assert not [text for text in said(bench.preview(file, mapping=mapping), "warning") if "Gross" in text]
    bench.bring(file, mapping=mapping)
    assert _kept(bench) == kept


def test_number_that_says_nothing_is_refused(bench: Bench) -> None:
    file = _file(bench, "csv", ["1,250"])
    (error,) = said(bench.preview(file, mapping=Mapping(event="seen", numbers={"Gross": "1234"})))
    assert "does not say how numbers are written" in error
    (missing,) = said(bench.preview(file, mapping=Mapping(event="seen", numbers={"Groß": "1,234.56"})))
    assert "'Gross'" in missing


def test_value_far_down_the_file_settles_how_amounts_are_written(bench: Bench) -> None:
    rows = "".join(f'2024-01-01;"{1 + n % 9},250"\n' for n in range(25_000))
    file = bench.file("a.csv", f'timestamp;Gross\n{rows}2024-01-02;"1,250.75"\n')
    assert bench.preview(file).mapping.numbers == {"Gross": "1,234.56"}


def test_amounts_far_down_a_column_of_plain_numbers_are_numbers(bench: Bench) -> None:
    rows = "".join(f"2024-01-01;{n}.5\n" for n in range(20_001))
    file = bench.file("a.csv", f'timestamp;Gross\n{rows}2024-01-02;"1,250.75"\n2024-01-03;$5\n')
    bench.bring(file)
    assert _kept(bench)[-2:] == [(1250.75, "1250.75"), (None, "$5")]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.text(st.sampled_from("0123456789.,-−()' $€%\u00a0"), max_size=12), min_size=1, max_size=50),
    st.sampled_from(list(SURE)),
)
def test_engine_and_python_read_the_same_amounts(texts: list[str], example: str) -> None:
    form = form_of(example)
    assert form is not None
    wanted = ", ".join(amount(form, literal(text)) for text in [*texts, *SURE[example][0]])
    with duckdb.connect() as connection:
        (found,) = connection.execute(f"SELECT {wanted}").fetchall()
    assert list(found) == [form.read(text) for text in [*texts, *SURE[example][0]]]


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 1e9).map(lambda n: round(n, 2)), min_size=1), st.sampled_from([".", ","]))
def test_amounts_written_either_way_are_recognised(numbers: list[float], decimal: str) -> None:
    written = [f"{number:,.2f}" for number in numbers]
    if decimal == ",":
        written = [text.translate(str.maketrans(",.", ".,")) for text in written]
    form = recognise_amounts(written).form
    assert form == AmountForm("." if decimal == "." else ",")
    assert [form.read(text) for text in written] == numbers


def test_long_text_among_amounts_is_shown_by_how_it_begins(bench: Bench) -> None:
    values = [f"1,{n:03}.00" for n in range(40)]
    preview = bench.preview(_file(bench, "csv", [*values[:30], "y" * 100_000]))
    (problem,) = (p for p in preview.problems if p.where == "Gross")
    assert "(100,000 characters)" in problem.message
    assert len(problem.message) < 400


MIXED = [
    (["1,250.00", "n/a", "n/a", "3.5"], "2 are amounts ('1,250.00', '3.5') and 2 are none ('n/a')", "1,234.56"),
    (["12.5", "unknown", "7"], "2 are amounts ('12.5', '7') and 1 is none ('unknown')", "1,234.56"),
    (["$5", "free", "sold out", "on request"], "1 is an amount ('$5') and 3 are none", "$1,234.56"),
    (["1.250,00", "gratis", "3,5"], "2 are amounts ('1.250,00', '3,5') and 1 is none ('gratis')", "1.234,56"),
]


@pytest.mark.parametrize("form", ["csv", "jsonl", "nested", "parquet"])
@pytest.mark.parametrize(("values", "told", "example"), MIXED, ids=lambda one: one if isinstance(one, str) else "")
def test_amounts_among_words_are_told_and_nothing_is_lost(
    bench: Bench, form: str, values: list[str], told: str, example: str
) -> None:
    file = _file(bench, form, values)
    (problem,) = (p for p in bench.preview(file).problems if "Gross" in p.where)
    assert (problem.level, problem.suggestions) == ("warning", (f"{problem.where}={example}",))
    assert problem.message.startswith(f"Of {len(values)} values of '{problem.where}' that were looked at, {told}")
    assert f"say --number {problem.where}={example}" in problem.message
    said_so = Mapping(event="seen", numbers={problem.where: example})
    assert not [p for p in bench.preview(file, mapping=said_so).problems if "Gross" in p.where]
    bench.bring(file)
    assert [text for _, text in _kept(bench)] == values


def test_amounts_among_words_are_read_and_words_kept_where_it_is_said(bench: Bench) -> None:
    file = _file(bench, "csv", ["1,250.00", "n/a", "3.5"])
    bench.bring(file, mapping=Mapping(event="seen", numbers={"Gross": "1,234.56"}))
    assert [(number, text if number is None else "") for number, text in _kept(bench)] == [
        (1250.0, ""), (None, "n/a"), (3.5, ""),
    ]  # fmt: skip


def test_amounts_among_words_that_can_be_read_both_ways_are_asked_about(bench: Bench) -> None:
    (problem,) = (p for p in bench.preview(_file(bench, "csv", ["1,250", "n/a"])).problems if p.where == "Gross")
    assert problem.suggestions == ("Gross=1,234.56", "Gross=1.234,56")


@pytest.mark.parametrize(
    "values",
    [
        ["536365", "536366", "C536379", "C536380"],
        ["85123A", "22752", "POST", "84029E"],
        ["all well", "7", *(f"words of person {letter}" for letter in "abcdefghijklmnopqrst")],
    ],
)
def test_codes_and_prose_are_no_amounts_among_words(bench: Bench, values: list[str]) -> None:
    assert not [p for p in bench.preview(_file(bench, "csv", values)).problems if p.where == "Gross"]
