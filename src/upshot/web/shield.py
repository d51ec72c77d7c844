"""What holds for every response and every request, before any route: known hosts only, and a browser that is told no.

The content-security policy allows nothing that the server did not send itself, no inline script and no inline style.
The Host check closes DNS rebinding; the check of origins (``permit``) closes cross-site requests.
"""

from collections.abc import Iterable

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from upshot.api.wire import Fault, to_json

__all__ = ["SECURITY_HEADERS", "Shield", "host_name"]

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
ANY_HOST = "*"

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
SECURITY_HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_BAD_HOST = 421


def host_name(host: str) -> str:
    """The name in a Host header, without port and brackets, in lower case.

    >>> host_name("[::1]:8765"), host_name("Example.org:80"), host_name("localhost")
    ('::1', 'example.org', 'localhost')
    """
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0] if name.count(":") == 1 else name


class Shield:
    """An ASGI application around another one.

    Args:
        app: The application.
        hosts: Names under which it may be reached besides loopback; ``*`` for any.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self.app = app
        self._hosts = LOOPBACK_NAMES | {host_name(host) for host in hosts if host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers added; refuse a host that is not known."""
        if str(scope["type"]) == "lifespan":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                more = [(name, value) for name, value in _RAW_HEADERS if name not in given]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1 and self._knows(hosts[0]):
            await self.app(scope, receive, send_with_headers)
        else:
            await _refuse(hosts[0] if hosts else "", send_with_headers)

    def _knows(self, host: str) -> bool:
        return ANY_HOST in self._hosts or host_name(host) in self._hosts


async def _refuse(host: str, send: Send) -> None:
    body = to_json(
        Fault(
            "host",
            f"This server does not answer to the host name {host_name(host)!r}.",
            "Add it to server.allowed_hosts in upshot.toml, if it is yours.",
        )
    )
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": _BAD_HOST, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
