"""Worth, waste and scores, by hand."""

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from upshot.catalog.kinds import Cost, Output, OutputKind, Team, parse_expectation
from upshot.catalog.verdict import Effect, Grade, Interval, MetricRole, VerdictWord
from upshot.ledger.buckets import BUCKETS, REASONS, Bucket, Reason, Spent, bucket_of, sum_buckets, whole_percents
from upshot.ledger.cost import cost_of
from upshot.ledger.effects import went_bad
from upshot.ledger.score import chance_in_range, expectation_met
from upshot.ledger.totals import Entry, total
from upshot.ledger.worth import Worth, sum_of_worths, worth_of

DAY = date(2026, 1, 1)


def effect(value: float, low: float, high: float, **fields: object) -> Effect:
    known: dict[str, object] = {
        "metric": "m",
        "metric_hash": "",
        "role": MetricRole.PRIMARY,
        "direction": "up",
        "first_day": DAY,
        "last_day": DAY + timedelta(days=29),
        "relative": Interval(value, low, high),
        "absolute": Interval(100 * value, 100 * low, 100 * high),
        "per": "total",
        "level": 0.95,
        "p_value": None,
        "method": "",
        "n": 30.0,
    }
    return Effect(**{**known, **fields})  # type: ignore[arg-type]


def worth(value: float, half: float, *, metric: str = "m", first: int = 0, randomised: bool = False) -> Worth:
    start = DAY + timedelta(days=first)
    return Worth(Interval(value, value - half, value + half), metric, start, start + timedelta(days=9), randomised)


def test_cost_that_falls_is_worth_a_positive_amount() -> None:
    assert worth_of(effect(-0.1, -0.2, -0.05), -3.0) == Interval(30.0, 15.0, 60.0)


def test_independent_worths_add_up_as_squares_do() -> None:
    total = sum_of_worths([worth(10, 3), worth(20, 4, metric="other")])
    assert total == Interval(30.0, 25.0, 35.0)


def test_worths_that_share_measured_days_add_up_in_full() -> None:
    assert sum_of_worths([worth(10, 3), worth(20, 4, first=5)]) == Interval(30.0, 23.0, 37.0)
    assert sum_of_worths([worth(10, 3), worth(20, 4, first=10)]) == Interval(30.0, 25.0, 35.0)
    assert sum_of_worths([worth(10, 3, randomised=True), worth(20, 4, randomised=True)]) == Interval(30.0, 25.0, 35.0)
    assert sum_of_worths([]) is None


@pytest.mark.parametrize(
    ("word", "kind", "used", "bucket", "reason"),
    [
        (VerdictWord.HARMED, OutputKind.UPKEEP, None, "waste", "harm"),
        (VerdictWord.IMPROVED, OutputKind.BET, 0.001, "waste", "unused"),
        (VerdictWord.IMPROVED, OutputKind.BET, 0.2, "paid off", "improved"),
        (VerdictWord.NO_EFFECT, OutputKind.BET, None, "waste", "no effect"),
        (VerdictWord.TRANSIENT, OutputKind.BET, None, "waste", "no effect"),
        (VerdictWord.INCONCLUSIVE, OutputKind.BET, None, "not known", "too vague"),
        (VerdictWord.NOT_MEASURABLE, OutputKind.BET, None, "not known", "unmeasured"),
        (VerdictWord.NOT_MEASURABLE, OutputKind.COMPLIANCE, None, "upkeep", "no effect expected"),
        (VerdictWord.IMPROVED, OutputKind.ENABLING, None, "upkeep", "no effect expected"),
        (VerdictWord.TOO_EARLY, OutputKind.BET, None, "not known", "too early"),
        (VerdictWord.MIXED, OutputKind.BET, None, "not known", "mixed"),
    ],
)
def test_launched_output_lies_in_one_bucket(
    word: VerdictWord, kind: OutputKind, used: float | None, bucket: Bucket, reason: Reason
) -> None:
    placed = bucket_of(word, Grade.C, kind, used)
    assert (placed.bucket, placed.reason) == (bucket, reason)


def test_harm_that_healed_is_harm() -> None:
    assert bucket_of(VerdictWord.TRANSIENT, Grade.C, OutputKind.BET, None, worse=True).reason == "harm"


def test_only_what_is_shown_to_be_waste_is_waste() -> None:
    shown = {VerdictWord.HARMED, VerdictWord.NO_EFFECT, VerdictWord.TRANSIENT}
    wasted = {w for w in VerdictWord if bucket_of(w, Grade.B, OutputKind.BET, None).bucket == "waste"}
    assert wasted == shown


amounts = st.none() | st.floats(0, 1e6, allow_subnormal=False)


@given(st.lists(st.builds(Spent, st.sampled_from(tuple(REASONS)), amounts, amounts)))
def test_buckets_add_up_to_the_whole(spent: list[Spent]) -> None:
    buckets = sum_buckets(spent)
    assert [each.bucket for each in buckets] == list(BUCKETS)
    assert sum(each.outputs for each in buckets) == len(spent)
    assert sum(each.cost for each in buckets) == pytest.approx(sum(s.cost or 0.0 for s in spent))
    assert sum(each.cost_days for each in buckets) == pytest.approx(sum(s.cost_days or 0.0 for s in spent))
    for each in buckets:
        assert sum(part.outputs for part in each.reasons) == each.outputs
        assert sum(part.cost for part in each.reasons) == pytest.approx(each.cost)
    shares = [each.share for each in buckets if each.share is not None]
    percents = [each.percent for each in buckets if each.percent is not None]
    assert not shares or sum(shares) == pytest.approx(1.0)
    assert sum(percents) == (100 if shares else 0)
    assert len(shares) == len(percents) in (0, 4)


