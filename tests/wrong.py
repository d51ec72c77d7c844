"""What a user might hand over by mistake, for every argument alike."""

import datetime as dt
from decimal import Decimal
from typing import Any  # values of every kind are what this is about

import numpy as np
import pandas as pd
import polars as pl

import upshot.stats as s

__all__ = ["WRONG"]

WRONG: list[Any] = [
    *(None, "", "high", "2", b"x", True, False, -1, 0, 3, 1.5, -0.5, np.nan, np.inf, -np.inf, 10**400, 1 + 2j),
    *([], [1, 2, 3], [[1.0], [2.0, 3.0]], ["a", "b"], [None, 1.0], (), (0.1, 0.2), {}, {"a": 1}, {1}, object()),
    *(np.zeros(0), np.ones((2, 3)), np.ones((1, 2, 3)), np.asarray("x"), np.asarray([1, "x"], object)),
    *(np.asarray(["2026-01-01"], "datetime64[D]"), np.float32(0.5), np.int64(7), np.ma.masked, Decimal("0.5")),
    *(pd.Series([1.0, 2.0], index=pd.date_range("2026-01-01", periods=2)), pl.Series([1, 2]), pl.Series(["a"])),
    *(pd.Series([1, None], dtype="Int64"), dt.date(2026, 1, 1), lambda: 1, len, dict, s.Moments(5, 1.0, 1.0)),
    *(pd.Series(["a", None]), range(3), slice(None), Ellipsis, np.random.default_rng(1), 2**70, 1e300, -1e300),
]
