import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from upshot.api.metrics import METRIC_SHOW, MetricName
from upshot.api.operation import LOCAL_OWNER, Caller
from upshot.api.remote import RemoteWorkspace, ServerGone, answers
from upshot.api.state import WORKSPACE_INFO, Nothing
from upshot.api.wire import OPERATIONS_PATH
from upshot.core.errors import InternalError, NotFound
from upshot.workspace.dispatch import answer
from upshot.workspace.local import LocalWorkspace


class Handler(BaseHTTPRequestHandler):
    """The smallest server that speaks the wire's words."""

    workspace: LocalWorkspace
    broken = False

    def do_GET(self) -> None:
        self._send(200, b"{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Authorization"] == "Bearer secret"
        if self.broken:
            self._send(500, b"oops")
            return
        name = self.path.removeprefix(f"{OPERATIONS_PATH}/")
        self._send(*answer(self.workspace.acting_as(LOCAL_OWNER), name, body))

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        del format, args


@contextmanager
def serving(workspace: LocalWorkspace, *, broken: bool = False) -> Iterator[str]:
    handler = type("Bound", (Handler,), {"workspace": workspace, "broken": broken})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_remote_answers_as_local(workspace: LocalWorkspace, owner: Caller) -> None:
    with serving(workspace) as address, RemoteWorkspace(address, "secret") as remote:
        assert answers(address, "secret")
        assert remote.call(METRIC_SHOW, MetricName("events")) == owner.call(METRIC_SHOW, MetricName("events"))
        assert remote.call(WORKSPACE_INFO, Nothing()) == owner.call(WORKSPACE_INFO, Nothing())


def test_remote_error_is_the_same_error(workspace: LocalWorkspace, owner: Caller) -> None:
    with serving(workspace) as address, RemoteWorkspace(address, "secret") as remote:
        with pytest.raises(NotFound) as there:
            remote.call(METRIC_SHOW, MetricName("evnts"))
        with pytest.raises(NotFound) as here:
            owner.call(METRIC_SHOW, MetricName("evnts"))
    assert vars(there.value) == vars(here.value)


def test_remote_that_is_gone_says_what_to_do(workspace: LocalWorkspace) -> None:
    with serving(workspace) as address:
        pass
    assert not answers(address, "secret")
    with RemoteWorkspace(address, "secret") as remote, pytest.raises(ServerGone, match="does not answer") as caught:
        remote.call(WORKSPACE_INFO, Nothing())
    assert "upshot serve" in caught.value.hint


def test_remote_that_failed_is_a_defect(workspace: LocalWorkspace) -> None:
    with (
        serving(workspace, broken=True) as address,
        RemoteWorkspace(address, "secret") as remote,
        pytest.raises(InternalError, match=r"answered metric\.show with 500"),
    ):
        remote.call(METRIC_SHOW, MetricName("events"))
