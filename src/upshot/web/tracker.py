"""The tracker: the one script that other sites' pages load from here, at an address that stays the same."""

import hashlib
from functools import cache
from pathlib import Path

from litestar import Request, Response, get
from litestar.datastructures import State

from upshot.core.errors import InternalError
from upshot.web.area import Area
from upshot.web.assets import DIST, packed
from upshot.web.permit import Open

__all__ = ["AREA", "TRACKER", "tracker"]

TRACKER = DIST / "tracker" / "upshot.js"
_HEADERS = {
    # an hour, and then a week in which the old one serves while the browser asks for the new one
    "Cache-Control": "public, max-age=3600, stale-while-revalidate=604800",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Timing-Allow-Origin": "*",
}
_NOT_MODIFIED = 304


@cache
def _mark(path: Path) -> str:
    """The script's entity tag; weak, as each encoding has the same.

    Raises:
        InternalError: The assets were not built.
    """
    if not path.is_file():
        raise InternalError(f"{path} is missing: the tracker was not built (python hatch_build.py).")
    return f'W/"{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"'


@get("/upshot.js", permission=Open.PUBLIC, sync_to_thread=True)
def tracker(request: Request[None, None, State]) -> Response[bytes]:
    """The tracker's script, for any site; the key that a site writes with decides what it may send."""
    headers = {**_HEADERS, "ETag": _mark(TRACKER)}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=_NOT_MODIFIED, headers=headers)
    return packed(request, TRACKER, headers)


AREA = Area(
    routes=(tracker,),
)
