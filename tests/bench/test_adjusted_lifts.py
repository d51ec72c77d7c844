"""A few hundred simulations of the family; the page in docs/calibration comes from thousands."""

from bench.calibrate.stats_adjusted_lifts import rows


def test_lifts_of_adjusted_arms_keep_their_promise_and_would_not_if_they_were_independent() -> None:
    found = rows(simulations=600, seed=5)
    assert not [row for row in found if row.verdict == "fails"]
    apart = [row for row in found if row.verdict == "reported"]
    assert len(apart) == 12
    assert all(row.high < 0.95 for row in apart)
    assert min(row.estimate for row in apart) < 0.6
