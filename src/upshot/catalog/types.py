"""The catalog's value types: what its tables hold, without its tables."""

import enum
from datetime import datetime

import msgspec

__all__ = ["AccessRecord", "AuditRecord", "Job", "JobState", "MetricVersion", "SourceRecord"]


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
