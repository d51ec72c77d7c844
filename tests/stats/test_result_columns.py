import dataclasses
import importlib
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import upshot.stats
from upshot.core.errors import InvalidInput
from upshot.stats import (
    MetricTest,
    Moments,
    NoEstimate,
    Reason,
    Role,
    compare,
    compare_segments,
    difference,
    g_test,
    group_sequential,
    plan_risks,
    sample_ratio,
    ship,
    simulate_splits,
    spending_boundaries,
)
from upshot.stats.group_sequential_longitudinal import group_sequential_longitudinal
from upshot.stats.maturity import longitudinal_difference
from upshot.stats.planning import Plan, curve_by_week
from upshot.stats.planning_baseline import Baseline
from upshot.stats.result import NUMBERS
from upshot.stats.tabular import Table

FOUND = difference(Moments(9, 1.0, 1.0), Moments([[9, 0], [9, 9]], [[2.0, np.nan], [3.0, 1.0]], 1.0))
LABELS = {"segment": ["all", "new"], "metric": ["orders", "visits"]}


def test_columns_are_a_table_in_every_library() -> None:
    columns = FOUND.columns(**LABELS)
    tables = pd.DataFrame(columns), pl.DataFrame(columns).to_pandas(), pa.table(columns).to_pandas()
    for table in tables:
        assert table["metric"].tolist() == ["orders", "visits"] * 2
        assert table["segment"].tolist() == ["all", "all", "new", "new"]
        np.testing.assert_array_equal(table["low"].astype(float), FOUND.low.ravel())


def test_columns_show_no_number_where_there_is_none() -> None:
    columns = FOUND.columns(**LABELS)
    assert columns["value"] == [1.0, None, 2.0, 0.0]
    assert columns["n"][1] is None
    assert columns["reason"] == [None, "There are no units.", None, None]


def test_columns_number_axes_without_labels_and_refuse_labels_that_do_not_fit() -> None:
    assert FOUND.columns()["axis_1"] == [0, 1, 0, 1]
    assert difference(Moments(9, 1.0, 1.0), Moments(9, 2.0, 1.0)).columns()["value"] == [1.0]
    with pytest.raises(InvalidInput, match="segment has 1 labels, its axis 2 places"):
        FOUND.columns(segment=["all"])
    with pytest.raises(InvalidInput, match="There are 3 labels"):
        FOUND.columns(a=[1], b=[2], c=[3])


def test_every_result_that_has_reasons_by_place_is_a_table() -> None:
    results = [
        item
        for name in upshot.stats.__all__
        if isinstance(item := getattr(upshot.stats, name), type)
        and dataclasses.is_dataclass(item)
        and any(field.name == "reason" and "Reason" not in str(field.type) for field in dataclasses.fields(item))
    ]
    assert len(results) >= 12
    assert [item.__name__ for item in results if not callable(getattr(item, "columns", None))] == []


def test_columns_of_a_test_are_a_table_with_nothing_where_there_is_a_reason() -> None:
    columns = g_test([[[30, 10], [10, 30]], [[5, 0], [7, 0]]]).columns(question=["plan", "star"])
    assert columns["question"] == ["plan", "star"]
    assert columns["df"] == [1.0, None]
    assert columns["p_value"][1] is None
    assert columns["reason"] == [None, "The values do not vary within a group, so their spread cannot be estimated."]
    assert pl.DataFrame(columns).shape == (2, 7)


def test_columns_leave_out_what_has_another_shape() -> None:
    columns = sample_ratio([[500, 480], [10, 300]], [0.5, 0.5]).columns()
    assert "shares" not in columns
    assert next(iter(columns)) == "axis_0"
    assert columns["n"] == [980.0, 310.0]


