"""A workspace that a server holds, over HTTP; it answers as the workspace itself would."""

from types import TracebackType
from typing import Self

import httpx
import msgspec

from upshot.api.operation import Operation, Request, Response
from upshot.api.state import WORKSPACE_INFO, Nothing
from upshot.api.wire import OPERATIONS_PATH, Fault, error_of, to_json
from upshot.core.errors import InternalError, NotAllowed, UserError

__all__ = ["RemoteWorkspace", "ServerGone", "answers"]

_CONNECT_SECONDS = 5.0
_HEALTH_SECONDS = 2.0


class ServerGone(UserError):
    """The server does not answer, or stopped while it did."""

    code = "server_gone"


class RemoteWorkspace:
    """The server at ``address``, spoken to with ``token``."""

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self._client = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
            trust_env=False,
        )

    def call(self, operation: Operation[Request, Response], request: Request) -> Response:
        """Do it there.

        Raises:
            UserError: As the workspace raised it.
            ServerGone: Nobody answers.
            InternalError: The server failed.
        """
        operation_path = f"{OPERATIONS_PATH}/{operation.name}"
        try:
            answer = self._client.post(operation_path, content=to_json(request))
        except httpx.TransportError as error:
            raise ServerGone(
                f"The server at {self.address} does not answer: {error}.",
                hint="Start it again with `upshot serve`, or stop it; without a server, commands open the workspace.",
            ) from None
        if answer.status_code == httpx.codes.OK:
            return msgspec.json.decode(answer.content, type=operation.response)
        try:
            fault = msgspec.json.decode(answer.content, type=Fault)
        except msgspec.DecodeError:
            raise InternalError(f"The server answered {operation.name} with {answer.status_code}.") from None
        raise error_of(fault)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def answers(address: str, token: str) -> bool:
    """Whether a server is healthy at ``address`` and knows ``token``: another workspace's server may stand there."""
    try:
        answer = httpx.get(f"{address}/healthz", timeout=_HEALTH_SECONDS, trust_env=False)
        if answer.status_code != httpx.codes.OK:
            return False
        with RemoteWorkspace(address, token) as workspace:
            workspace.call(WORKSPACE_INFO, Nothing())
    except (httpx.TransportError, NotAllowed, ServerGone):
        return False
    except (UserError, InternalError):
        return True
    return True
