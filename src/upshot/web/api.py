"""The JSON API: every operation at one address, its description, and whether the server is ready."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.params import FromPath

from upshot.api.operation import Permission, Principal
from upshot.api.wire import OPERATIONS_PATH, Fault
from upshot.core.errors import InvalidInput
from upshot.web.area import Area
from upshot.web.collect.openapi import collect_paths
from upshot.web.permit import Open
from upshot.workspace.dispatch import answer
from upshot.workspace.operations import OPERATIONS

if TYPE_CHECKING:
    from upshot.web.served import ServedWorkspace

__all__ = ["AREA", "description", "healthz", "openapi", "operate"]

_JSON = "application/json"


@get("/healthz", permission=Open.PUBLIC)
async def healthz() -> dict[str, str]:
    """200 when requests are answered."""
    return {"status": "ok"}


@post(OPERATIONS_PATH + "/{name:str}", permission=Open.PER_OPERATION, status_code=200)
async def operate(request: Request[Principal, None, State], name: FromPath[str]) -> Response[bytes]:
    """Do the operation ``name``; the body is its request as JSON.

    Raises:
        InvalidInput: The body is not announced as JSON, as a form of another site could send it.
    """
    if request.content_type[0] != _JSON:
        raise InvalidInput(
            f"The request's content type is {request.content_type[0]!r}.", hint=f"Send JSON with Content-Type: {_JSON}."
        )
    workspace: ServedWorkspace = request.app.state.workspace
    body = await request.body()
    caller = workspace.acting_as(request.state.principal)
    status, content = await sync_to_thread(answer, caller, name, body)
    return Response(content, status_code=status, media_type=MediaType.JSON, headers={"Cache-Control": "no-store"})


@get("/api/openapi.json", permission=Permission.READ, sync_to_thread=True)
def openapi() -> Response[bytes]:
    """The description of the API in OpenAPI 3.1, made from the operations themselves."""
    return Response(msgspec.json.encode(description()), media_type=MediaType.JSON)


# an OpenAPI document is an open tree of JSON
def description() -> dict[str, Any]:
    """The OpenAPI document."""
    operations = OPERATIONS
    messages = [Fault, *(message for op in operations for message in (op.request, op.response))]
    references, components = msgspec.json.schema_components(messages, ref_template="#/components/schemas/{name}")
    fault = _content(references[0])
    paths = {}
    for number, operation in enumerate(operations):
        request, response = references[1 + 2 * number : 3 + 2 * number]
        paths[f"{OPERATIONS_PATH}/{operation.name}"] = {
            "post": {
                "operationId": operation.name,
                "summary": (operation.request.__doc__ or operation.name).partition("\n")[0],
                "description": f"Takes the permission to {operation.permission}.",
                "requestBody": {"required": True, "content": _content(request)},
                "responses": {
                    "200": {"description": _first_line(operation.response), "content": _content(response)},
                    "default": {"description": "A user error.", "content": fault},
                },
            }
        }
    paths |= collect_paths()
    return {
        "openapi": "3.1.0",
        "info": {"title": "Upshot", "version": version("upshot")},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "write_key": {"type": "http", "scheme": "basic"},
            },
        },
        "security": [{"token": []}],
    }


def _content(reference: dict[str, Any]) -> dict[str, Any]:
    return {_JSON: {"schema": reference}}


def _first_line(message: type[msgspec.Struct]) -> str:
    return (message.__doc__ or message.__name__).partition("\n")[0]


AREA = Area(
    routes=(
        healthz,
        openapi,
        operate,
    ),
)
