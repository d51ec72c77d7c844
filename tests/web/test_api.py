"""The JSON API."""

import pytest

from tests.web.conftest import DAYS, Served
from upshot.web.collect.openapi import COLLECT_PATHS
from upshot.workspace.operations import OPERATIONS


def test_healthz_answers_when_ready(served: Served) -> None:
    answer = served.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_operation_answers_its_response(served: Served) -> None:
    with served.client() as client:
        answer = client.post("/api/ops/workspace.info", json={})
    assert (answer.status_code, answer.json()["events"], answer.json()["name"]) == (200, 4 * DAYS, "Shop")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "body", "status", "code", "words"),
    [
        ("metric.show", b'{"name": "revnue"}', 404, "not_found", "Did you mean 'revenue'?"),
        ("metric.shw", b"{}", 404, "not_found", "metric.show"),
        ("metric.show", b"{", 400, "invalid", "not a MetricName"),
        ("metric.show", b"[]", 400, "invalid", "not a MetricName"),
        ("metric.show", b'{"name": 3}', 400, "invalid", "name"),
        ("metric.query", b'{"name": "revenue", "first": "2024-13-01", "last": "2024-01-01"}', 400, "invalid", "date"),
    ],
)
def test_error_is_json_with_code_message_and_hint(
    served: Served, name: str, body: bytes, status: int, code: str, words: str
) -> None:
    with served.client(**{"Content-Type": "application/json"}) as client:
        answer = client.post(f"/api/ops/{name}", content=body)
    fault = answer.json()
    assert (answer.status_code, fault["code"]) == (status, code)
    assert words in f"{fault['message']} {fault.get('hint', '')}"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_body_that_a_form_could_send_is_refused(served: Served, kind: str) -> None:
    with served.client(**{"Content-Type": kind}) as client:
        answer = client.post("/api/ops/workspace.info", content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_body_beyond_the_setting_is_refused(served: Served) -> None:
    limit = served.workspace.settings.server.max_body_mb * 1_000_000
    with served.client(**{"Content-Type": "application/json"}) as client:
        answer = client.post("/api/ops/workspace.info", content=b" " * (limit + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "http")


def test_wrong_method_is_said_as_json(served: Served) -> None:
    answer = served.get("/api/ops/workspace.info")
    assert (answer.status_code, answer.json()["code"]) == (405, "http")


def test_description_names_every_operation(served: Served) -> None:
    document = served.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {f"/api/ops/{op.name}" for op in OPERATIONS} | set(COLLECT_PATHS)
    shapes = document["components"]["schemas"]
    for path in (described for name, described in document["paths"].items() if name.startswith("/api/ops/")):
        reference = path["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        assert reference.rpartition("/")[2] in shapes
