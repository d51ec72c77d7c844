"""Who may call what: every route, the whole cast."""

import httpx
import pytest
from litestar import get
from litestar.routes import ASGIRoute, HTTPRoute

from tests.web.conftest import Served
from upshot.api.operation import Permission, Role
from upshot.core.errors import InternalError
from upshot.web.app import ROUTES, create_app
from upshot.web.permit import Open
from upshot.workspace.operations import OPERATIONS

FILES = {
    "/dashboards/{name:str}/tiles/{tile:str}/{file:str}": "data.csv",
    "/dashboards/{name:str}/export/{file:str}": "dashboard.yaml",
}
NOTHING_DECLARED = (
    "/experiments/{name:str}",
    "/launches/{name:str}",
    "/objectives/{name:str}",
    "/outputs/{name:str}",
    "/verdicts/{verdict:str}",
)
"""Pages of what this workspace has none of: who may read is told so."""
CAST = ("owner", "editor", "viewer", "outsider", "")


def declared(served: Served) -> list[tuple[str, str, Permission | Open]]:
    """Method, path and permission of each handler."""
    found = []
    for route in served.app.routes:
        if isinstance(route, ASGIRoute):
            found.append(("POST", route.path, route.route_handler.opt["permission"]))
            continue
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            methods = {str(m) for m in handler.http_methods} - {"OPTIONS"}
            found += [(method, route.path, handler.opt["permission"]) for method in methods]
    return found


def test_every_route_declares_its_permission(served: Served) -> None:
    routes = declared(served)
    asked = {*Permission, Open.PUBLIC, Open.PER_OPERATION, Open.WRITE_KEY}
    assert {kind for _, _, kind in routes} == asked
    addresses = {path for _, path, kind in routes if kind is not Open.WRITE_KEY}
    assert len(addresses) <= len(ROUTES)


def test_route_without_permission_stops_the_start(served: Served) -> None:
    @get("/open-by-accident")
    async def careless() -> str:
        return ""

    with pytest.raises(InternalError, match=r"/open-by-accident .* declares no permission"):
        create_app(served.workspace, served.workspace.settings, routes=(*ROUTES, careless))


@pytest.mark.parametrize("role", CAST)
def test_cast_on_every_read_route(guarded: Served, role: str) -> None:
    for method, path, permission in declared(guarded):
        if method != "GET" or path == "/live" or permission is Open.WRITE_KEY:
            continue
        metric = "active_persons" if "/lifecycle." in path else "revenue"  # the sum of an amount has no lifecycle
        address = path.replace("{name:str}", metric).replace("{tile:str}", "revenue")
        if permission in (Permission.WRITE, Permission.ADMIN):
            continue
        answer = guarded.get(address.replace("{file:str}", FILES.get(path, "")), role)
        known = role in ("owner", "editor", "viewer")
        if permission is Open.PUBLIC:
            assert answer.status_code in (200, 303, 404), path
        elif known:
            found = (404,) if path in NOTHING_DECLARED else (200, 204)
            assert answer.status_code in found, (path, answer.text[:300])
        elif path.startswith("/api/"):
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Bearer")
        else:
            assert (answer.status_code, answer.headers["location"][:14]) == (303, "/sign-in?next="), path


@pytest.mark.parametrize("role", CAST)
def test_cast_on_the_live_stream(guarded: Served, role: str) -> None:
    with guarded.client(role) as client, client.stream("GET", "/live") as answer:
        expected = 200 if role in ("owner", "editor", "viewer") else 401
        assert answer.status_code == expected


@pytest.mark.parametrize("role", CAST)
def test_cast_on_every_operation(guarded: Served, role: str) -> None:
    """A body that is no request shows the guard's answer without doing anything."""
    for operation in OPERATIONS:
        with guarded.client(role) as client:
            answer = client.post(f"/api/ops/{operation.name}", json=[])
        if role not in ("owner", "editor", "viewer"):
            assert answer.status_code == 401, operation.name
        elif operation.permission in Role(role).permissions:
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), operation.name
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), operation.name
            assert answer.json()["hint"]


def test_browser_on_loopback_is_owner_without_access_entries(served: Served) -> None:
    assert served.get("/").status_code == 200
    with served.client() as client:
        assert client.post("/api/ops/access.list", json={}).json() == {"entries": []}


def test_wrong_token_is_nobody_even_where_none_is_needed(served: Served) -> None:
    with served.client("outsider") as client:
        assert client.post("/api/ops/workspace.info", json={}).status_code == 401


def test_command_with_the_server_s_token_is_owner(guarded: Served) -> None:
    guarded.tokens["command"] = guarded.workspace.server_token
    with guarded.client("command") as client:
        assert client.post("/api/ops/access.list", json={}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/api/ops/workspace.info", "/sign-in", "/sign-out"])
def test_request_of_another_site_is_refused(served: Served, headers: dict[str, str], path: str) -> None:
    with served.client(**headers) as client:
        answer = client.post(path, json={})
    assert answer.status_code == 403
    assert "another site" in answer.text


def test_request_of_an_own_page_is_taken(served: Served) -> None:
    with served.client(**{"Origin": served.url, "Sec-Fetch-Site": "same-origin"}) as client:
        assert client.post("/api/ops/workspace.info", json={}).status_code == 200


def test_options_are_answered_for_no_route(served: Served) -> None:
    with served.client() as client:
        assert client.options("/api/ops/workspace.info").status_code == 403


def test_revoked_token_is_nobody_at_once(fresh: Served) -> None:
    def post(name: str, body: dict[str, str], token: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.post(f"{fresh.url}/api/ops/{name}", json=body, headers=headers, trust_env=False)

    tokens = [
        post("access.add", {"name": "ann", "role": "owner"}).json()["token"],
        post("access.add", {"name": "bob", "role": "viewer"}, fresh.workspace.server_token).json()["token"],
    ]
    assert post("workspace.info", {}, tokens[1]).status_code == 200
    assert post("access.revoke", {"name": "bob"}, tokens[0]).status_code == 200
    assert post("workspace.info", {}, tokens[1]).status_code == 401
