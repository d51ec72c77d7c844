"""Keys with which clients send events."""

from datetime import datetime

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.state import Done, Nothing

__all__ = [
    "WRITE_KEY_ADD",
    "WRITE_KEY_LIST",
    "WRITE_KEY_REVOKE",
    "WriteKeyAdd",
    "WriteKeyName",
    "WriteKeyView",
    "WriteKeys",
]


class WriteKeyAdd(msgspec.Struct, frozen=True):
    """Make a key for an app that sends events.

    ``name`` becomes the source of its events. ``key`` is for an app whose key is in the field already; empty makes one.
    The limits count events; 0 is none.
    """

    name: str
    key: str = ""
    events_a_second: int = 0
    events_a_day: int = 0


class WriteKeyView(msgspec.Struct, frozen=True):
    """A key as clients send it: it opens the way in for events and nothing else, so it is no secret."""

    name: str
    key: str
    events_a_second: int
    events_a_day: int
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


class WriteKeys(msgspec.Struct, frozen=True):
    """All of them, oldest first; ``asked_for`` while events need one."""

    keys: tuple[WriteKeyView, ...]
    asked_for: bool


class WriteKeyName(msgspec.Struct, frozen=True):
    """Which key."""

    name: str


WRITE_KEY_ADD = Operation("write_key.add", Permission.ADMIN, WriteKeyAdd, WriteKeyView, changes=True)
WRITE_KEY_LIST = Operation("write_key.list", Permission.READ, Nothing, WriteKeys)
WRITE_KEY_REVOKE = Operation("write_key.revoke", Permission.ADMIN, WriteKeyName, Done, changes=True)
