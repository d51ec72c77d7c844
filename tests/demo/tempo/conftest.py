"""A small Tempo that lives long enough for its launch and both experiments."""

from datetime import date

import pytest

from upshot.demo.tempo.life import History, simulate
from upshot.demo.tempo.world import World

SMALL = World(last_day=date(2026, 6, 30), days=520, scale=0.12, seed=11)


@pytest.fixture(scope="session")
def small() -> World:
    """The world."""
    return SMALL


@pytest.fixture(scope="session")
def real() -> History:
    """Its history with the launch."""
    return simulate(SMALL)


@pytest.fixture(scope="session")
def other() -> History:
    """Its history without the launch."""
    return simulate(SMALL, launch=False)
