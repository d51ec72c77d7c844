import math

import numpy as np
import pytest
from scipy import stats

from upshot.core.errors import InvalidInput
from upshot.stats.decisions_ship import Finding, MetricTest, RiskPlan, Role, Shipping, metric_test, plan_risks, ship
from upshot.stats.moments import Moments
from upshot.stats.result import Estimate, NoEstimate, Reason

PLAN = plan_risks(successes=2, guardrails=2, alpha_alarms=0.04)


def judged(name: str, role: Role, p: float, harm: float = 0.9) -> MetricTest:
    def estimate(value: float) -> Estimate:
        return Estimate(0.0, 0.0, 0.0, 1.0, value, 0.95, 100.0, "difference", "absolute")

    return MetricTest(name, role, estimate(p), estimate(harm))


def metrics(success: tuple[float, float], guardrail: tuple[float, float], harm: float = 0.9) -> list[MetricTest]:
    return [
        judged("orders", Role.SUCCESS, success[0]),
        judged("revenue", Role.SUCCESS, success[1]),
        judged("speed", Role.GUARDRAIL, guardrail[0]),
        judged("visits", Role.GUARDRAIL, guardrail[1], harm),
    ]


def test_plan_divides_alpha_by_success_metrics_and_beta_by_guardrails_plus_one() -> None:
    plan = plan_risks(successes=4, guardrails=3, alpha=0.05, power=0.8)
    assert plan.alpha_success == pytest.approx(0.0125)
    assert plan.alpha_guardrail == 0.05
    assert 1.0 - plan.power_each == pytest.approx(0.2 / 4)
    only_guardrails = plan_risks(successes=0, guardrails=5)
    assert 1.0 - only_guardrails.power_each == pytest.approx(0.2 / 5)
    assert PLAN.alpha_alarm == pytest.approx(0.01)
    assert 1.0 - PLAN.power_each == pytest.approx((0.2 - 0.04) / 3)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (metrics((0.001, 0.6), (0.01, 0.01)), Shipping.SHIP),
        (metrics((0.03, 0.6), (0.01, 0.01)), Shipping.DO_NOT_SHIP),
        (metrics((0.001, 0.6), (0.01, 0.06)), Shipping.DO_NOT_SHIP),
        (metrics((0.001, 0.6), (0.01, 0.01), harm=0.002), Shipping.DO_NOT_SHIP),
    ],
)
def test_ship_follows_the_rule(given: list[MetricTest], expected: Shipping) -> None:
    assert ship(given, PLAN).shipping is expected


def test_ship_says_what_each_metric_showed() -> None:
    decision = ship(metrics((0.001, 0.6), (0.01, 0.06)), PLAN)
    assert list(decision.findings.values()) == [
        Finding.BETTER,
        Finding.NOT_SHOWN_BETTER,
        Finding.NOT_WORSE,
        Finding.NOT_SHOWN_NOT_WORSE,
    ]
    assert decision.sentences[0] == Shipping.DO_NOT_SHIP.value
    assert decision.sentences[-1] == "visits may be worse by its margin or more (p = 0.06)."


def test_failed_quality_check_stops_every_decision() -> None:
    plan = plan_risks(successes=2, guardrails=2, quality_checks=1, alpha_quality=0.001)
    good = [MetricTest(t.name, t.role, t.goal) for t in metrics((0.001, 0.6), (0.01, 0.01))]
    assert ship(good, plan, {"sample ratio": 0.3}).shipping is Shipping.SHIP
    for p in (0.0005, math.nan):
        stopped = ship(good, plan, {"sample ratio": p})
        assert stopped.shipping is Shipping.INVALID
        assert stopped.failed_checks == ("sample ratio",)


def test_unmeasured_guardrail_leaves_the_decision_open() -> None:
    given = metrics((0.001, 0.6), (0.01, 0.01))
    missing = MetricTest("visits", Role.GUARDRAIL, NoEstimate(Reason.EMPTY, "difference"))
    decision = ship([*given[:3], missing], PLAN)
    assert decision.shipping is Shipping.NOT_MEASURABLE
    assert decision.sentences[-1] == "visits could not be measured: There are no units."
    one_missing = MetricTest("revenue", Role.SUCCESS, NoEstimate(Reason.EMPTY, "difference"))
    assert ship([given[0], one_missing, *given[2:]], PLAN).shipping is Shipping.SHIP


def test_ship_refuses_other_metrics_than_planned() -> None:
    with pytest.raises(InvalidInput):
        ship(metrics((0.1, 0.1), (0.1, 0.1))[:3], PLAN)
    with pytest.raises(InvalidInput):
        plan_risks(successes=0, guardrails=0)
    with pytest.raises(InvalidInput):
        plan_risks(successes=1, guardrails=0, power=0.9, alpha_alarms=0.2)
    sample = Moments(10, 1.0, 1.0)
    with pytest.raises(InvalidInput):
        metric_test("speed", Role.GUARDRAIL, sample, sample, plan=PLAN)
    with pytest.raises(InvalidInput):
        metric_test("orders", Role.SUCCESS, sample, sample, plan=PLAN, margin=0.1)


def simulated_ships(plan: RiskPlan, z_success: list[float], z_guardrail: list[float], correlation: float) -> int:
    """Decisions over correlated normal test statistics with the given means, counted."""
    rng = np.random.default_rng(17)
    means = np.asarray([*z_success, *z_guardrail])
    shared = rng.normal(size=(20_000, 1))
    z = means + math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * rng.normal(size=(20_000, means.size))
    p = stats.norm.sf(z)
    better = (p[:, : plan.successes] <= plan.alpha_success).any(axis=1)
    return int((better & (p[:, plan.successes :] <= plan.alpha_guardrail).all(axis=1)).sum())


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_plan_keeps_both_risks_of_the_decision(correlation: float) -> None:
    plan = plan_risks(successes=3, guardrails=4, alpha=0.05, power=0.8)
    none_better = simulated_ships(plan, [0.0] * 3, [9.0] * 4, correlation)
    assert stats.binomtest(none_better, 20_000).proportion_ci(0.999).low <= 0.05
    one_at_margin = simulated_ships(plan, [9.0] * 3, [0.0, 9.0, 9.0, 9.0], correlation)
    assert stats.binomtest(one_at_margin, 20_000).proportion_ci(0.999).low <= 0.05
    needed = stats.norm.isf(plan.alpha_success) + stats.norm.ppf(plan.power_each)
    needed_guardrail = stats.norm.isf(plan.alpha_guardrail) + stats.norm.ppf(plan.power_each)
    good = simulated_ships(plan, [needed, 0.0, 0.0], [needed_guardrail] * 4, correlation)
    assert stats.binomtest(good, 20_000).proportion_ci(0.999).high >= 0.8
    uncorrected = stats.norm.isf(0.05) + stats.norm.ppf(0.8)
    assert simulated_ships(plan, [needed, 0.0, 0.0], [uncorrected] * 4, 0.0) < 0.6 * 20_000
