"""The embedded engine: events, facts and identities in one DuckDB file."""

from upshot.engines.duckdb.connection import Resources
from upshot.engines.duckdb.store import DuckDBStore

__all__ = ["DuckDBStore", "Resources"]