UNITS = {
    "group": ["a", "b"] * 60,
    "x": list(np.random.default_rng(1).gamma(2.0, 3.0, 120)),
    "plan": ["u"] * 110 + ["v"] * 10,
}
GROWN = longitudinal_difference(
    *(np.cumsum(np.random.default_rng(i).normal(1.0 + i, 1.0, (400, 2)), 1) for i in (0, 1))
)
RISKS = plan_risks(successes=1, guardrails=1)
TESTS = [MetricTest(n, r, NoEstimate(Reason.EMPTY, "difference")) for n, r in zip("ab", Role, strict=True)]
TABLES: dict[str, tuple[Table, int]] = {
    "estimates": (FOUND, 4),
    "test": (g_test([[[30, 10], [10, 30]], [[5, 0], [7, 0]]]), 2),
    "comparison": (compare(UNITS, variant="group", metric="x", control="a"), 1),
    "segments": (
        compare_segments(UNITS, variant="group", metrics="x", segments="plan", control="a", minimum_units=9),
        2,
    ),
    "splits": (simulate_splits(UNITS, metric="x", lifts=[0.1, 0.2], simulations=50, rng=np.random.default_rng(1)), 5),
    "group sequential": (
        group_sequential([[0.1, 0.5], [0.1, 0.1], [np.nan, 0.1]], 0.14, [0.5, 0.8], 5000.0, totals="final"),
        3,
    ),
    "boundaries": (spending_boundaries([0.4, 0.7, 1.0]), 3),
    "longitudinal": (group_sequential_longitudinal(GROWN, [0.5, 1.0], simulations=4096), 2),
    "curve": (curve_by_week(Plan(Baseline.of_proportion(0.1)), 0.01, [5000.0] * 4), 4),
    "decision": (ship(TESTS, RISKS, quality={"split": 0.0}), 2),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_the_same_in_three_libraries_and_reads_in_one_line(name: str) -> None:
    table, rows = TABLES[name]
    columns = table.columns()
    assert {len(values) for values in columns.values()} == {rows}
    for made in (table.to_pandas(), table.to_polars().to_pandas(), table.to_arrow().to_pandas()):
        assert list(made) == list(columns)
        for column, values in columns.items():
            for told, value in zip(made[column], values, strict=True):
                assert (told == value) if value is not None else pd.isna(told)
    assert "\n" not in table.summary
    assert table.summary
    assert "array(" not in repr(table)


def test_one_name_means_one_thing_in_every_table_of_effects() -> None:
    for name in ("comparison", "segments", "estimates", "splits", "longitudinal", "group sequential"):
        columns = TABLES[name][0].columns()
        assert set(NUMBERS) < set(columns)
        for values in zip(columns["value"], columns["reason"], strict=True):
            assert [value is None for value in values].count(True) == 1
    effects = TABLES["comparison"][0].columns()
    assert effects["n"] == [effects["n_control"][0] + effects["n_treatment"][0]]  # type: ignore[operator]
    segments = TABLES["segments"][0].columns()
    assert (segments["n_control"], segments["n_treatment"], segments["n"]) == ([55, 5], [55, 5], [110.0, None])
    assert all(isinstance(reason, str) and " " in reason for reason in segments["reason"] if reason)


def test_every_result_with_columns_is_a_table_of_three_libraries() -> None:
    modules = ["planning", "group_sequential_longitudinal", "lift"]
    offered = [getattr(upshot.stats, name) for name in upshot.stats.__all__]
    for module in modules:
        loaded = importlib.import_module(f"upshot.stats.{module}")
        offered += [getattr(loaded, name) for name in loaded.__all__]
    tables = {item for item in offered if isinstance(item, type) and hasattr(item, "columns")}
    assert len(tables) >= 18
    assert {item.__name__ for item in tables if not issubclass(item, Table)} <= {"Frame", "Rows"}


def test_columns_without_a_number_keep_their_kind() -> None:
    nothing = difference(Moments(9, 1.0, 1.0), Moments(0, np.nan, np.nan))
    assert nothing.to_polars().schema["value"] == pl.Float64
    assert nothing.to_arrow().schema.field("value").type == pa.float64()
    assert nothing.to_pandas()["value"].dtype == np.float64
    assert FOUND.to_polars().schema == difference(Moments([[9]], 1.0, 1.0), Moments([[9]], 2.0, 1.0)).to_polars().schema


def test_labels_of_several_kinds_become_text_where_a_column_has_a_kind() -> None:
    two = difference(Moments(9, 1.0, 1.0), Moments([9, 9], [2.0, 3.0], 1.0))
    for made in (two.to_polars(arm=[1, "new"])["arm"].to_list(), two.to_arrow(arm=[1, "new"])["arm"].to_pylist()):
        assert made == ["1", "new"]


@pytest.mark.parametrize(
    ("library", "call"), [("pandas", "to_pandas"), ("polars", "to_polars"), ("pyarrow", "to_arrow")]
)
def test_a_library_that_is_not_there_is_named(library: str, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        InvalidInput, match=f"needs {library}, which is not installed. Install it with `pip install {library}`"
    ):
        getattr(FOUND, call)()


def test_tables_that_name_their_rows_refuse_labels() -> None:
    for name in ("comparison", "segments", "splits", "boundaries", "longitudinal", "curve", "decision"):
        with pytest.raises(InvalidInput, match="country labels an axis, and this table has none"):
            TABLES[name][0].columns(country=["DE"])
    assert TABLES["group sequential"][0].columns(metric=["a", "b", "c"])["metric"] == ["a", "b", "c"]


def test_where_a_group_sequential_test_stands_is_in_its_table() -> None:
    columns = TABLES["group sequential"][0].columns()
    assert columns["outcome"] == ["GREATER", "CONTINUE", "CONTINUE"]
    assert columns["stopped_at"] == [1, None, None]
    assert columns["value"][1] is None
    assert columns["reason"][0] is None


def test_summaries_say_the_effect_or_the_reason() -> None:
    one = difference(Moments(900, 1.0, 1.0), Moments(900, 1.2, 1.0))
    assert one.summary == "difference, 0.95 interval: +0.2, +0.1075 to +0.2925, p <0.0001, n 1,800"
    assert difference(Moments(9, 1.0, 1.0), Moments(0, 0.0, 0.0)).summary == "difference: There are no units."
    assert FOUND.summary == "difference, 0.95 interval: 4 places, 3 with an estimate"
    assert "split failed" in TABLES["decision"][0].summary


def test_a_metric_that_is_named_twice_is_refused_by_the_decision() -> None:
    with pytest.raises(InvalidInput, match="tests name a metric twice"):
        ship([dataclasses.replace(test, name="orders") for test in TESTS], RISKS)
