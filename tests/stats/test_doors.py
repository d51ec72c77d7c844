"""Whatever a user hands over, a function of the room answers, or says what is wrong: no error from inside gets out.

The functions come from ``__all__`` and their arguments from the signatures, so that a new one is tried by itself.
"""

import enum
import inspect
import re
import typing
from collections.abc import Callable
from decimal import Decimal
from typing import Any  # arguments of every kind are what this is about

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

import upshot.stats as s
from tests.wrong import WRONG
from upshot.core.errors import InvalidInput, UserError
from upshot.stats.maturity import SequentialMethod

RNG = np.random.default_rng(5)
# Called by ``stack_arms`` alone, which has checked what it hands over.
INNER = {"Shared.stacked"}
MOMENTS = [
    *(s.Moments(500, 10.0, 4.0), s.Moments([50, 0, 3], [1.0, np.nan, -2.0], [1.0, np.nan, 0.0]), s.Moments(1, 0, 0)),
    *(s.Moments([[80, 20], [20, 80]], [[1.0, 5.0], [1.5, 5.5]], 1.0), s.Moments(9, 0.0, -1.0), s.Moments([], [], [])),
    *(s.Moments(np.inf, 1.0, 1.0), s.PairMoments.of(RNG.normal(size=9), RNG.normal(5.0, size=9)).linearised()),
]
PAIRS = [
    *(s.PairMoments([90, 90], [5.0, 5.5], [4.0, 4.0], 4.0, 4.0, 3.0), s.PairMoments(50, 1.0, 0.0, 1.0, 1.0, 0.5)),
    *(
        s.PairMoments([[50, 50], [50, 50]], [[1.0, 4.0], [1.2, 4.4]], 2.0, 1.0, 0.5, 0.2),
        s.PairMoments(0, 1, 1, 1, 1, 0),
    ),
    s.PairMoments([], [], [], [], [], []),
]
COVARIATES = [
    *(s.CovariateMoments.of(RNG.normal(5.0, size=(2, 60, 3))), s.CovariateMoments.of(RNG.normal(size=(60, 2)))),
    *(s.CovariateMoments.of(RNG.normal(size=(2, 3, 60, 4))), s.CovariateMoments.of(np.ones((2, 1, 1)))),
    s.CovariateMoments(np.asarray([[50.0, 1.0], [50.0, 3.0]]), np.ones((2, 2, 1)), np.ones((2, 2, 1, 1))),
]
PLAN = s.Plan(s.Baseline.of_proportion(0.1), scale="relative")
BOUNDS = s.spending_boundaries([0.5, 1.0])
LOOKS = s.asymptotic_confidence_sequence([0.3, 0.1], [0.1, 0.1], [1000, 1100], totals="final", tuned_units=1000)
ADJUSTED = s.cuped(PAIRS[0])
TESTS = s.MetricTest("orders", s.Role.SUCCESS, s.NoEstimate(s.Reason.EMPTY, "difference"))
FRAME = {
    "group": ["a"] * 4 + ["b"] * 4,
    "x": [1, 2, 3, 4, 2, 4, 6, 8],
    "y": [1.0, None, 2, 2, 1, 3, 2, 2],
    "t": list("abcdefgh"),
}

