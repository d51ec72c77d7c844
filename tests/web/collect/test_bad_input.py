"""What broken, hostile and careless clients send: no server error, no hang, and what is good in it is kept."""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.collect.test_endpoints import events, post, reasons, send
from tests.web.conftest import Served, made, serving
from upshot.web.api import description
from upshot.web.collect import exchange
from upshot.web.collect.openapi import COLLECT_PATHS

LARGE = 25_000_000

SCHEMA = schemathesis.openapi.from_dict(
    {**description(), "paths": {path: description()["paths"][path] for path in COLLECT_PATHS}}
)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that many broken requests are sent to."""
    with serving(made(tmp_path_factory.mktemp("fuzzed") / "shop", filled=False)) as running:
        yield running


@pytest.mark.parametrize("path", COLLECT_PATHS)
def test_endpoints_answer_as_they_are_described(fuzzed: Served, path: str) -> None:
    operation = SCHEMA[path]["POST"]

    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(operation.as_strategy(), operation.as_strategy(schemathesis.GenerationMode.NEGATIVE)))
    def answers(case: schemathesis.Case[Any]) -> None:  # any kind of operation
        answer = case.call(base_url=fuzzed.url, timeout=30)
        assert answer.status_code in (200, 400, 401, 408, 413, 429, 503), (answer.status_code, answer.text)
        case.validate_response(answer, checks=[schemathesis.checks.not_a_server_error])
        assert isinstance(json.loads(answer.content), dict)

    answers()


@pytest.mark.parametrize(
    ("body", "headers", "status", "word"),
    [
        (gzip.compress(b'[{"event": "e"}]')[:-8], {"Content_Encoding": "gzip"}, 400, "cut short"),
        (gzip.compress(bytes(300_000_000), 9), {"Content_Encoding": "gzip"}, 413, "unpacks to more"),
        (b'[{"event": "e"}]', {"Content_Encoding": "gzip"}, 400, "not the compressed stream"),
        (b"[" * 100_000, {}, 400, "neither an event nor a list"),
        (b'{"events": [', {}, 400, "neither an event nor a list"),
        (b"\x00\xff" * 1000, {}, 400, "neither an event nor a list"),
        (b" " * LARGE, {}, 413, "are allowed"),
    ],
    ids=["truncated", "bomb", "no gzip", "deep", "open", "binary", "large"],
)
def test_broken_request_is_told_why(
    fuzzed: Served, body: bytes, headers: dict[str, str], status: int, word: str
) -> None:
    started = time.monotonic()
    answer = post(fuzzed, "/api/events", body, **headers)
    assert (answer.status_code, word in answer.json()["message"]) == (status, True), answer.text
    assert time.monotonic() - started < 20


def test_body_of_a_gigabyte_is_refused_before_it_is_read(fuzzed: Served) -> None:
    address = urlsplit(fuzzed.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        head = f"POST /api/events HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 1000000000\r\n\r\n"
        connection.sendall(head.encode() + b"[")
        assert b" 413 " in connection.recv(1000)


def test_endless_body_without_a_length_is_refused(fuzzed: Served) -> None:
    address = urlsplit(fuzzed.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        head = f"POST /api/events HTTP/1.1\r\nHost: {address.netloc}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        piece = b"f4240\r\n" + b" " * 1_000_000 + b"\r\n"
        try:
            for _ in range(40):
                connection.sendall(piece)
        except OSError:
            pass  # the server has answered and closed
        assert b" 413 " in connection.recv(1000)


def test_client_that_dribbles_is_let_go(fuzzed: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "BODY_SECONDS", 0.3)
    address = urlsplit(fuzzed.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        head = f"POST /api/events HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 100\r\n\r\n["
        connection.sendall(head.encode())
        assert b" 408 " in connection.recv(1000)


def test_odd_but_honest_events_are_kept(fresh: Served) -> None:
    odd = [
        {"event": "wide", "properties": {f"p{n}": n for n in range(2000)}},
        {"event": "long", "properties": {"text": "x" * 10_000_000}},
        {"event": "a" * 5000, "properties": {"": 1, "$ip": "no address"}},
        {"event": "numbers", "properties": {"big": 10**40, "small": 1e-300, "zero": -0.0}},
        {"event": "ten years ago", "timestamp": "2014-05-01T12:00:00Z"},
        {"event": "ten years ahead", "timestamp": "2036-05-01T12:00:00Z"},
    ]
    assert send(fresh, "/api/events", odd).json() == {"accepted": 6, "duplicates": 0, "quarantined": 0}
    twice = b'[{"event": "twice", "properties": {"a": 1, "a": 2, "A": 3}}, {"event": "deep", "properties": %s}]'
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    assert post(fresh, "/api/events", twice % deep).json() == {"accepted": 1, "duplicates": 0, "quarantined": 1}
    stored = {e.event[:20]: e for e in events(fresh)}
    assert len(stored) == 7
    assert json.loads(bytes(stored["twice"].properties)) == {"a": 2, "A": 3}
    assert stored["ten years ahead"].occurred_at == stored["ten years ahead"].received_at
    assert "nested too deep" in reasons(fresh)[0]