@given(st.lists(st.floats(0, 1e9, allow_subnormal=False), min_size=1, max_size=9))
def test_whole_percents_are_within_one_of_the_exact_ones(parts: list[float]) -> None:
    found = whole_percents(parts)
    assert sum(found) == (100 if sum(parts) > 0 else 0)
    assert all(abs(percent - 100 * part / sum(parts)) < 1 for percent, part in zip(found, parts, strict=bool(found)))


def test_shares_leave_unknown_costs_out() -> None:
    spent = [Spent("harm", 30.0, None), Spent("improved", 70.0, 9.0), Spent("harm", None, 1.0)]
    paid, waste, unknown, upkeep = sum_buckets(spent)
    assert (waste.outputs, waste.costed, waste.cost, waste.share, waste.percent) == (2, 1, 30.0, 0.3, 30)
    assert (paid.share, unknown.share, upkeep.share) == (0.7, 0.0, 0.0)
    assert all(each.share is None and each.percent is None for each in sum_buckets([Spent("harm", None, None)]))


def test_chance_that_the_truth_lies_in_the_range() -> None:
    expected = parse_expectation("m +5% (1%..9%) within 30d")
    spread = 0.02
    half = spread * norm.ppf(0.975)
    found = effect(0.06, 0.06 - half, 0.06 + half)
    by_hand = norm.cdf(0.09, 0.06, spread) - norm.cdf(0.01, 0.06, spread)
    chance = chance_in_range(found, expected)
    assert chance is not None
    assert math.isclose(chance, by_hand, rel_tol=1e-9)
    assert expectation_met(found, expected) is True
    assert expectation_met(effect(0.3, 0.25, 0.35), expected) is False
    assert expectation_met(effect(0.06, -0.2, 0.32), expected) is None
    assert expectation_met(found, parse_expectation("other +5% (1%..9%) within 30d")) is None
    assert expectation_met(found, parse_expectation("m +5% within 30d")) is None


def test_range_inside_a_wide_interval_is_not_refuted() -> None:
    expected = parse_expectation("m +5% (1%..9%) within 30d")
    wide = effect(-0.3, -0.9, 0.3)
    chance = chance_in_range(wide, expected)
    assert chance is not None
    assert chance < 0.1
    assert expectation_met(wide, expected) is None
    assert expectation_met(effect(-0.3, -0.9, 0.05), expected) is None, "the interval reaches into the range"
    assert expectation_met(effect(-0.3, -0.9, 0.009), expected) is False
    assert expectation_met(effect(0.5, 0.091, 0.9), expected) is False
    assert expectation_met(effect(0.05, 0.05, 0.05), expected) is True
    assert expectation_met(effect(0.5, 0.5, 0.5), expected) is False


@given(st.floats(-1, 1), st.floats(0, 1), st.integers(-50, 49), st.integers(1, 50), st.integers(0, 50))
def test_wider_range_is_never_refuted_where_a_narrower_one_is_not(
    value: float, half: float, low: int, width: int, more: int
) -> None:
    found = effect(value, value - half, value + half)
    change = low or low + width
    narrow, wide = (
        expectation_met(found, parse_expectation(f"m {change:+}% ({low - by}%..{low + width + by}%) within 30d"))
        for by in (0, more)
    )
    assert narrow is not None or wide is not False
    assert narrow is not True or wide is True


def test_cost_of_days_needs_to_know_what_a_day_costs() -> None:
    output = Output(name="search", cost=Cost(days=4.0, money=100.0))
    assert cost_of(output, Team(name="core", cost_a_day=500.0)) == 2_100.0
    assert cost_of(output, Team(name="core")) is None
    assert cost_of(output, None) is None
    assert cost_of(Output(name="search", cost=Cost(money=100.0)), None) == 100.0
    assert cost_of(Output(name="search"), None) is None


def test_more_of_what_should_fall_is_bad() -> None:
    assert went_bad(effect(0.1, 0.0, 0.2, direction="down"))
    assert not went_bad(effect(0.1, 0.0, 0.2))
    assert went_bad(effect(-0.1, -0.2, 0.0))
    assert not went_bad(None)


def test_totals_count_a_launch_once_and_leave_out_what_is_not_launched() -> None:
    entries = (
        Entry("both", 300.0, 3.0, "improved", met=True),
        Entry("both", None, 2.0, "improved", met=None),
        Entry("alone", 100.0, None, "no effect", met=False),
        Entry("", 5_000.0, 50.0, None, met=None),
    )
    found = total(entries, [worth(100.0, 10.0)])
    assert (found.outputs, found.launched, found.costed, found.valued) == (4, 3, 2, 1)
    assert (found.cost, found.cost_days) == (400.0, 5.0)
    assert found.worth == Interval(100.0, 90.0, 110.0)
    assert (found.scored, found.met) == (2, 1)
    assert [(each.outputs, each.cost, each.percent) for each in found.buckets] == [
        (2, 300.0, 75),
        (1, 100.0, 25),
        (0, 0.0, 0),
        (0, 0.0, 0),
    ]


def test_shares_are_of_days_of_work_where_no_cost_is_known() -> None:
    entries = (Entry("a", None, 3.0, "harm", met=None), Entry("b", None, 1.0, "too vague", met=None))
    found = total(entries, [])
    waste = next(each for each in found.buckets if each.bucket == "waste")
    assert (found.cost, waste.cost, waste.cost_days, waste.share) == (0.0, 0.0, 3.0, 0.75)
