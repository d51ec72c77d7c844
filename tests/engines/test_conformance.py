"""The engines, each held to the whole suite."""

from typing import TYPE_CHECKING

import pytest

from tests.engines.conformance import Conformance, OpenWorld
from tests.metrics.harness import fill

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.metrics.world import World
    from upshot.engines.store import EventStore
    from upshot.metrics.definition import Metric


class TestDuckDB(Conformance):
    """The embedded engine."""

    @pytest.fixture
    def open_world(self, tmp_path: "Path") -> OpenWorld:
        def opened(world: "World", metrics: "Iterable[Metric]") -> "EventStore":
            return fill(tmp_path, world, metrics)

        return opened
