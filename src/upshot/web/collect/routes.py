"""The addresses that clients know, by protocol. Each takes the raw request: what is fast here is fast everywhere.

They ask for a write key instead of a permission, and are the only ones that other sites' pages may call.
"""

import asyncio
from collections.abc import Callable
from typing import cast

import msgspec
from litestar import Litestar, asgi
from litestar.types import HTTPScope, Receive, Scope, Send

from upshot.collect.collector import Collector, Receipt
from upshot.collect.delivery import Envelope
from upshot.collect.protocols.segment import CALLS
from upshot.core.errors import UserError
from upshot.engines.intake import Taken
from upshot.web.collect.exchange import Answer, answer, fault_answer, headers_of, query_of, read_body
from upshot.web.permit import Open

__all__ = ["native_events", "posthog_events", "posthog_versioned", "segment_call"]

_LARGE_BYTES = 200_000
"""Bodies from here on are decoded in a thread, so that small ones need not wait for them."""
_NOT_THIS_METHOD = Answer(405, b'{"code":"invalid","message":"This address takes POST."}')
_READ = frozenset({"GET", "HEAD"})

Say = Callable[[Receipt, Taken], Answer]


class _Accepted(msgspec.Struct, omit_defaults=True):
    accepted: int
    quarantined: int
    duplicates: int | None = None


def _segment(receipt: Receipt, taken: Taken) -> Answer:
    del receipt, taken
    return Answer(200, b'{"success":true}')


def _posthog(receipt: Receipt, taken: Taken) -> Answer:
    del receipt, taken
    return Answer(200, b'{"status":"Ok"}')


def _versioned(receipt: Receipt, taken: Taken) -> Answer:
    del taken
    results: dict[str, dict[str, str]] = {uuid or "": {"result": "ok"} for uuid in receipt.delivery.arrivals.client_id}
    for refusal in receipt.delivery.refusals:
        found = _uuid_of(refusal.raw)
        if found:
            results[found] = {"result": "drop", "details": refusal.reason}
    return Answer(200, msgspec.json.encode({"results": results}))


def _native(receipt: Receipt, taken: Taken) -> Answer:
    del receipt
    return Answer(200, msgspec.json.encode(_Accepted(taken.stored, taken.held, taken.duplicates)))


class _Named(msgspec.Struct):
    uuid: str = ""


def _uuid_of(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=_Named).uuid
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


@asgi([f"/v1/{name}" for name in CALLS], permission=Open.WRITE_KEY, copy_scope=False)
async def segment_call(scope: Scope, receive: Receive, send: Send) -> None:
    """Segment's tracking API, RudderStack's too."""
    call = CALLS[scope["path"].rstrip("/").rpartition("/")[2]]
    await _collect(scope, receive, send, "segment", call, _segment)


@asgi(
    ["/batch", "/capture", "/e", "/engage", "/i/v0/ai/batch", "/i/v0/e", "/track"],
    permission=Open.WRITE_KEY,
    copy_scope=False,
)
async def posthog_events(scope: Scope, receive: Receive, send: Send) -> None:
    """PostHog's capture endpoints."""
    await _collect(scope, receive, send, "posthog", "", _posthog, may_get=True)


@asgi("/i/v1/analytics/events", permission=Open.WRITE_KEY, copy_scope=False)
async def posthog_versioned(scope: Scope, receive: Receive, send: Send) -> None:
    """PostHog's versioned capture endpoint, which answers for each event."""
    await _collect(scope, receive, send, "posthog-v1", "", _versioned)


@asgi("/api/events", permission=Open.WRITE_KEY, copy_scope=False)
async def native_events(scope: Scope, receive: Receive, send: Send) -> None:
    """Upshot's own API."""
    await _collect(scope, receive, send, "native", "", _native)


async def _collect(
    scope: Scope, receive: Receive, send: Send, protocol: str, call: str, say: Say, *, may_get: bool = False
) -> None:
    scope = cast("HTTPScope", scope)
    headers = headers_of(scope)
    method = str(scope["method"])
    if method == "OPTIONS":
        await answer(send, headers, Answer(204))
    elif method != "POST" and not (may_get and method in _READ):
        await answer(send, headers, _NOT_THIS_METHOD)
    else:
        try:
            said = await _taken(scope, receive, headers, protocol, call, say)
        except UserError as error:
            said = fault_answer(error)
        await answer(send, headers, said)


async def _taken(
    scope: HTTPScope, receive: Receive, headers: dict[bytes, bytes], protocol: str, call: str, say: Say
) -> Answer:
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
        client_time=_text(headers, b"posthog-request-timestamp") or _text(headers, b"x-sent-at"),
        sdk=_text(headers, b"posthog-sdk-info"),
    )
    origin = _text(headers, b"origin")
    if len(body) > _LARGE_BYTES:
        receipt = await asyncio.to_thread(collector.receive, envelope, protocol, call, origin=origin)
    else:
        receipt = collector.receive(envelope, protocol, call, origin=origin)
    taken = await asyncio.wrap_future(receipt.done)
    if query.get("beacon") == "1":
        return Answer(204)
    return say(receipt, taken)


def _text(headers: dict[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")
