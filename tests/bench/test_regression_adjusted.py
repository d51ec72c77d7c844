"""A few hundred simulations of the family; the page in docs/calibration comes from thousands."""

from bench.calibrate.stats_regression_adjusted import rows


def test_adjusted_looks_keep_their_promise_and_are_refused_where_the_smaller_arm_varies_more() -> None:
    found = rows(simulations=250, seed=7)
    assert not [row for row in found if row.verdict == "fails"]
    refused = [row for row in found if "refused where that shows" in row.scenario]
    assert [row.nominal for row in refused] == [0.05, 0.05]
