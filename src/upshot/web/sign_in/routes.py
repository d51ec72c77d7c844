"""The addresses of signing in and out."""

from typing import Final

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import Cookie
from litestar.response import Redirect

from upshot.web.area import Area
from upshot.web.page import PageRequest, render
from upshot.web.permit import ACCESS_COOKIE, Open
from upshot.web.served import ServedWorkspace

__all__ = ["AREA", "local_path", "sign_in", "sign_in_page", "sign_out"]

_MONTH_SECONDS = 30 * 86_400
_SEE_OTHER: Final = 303


@get("/sign-in", permission=Open.PUBLIC, sync_to_thread=True)
def sign_in_page(request: PageRequest) -> Response[str] | Redirect:
    """The form; whoever needs none is sent on."""
    wanted = local_path(request.query_params.get("next", "/"))
    if request.state.principal is not None:
        return Redirect(wanted, status_code=_SEE_OTHER)
    return render(request, "sign_in/sign_in.html", next=wanted, failed=False)


@post("/sign-in", permission=Open.PUBLIC)
async def sign_in(request: PageRequest) -> Response[str] | Redirect:
    """Take a token; a right one is kept in a cookie that no script reads and no other site sends."""
    form = await request.form()
    token, wanted = str(form.get("token", "")).strip(), local_path(str(form.get("next", "/")))
    if await sync_to_thread(_is_known, request.app.state.workspace, token):
        return Redirect(wanted, status_code=_SEE_OTHER, cookies=[_cookie(request, token, _MONTH_SECONDS)])
    return render(request, "sign_in/sign_in.html", status=403, next=wanted, failed=True)


def _is_known(workspace: ServedWorkspace, token: str) -> bool:
    return bool(token) and workspace.principal_of(token) is not None


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


AREA = Area(
    routes=(
        sign_in,
        sign_in_page,
        sign_out,
    ),
)