# Values that are right for a kind of argument, though perhaps not beside the others.
RIGHT: dict[str, list[Any]] = {
    "ArrayLike": [
        0.1,
        12,
        [0.2, 0.4],
        [1.0, 2.0, 3.0, 8.0],
        [[5.0, 6.0], [7.0, 9.0]],
        pd.Series([1.0, 4.0, 2.0]),
        [0, 1, 1],
    ],
    "FloatArray": [np.asarray(0.5), np.asarray([1.0, 2.0]), np.asarray([[1.0, 0.5], [0.5, 1.0]])],
    "IntArray": [np.asarray([1, 2])],
    "FloatArray | float": [0.0, 0.5, np.asarray([0.1, 0.2])],
    "float": [0.0, 0.05, 0.5, 0.9, 2.0, 100],
    "int": [0, 1, 2, 5, 2000],
    "bool": [True, False],
    "str": ["group", "x", "y", "t", "a"],
    "object": ["a", "b", 3],
    "Moments": [*MOMENTS, ADJUSTED, ADJUSTED[0], ADJUSTED[1]],
    "PairMoments": PAIRS,
    "CovariateMoments": COVARIATES,
    "Sequence[_M]": [MOMENTS[:2], PAIRS[:2], COVARIATES[:1], [MOMENTS[0], PAIRS[0]], []],
    "Successes": [s.Successes(80, 48), s.Successes([10, 0], [10, 0]), s.Successes(5, 9)],
    "Counts": [s.Counts(60, 1000.0), s.Counts([0, 5], [10.0, 0.0])],
    "Dispersion": [s.Dispersion(3990.0, 1998.0), s.Dispersion([1.0, 2.0], [0.0, 5.0])],
    "Sample": [s.Sample.of([1.0, 0.0, 0.0, 4.0]), s.Sample.of([]), s.Sample.of([2.0, 2.0, np.nan])],
    "Quantiles": [s.Quantiles.of(range(1, 102), 0.5), s.Quantiles.of([], 0.5)],
    "AnswerDesign": [s.AnswerDesign(weights=[1.0, 2.0, 1.0]), s.AnswerDesign(strata=["a", "b"], clusters=["x", "y"])],
    "CheckedDesign": [s.AnswerDesign().of(2), s.AnswerDesign(weights=[0.0, 0.0]).of(2)],
    "NormalPrior": [s.NormalPrior(0.0, 0.1)],
    "BetaPrior": [s.BetaPrior(1.0, 1.0)],
    "GammaPrior": [s.GammaPrior(1.0, 10.0)],
    "Estimates": [LOOKS, s.difference(MOMENTS[0], MOMENTS[0]), s.net_promoter([4, 5], 2, 1)],
    "Boundaries": [BOUNDS],
    "GroupSequentialDesign": [
        s.GroupSequentialDesign(),
        s.GroupSequentialDesign(0.025, "greater", futility=s.Futility(3.0)),
    ],
    "LongitudinalDifference": [s.longitudinal_difference([[0.0, 1.0], [2.0, 5.0]], [[1.0, 2.0], [3.0, 4.0]])],
    "Spending": [s.OBRIEN_FLEMING, s.power_family(2.0)],
    "Futility": [s.Futility(3.0)],
    "Monitoring": [s.FIXED, s.AlwaysValid(), s.GroupSequential()],
    "Plan": [PLAN, s.Plan(s.Baseline.of_mean([0.0, 1.0], 1.0), s.Equivalence(0.1))],
    "Baseline": [PLAN.baseline],
    "Superiority | NonInferiority | Equivalence": [s.Superiority("less"), s.NonInferiority(0.1), s.Equivalence(0.1)],
    "Thresholds": [s.Thresholds(upper=2.0)],
    "RiskPlan": [s.plan_risks(successes=1, guardrails=0), s.plan_risks(successes=0, guardrails=1, alpha_alarms=0.01)],
    "Role": list(s.Role),
    "Sequence[MetricTest]": [[TESTS], []],
    "Mapping[str, float]": [{"split": 0.5}, {}],
    "Frame": [FRAME, pd.DataFrame(FRAME), pl.DataFrame(FRAME), {}],
    "str | Sequence[str]": ["y", ["x", "y"], "no", []],
    "float | tuple[float, float]": [0.1, (-0.1, 0.1), (0.1, -0.1)],
    "tuple[float, float]": [(-0.1, 0.1), (0.1, -0.1), (1.0,)],
    "tuple[float, ...]": [(0.5, 1.0), (0.5,), (1.0, 0.5)],
    "Sequence[ArrayLike]": [[[1.0, 2.0], [3.0]], [[1.0, 4.0, 2.0, 2.0], [3.0, 5.0, 1.0]], []],
    "Shared": [None, ADJUSTED.shared],
    "int | np.random.Generator": [5, np.random.default_rng(1)],
    "Compare": [s.difference, s.lift],
    "Statistic": [lambda *x: x[0].mean(axis=1), lambda x, y: np.median(x, axis=1) - y.max(axis=1), lambda x: x.mean()],
    "Estimate | NoEstimate": [LOOKS.at(0)],
}
NAMED = {"Alternative": s.Alternative, "Better": s.Better, "Scale": s.Scale, "UnitTotals": s.UnitTotals}
NAMED |= {"BootstrapMethod": s.BootstrapMethod, "CompareMethod": s.CompareMethod, "SpendingKind": s.SpendingKind}
NAMED |= {"SequentialMethod": SequentialMethod}
SPELT = {ArrayLike: "ArrayLike", ArrayLike | None: "ArrayLike", s.Monitoring: "Monitoring", s.FloatArray: "FloatArray"}
SPELT |= {int | np.random.Generator: "int | np.random.Generator"}


