"""What was just done, told on the page that follows a change.

It travels in a cookie that only this server sets: an address can be made by anybody, and what it claims would stand on
the page as if it were true. The cookie holds for one minute and for one page, so that what is fetched anew meanwhile
keeps the notice and its undo.
"""

from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, State
from litestar.response import Redirect

__all__ = ["after", "told"]

_COOKIE: Final = "upshot_told"
_SECONDS: Final = 60
_SEE_OTHER: Final = 303


def after(url: str, **what: str) -> Redirect:
    """Send on to ``url`` on this server, whose page is told ``what``; empty values are left out."""
    said = {name: value for name, value in what.items() if value}
    value = urlencode({"at": urlsplit(url).path, **said})
    cookie = Cookie(key=_COOKIE, value=value, max_age=_SECONDS, path="/", httponly=True, samesite="strict")
    return Redirect(url, status_code=_SEE_OTHER, cookies=[cookie])


# whoever asks, and with whichever session: only cookies and path are read
def told(request: ASGIConnection[Any, Any, Any, State], name: str) -> str:
    """What the change before told this page under ``name``; empty for nothing."""
    found = parse_qs(request.cookies.get(_COOKIE, ""))
    return found.get(name, [""])[-1] if found.get("at") == [request.url.path] else ""
