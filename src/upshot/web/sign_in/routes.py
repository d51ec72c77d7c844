"""The addresses of signing in and out."""

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from upshot.web.page import PageRequest, render
from upshot.web.permit import ACCESS_COOKIE, Open

if TYPE_CHECKING:
    from upshot.web.served import ServedWorkspace

__all__ = ["SignIn", "local_path", "sign_in", "sign_in_page", "sign_out"]

_MONTH_SECONDS = 30 * 86_400
_SEE_OTHER: Final = 303


class SignIn(msgspec.Struct, frozen=True):
    """The form."""

    token: str = ""
    next: str = "/"


@get("/sign-in", permission=Open.PUBLIC, sync_to_thread=True)
def sign_in_page(request: PageRequest) -> Response[str] | Redirect:
    """The form; whoever needs none is sent on."""
    wanted = local_path(request.query_params.get("next", "/"))
    if request.state.principal is not None:
        return Redirect(wanted, status_code=_SEE_OTHER)
    return render(request, "sign_in/sign_in.html", next=wanted, failed=False)


@post("/sign-in", permission=Open.PUBLIC, sync_to_thread=True)
def sign_in(
    request: PageRequest, data: Annotated[SignIn, Body(media_type=RequestEncodingType.URL_ENCODED)]
) -> Response[str] | Redirect:
    """Take a token; a right one is kept in a cookie that no script reads and no other site sends."""
    workspace: ServedWorkspace = request.app.state.workspace
    token = data.token.strip()
    wanted = local_path(data.next)
    if workspace.is_open:
        return Redirect(wanted, status_code=_SEE_OTHER)
    if not token or workspace.principal_of(token) is None:
        return render(request, "sign_in/sign_in.html", status=403, next=wanted, failed=True)
    return Redirect(wanted, status_code=_SEE_OTHER, cookies=[_cookie(request, token, _MONTH_SECONDS)])


@post("/sign-out", permission=Open.PUBLIC)
async def sign_out(request: PageRequest) -> Redirect:
    """Forget the token."""
    return Redirect("/sign-in", status_code=_SEE_OTHER, cookies=[_cookie(request, "", 0)])


def local_path(text: str) -> str:
    """A path on this server; the home page for anything else.

    >>> local_path("/metrics?range=7d"), local_path("//evil.example"), local_path("https://evil.example")
    ('/metrics?range=7d', '/', '/')
    """
    plain = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if plain else "/"


def _cookie(request: PageRequest, token: str, max_age_seconds: int) -> Cookie:
    return Cookie(
        key=ACCESS_COOKIE,
        value=token,
        max_age=max_age_seconds,
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