def _kinds(annotation: object) -> list[Any]:
    """Right values for an annotation, which is a text where the module postpones them."""
    if typing.get_origin(annotation) is typing.Literal:
        return list(typing.get_args(annotation))
    text = annotation if isinstance(annotation, str) else SPELT.get(annotation) or _spelt(annotation)
    text = text.removesuffix(" | None")
    if text in NAMED:
        return list(typing.get_args(NAMED[text]))
    return RIGHT.get(text, [])


def _spelt(annotation: object) -> str:
    words = annotation.__name__ if isinstance(annotation, type) and not typing.get_args(annotation) else str(annotation)
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", words)


def _callables() -> dict[str, Callable[..., object]]:
    """Every function and class at the door, and the ways that classes offer to make one."""
    found: dict[str, Callable[..., object]] = {}
    for name in s.__all__:
        item = getattr(s, name)
        if inspect.isfunction(item):
            found[name] = item
        elif inspect.isclass(item) and not issubclass(item, enum.Enum) and not getattr(item, "_is_protocol", False):
            if "__post_init__" in vars(item) or not vars(item)["__dataclass_params__"].init:
                found[name] = item
            makers = [key for key, value in vars(item).items() if isinstance(value, classmethod) and key[0] != "_"]
            found |= {f"{name}.{maker}": getattr(item, maker) for maker in makers}
    return {name: call for name, call in found.items() if name not in INNER}


CALLABLES = _callables()


