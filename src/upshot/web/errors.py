"""Errors as answers: JSON for programs, a page that says what to do next for people."""

import logging
from typing import cast
from urllib.parse import urlencode

from litestar import MediaType, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from litestar.types import ExceptionHandlersMap

from upshot.api.wire import Fault, fault_of, status_of, to_json
from upshot.core.errors import Busy, UserError
from upshot.web.page import PageRequest, render
from upshot.web.permit import NotSignedIn

__all__ = ["EXCEPTION_HANDLERS"]

_log = logging.getLogger(__name__)
_AnyRequest = Request[None, None, State]
_TITLES = {400: "That does not work", 403: "Not allowed", 404: "Not found", 413: "Too much", 503: "Busy"}
_DEFECT = Fault("internal", "Something went wrong inside Upshot.", "The server's log says more.")


def _user_error(request: _AnyRequest, error: UserError) -> Response[bytes] | Response[str] | Redirect:
    status = 401 if isinstance(error, NotSignedIn) else status_of(error)
    if isinstance(error, NotSignedIn) and _is_page(request) and request.method == "GET":
        query = request.url.query
        here = request.url.path + (f"?{query}" if query else "")
        target = "/sign-in?" + urlencode({"next": here})
        if "hx-request" in request.headers:
            return Redirect(target, headers={"HX-Redirect": target})
        return Redirect(target, status_code=303)
    answer = _answer(request, status, fault_of(error))
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="upshot"'
    if isinstance(error, Busy):
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def _http_error(request: _AnyRequest, error: HTTPException) -> Response[bytes] | Response[str]:
    message = f"There is no page at {request.url.path}." if error.status_code == 404 else error.detail
    hint = "The navigation leads to what there is." if error.status_code == 404 else ""
    return _answer(request, error.status_code, Fault("http", message, hint))


def _defect(request: _AnyRequest, error: Exception) -> Response[bytes] | Response[str]:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(request, 500, _DEFECT)


def _is_page(request: _AnyRequest) -> bool:
    return not request.url.path.startswith(("/api/", "/static/", "/live", "/healthz"))


def _answer(request: _AnyRequest, status: int, fault: Fault) -> Response[bytes] | Response[str]:
    if not _is_page(request):
        return Response(to_json(fault), status_code=status, media_type=MediaType.JSON)
    title = _TITLES.get(status, "Something went wrong")
    return render(cast("PageRequest", request), "layout/error.html", status=status, title=title, fault=fault)


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    UserError: _user_error,
    HTTPException: _http_error,
    Exception: _defect,
}
