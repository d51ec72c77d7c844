"""Who may come in."""

from datetime import datetime
from typing import Literal

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.state import Done, Nothing

__all__ = [
    "ACCESS_ADD",
    "ACCESS_LIST",
    "ACCESS_REVOKE",
    "AccessAdd",
    "AccessEntries",
    "AccessEntry",
    "AccessName",
    "AccessToken",
]


class AccessAdd(msgspec.Struct, frozen=True):
    """Let somebody, or some program, in."""

    name: str
    role: Literal["owner", "editor", "viewer"]


class AccessToken(msgspec.Struct, frozen=True):
    """The secret is shown once and stored only as a hash."""

    name: str
    role: str
    token: str


class AccessEntry(msgspec.Struct, frozen=True):
    """Who has access."""

    name: str
    role: str
    created_at: datetime
    last_used_at: datetime | None


class AccessEntries(msgspec.Struct, frozen=True):
    """All of them, by name."""

    entries: tuple[AccessEntry, ...]


class AccessName(msgspec.Struct, frozen=True):
    """Whose access."""

    name: str


ACCESS_ADD = Operation("access.add", Permission.ADMIN, AccessAdd, AccessToken, changes=True)
ACCESS_LIST = Operation("access.list", Permission.ADMIN, Nothing, AccessEntries)
ACCESS_REVOKE = Operation("access.revoke", Permission.ADMIN, AccessName, Done, changes=True)
