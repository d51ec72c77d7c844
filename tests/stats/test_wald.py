from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from upshot.stats.wald import critical_value, satterthwaite, tail_probability

if TYPE_CHECKING:
    from upshot.stats.result import Alternative


@pytest.mark.parametrize("df", [1.0, 7.3, 1e7])
def test_critical_values_and_tails_are_those_of_student(df: float) -> None:
    freedom = np.asarray(df)
    assert float(critical_value(0.9, "two-sided", freedom)) == pytest.approx(float(stats.t.ppf(0.95, df)), rel=1e-9)
    assert float(critical_value(0.9, "less", freedom)) == pytest.approx(float(stats.t.ppf(0.9, df)), rel=1e-9)
    assert float(tail_probability(2.5, "greater", freedom)) == pytest.approx(float(stats.t.sf(2.5, df)), rel=1e-9)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_tail_probability_keeps_tiny_values(alternative: Alternative) -> None:
    statistic = -30.0 if alternative == "less" else 30.0
    assert 0.0 < float(tail_probability(statistic, alternative)) < 1e-190


def test_satterthwaite_of_equal_parts_adds_the_freedom() -> None:
    one, df = np.asarray(1.0), np.asarray(9.0)
    assert float(satterthwaite(one, df, one, df)) == pytest.approx(18.0)
