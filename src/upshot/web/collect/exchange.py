"""One request of a client, read within bounds, and its answer, which browsers let the page see that sent it."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec
from litestar.types import HTTPScope, Receive, Send

from upshot.api.wire import fault_of, status_of
from upshot.collect.delivery import Malformed, TooLarge
from upshot.collect.keys import Refused, TooMany
from upshot.core.errors import Busy, StoreFull, UserError

if TYPE_CHECKING:
    from upshot.api.wire import Fault

__all__ = ["BODY_SECONDS", "Answer", "Slow", "answer", "fault_answer", "headers_of", "query_of", "read_body"]

BODY_SECONDS = 30.0
"""How long a body may take to come in."""
_FULL_RETRY_SECONDS = 30
_JSON = b"application/json"
_PREFLIGHT_SECONDS = b"86400"
_MOST_QUERY_FIELDS = 50
_PLAIN_HEADERS = (b"cross-origin-resource-policy", b"cross-origin"), (b"cache-control", b"no-store")


class Slow(UserError):
    """The body did not come in within the time."""

    code = "slow"


class Answer(msgspec.Struct, frozen=True):
    """What a client is told. ``body`` is JSON, or of ``content_type``."""

    status: int
    body: bytes = b""
    content_type: bytes = _JSON
    retry_after_seconds: int = 0


def headers_of(scope: HTTPScope) -> dict[bytes, bytes]:
    """The headers by name in lower case; of several of one name, the last."""
    return dict(scope["headers"])


def query_of(scope: HTTPScope) -> dict[str, str]:
    """The first value of each name in the address."""
    raw = scope["query_string"]
    if not raw:
        return {}
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_QUERY_FIELDS)
    except ValueError:
        raise Malformed("The address has too many fields.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises:
        TooLarge: It is, or says that it is, longer than ``limit`` bytes; it is not read further.
        Slow: It takes longer than ``BODY_SECONDS``.
        Malformed: The client went away before its end.
    """
    said = headers.get(b"content-length", b"")
    if said.isdigit() and int(said) > limit:
        raise TooLarge(f"The body has {int(said)} bytes; {limit} are allowed.", hint="Send smaller batches.")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(receive, limit)
    except TimeoutError:
        raise Slow(f"The body did not come in within {BODY_SECONDS:.0f} seconds.", hint="Send it again.") from None


async def _read(receive: Receive, limit: int) -> bytes:
    message = await receive()
    pieces = []
    room = limit
    while True:
        if message["type"] != "http.request":
            raise Malformed("The client went away before the end of the body.")
        piece = message["body"]
        room -= len(piece)
        if room < 0:
            raise TooLarge(f"The body has more than {limit} bytes.", hint="Send smaller batches.")
        pieces.append(piece)
        if not message["more_body"]:
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        message = await receive()


def fault_answer(error: UserError) -> Answer:
    """What a client is told of an error; its code decides whether the client sends again."""
    fault: Fault = fault_of(error)
    body = msgspec.json.encode(fault)
    match error:
        case TooLarge():
            return Answer(413, body)
        case Slow():
            return Answer(408, body)
        case Refused():
            return Answer(401, body)
        case TooMany():
            return Answer(429, body, retry_after_seconds=error.retry_after_seconds)
        case Busy():
            return Answer(503, body, retry_after_seconds=error.retry_after_seconds)
        case StoreFull():
            return Answer(503, body, retry_after_seconds=_FULL_RETRY_SECONDS)
        case _:
            return Answer(int(status_of(error)), body)


async def answer(send: Send, headers: Mapping[bytes, bytes], said: Answer) -> None:
    """Send it; where a browser asks, with leave for the page that sent the request to read it."""
    more = [
        (b"content-type", said.content_type),
        (b"content-length", str(len(said.body)).encode()),
        *_PLAIN_HEADERS,
        *_leave(headers),
    ]
    if said.retry_after_seconds:
        more.append((b"retry-after", str(said.retry_after_seconds).encode()))
    await send({"type": "http.response.start", "status": said.status, "headers": more})
    await send({"type": "http.response.body", "body": said.body, "more_body": False})


def _leave(headers: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Any site may send with a write key: the key is what counts, and no cookie ever does."""
    origin = headers.get(b"origin")
    if origin is None:
        return []
    leave = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"retry-after"),
        (b"vary", b"origin"),
    ]
    asked = headers.get(b"access-control-request-headers")
    if headers.get(b"access-control-request-method"):
        leave += [
            (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
            (b"access-control-max-age", _PREFLIGHT_SECONDS),
        ]
        if asked is not None:
            leave.append((b"access-control-allow-headers", asked))
        if headers.get(b"access-control-request-private-network") == b"true":
            leave.append((b"access-control-allow-private-network", b"true"))
    return leave
