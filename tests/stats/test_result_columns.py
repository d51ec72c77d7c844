import dataclasses

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import upshot.stats
from upshot.core.errors import InvalidInput
from upshot.stats import Moments, difference, g_test, sample_ratio

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
    assert columns["reason"] == [None, "All units have the same value, so their spread cannot be estimated."]
    assert pl.DataFrame(columns).shape == (2, 7)


def test_columns_leave_out_what_has_another_shape() -> None:
    columns = sample_ratio([[500, 480], [10, 300]], [0.5, 0.5]).columns()
    assert "shares" not in columns
    assert next(iter(columns)) == "axis_0"
    assert columns["n"] == [980.0, 310.0]
