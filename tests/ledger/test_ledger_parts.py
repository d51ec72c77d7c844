"""Worth, waste and scores, by hand."""

import math
from datetime import date, timedelta

import pytest
from scipy.stats import norm

from upshot.catalog.kinds import Cost, Output, OutputKind, Team, parse_expectation
from upshot.catalog.verdict import Effect, Grade, Interval, MetricRole, VerdictWord
from upshot.ledger.cost import cost_of
from upshot.ledger.effects import went_bad
from upshot.ledger.score import chance_in_range, expectation_met
from upshot.ledger.totals import Entry, Found, total
from upshot.ledger.waste import Spent, sum_waste, waste_of
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
    ("word", "kind", "used", "waste"),
    [
        (VerdictWord.HARMED, OutputKind.UPKEEP, None, "harm"),
        (VerdictWord.IMPROVED, OutputKind.BET, 0.001, "unused"),
        (VerdictWord.IMPROVED, OutputKind.BET, 0.2, "none"),
        (VerdictWord.NO_EFFECT, OutputKind.BET, None, "no effect"),
        (VerdictWord.TRANSIENT, OutputKind.BET, None, "no effect"),
        (VerdictWord.INCONCLUSIVE, OutputKind.BET, None, "unmeasured"),
        (VerdictWord.NOT_MEASURABLE, OutputKind.BET, None, "unmeasured"),
        (VerdictWord.NOT_MEASURABLE, OutputKind.COMPLIANCE, None, "none"),
        (VerdictWord.TOO_EARLY, OutputKind.BET, None, "too early"),
        (VerdictWord.MIXED, OutputKind.BET, None, "none"),
        (None, OutputKind.BET, 0.0, "none"),
    ],
)
def test_kind_of_waste(word: VerdictWord | None, kind: OutputKind, used: float | None, waste: str) -> None:
    assert waste_of(word, Grade.C, kind, used)[0] == waste


def test_harm_that_healed_is_harm() -> None:
    assert waste_of(VerdictWord.TRANSIENT, Grade.C, OutputKind.BET, None, worse=True)[0] == "harm"


def test_shares_of_waste_leave_unknown_costs_out() -> None:
    sums = {s.kind: s for s in sum_waste([Spent("harm", 30.0), Spent("none", 70.0), Spent("harm", None)])}
    assert (sums["harm"].outputs, sums["harm"].cost, sums["harm"].share) == (2, 30.0, 0.3)
    assert all(s.share == 0.0 for s in sum_waste([Spent("harm", None)]))


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
    first, second = worth(100.0, 10.0), effect(0.1, 0.0, 0.2)
    entries = (
        Entry("both", OutputKind.BET, 300.0, 3.0, "none", met=True),
        Entry("both", OutputKind.BET, None, 2.0, "none", met=None),
        Entry("alone", OutputKind.BET, 100.0, None, "no effect", met=False),
        Entry("", OutputKind.BET, 5_000.0, 50.0, "none", met=None),
    )
    found = total(entries, {"both": Found(second, first), "alone": Found(None, None)})
    assert (found.outputs, found.launched, found.costed, found.valued) == (4, 3, 2, 1)
    assert (found.cost, found.cost_days, found.measured_share) == (400.0, 5.0, 0.5)
    assert found.worth == Interval(100.0, 90.0, 110.0)
    assert (found.scored, found.met) == (2, 1)
    wasted = {each.kind: (each.outputs, each.cost, each.share) for each in found.waste}
    assert wasted["no effect"] == (1, 100.0, 0.25)


def test_shares_are_of_days_of_work_where_no_cost_is_known() -> None:
    entries = (
        Entry("a", OutputKind.BET, None, 3.0, "harm", met=None),
        Entry("b", OutputKind.BET, None, 1.0, "none", met=None),
    )
    found = total(entries, {"a": Found(None, None), "b": Found(None, None)})
    harm = next(each for each in found.waste if each.kind == "harm")
    assert (found.cost, harm.cost, harm.share) == (0.0, 0.0, 0.75)
