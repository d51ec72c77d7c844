"""The catalog's value types: what its tables hold, without its tables."""

import enum
from datetime import datetime

import msgspec

__all__ = ["AccessRecord", "AuditRecord", "Job", "JobState", "MetricVersion", "SourceRecord", "WriteKey"]


class MetricVersion(msgspec.Struct, frozen=True):
    """One version of one metric's definition.

    ``definition`` is YAML, ``hash`` covers what changes the number, ``version`` counts from 1 for each name.
    """

    name: str
    version: int
    hash: str
    definition: str
    source: str
    created_at: datetime
    created_by: str


class SourceRecord(msgspec.Struct, frozen=True):
    """Where events come from: a file name, a client, a connector."""

    name: str
    kind: str
    first_seen_at: datetime
    last_seen_at: datetime


class JobState(enum.StrEnum):
    """A job is queued, held by a worker under a lease, or over."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(msgspec.Struct, frozen=True):
    """Work that may outlive the request that asked for it.

    ``payload`` and ``progress`` are JSON. A running job whose ``lease_until`` has passed has lost its worker, and the
    next claim takes it over.
    """

    id: str
    kind: str
    state: JobState
    payload: str
    progress: str
    message: str
    hint: str
    attempts: int
    created_by: str
    created_at: datetime
    updated_at: datetime
    lease_owner: str | None
    lease_until: datetime | None

    def abandoned(self, now: datetime) -> bool:
        """Whether its worker stopped without a word."""
        return self.state is JobState.RUNNING and (self.lease_until is None or self.lease_until < now)


class AccessRecord(msgspec.Struct, frozen=True):
    """Who may come in, and as what."""

    name: str
    role: str
    created_at: datetime
    last_used_at: datetime | None


class AuditRecord(msgspec.Struct, frozen=True):
    """Who changed what, and how it went: ``outcome`` is ``done`` or an error's code. ``request`` is JSON."""

    at: datetime
    principal: str
    role: str
    operation: str
    request: str
    outcome: str


class WriteKey(msgspec.Struct, frozen=True):
    """A key with which a client sends events, and nothing else.

    Attributes:
        name: What it is for; its events get it as their source.
        key: What the client sends.
        events_a_second: How many events it may bring each second on average; 0 for no limit.
        events_a_day: How many events it may bring each day; 0 for no limit.
        revoked_at: Since when it is refused; None while it is in force.
    """

    name: str
    key: str
    events_a_second: int
    events_a_day: int
    created_at: datetime
    created_by: str
    revoked_at: datetime | None
