"""A few hundred simulations of the family; the page in docs/calibration comes from thousands."""

from bench.calibrate.stats_regression_adjusted import rows


def test_adjusted_looks_keep_their_promise_also_where_the_smaller_arm_varies_more() -> None:
    found = rows(simulations=250, seed=7)
    assert not [row for row in found if row.verdict == "fails"]
    assert len([row for row in found if "wider" in row.scenario or "twice as wide" in row.scenario]) == 7
    assert {row.simulations for row in found} == {250}
