"""Operations by their names, as they come in over HTTP."""

from http import HTTPStatus
from typing import Any

from upshot.api.operation import Caller, Operation
from upshot.api.wire import fault_of, from_json, status_of, to_json
from upshot.core.errors import NotFound, UserError
from upshot.workspace.operations import BINDINGS

__all__ = ["answer", "find_operation"]


def find_operation(name: str) -> Operation[Any, Any]:
    """The operation of that name.

    Raises:
        NotFound: There is none.
    """
    if name not in BINDINGS:
        raise NotFound("operation", name, BINDINGS)
    return BINDINGS[name].operation


def answer(caller: Caller, name: str, body: bytes) -> tuple[int, bytes]:
    """Do the operation ``name`` for ``caller``: the HTTP status and the JSON to send.

    Blocking: a server calls it in a thread. Errors that are no user errors are the server's to log.
    """
    try:
        operation = find_operation(name)
        return int(HTTPStatus.OK), to_json(caller.call(operation, from_json(body, operation.request)))
    except UserError as error:
        return status_of(error), to_json(fault_of(error))
