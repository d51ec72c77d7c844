"""What the workspace is, and how it is."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from upshot.api.operation import Operation, Permission

__all__ = [
    "DOCTOR",
    "WORKSPACE_INFO",
    "Done",
    "Finding",
    "Findings",
    "Nothing",
    "WorkspaceInfo",
]


_LEVELS = ("ok", "warning", "error")


class Nothing(msgspec.Struct, frozen=True):
    """A question without parameters."""


class Done(msgspec.Struct, frozen=True):
    """It is done and durable."""

    revision: int


class WorkspaceInfo(msgspec.Struct, frozen=True):
    """What the workspace is and holds.

    ``revision`` grows with each commit to the event store, ``declared`` with each declaration, seal and verdict.
    """

    name: str
    version: str
    time_zone: str
    currency: str
    events: int
    first_event_at: datetime | None
    last_event_at: datetime | None
    last_received_at: datetime | None
    revision: int
    dirty_days: int
    storage_bytes: int
    engine: str
    catalog: str
    declared: int = 0


class Finding(msgspec.Struct, frozen=True):
    """One thing that ``doctor`` looked at."""

    check: str
    level: Literal["ok", "warning", "error"]
    message: str
    hint: str = ""


class Findings(msgspec.Struct, frozen=True):
    """All of them, worst last."""

    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "Findings":
        """The findings in their order."""
        return cls(tuple(sorted(findings, key=lambda finding: _LEVELS.index(finding.level))))

    @property
    def healthy(self) -> bool:
        """Whether nothing is an error."""
        return all(f.level != "error" for f in self.findings)


WORKSPACE_INFO = Operation("workspace.info", Permission.READ, Nothing, WorkspaceInfo)
DOCTOR = Operation("workspace.doctor", Permission.READ, Nothing, Findings)
