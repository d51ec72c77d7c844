"""The one tree of exceptions.

A user error says what was given, what is allowed and what to do next; it is shown as it stands, without a traceback.
An internal error is a defect of Upshot. Problems of statistics or of definitions are values, not exceptions.
"""

from collections.abc import Iterable

from upshot.core.suggest import did_you_mean, nearest

__all__ = [
    "Busy",
    "CorruptStore",
    "InternalError",
    "InvalidInput",
    "NotAllowed",
    "NotFound",
    "SchemaTooNew",
    "StoreFull",
    "UpshotError",
    "UserError",
    "WorkspaceLocked",
]


class UpshotError(Exception):
    """Root of every exception that Upshot raises on purpose."""


class InternalError(UpshotError):
    """A defect of Upshot: an invariant did not hold."""


class UserError(UpshotError):
    """Something that the person (or the program) who asked can put right.

    Args:
        message: What was given and why that does not work, one sentence.
        hint: What to do next, one sentence; may be empty.
    """

    code = "invalid"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidInput(UserError):
    """A value is outside of what is allowed."""


class NotFound(UserError):
    """A name that nothing bears, with the nearest names that something does bear."""

    code = "not_found"

    def __init__(self, kind: str, name: str, known: Iterable[str] = (), *, hint: str = "") -> None:
        close = nearest(name, known)
        advice = did_you_mean(close) or hint
        super().__init__(f"There is no {kind} named {name!r}.", hint=advice)
        self.kind = kind
        self.name = name
        self.suggestions = close


class NotAllowed(UserError):
    """The principal lacks the permission."""

    code = "forbidden"


class WorkspaceLocked(UserError):
    """Another process holds the workspace's store."""

    code = "locked"


class SchemaTooNew(UserError):
    """A store was written by a newer Upshot than this one."""

    code = "schema_too_new"


class CorruptStore(UserError):
    """A store's file cannot be read as what it should be."""

    code = "corrupt"


class StoreFull(UserError):
    """The disk has no room; nothing of the request was kept."""

    code = "store_full"


class Busy(UserError):
    """The store cannot keep up; ask again later.

    Attributes:
        retry_after_seconds: When asking again makes sense.
    """

    code = "busy"

    def __init__(self, message: str, *, retry_after_seconds: int = 1, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_seconds = retry_after_seconds