def _arguments(call: Callable[..., object]) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments by name: mostly right ones, now and then one of another kind; those with a default may be left out."""
    drawn: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for name, parameter in inspect.signature(call).parameters.items():
        right, wrong = _kinds(parameter.annotation), st.sampled_from(WRONG)
        value = st.one_of(*[st.sampled_from(right)] * 6, wrong) if right else wrong
        (drawn if parameter.default is parameter.empty else optional)[name] = value
    return st.fixed_dictionaries(drawn, optional=optional)


@pytest.mark.parametrize("name", sorted(CALLABLES))
@settings(max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_function_answers_or_says_what_is_wrong(name: str, data: st.DataObject) -> None:
    arguments = data.draw(_arguments(CALLABLES[name]))
    try:
        CALLABLES[name](**arguments)
    except UserError:
        return


def test_every_argument_has_right_values_to_try() -> None:
    lacking = {
        f"{name}({argument})"
        for name, call in CALLABLES.items()
        for argument, parameter in inspect.signature(call).parameters.items()
        if not _kinds(parameter.annotation)
    }
    assert lacking == set()


UNITS = {"group": ["a", "b"] * 100, "x": list(range(200)), "kind": ["k"] * 200}
RESULTS: list[Any] = [
    s.compare(UNITS, variant="group", metric="x", control="a"),
    s.compare_segments(UNITS, variant="group", metrics="x", segments="kind", control="a"),
    s.simulate_splits(UNITS, metric="x", rng=np.random.default_rng(1), simulations=20),
    *(s.sample_ratio([10, 10]), s.sample_size(PLAN, 0.1), s.fisher_test(s.Successes(9, 3), s.Successes(9, 5))),
    s.bayes_difference(s.Moments(9, 1.0, 1.0), s.Moments(9, 1.0, 1.0), prior=s.NormalPrior(0.0, 1.0)),
    *(s.fieller_lift(s.Moments(90, 1.0, 1.0), s.Moments(90, 1.0, 1.0)), s.g_test([[1, 2], [3, 4]])),
]
# Called from within alone, with what was checked.
INNER_METHODS = {("Sample", "redrawn"), ("Shared", "at")}


def _methods() -> list[tuple[Any, str]]:
    """What a user may do with every kind of value that goes in or comes out."""
    own = [value for values in RIGHT.values() for value in values if type(value).__module__.startswith("upshot.stats")]
    return [
        (value, name)
        for value in (*own, *RESULTS)
        for name, _ in inspect.getmembers(type(value), inspect.isfunction)
        if name[0] != "_" and (type(value).__name__, name) not in INNER_METHODS
    ]


def test_methods_answer_or_say_what_is_wrong() -> None:
    tried = set()
    for value, name in _methods():
        method = getattr(value, name)
        parameters = inspect.signature(method).parameters.values()
        kinds = {parameter.kind for parameter in parameters}
        for wrong in WRONG:
            named = {p.name: wrong for p in parameters if p.kind in {p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY}}
            named |= {"label": wrong} if inspect.Parameter.VAR_KEYWORD in kinds else {}
            try:
                method(*([wrong] if inspect.Parameter.VAR_POSITIONAL in kinds else []), **named)
            except UserError:
                tried.add((type(value).__name__, name))
    assert {("Estimates", "at"), ("Estimates", "columns"), ("SampleRatio", "mismatched")} <= tried


A, B = s.Moments(1000, 10.0, 4.0), s.Moments(1000, 10.2, 4.0)
SHARES, EVENTS = (s.Successes(80, 48), s.Successes(70, 56)), (s.Counts(60, 1000.0), s.Counts(90, 1000.0))


loose: Any = s  # what a type checker would refuse is what is tried


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: loose.superiority(A, B, better="high"), "better is 'high'. Did you mean 'higher'?"),
        (
            lambda: loose.non_inferiority(A, B, margin=0.1, better="up"),
            "better is 'up'. Allowed are 'higher', 'lower'.",
        ),
        (lambda: loose.bayes_lift(A, B, prior=s.NormalPrior(0, 1), better="Lower"), "Did you mean 'lower'?"),
        (lambda: loose.difference(A, B, alternative="larger"), "alternative is 'larger'."),
        (lambda: loose.lift(A, B, alternative="two_sided"), "Did you mean 'two-sided'?"),
        (lambda: loose.rate_lift(*EVENTS, alternative="bigger"), "alternative is 'bigger'."),
        (lambda: loose.fisher_test(*SHARES, alternative="less "), "Did you mean 'less'?"),
        (lambda: loose.beta_binomial(*SHARES, prior=s.BetaPrior(1, 1), scale="abs"), "scale is 'abs'."),
        (lambda: loose.Plan(s.Baseline.of_proportion(0.1), scale="rel"), "scale is 'rel'."),
        (lambda: loose.mixture_sprt_difference(A, B, tau=0.1, totals="finale"), "Did you mean 'final'?"),
        (lambda: loose.minimum_units(3.0, "group_sequential"), "Did you mean 'group-sequential'?"),
        (lambda: loose.difference(A, B, level=95), "level is 95. Give a number above 0 and below 1."),
        (lambda: loose.difference(A, 10.2), "treatment is 10.2. Give a Moments."),
        (lambda: loose.difference(s.Moments([1, 2], 1, 1), s.Moments([1, 2, 3], 1, 1)), "control has shape (2,)"),
        (lambda: loose.Moments.of(["1.5", "2"]), "values is ['1.5', '2']. Give a number"),
        (lambda: loose.Moments.of([1.0, -2.0], weights=[1.0, -1.0]), "weights holds -1.0."),
        (lambda: loose.even_looks(2.5), "count is 2.5. Give a whole number of 1 or more"),
    ],
)
def test_typing_error_is_refused_with_what_is_allowed(call: Callable[[], object], words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        call()
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "column",
    [
        [1, 2, 4],
        (1.0, 2.0, 4.0),
        np.asarray([1, 2, 4], np.int8),
        pd.Series([1, 2, 4], index=pd.date_range("2026-01-01", periods=3)),
        pd.Series([1, 2, 4], dtype="Int64"),
        pl.Series([1, 2, 4]),
        pa.chunked_array([[1, 2], [4]]),
        [Decimal(1), Decimal(2), Decimal(4)],
    ],
)
def test_column_of_any_library_is_read(column: Any) -> None:
    assert s.Moments.of(column).mean == pytest.approx(7 / 3)


def test_missing_values_of_any_library_are_nan() -> None:
    for column in (
        [1.0, None],
        pd.Series([1, None], dtype="Int64"),
        pl.Series([1, None]),
        np.ma.masked_equal([1, 9], 9),
    ):
        assert np.isnan(loose.winsorise(column, s.Thresholds())[0]).tolist() == [False, True]
