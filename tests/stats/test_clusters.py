from __future__ import annotations

import numpy as np
import pytest

from upshot.core.errors import InvalidInput
from upshot.stats.clusters import cluster_totals, design_effect
from upshot.stats.moments import Moments


def test_cluster_totals_follow_the_sorted_labels_along_the_last_axis() -> None:
    totals = cluster_totals([[1.0, 2.0, 4.0], [1.0, 1.0, 1.0]], ["z", "a", "z"])
    assert totals.tolist() == [[2.0, 5.0], [1.0, 2.0]]


def test_cluster_totals_of_nothing_are_nothing() -> None:
    assert cluster_totals([], []).shape == (0,)


def test_cluster_totals_need_a_label_for_each_observation() -> None:
    with pytest.raises(InvalidInput, match="one label per observation"):
        cluster_totals([1.0, 2.0], ["a"])


def test_design_effect_of_equal_clusters_is_kish_formula() -> None:
    rng = np.random.default_rng(4)
    m, count = 10, 4000
    labels = np.repeat(np.arange(count), m)
    x = np.repeat(rng.normal(size=count), m) + rng.normal(scale=2.0, size=count * m)
    between, plain = Moments.of(x, clusters=labels), Moments.of(x)
    effect = float(design_effect(between.variance, between.n, plain.variance, plain.n))
    # 1 + (m − 1) ρ with ρ = 1 / (1 + 4); the sampling error of the ratio at 4,000 clusters is about 2 %.
    assert effect == pytest.approx(1.0 + 9.0 / 5.0, rel=0.1)


def test_design_effect_without_variance_is_no_number() -> None:
    assert np.isnan(design_effect(1.0, 10.0, 0.0, 10.0))
