r"""One decision over many metrics: ship where at least one success metric is better and no guardrail is worse.

Success metrics have S superiority tests, of which one must succeed; guardrails have G non-inferiority tests, which
must all succeed. Optionally all S + G metrics have alarms (tests for harm), and there are checks of quality (such as
the sample ratio); any of those stops the shipping.

Errors of the decision, by Boole's inequality, whatever the correlations:

- *Shipping although no success metric got better* has a chance of at most α where each superiority test has α/S.
- *Shipping although a guardrail is worse than its margin* has a chance of at most α where its test has α: all tests
  must succeed, so the guardrails' α needs no correction.
- *Not shipping what is good* happens where the test of the improved success metric, one of G guardrails, an alarm or a
  quality check fails. With chances β′, β′, α_alarm/(S + G) and α_quality/Q each, the sum is at most β where
  β′ = (β − α_alarm − α_quality) / (G + 1). So **power has to be corrected for the guardrails**, or many guardrails
  almost never ship anything. Without success metrics β′ is divided by G.

Source: Schultzberg, Ankargren and Frånberg, "Risk-aware product decisions in A/B tests with multiple metrics" (2024;
arXiv 2402.11609), whose abstract states both: the guardrails' α stays, and the power is corrected.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import compared, floats, given, number, several, whole
from upshot.stats.decisions import Compare, checked_alpha, inferiority, non_inferiority, superiority
from upshot.stats.difference import difference
from upshot.stats.moments import Moments
from upshot.stats.result import Estimate, NoEstimate
from upshot.stats.tabular import Table, without_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upshot.stats.bayes import Better

__all__ = ["Finding", "MetricTest", "RiskPlan", "Role", "ShipDecision", "Shipping", "metric_test", "plan_risks", "ship"]


class Role(enum.Enum):
    """What a metric is for in a decision.

    Examples:
        >>> Role.GUARDRAIL.name
        'GUARDRAIL'
    """

    SUCCESS = "success"
    """It should get better."""
    GUARDRAIL = "guardrail"
    """It must not get worse by its margin or more."""


class Finding(enum.Enum):
    """What the tests of one metric say; the value is the sentence's predicate.

    Examples:
        >>> Finding("is worse").name
        'WORSE'
    """

    BETTER = "is better"
    NOT_SHOWN_BETTER = "is not shown to be better"
    NOT_WORSE = "is worse by less than its margin, if at all"
    NOT_SHOWN_NOT_WORSE = "may be worse by its margin or more"
    WORSE = "is worse"
    NOT_MEASURABLE = "could not be measured"


class Shipping(enum.Enum):
    """The decision that the rule recommends; the value is the sentence.

    Examples:
        >>> Shipping("Do not ship: the rule's conditions are not met.").name
        'DO_NOT_SHIP'
    """

    SHIP = "Ship: a success metric is better and no guardrail is worse."
    DO_NOT_SHIP = "Do not ship: the rule's conditions are not met."
    INVALID = "Do not decide: a quality check failed, so the experiment's numbers cannot be trusted."
    NOT_MEASURABLE = "Do not decide: a metric that the rule needs could not be measured."


@dataclass(frozen=True, slots=True)
class RiskPlan:
    """The thresholds of every single test, so that the decision as a whole keeps its risks.

    Attributes:
        successes: Number of success metrics (S).
        guardrails: Number of guardrails (G).
        alpha_success: Of each superiority test, one-sided: α/S (α where there is none).
        alpha_guardrail: Of each non-inferiority test, one-sided: α.
        alpha_alarm: Of each test for harm, one-sided; 0 where there are none.
        alpha_quality: Of each quality check; 0 where there are none.
        power_each: The power that each superiority and non-inferiority test must be planned for.
        power: The power of the whole decision.

    Examples:
        >>> plan_risks(successes=2, guardrails=3).alpha_success
        0.025
    """

    successes: int
    guardrails: int
    alpha_success: float
    alpha_guardrail: float
    alpha_alarm: float
    alpha_quality: float
    power_each: float
    power: float


@dataclass(frozen=True, slots=True)
class MetricTest:
    """One metric's tests.

    Attributes:
        name: Its name, for the words.
        role: What it is for.
        goal: The superiority test of a success metric, or the non-inferiority test of a guardrail, or why there is
            none. A sequential method's always-valid p-value serves as well.
        alarm: The test for harm; None where the rule has no alarms.

    Examples:
        >>> from upshot.stats.result import Reason
        >>> MetricTest("orders", Role.SUCCESS, NoEstimate(Reason.EMPTY, "difference")).goal.sentence
        'There are no units.'
    """

    name: str
    role: Role
    goal: Estimate | NoEstimate
    alarm: Estimate | NoEstimate | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ShipDecision(Table):
    """What the rule recommends, and why.

    Attributes:
        shipping: The recommendation.
        findings: By metric, in the order given.
        failed_checks: Names of the quality checks that failed.
        sentences: The decision in words: first the recommendation, then one sentence for each failed check and metric.

    Examples:
        >>> from upshot.stats.result import Reason
        >>> unmeasured = MetricTest("orders", Role.SUCCESS, NoEstimate(Reason.EMPTY, "difference"))
        >>> ship([unmeasured], plan_risks(successes=1, guardrails=0)).shipping.name
        'NOT_MEASURABLE'
    """

    shipping: Shipping
    findings: Mapping[str, Finding]
    failed_checks: tuple[str, ...]
    sentences: tuple[str, ...]

    def columns(self, **labels: Sequence[object]) -> dict[str, list[object]]:
        """One row for each metric: metric, finding (the name of the ``Finding``) and sentence.

        Raises:
            InvalidInput: There are labels: the metrics have names.
        """
        without_labels(labels)
        return {
            "metric": list(self.findings),
            "finding": [finding.name for finding in self.findings.values()],
            "sentence": list(self.sentences[1 + len(self.failed_checks) :]),
        }

    @property
    def summary(self) -> str:
        """The recommendation and its reasons in one line."""
        return " ".join(self.sentences)


def plan_risks(
    *,
    successes: int,
    guardrails: int,
    alpha: float = 0.05,
    power: float = 0.8,
    alpha_alarms: float = 0.0,
    quality_checks: int = 0,
    alpha_quality: float = 0.0,
) -> RiskPlan:
    """Thresholds for each test that keep the risks of the decision.

    Args:
        successes: Number of success metrics, 0 or more.
        guardrails: Number of guardrails, 0 or more; at least one metric in all.
        alpha: Chance to ship what should not be shipped, in (0, 0.5).
        power: Chance to ship what is good: one success metric improved by its planned effect, guardrails unharmed.
        alpha_alarms: Chance of any false alarm over all metrics; 0 for a rule without alarms.
        quality_checks: Number of quality checks.
        alpha_quality: Chance that any of them fails although all is well.

    Returns:
        The plan.

    Raises:
        InvalidInput: There is no metric, or the chances of false alarms leave no room for the power.

    Examples:
        >>> plan = plan_risks(successes=2, guardrails=3, alpha=0.05, power=0.8)
        >>> plan.alpha_success, plan.alpha_guardrail, round(plan.power_each, 4)
        (0.025, 0.05, 0.95)
    """
    successes, guardrails = whole("successes", successes, least=0), whole("guardrails", guardrails, least=0)
    power = number("power", power, above=0.0, below=1.0)
    alpha_alarms = number("alpha_alarms", alpha_alarms, least=0.0, below=1.0)
    alpha_quality = number("alpha_quality", alpha_quality, least=0.0, below=1.0)
    quality_checks = whole("quality_checks", quality_checks, least=0)
    checked_alpha(alpha)
    tests = guardrails + (1 if successes else 0)
    if successes < 0 or guardrails < 0 or tests == 0:
        raise InvalidInput(
            f"A rule with {successes} success metrics and {guardrails} guardrails decides nothing.",
            hint="Name at least one metric.",
        )
    room = 1.0 - power - alpha_alarms - alpha_quality
    if not (0.0 < power < 1.0 and alpha_alarms >= 0.0 and alpha_quality >= 0.0 and room > 0.0):
        raise InvalidInput(
            f"A power of {power} leaves no room for false alarms of {alpha_alarms} and {alpha_quality}.",
            hint="Power and the chances of false alarms add up to less than 1.",
        )
    return RiskPlan(
        successes=successes,
        guardrails=guardrails,
        alpha_success=alpha / max(successes, 1),
        alpha_guardrail=alpha,
        alpha_alarm=alpha_alarms / (successes + guardrails),
        alpha_quality=alpha_quality / quality_checks if quality_checks else 0.0,
        power_each=1.0 - room / tests,
        power=power,
    )


def metric_test(
    name: str,
    role: Role,
    control: Moments,
    treatment: Moments,
    *,
    plan: RiskPlan,
    margin: float | None = None,
    better: Better = "higher",
    compare: Compare = difference,
) -> MetricTest:
    """The tests of one metric at the plan's thresholds.

    Args:
        name: Its name.
        role: Success metric or guardrail.
        control: Moments of the control group, for a single comparison.
        treatment: Moments of the treatment group.
        plan: From ``plan_risks``.
        margin: A guardrail's accepted loss, above 0; a success metric has none.
        better: Which direction is better.
        compare: ``difference`` or ``lift``.

    Raises:
        InvalidInput: A guardrail without a margin, or a success metric with one.

    Examples:
        >>> from upshot.stats.moments import Moments
        >>> plan = plan_risks(successes=1, guardrails=1)
        >>> test = metric_test("speed", Role.GUARDRAIL, Moments(99, 5, 1), Moments(99, 5, 1), plan=plan, margin=0.5)
        >>> round(test.goal.p_value, 4)
        0.0003
    """
    given("role", role, Role)
    given("plan", plan, RiskPlan)
    compared(Moments, control, treatment, single=True)
    if (role is Role.GUARDRAIL) != (margin is not None):
        raise InvalidInput(
            f"{name!r} is a {role.value} metric with margin {margin}.", hint="Guardrails have a margin, others none."
        )
    if margin is None:
        goal = superiority(control, treatment, better=better, alpha=plan.alpha_success, compare=compare).at()
    else:
        goal = non_inferiority(
            control, treatment, margin=margin, better=better, alpha=plan.alpha_guardrail, compare=compare
        ).at()
    alarm = None
    if plan.alpha_alarm > 0.0:
        alarm = inferiority(control, treatment, better=better, alpha=plan.alpha_alarm, compare=compare).at()
    return MetricTest(name, role, goal, alarm)


def ship(tests: Sequence[MetricTest], plan: RiskPlan, quality: Mapping[str, float] | None = None) -> ShipDecision:
    """Apply the rule: at least one success metric better, all guardrails not worse, no alarm, no failed check.

    Args:
        tests: As many success metrics and guardrails as the plan has.
        plan: From ``plan_risks``, made before the data were seen.
        quality: P-values of quality checks by name (small means that something is wrong).

    Returns:
        The decision. With success metrics, one of them must be measurable; every guardrail must be.

    Raises:
        InvalidInput: The metrics are not those that the plan was made for, or one is named twice.

    Examples:
        >>> from upshot.stats.moments import Moments
        >>> plan = plan_risks(successes=1, guardrails=1)
        >>> tests = [
        ...     metric_test("orders", Role.SUCCESS, Moments(4000, 1.0, 1.0), Moments(4000, 1.1, 1.0), plan=plan),
        ...     metric_test("visits", Role.GUARDRAIL, Moments(4000, 5, 4), Moments(4000, 5, 4), plan=plan, margin=0.2),
        ... ]
        >>> ship(tests, plan).shipping.name
        'SHIP'
    """
    tests = several("tests", tests, MetricTest)
    given("plan", plan, RiskPlan)
    counted = tuple(sum(test.role is role for test in tests) for role in Role)
    if counted != (plan.successes, plan.guardrails):
        raise InvalidInput(
            f"The plan is for {plan.successes} success metrics and {plan.guardrails} guardrails, the tests have "
            f"{counted[0]} and {counted[1]}.",
            hint="Plan with the metrics that decide.",
        )
    if len({test.name for test in tests}) < len(tests):
        raise InvalidInput("tests name a metric twice.", hint="Give each metric once.")
    given("quality", quality, Mapping, type(None))
    checks = {name: _p_value(name, p) for name, p in (quality or {}).items()}
    findings = {test.name: _finding(test, plan) for test in tests}
    failed = tuple(name for name, p in checks.items() if not p > plan.alpha_quality)
    shipping = _shipping([(test.role, findings[test.name]) for test in tests], failed)
    words = [shipping.value, *(f"The check of {name} failed." for name in failed)]
    words += [_sentence(test, findings[test.name]) for test in tests]
    return ShipDecision(shipping, findings, failed, tuple(words))


def _p_value(name: str, given_p: object) -> float:
    """A check's p-value; NaN, a check that could not be made, fails it."""
    p = floats(f"quality of {name!r}", given_p, least=0.0, most=1.0)
    if p.ndim:
        raise InvalidInput(f"The quality of {name!r} has shape {p.shape}.", hint="Give one p-value.")
    return float(p)


