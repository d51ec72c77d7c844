"""Connections that dribble their request's head, or never end it."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from upshot.server import patience


# the ASGI specification's own types: messages are open mappings
async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers everything with 200."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, http=patience.PatientProtocol, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            threading.Event().wait(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def ends(connection: socket.socket) -> bool:
    """Whether the server closes the connection without a word."""
    with contextlib.suppress(ConnectionError):
        return connection.recv(100) == b""
    return True


def test_head_that_dribbles_is_let_go_and_others_are_answered(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_SECONDS", 1.0)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as slow,
        socket.create_connection(("127.0.0.1", port), timeout=20) as other,
    ):
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        for _ in range(2):
            other.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert other.recv(1000).startswith(b"HTTP/1.1 200")
        assert ends(slow)


def test_head_without_an_end_is_let_go(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        with contextlib.suppress(ConnectionError):
            for n in range(40):
                connection.sendall(b"X-%d: " % n + b"x" * 50_000 + b"\r\n")
        assert ends(connection)
