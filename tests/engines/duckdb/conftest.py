from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from upshot.engines.duckdb import DuckDBStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    """An empty store that counts days of UTC."""
    with DuckDBStore(tmp_path / "events.duckdb", ZoneInfo("UTC")) as opened:
        yield opened