def _finding(test: MetricTest, plan: RiskPlan) -> Finding:
    if isinstance(test.goal, NoEstimate):
        return Finding.NOT_MEASURABLE
    if isinstance(test.alarm, Estimate) and test.alarm.p_value <= plan.alpha_alarm:
        return Finding.WORSE
    match test.role:
        case Role.SUCCESS:
            return Finding.BETTER if test.goal.p_value <= plan.alpha_success else Finding.NOT_SHOWN_BETTER
        case Role.GUARDRAIL:
            return Finding.NOT_WORSE if test.goal.p_value <= plan.alpha_guardrail else Finding.NOT_SHOWN_NOT_WORSE


def _shipping(found: Sequence[tuple[Role, Finding]], failed: tuple[str, ...]) -> Shipping:
    successes = [finding for role, finding in found if role is Role.SUCCESS]
    guardrails = [finding for role, finding in found if role is Role.GUARDRAIL]
    if failed:
        return Shipping.INVALID
    if Finding.WORSE in successes + guardrails:
        return Shipping.DO_NOT_SHIP
    unmeasured = successes and all(finding is Finding.NOT_MEASURABLE for finding in successes)
    if unmeasured or Finding.NOT_MEASURABLE in guardrails:
        return Shipping.NOT_MEASURABLE
    improved = not successes or Finding.BETTER in successes
    unharmed = all(finding is Finding.NOT_WORSE for finding in guardrails)
    return Shipping.SHIP if improved and unharmed else Shipping.DO_NOT_SHIP


def _sentence(test: MetricTest, finding: Finding) -> str:
    if isinstance(test.goal, NoEstimate):
        return f"{test.name} {finding.value}: {test.goal.sentence}"
    shown = test.alarm if finding is Finding.WORSE and isinstance(test.alarm, Estimate) else test.goal
    return f"{test.name} {finding.value} (p = {shown.p_value:.2g})."
