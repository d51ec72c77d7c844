"""Operations over HTTP: one address for each, JSON in and out, errors that arrive as they left.

``POST /api/ops/{name}`` with the request as JSON answers 200 with the response, or an error status with a ``Fault``.
The server's route and ``RemoteWorkspace`` share this module, so that both sides cannot drift apart.
"""

from http import HTTPStatus
from typing import TypeVar

import msgspec

from upshot.core.errors import (
    Busy,
    CorruptStore,
    InvalidInput,
    NotAllowed,
    NotFound,
    SchemaTooNew,
    StoreFull,
    UserError,
    WorkspaceLocked,
)

__all__ = [
    "OPERATIONS_PATH",
    "Fault",
    "error_of",
    "fault_of",
    "from_json",
    "status_of",
    "to_json",
]

OPERATIONS_PATH = "/api/ops"
"""Operations are at ``{OPERATIONS_PATH}/{operation.name}``."""

Message = TypeVar("Message", bound=msgspec.Struct)

_STATUS: dict[type[UserError], HTTPStatus] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    WorkspaceLocked: HTTPStatus.CONFLICT,
    SchemaTooNew: HTTPStatus.CONFLICT,
    CorruptStore: HTTPStatus.INTERNAL_SERVER_ERROR,
    StoreFull: HTTPStatus.INSUFFICIENT_STORAGE,
    Busy: HTTPStatus.SERVICE_UNAVAILABLE,
}
_CLASSES: dict[str, type[UserError]] = {error.code: error for error in _STATUS} | {"unauthorized": NotAllowed}
"""A server says ``unauthorized`` to those it does not know."""


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """A user error as JSON: what happened (``message``), what to do (``hint``), and what kind of error it is."""

    code: str
    message: str
    hint: str = ""
    kind: str = ""
    name: str = ""
    suggestions: tuple[str, ...] = ()
    retry_after_seconds: int = 0


def to_json(message: msgspec.Struct) -> bytes:
    """A request, a response or a fault as JSON."""
    return msgspec.json.encode(message)


def from_json(body: bytes, expected: type[Message]) -> Message:
    """A message of the type ``expected``.

    Raises:
        InvalidInput: The body is not JSON of that type.
    """
    try:
        return msgspec.json.decode(body or b"{}", type=expected)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The request is not a {expected.__name__}: {error}.", hint="The API reference shows its fields."
        ) from None


def fault_of(error: UserError) -> Fault:
    """What is sent for ``error``."""
    match error:
        case NotFound():
            return Fault(error.code, error.message, error.hint, error.kind, error.name, error.suggestions)
        case Busy():
            return Fault(error.code, error.message, error.hint, retry_after_seconds=error.retry_after_seconds)
        case _:
            return Fault(error.code, error.message, error.hint)


def error_of(fault: Fault) -> UserError:
    """The error that ``fault`` was made from: the same class with the same words."""
    cls = _CLASSES.get(fault.code, UserError)
    if cls is NotFound:
        error = NotFound(fault.kind, fault.name)
        error.message, error.hint, error.suggestions = fault.message, fault.hint, fault.suggestions
        error.args = (fault.message,)
        return error
    if cls is Busy:
        return Busy(fault.message, retry_after_seconds=fault.retry_after_seconds, hint=fault.hint)
    return cls(fault.message, hint=fault.hint)


def status_of(error: UserError) -> int:
    """The HTTP status that goes with ``error``."""
    return next((int(s) for cls, s in _STATUS.items() if isinstance(error, cls)), int(HTTPStatus.BAD_REQUEST))
