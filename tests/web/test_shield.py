"""What holds for every response."""

import pytest
from litestar import Litestar

from tests.web.conftest import Served
from upshot.web.shield import SECURITY_HEADERS, Shield


@pytest.mark.parametrize("path", ["/", "/healthz", "/nowhere", "/metrics/none", "/static/assets/none", "/api/none"])
def test_every_answer_carries_the_headers(served: Served, path: str) -> None:
    answer = served.get(path)
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_policy_allows_nothing_inline_and_no_other_host(served: Served) -> None:
    policy = dict(part.split(" ", 1) for part in served.get("/").headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert set(policy.values()) == {"'none'", "'self'"}


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/ops/workspace.info", "/static/assets/none"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""])
def test_unknown_host_is_refused(served: Served, path: str, host: str) -> None:
    with served.client(Host=host) as client:
        answer = client.get(path)
    assert answer.status_code in (400, 421)
    assert "event" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "127.0.0.1:1", "[::1]:8765"])
def test_loopback_names_are_known(served: Served, host: str) -> None:
    with served.client(Host=host) as client:
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("hosts", "asked", "known"),
    [
        (("upshot.example",), "upshot.example:8080", True),
        (("upshot.example",), "other.example", False),
        (("*",), "any.example", True),
        (("",), "", False),
    ],
)
def test_setting_names_further_hosts(hosts: tuple[str, ...], asked: str, known: bool) -> None:
    assert Shield(Litestar(openapi_config=None), hosts)._knows(asked) is known
