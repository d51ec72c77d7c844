"""Whatever a notebook hands over, the room answers, or says what is wrong."""

import inspect
from collections.abc import Callable
from datetime import date
from typing import Any  # arguments of every kind are what this is about

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import upshot.causal as c
from tests.wrong import WRONG
from upshot.core.errors import InvalidInput, UserError
from upshot.stats.planning_baseline import Baseline

loose: Any = c  # what a type checker would refuse is what is tried
DAYS = pd.date_range("2025-11-01", periods=240)
RNG = np.random.default_rng(1)
ORDERS = RNG.poisson(
    1000 * np.exp(np.cumsum(0.004 * RNG.standard_normal(240))) * np.where(np.arange(240) >= 210, 1.2, 1)
)
SHORT = c.Series(np.arange(20.0), 15)
WINDOW = c.Window(0, 6)
SPLIT = c.Split(Baseline.of_proportion(0.1), 10_000, 0.5)
RIGHT: dict[str, list[Any]] = {
    "y": [[1.0, 2.0, 4.0], np.arange(30), ORDERS],
    "values": [[1.0, 2.0, 4.0], np.arange(30), pd.Series(ORDERS, DAYS)],
    "launch": [0, 2, 20, "2026-05-30", date(2025, 12, 1)],
    "dates": [None, ["2026-01-01", "2026-01-02", "2026-01-03"], list(DAYS)],
    "controls": [[1.0, 2.0, 3.0], {"abroad": [1.0, 2.0, 3.0]}, {"abroad": pd.Series(ORDERS, DAYS)}, np.ones((30, 2))],
    "special": [{"sale": ["2026-01-02"]}, {}],
    "others": [(), (1,), ["2026-01-01"]],
    "changes": [(), (1,), ["2026-01-01"]],
    "calendar": [np.ones((30, 1)), [1.0, 0.0, 0.0]],
    "step": ["day", "week", "month"],
    "position": [0, 3],
    "names": [(), ("abroad",)],
    "start": [None, date(2026, 1, 1)],
    "first": [0, 1],
    "last": [0, 6],
    "baseline": [SPLIT.baseline],
    "units": [1000, 5.0],
    "treatment_share": [0.5],
    "total": [100.0],
    "dispersion": [1.0, 2.0],
    "series": [SHORT],
    "history": [SHORT],
    "windows": [(WINDOW,), [WINDOW, WINDOW]],
    "window": [WINDOW],
    "splits": [{"half": SPLIT}, {}],
    "level": [0.95, 0.5],
    "power": [0.8],
    "placebos": [0, 24],
    "rng": [0, 5, np.random.default_rng(1)],
    "assessment": [None],
}
MADE = ("Series", "Window", "Split")
CALLABLES: dict[str, Callable[..., object]] = {
    **{name: getattr(c, name) for name in c.__all__ if inspect.isfunction(getattr(c, name))},
    **{name: getattr(c, name) for name in MADE},
    "Series.of": c.Series.of,
    "Split.of_counts": c.Split.of_counts,
}


def test_every_function_that_is_exported_is_tried() -> None:
    makers = {name for name in c.__all__ if "__post_init__" in vars(getattr(c, name))}
    assert makers == set(MADE)
    parameters = {name for call in CALLABLES.values() for name in inspect.signature(call).parameters}
    assert parameters == set(RIGHT)


@pytest.mark.parametrize("name", sorted(CALLABLES))
@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_function_answers_or_says_what_is_wrong(name: str, data: st.DataObject) -> None:
    call = CALLABLES[name]
    drawn = {
        key: st.one_of(*[st.sampled_from(RIGHT[key])] * 6, st.sampled_from(WRONG))
        for key in inspect.signature(call).parameters
    }
    optional = {key for key, p in inspect.signature(call).parameters.items() if p.default is not p.empty}
    needed = {key: value for key, value in drawn.items() if key not in optional}
    arguments = data.draw(st.fixed_dictionaries(needed, optional={key: drawn[key] for key in optional}))
    try:
        call(**arguments)
    except UserError:
        return


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: loose.Series(ORDERS, 300), "launch is 300. Give a whole number of 0 or more and of 240 or less."),
        (lambda: loose.Series(ORDERS, 210, step="days"), "step is 'days'. Did you mean 'day'?"),
        (lambda: loose.Series(ORDERS, 210, controls=np.ones((2, 240))), "controls has shape (2, 240)"),
        (lambda: loose.Series.of(ORDERS, "2026-05-30"), "the series has no dates"),
        (
            lambda: loose.Series.of(pd.Series(ORDERS, DAYS), "2027-01-01"),
            "The series goes from 2025-11-01 to 2026-06-28",
        ),
        (lambda: loose.Series.of([1, 2], 1, dates=["2026-01-01"] * 2), "more than one value in the day of 2026-01-01"),
        (lambda: loose.Series.of([1, 2, 3], 1, dates=["2026-01-01", "2026-01-11", "2026-01-21"]), "lie 10 to 10 days"),
        (lambda: loose.Window(6, 0), "last is 0. Give a whole number of 6 or more."),
        (lambda: loose.assess(SHORT, WINDOW, rng=1), "windows is Window(first=0, last=6). Give a sequence of Window."),
        (lambda: loose.assess(SHORT, (WINDOW,), level=95, rng=1), "level is 95."),
    ],
)
def test_wrong_argument_is_refused_with_what_is_allowed(call: Callable[[], object], words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        call()
    assert words in str(refused.value)
