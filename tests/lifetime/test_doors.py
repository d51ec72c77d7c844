"""Whatever a notebook hands over, the room answers, or says what is wrong: functions and classes by ``__all__``."""

import enum
import inspect
from collections.abc import Callable
from datetime import date
from typing import Any  # arguments of every kind are what this is about

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import upshot.lifetime as lt
from tests.lifetime.worlds import shop
from tests.wrong import WRONG
from upshot.core.errors import UserError

RNG = np.random.default_rng(3)
LOG = shop(400, 60.0, RNG)
ONE = lt.Customers.of([2.0, 0.0, 1.0], [30.0, 0.0, 4.0], [38.0, 38.0, 9.0], [5.0, np.nan, 8.0])
CUSTOMERS = LOG.customers(420.0)
BUYING, SPENDING = lt.fit_bgnbd(CUSTOMERS), lt.fit_gamma_gamma(CUSTOMERS)
CONTRACTS = lt.fit_beta_geometric([131, 126, 90, 60], [0, 0, 0, 593])
assert isinstance(BUYING, lt.BgNbd)
assert isinstance(SPENDING, lt.GammaGamma)
assert isinstance(CONTRACTS, lt.BetaGeometric)
RIGHT: dict[str, list[Any]] = {
    "customers": [ONE, CUSTOMERS, lt.Customers.of([], [], [])],
    "transactions": [LOG, lt.Transactions.of([], [], [])],
    "customer": [["a", "b", "a"], [1, 2, 1], pd.Series(["a", "b", "c"])],
    "day": [[1, 2, 3], pd.date_range("2026-01-01", periods=3), ["2026-01-01", "2026-01-02", "2026-01-03"]],
    "amount": [[1.0, 2.0, 3.0], pd.Series([1.0, 2.0, 3.0]), [0.0, -1.0, 5.0]],
    "frequency": [[2.0, 0.0], [1, 0]],
    "recency": [[30.0, 0.0], [3, 0]],
    "age": [[38.0, 38.0], [9, 9], 0, 3],
    "spend": [None, [5.0, 8.0]],
    "lost": [[131, 126, 90, 60], [1, 0]],
    "stayed": [[0, 0, 0, 593], [5, 5]],
    "buying": [BUYING],
    "spending": [SPENDING],
    "horizon": [lt.Horizon(12), 26.0, [4.0, 26.0]],
    "level": [0.95, 0.5],
    "split": [150.0, 290, date(2026, 1, 1)],
    "until": [299.0, 100, date(2026, 1, 1)],
    "after": [50.0, 150],
    "unit_days": [7.0, 1.0],
    "simulations": [100],
    "rng": [0, 5, np.random.default_rng(1)],
    "starts": [LOG.first_days, [0.0, 30.0]],
    "step_days": [30.0],
    "steps": [12, 1],
    "periods": [10, 0, [1, 2, 3]],
    "length": [12.0, 1],
    "discount": [0.0, 0.1],
    "name": ["r", "alpha", "a", "b", "p", "q", "v"],
}
INSTANCES = {"Transactions": LOG, "BgNbd": BUYING, "GammaGamma": SPENDING, "BetaGeometric": CONTRACTS}


def _callables() -> dict[str, Callable[..., object]]:
    """Functions, classes that check what they are made of, ways to make one, and methods of what comes out."""
    found: dict[str, Callable[..., object]] = {}
    for name in lt.__all__:
        item = getattr(lt, name)
        if inspect.isfunction(item):
            found[name] = item
        elif not issubclass(item, enum.Enum):
            if "__post_init__" in vars(item):
                found[name] = item
            public = {key: value for key, value in vars(item).items() if key[0] != "_"}
            makers = [key for key, value in public.items() if isinstance(value, classmethod)]
            methods = [key for key, value in public.items() if inspect.isfunction(value)]
            found |= {f"{name}.{maker}": getattr(item, maker) for maker in makers}
            found |= {f"{name}.{method}": getattr(INSTANCES[name], method) for method in methods}
    return found


CALLABLES = _callables()


def test_every_argument_has_right_values_to_try() -> None:
    lacking = {
        f"{name}({argument})"
        for name, call in CALLABLES.items()
        for argument in inspect.signature(call).parameters
        if argument not in RIGHT
    }
    assert lacking == set()


@pytest.mark.parametrize("name", sorted(CALLABLES))
@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_function_answers_or_says_what_is_wrong(name: str, data: st.DataObject) -> None:
    call = CALLABLES[name]
    parameters = inspect.signature(call).parameters
    drawn = {key: st.one_of(*[st.sampled_from(RIGHT[key])] * 6, st.sampled_from(WRONG)) for key in parameters}
    optional = {key for key, parameter in parameters.items() if parameter.default is not parameter.empty}
    needed = {key: value for key, value in drawn.items() if key not in optional}
    arguments = data.draw(st.fixed_dictionaries(needed, optional={key: drawn[key] for key in optional}))
    try:
        call(**arguments)
    except UserError:
        return
