"""The catalog's tables, as the newest migration leaves them."""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect

__all__ = [
    "HEAD",
    "METADATA",
    "Instant",
    "access",
    "audit",
    "declarations",
    "jobs",
    "metric_versions",
    "properties",
    "seals",
    "snapshots",
    "sources",
    "verdicts",
    "write_keys",
]

HEAD = "0003"
"""The revision that this code reads and writes."""

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """A UTC instant: offset-aware in Python, without offset in the database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Drop the offset after conversion to UTC."""
        del dialect
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Say that it is UTC."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


properties = Table(
    "properties",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
)

metric_versions = Table(
    "metric_versions",
    METADATA,
    Column("name", String(200), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("definition", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(200), nullable=False),
)

sources = Table(
    "sources",
    METADATA,
    Column("name", String(500), primary_key=True),
    Column("kind", String(50), nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
)

jobs = Table(
    "jobs",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("kind", String(50), nullable=False),
    Column("state", String(20), nullable=False),
    Column("payload", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("lease_owner", String(100)),
    Column("lease_until", Instant),
    Index(None, "state", "created_at"),
)

access = Table(
    "access",
    METADATA,
    Column("name", String(200), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    UniqueConstraint("token_hash"),
)

audit = Table(
    "audit",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("principal", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("operation", String(100), nullable=False),
    Column("request", Text, nullable=False),
    Column("outcome", String(50), nullable=False),
    Index(None, "at"),
)

declarations = Table(
    "declarations",
    METADATA,
    Column("kind", String(50), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("managed", String(20), nullable=False),
    Column("source", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(200), nullable=False),
)

seals = Table(
    "seals",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("output", String(200), nullable=False),
    Column("expectation", Text, nullable=False),
    Column("sealed_at", Instant, nullable=False),
    Column("sealed_by", String(200), nullable=False),
    Index(None, "output"),
)

snapshots = Table(
    "snapshots",
    METADATA,
    Column("hash", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
)

verdicts = Table(
    "verdicts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("study", String(200), nullable=False),
    Column("launch", String(200), nullable=False),
    Column("reading", Date, nullable=False),
    Column("snapshot", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(200), nullable=False),
    Index(None, "launch", "reading"),
)

write_keys = Table(
    "write_keys",
    METADATA,
    Column("name", String(200), primary_key=True),
    Column("key", String(100), nullable=False),
    Column("events_a_second", Integer, nullable=False),
    Column("events_a_day", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(200), nullable=False),
    Column("revoked_at", Instant),
    UniqueConstraint("key"),
)
