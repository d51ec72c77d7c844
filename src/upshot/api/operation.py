"""What an operation is: a name, the permission it asks for, the type of its request and of its answer."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import msgspec

from upshot.core.errors import NotAllowed

__all__ = ["LOCAL_OWNER", "Caller", "Operation", "Permission", "Principal", "Role", "who"]

Request = TypeVar("Request", bound=msgspec.Struct)
Response = TypeVar("Response", bound=msgspec.Struct)


class Permission(enum.StrEnum):
    """What a principal may be allowed to do."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class Role(enum.StrEnum):
    """What a principal is in a workspace; an outsider is nobody that the workspace knows."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"
    OUTSIDER = "outsider"

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the role allows."""
        return _PERMISSIONS[self]


_PERMISSIONS = {
    Role.OWNER: frozenset(Permission),
    Role.EDITOR: frozenset({Permission.READ, Permission.WRITE}),
    Role.VIEWER: frozenset({Permission.READ}),
    Role.OUTSIDER: frozenset[Permission](),
}


class Principal(msgspec.Struct, frozen=True):
    """Who asks."""

    name: str
    role: Role

    def require(self, permission: Permission) -> None:
        """Let through who may.

        Raises:
            NotAllowed: The role lacks the permission.
        """
        if permission not in self.role.permissions:
            raise NotAllowed(
                f"{self.name} ({self.role}) may not do this: it takes the permission to {permission}.",
                hint="Ask an owner of the workspace for access.",
            )


LOCAL_OWNER = Principal("local", Role.OWNER)
"""Who may read the workspace's files: commands, and browsers on loopback while there are no access entries."""


def who(name: str) -> str:
    """Who a principal of that name is, for a sentence that says by whom something was done.

    >>> who("ada@example.org"), who(LOCAL_OWNER.name)
    ('ada@example.org', 'the owner, on the machine of the workspace')
    """
    return "the owner, on the machine of the workspace" if name == LOCAL_OWNER.name else name


@dataclass(frozen=True, slots=True)
class Operation(Generic[Request, Response]):
    """One thing a user can do.

    Attributes:
        name: As in addresses: ``metric.query``.
        permission: What the caller must be allowed.
        request: The type of the question.
        response: The type of the answer.
        changes: Whether it changes the workspace, and so is written to the audit log.
        changed: Whether it did, by its answer; what found nothing to do leaves no line.
    """

    name: str
    permission: Permission
    request: type[Request]
    response: type[Response]
    changes: bool = False
    changed: Callable[[Response], bool] = lambda _: True


class Caller(Protocol):
    """A workspace as its users see it, whether this process holds it or a server does."""

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Do it.

        Raises:
            UserError: The request cannot be met; the same error with the same words, local or remote.
        """
        ...
