import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from upshot.core.errors import InvalidInput
from upshot.stats import Moments, difference

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
