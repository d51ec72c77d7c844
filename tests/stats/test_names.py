"""One name for one thing in the three rooms that a notebook uses, and old names are answered with today's."""

import inspect
from collections.abc import Callable
from typing import Any  # what a type checker would refuse is what is tried

import numpy as np
import pytest

import upshot.causal
import upshot.lifetime
import upshot.stats
from upshot.core.errors import InvalidInput

ROOMS: list[Any] = [upshot.stats, upshot.causal, upshot.lifetime]
NO_LONGER = {
    *("generator", "seed", "random_state", "replicates", "permutations", "runs", "draws", "vectors"),
    *("minimum_n", "least_units", "tuned_n", "confidence", "region"),
}


def _callables() -> dict[str, Callable[..., object]]:
    found: dict[str, Callable[..., object]] = {}
    for room in ROOMS:
        for name in room.__all__:
            item = getattr(room, name)
            if inspect.isfunction(item):
                found[name] = item
            elif inspect.isclass(item):
                own = {key: value for key, value in vars(item).items() if key[0] != "_"}
                found |= {
                    f"{name}.{key}": getattr(item, key)
                    for key, value in own.items()
                    if isinstance(value, classmethod) or inspect.isfunction(value)
                }
                found |= {name: item} if hasattr(item, "__dataclass_fields__") else {}
    return found


CALLABLES = _callables()
BOOTSTRAP = {"generator": "rng", "replicates": "resamples"}
SIMULATED = {"seed": "rng", "vectors": "simulations"}
STRATIFIED = {"least_units": "minimum_units"}
SEQUENTIAL = {"minimum_n": "minimum_units"}
TUNED = {**SEQUENTIAL, "tuned_n": "tuned_units"}
SEEDED = {"seed": "rng"}
RENAMED: dict[str, dict[str, str]] = {
    **dict.fromkeys(("bootstrap_t", "bootstrap_bca", "bootstrap_statistic"), BOOTSTRAP),
    "permutation_test": {"generator": "rng", "permutations": "resamples"},
    "simulate_splits": {"generator": "rng", "runs": "simulations"},
    "longitudinal_boundaries": SIMULATED,
    "group_sequential_longitudinal": {**SIMULATED, **SEQUENTIAL},
    **dict.fromkeys(("group_sequential", "repeated_intervals", "mixture_sprt", "mixture_sprt_difference"), SEQUENTIAL),
    "asymptotic_confidence_sequence": TUNED,
    "mean_difference_sequence": TUNED,
    "regression_adjusted_sequence": TUNED,
    "tuned_rho_squared": {"tuned_n": "tuned_units"},
    **dict.fromkeys(
        ("post_stratify", "ratio_post_stratify", "ratio_cuped_stratified", "pool_sparse", "compare_segments"),
        STRATIFIED,
    ),
    **dict.fromkeys(("assess", "minimal_detectable_effect", "ways_of_launching"), SEEDED),
    "hold_out": {"seed": "rng", "draws": "simulations"},
}


def test_no_argument_bears_a_name_that_another_has_for_it() -> None:
    found = {f"{name}({key})" for name, call in CALLABLES.items() for key in inspect.signature(call).parameters}
    assert not [name for name in found if name.partition("(")[2][:-1] in NO_LONGER]
    assert {"bootstrap_t(rng)", "assess(rng)", "hold_out(rng)"} <= found


def test_every_function_whose_arguments_were_renamed_is_tried() -> None:
    assert set(RENAMED) == {name for name, call in CALLABLES.items() if hasattr(call, "__wrapped__")}


@pytest.mark.parametrize(("name", "old", "new"), [(name, *pair) for name in RENAMED for pair in RENAMED[name].items()])
def test_old_name_of_an_argument_is_answered_with_the_new_one(name: str, old: str, new: str) -> None:
    assert new in inspect.signature(CALLABLES[name]).parameters
    with pytest.raises(InvalidInput) as refused:
        CALLABLES[name](**{old: 1})
    assert str(refused.value) == f"{name} has no argument {old!r}. Did you mean {new!r}?"


def test_a_name_that_never_was_is_refused_as_everywhere_in_python() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        CALLABLES["bootstrap_t"](None, None, rng=1, colour="red")


def test_a_seed_and_its_generator_draw_the_same() -> None:
    one, other = (upshot.stats.Sample.of(np.arange(9.0) * factor) for factor in (1.0, 1.5))
    found = [upshot.stats.bootstrap_t(one, other, rng=rng).at() for rng in (3, np.random.default_rng(3))]
    assert found[0] == found[1]
    with pytest.raises(InvalidInput, match=r"rng is -1\. Give a seed"):
        upshot.stats.bootstrap_t(one, other, rng=-1)
