"""Inference on sufficient statistics: pure, vectorised, no clock, no database, no global random state.

Every public name is reached from here (``from upshot.stats import Moments, lift``) and loaded when it is first asked
for, so that ``import upshot.stats`` costs next to nothing. The modules may be imported directly as well.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from upshot.core.lazy_names import homes_of, loader

if TYPE_CHECKING:
    from upshot.stats.adjust import cuped, cuped_many, ratio_cuped, variance_reduction
    from upshot.stats.adjust_strata import (
        cuped_with_missing,
        pool_sparse,
        post_stratify,
        ratio_cuped_stratified,
        ratio_post_stratify,
        split_missing,
    )
    from upshot.stats.bayes import (
        Better,
        NormalPrior,
        Posterior,
        PosteriorSummary,
        bayes_difference,
        bayes_lift,
        normal_posterior,
    )
    from upshot.stats.bayes_conjugate import BetaPrior, GammaPrior, beta_binomial, gamma_poisson
    from upshot.stats.bootstrap import Sample, bootstrap_bca, bootstrap_t
    from upshot.stats.bootstrap_statistic import BootstrapMethod, Statistic, bootstrap_statistic
    from upshot.stats.clusters import cluster_totals, design_effect
    from upshot.stats.comparison import Comparison
    from upshot.stats.confidence_sequences import (
        always_valid_p,
        asymptotic_confidence_sequence,
        first_look_units,
        mean_difference_sequence,
        mixture_radius,
        running_intersection,
        tuned_rho_squared,
    )
    from upshot.stats.confidence_sequences_adjusted import regression_adjusted_sequence
    from upshot.stats.decisions import Compare, equivalence, inferiority, non_inferiority, superiority
    from upshot.stats.decisions_ship import (
        Finding,
        MetricTest,
        RiskPlan,
        Role,
        ShipDecision,
        Shipping,
        metric_test,
        plan_risks,
        ship,
    )
    from upshot.stats.difference import difference
    from upshot.stats.dunnett import dunnett
    from upshot.stats.evalues import average_e, e_benjamini_hochberg, e_from_p, p_from_e, product_e
    from upshot.stats.exact import ExactTest, clopper_pearson, fisher_test, permutation_test
    from upshot.stats.exact_shares import barnard_test, boschloo_test
    from upshot.stats.frame import compare
    from upshot.stats.frame_rows import CompareMethod, Frame
    from upshot.stats.frame_segments import SegmentComparison, SegmentRow, compare_segments
    from upshot.stats.group_sequential import (
        GroupSequentialResult,
        Outcome,
        adjusted_after_stop,
        group_sequential,
        repeated_intervals,
    )
    from upshot.stats.group_sequential_boundaries import (
        Boundaries,
        Futility,
        GroupSequentialDesign,
        spending_boundaries,
        wang_tsiatis_boundaries,
    )
    from upshot.stats.group_sequential_longitudinal import (
        LongitudinalResult,
        group_sequential_longitudinal,
        longitudinal_boundaries,
        union_boundaries,
    )
    from upshot.stats.health import (
        Concentration,
        Imbalance,
        concentration,
        pre_period_imbalance,
        standardised_difference,
    )
    from upshot.stats.health_skew import (
        NormalLimit,
        normal_limit,
        rule_of_thumb_units,
        skew_adjusted_difference,
        skewness,
    )
    from upshot.stats.lift import FiellerSets, SetKind, fieller_lift, lift
    from upshot.stats.maturity import (
        MINIMUM_UNITS,
        MINIMUM_UNITS_GROUP_SEQUENTIAL,
        LongitudinalDifference,
        UnitTotals,
        longitudinal_difference,
        mature,
        minimum_units,
    )
    from upshot.stats.moments import CovariateMoments, Moments, PairMoments, stack_arms
    from upshot.stats.msprt import log_mixture_ratio, mixture_sprt, mixture_sprt_difference
    from upshot.stats.multiplicity import (
        AlphaMethod,
        adjusted_alpha,
        benjamini_hochberg,
        benjamini_yekutieli,
        bonferroni,
        hochberg,
        holm,
        hommel,
        sidak,
    )
    from upshot.stats.planning import (
        Equivalence,
        NonInferiority,
        Plan,
        PlanCurve,
        Planned,
        Superiority,
        curve_by_week,
        duration_weeks,
        minimum_effect,
        plan_power,
        sample_size,
    )
    from upshot.stats.planning_baseline import Baseline
    from upshot.stats.planning_width import interval_units, more_units
    from upshot.stats.power import (
        FIXED,
        AlwaysValid,
        Fixed,
        GroupSequential,
        Monitoring,
        even_looks,
        expected_fraction,
        rejection_probability,
        required_drift,
        t_test_power,
    )
    from upshot.stats.proportions import Successes, newcombe_difference, score_difference, score_lift, wilson
    from upshot.stats.quantiles import Quantiles, outer_shares, quantile_difference, quantile_interval, quantile_lift
    from upshot.stats.ranks import superiority_probability
    from upshot.stats.rates import Counts, Dispersion, quasi_rate_lift, rate_difference, rate_lift
    from upshot.stats.ratios import ratio_difference, ratio_fieller_lift, ratio_lift
    from upshot.stats.result import Alternative, Estimate, Estimates, FloatArray, IntArray, NoEstimate, Reason, Scale
    from upshot.stats.sample_ratio import SampleRatio, sample_ratio
    from upshot.stats.scores import csat, net_promoter, net_promoter_of, net_score, score_gap, top_box, top_box_of
    from upshot.stats.scores_design import AnswerDesign, design_variance
    from upshot.stats.sequential_sample_ratio import SequentialSampleRatio, sequential_sample_ratio
    from upshot.stats.shared import Shared
    from upshot.stats.simulated_splits import SimulatedSplits, simulate_splits
    from upshot.stats.spending import OBRIEN_FLEMING, POCOCK, Spending, SpendingKind, hwang_shih_decani, power_family
    from upshot.stats.tables import TableTest, g_test
    from upshot.stats.weights import effective_size
    from upshot.stats.winsor import Thresholds, pooled_thresholds, winsorise

__all__ = [
    "FIXED",
    "MINIMUM_UNITS",
    "MINIMUM_UNITS_GROUP_SEQUENTIAL",
    "OBRIEN_FLEMING",
    "POCOCK",
    "AlphaMethod",
    "Alternative",
    "AlwaysValid",
    "AnswerDesign",
    "Baseline",
    "BetaPrior",
    "Better",
    "BootstrapMethod",
    "Boundaries",
    "Compare",
    "CompareMethod",
    "Comparison",
    "Concentration",
    "Counts",
    "CovariateMoments",
    "Dispersion",
    "Equivalence",
    "Estimate",
    "Estimates",
    "ExactTest",
    "FiellerSets",
    "Finding",
    "Fixed",
    "FloatArray",
    "Frame",
    "Futility",
    "GammaPrior",
    "GroupSequential",
    "GroupSequentialDesign",
    "GroupSequentialResult",
    "Imbalance",
    "IntArray",
    "LongitudinalDifference",
    "LongitudinalResult",
    "MetricTest",
    "Moments",
    "Monitoring",
    "NoEstimate",
    "NonInferiority",
    "NormalLimit",
    "NormalPrior",
    "Outcome",
    "PairMoments",
    "Plan",
    "PlanCurve",
    "Planned",
    "Posterior",
    "PosteriorSummary",
    "Quantiles",
    "Reason",
    "RiskPlan",
    "Role",
    "Sample",
    "SampleRatio",
    "Scale",
    "SegmentComparison",
    "SegmentRow",
    "SequentialSampleRatio",
    "SetKind",
    "Shared",
    "ShipDecision",
    "Shipping",
    "SimulatedSplits",
    "Spending",
    "SpendingKind",
    "Statistic",
    "Successes",
    "Superiority",
    "TableTest",
    "Thresholds",
    "UnitTotals",
    "adjusted_after_stop",
    "adjusted_alpha",
    "always_valid_p",
    "asymptotic_confidence_sequence",
    "average_e",
    "barnard_test",
    "bayes_difference",
    "bayes_lift",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "beta_binomial",
    "bonferroni",
    "bootstrap_bca",
    "bootstrap_statistic",
    "bootstrap_t",
    "boschloo_test",
    "clopper_pearson",
    "cluster_totals",
    "compare",
    "compare_segments",
    "concentration",
    "csat",
    "cuped",
    "cuped_many",
    "cuped_with_missing",
    "curve_by_week",
    "design_effect",
    "design_variance",
    "difference",
    "dunnett",
    "duration_weeks",
    "e_benjamini_hochberg",
    "e_from_p",
    "effective_size",
    "equivalence",
    "even_looks",
    "expected_fraction",
    "fieller_lift",
    "first_look_units",
    "fisher_test",
    "g_test",
    "gamma_poisson",
    "group_sequential",
    "group_sequential_longitudinal",
    "hochberg",
    "holm",
    "hommel",
    "hwang_shih_decani",
    "inferiority",
    "interval_units",
    "lift",
    "log_mixture_ratio",
    "longitudinal_boundaries",
    "longitudinal_difference",
    "mature",
    "mean_difference_sequence",
    "metric_test",
    "minimum_effect",
    "minimum_units",
    "mixture_radius",
    "mixture_sprt",
    "mixture_sprt_difference",
    "more_units",
    "net_promoter",
    "net_promoter_of",
    "net_score",
    "newcombe_difference",
    "non_inferiority",
    "normal_limit",
    "normal_posterior",
    "outer_shares",
    "p_from_e",
    "permutation_test",
    "plan_power",
    "plan_risks",
    "pool_sparse",
    "pooled_thresholds",
    "post_stratify",
    "power_family",
    "pre_period_imbalance",
    "product_e",
    "quantile_difference",
    "quantile_interval",
    "quantile_lift",
    "quasi_rate_lift",
    "rate_difference",
    "rate_lift",
    "ratio_cuped",
    "ratio_cuped_stratified",
    "ratio_difference",
    "ratio_fieller_lift",
    "ratio_lift",
    "ratio_post_stratify",
    "regression_adjusted_sequence",
    "rejection_probability",
    "repeated_intervals",
    "required_drift",
    "rule_of_thumb_units",
    "running_intersection",
    "sample_ratio",
    "sample_size",
    "score_difference",
    "score_gap",
    "score_lift",
    "sequential_sample_ratio",
    "ship",
    "sidak",
    "simulate_splits",
    "skew_adjusted_difference",
    "skewness",
    "spending_boundaries",
    "split_missing",
    "stack_arms",
    "standardised_difference",
    "superiority",
    "superiority_probability",
    "t_test_power",
    "top_box",
    "top_box_of",
    "tuned_rho_squared",
    "union_boundaries",
    "variance_reduction",
    "wang_tsiatis_boundaries",
    "wilson",
    "winsorise",
]

_NAMES = {
    "adjust": "cuped cuped_many ratio_cuped variance_reduction",
    "adjust_strata": (
        "cuped_with_missing pool_sparse post_stratify ratio_cuped_stratified ratio_post_stratify split_missing"
    ),
    "bayes": "Better NormalPrior Posterior PosteriorSummary bayes_difference bayes_lift normal_posterior",
    "bayes_conjugate": "BetaPrior GammaPrior beta_binomial gamma_poisson",
    "bootstrap": "Sample bootstrap_bca bootstrap_t",
    "bootstrap_statistic": "BootstrapMethod Statistic bootstrap_statistic",
    "clusters": "cluster_totals design_effect",
    "comparison": "Comparison",
    "confidence_sequences": (
        "always_valid_p asymptotic_confidence_sequence first_look_units mean_difference_sequence mixture_radius "
        "running_intersection tuned_rho_squared"
    ),
    "confidence_sequences_adjusted": "regression_adjusted_sequence",
    "decisions": "Compare equivalence inferiority non_inferiority superiority",
    "decisions_ship": "Finding MetricTest RiskPlan Role ShipDecision Shipping metric_test plan_risks ship",
    "difference": "difference",
    "evalues": "average_e e_benjamini_hochberg e_from_p p_from_e product_e",
    "exact": "ExactTest clopper_pearson fisher_test permutation_test",
    "frame": "compare",
    "frame_rows": "CompareMethod Frame",
    "frame_segments": "SegmentComparison SegmentRow compare_segments",
    "group_sequential": "GroupSequentialResult Outcome adjusted_after_stop group_sequential repeated_intervals",
    "group_sequential_boundaries": (
        "Boundaries Futility GroupSequentialDesign spending_boundaries wang_tsiatis_boundaries"
    ),
    "group_sequential_longitudinal": (
        "LongitudinalResult group_sequential_longitudinal longitudinal_boundaries union_boundaries"
    ),
    "health": "Concentration Imbalance concentration pre_period_imbalance standardised_difference",
    "health_skew": "NormalLimit normal_limit rule_of_thumb_units skew_adjusted_difference skewness",
    "lift": "FiellerSets SetKind fieller_lift lift",
    "maturity": (
        "LongitudinalDifference MINIMUM_UNITS MINIMUM_UNITS_GROUP_SEQUENTIAL UnitTotals "
        "longitudinal_difference mature minimum_units"
    ),
    "moments": "CovariateMoments Moments PairMoments stack_arms",
    "msprt": "log_mixture_ratio mixture_sprt mixture_sprt_difference",
    "multiplicity": (
        "AlphaMethod adjusted_alpha benjamini_hochberg benjamini_yekutieli bonferroni hochberg holm hommel sidak"
    ),
    "planning": (
        "Equivalence NonInferiority Plan PlanCurve Planned Superiority curve_by_week duration_weeks "
        "minimum_effect plan_power sample_size"
    ),
    "planning_baseline": "Baseline",
    "power": (
        "AlwaysValid FIXED Fixed GroupSequential Monitoring even_looks expected_fraction "
        "rejection_probability required_drift t_test_power"
    ),
    "proportions": "Successes newcombe_difference score_difference score_lift wilson",
    "quantiles": "Quantiles outer_shares quantile_difference quantile_interval quantile_lift",
    "rates": "Counts Dispersion quasi_rate_lift rate_difference rate_lift",
    "ratios": "ratio_difference ratio_fieller_lift ratio_lift",
    "result": "Alternative Estimate Estimates FloatArray IntArray NoEstimate Reason Scale",
    "sample_ratio": "SampleRatio sample_ratio",
    "scores": "csat net_promoter net_promoter_of net_score score_gap top_box top_box_of",
    "scores_design": "AnswerDesign design_variance",
    "sequential_sample_ratio": "SequentialSampleRatio sequential_sample_ratio",
    "dunnett": "dunnett",
    "planning_width": "interval_units more_units",
    "exact_shares": "barnard_test boschloo_test",
    "ranks": "superiority_probability",
    "shared": "Shared",
    "simulated_splits": "SimulatedSplits simulate_splits",
    "spending": "OBRIEN_FLEMING POCOCK Spending SpendingKind hwang_shih_decani power_family",
    "tables": "TableTest g_test",
    "weights": "effective_size",
    "winsor": "Thresholds pooled_thresholds winsorise",
}
_HOMES = homes_of(_NAMES)


class _Room(ModuleType):
    """A package in which a function may bear the name of the module that it lives in (``lift`` in ``lift``)."""

    def __setattr__(self, name: str, value: object) -> None:
        # Importing a submodule binds it to its package; where a public function has that name, the function is meant.
        if isinstance(value, ModuleType) and _HOMES.get(name) == name:
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Room


if not TYPE_CHECKING:  # a type checker must still refuse a name that does not exist
    __getattr__ = loader(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
