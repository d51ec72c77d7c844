"""The addresses that clients know, by protocol. Each takes the raw request: what is fast here is fast everywhere.

They ask for a write key instead of a permission, and are the only ones that other sites' pages may call.
"""

import asyncio
from typing import TYPE_CHECKING, cast

from litestar import Litestar, asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import HTTPScope, Receive, Scope, Send

from upshot.collect.delivery import Envelope
from upshot.collect.protocols import PROTOCOLS
from upshot.collect.protocols.protocol import Endpoint
from upshot.core.errors import UserError
from upshot.web.collect.exchange import Answer, answer, fault_answer, headers_of, query_of, read_body
from upshot.web.permit import Open

if TYPE_CHECKING:
    from upshot.collect.collector import Collector

__all__ = ["ADDRESSES", "ENDPOINTS"]

_LARGE_BYTES = 200_000
"""Bodies from here on are decoded in a thread, so that small ones need not wait for them."""
_NOT_THIS_METHOD = Answer(405, b'{"code":"invalid","message":"This address takes POST."}')
_READ = frozenset({"GET", "HEAD"})

_CLOCK_HEADERS = tuple(protocol.clock_header for protocol in PROTOCOLS if protocol.clock_header)
_SDK_HEADERS = tuple(protocol.sdk_header for protocol in PROTOCOLS if protocol.sdk_header)


def _handler(endpoint: Endpoint) -> ASGIRouteHandler:
    @asgi(endpoint.path, permission=Open.WRITE_KEY, copy_scope=False)
    async def events(scope: Scope, receive: Receive, send: Send) -> None:
        await _collect(scope, receive, send, endpoint)

    return events


async def _collect(scope: Scope, receive: Receive, send: Send, endpoint: Endpoint) -> None:
    scope = cast("HTTPScope", scope)
    headers = headers_of(scope)
    method = str(scope["method"])
    if method == "OPTIONS":
        await answer(send, headers, Answer(204))
    elif method != "POST" and not (endpoint.may_get and method in _READ):
        await answer(send, headers, _NOT_THIS_METHOD)
    else:
        try:
            said = await _taken(scope, receive, headers, endpoint)
        except UserError as error:
            said = fault_answer(error)
        await answer(send, headers, said)


async def _taken(scope: HTTPScope, receive: Receive, headers: dict[bytes, bytes], endpoint: Endpoint) -> Answer:
    app: Litestar = scope["litestar_app"]
    collector: Collector = app.state.workspace.collector
    query = query_of(scope)
    body = await read_body(headers, receive, collector.limit)
    envelope = Envelope(
        body=body,
        received_at=collector.now(),
        content_type=_text(headers, b"content-type").partition(";")[0].strip().lower(),
        content_encoding=_text(headers, b"content-encoding").strip().lower(),
        authorization=_text(headers, b"authorization"),
        user_agent=_text(headers, b"user-agent"),
        query=query,
        client_time=_text(headers, *_CLOCK_HEADERS),
        sdk=_text(headers, *_SDK_HEADERS),
    )
    origin = _text(headers, b"origin")
    if len(body) > _LARGE_BYTES:
        receipt = await asyncio.to_thread(collector.receive, envelope, endpoint.decode, origin=origin)
    else:
        receipt = collector.receive(envelope, endpoint.decode, origin=origin)
    taken = await asyncio.wrap_future(receipt.done)
    if query.get("beacon") == "1":
        return Answer(204)
    return Answer(200, endpoint.acknowledge(receipt.delivery, taken))


def _text(headers: dict[bytes, bytes], *names: bytes) -> str:
    """The first of these headers that says something; empty where none does."""
    return next((value.decode("latin-1") for name in names if (value := headers.get(name))), "")


_ALL = tuple(endpoint for protocol in PROTOCOLS for endpoint in protocol.endpoints)
ENDPOINTS = tuple(map(_handler, _ALL))
"""The route of each address."""
ADDRESSES = tuple(endpoint.path.rstrip("/") for endpoint in _ALL)
"""The same addresses, without a slash at their end."""
