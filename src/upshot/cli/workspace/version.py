"""``upshot version``."""

import msgspec

from upshot.cli.common import Common
from upshot.cli.output import json_or, line

__all__ = ["version"]


class _Version(msgspec.Struct, frozen=True):
    version: str
    python: str
    engine: str


def version(*, common: Common | None = None) -> None:
    """Print the versions of Upshot, Python and the event store's engine."""
    import platform
    from importlib.metadata import version as of

    found = _Version(of("upshot"), platform.python_version(), f"duckdb {of('duckdb')}")
    if not json_or(common or Common(), found):
        line(f"upshot {found.version} (Python {found.python}, {found.engine})")
