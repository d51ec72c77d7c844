"""Signing in and out."""

import pytest

from tests.web.conftest import Served
from upshot.web.permit import ACCESS_COOKIE


def test_right_token_becomes_a_cookie_that_scripts_cannot_read(guarded: Served) -> None:
    with guarded.client() as client:
        answer = client.post("/sign-in", data={"token": guarded.tokens["viewer"], "next": "/data"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/data")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert client.get("/data").status_code == 200
        assert client.post("/sign-out").headers["location"] == "/sign-in"
        assert client.get("/data").status_code == 303


@pytest.mark.parametrize("token", ["", "nonsense", "  "])
def test_wrong_token_is_refused_without_a_cookie(guarded: Served, token: str) -> None:
    with guarded.client() as client:
        answer = client.post("/sign-in", data={"token": token})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "not known here" in answer.text


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "/a\r\nb"])
def test_sign_in_leads_to_this_server_only(guarded: Served, target: str) -> None:
    with guarded.client() as client:
        answer = client.post("/sign-in", data={"token": guarded.tokens["viewer"], "next": target})
    assert answer.headers["location"] == "/"


def test_page_that_asks_who_leads_back_to_itself(guarded: Served) -> None:
    answer = guarded.get("/metrics/revenue?range=7d")
    assert answer.headers["location"] == "/sign-in?next=%2Fmetrics%2Frevenue%3Frange%3D7d"
    assert 'name="next" value="/metrics/revenue?range=7d"' in guarded.get(answer.headers["location"]).text


def test_part_of_a_page_leads_the_whole_page_to_sign_in(guarded: Served) -> None:
    with guarded.client(**{"HX-Request": "true"}) as client:
        answer = client.get("/data")
    assert answer.headers["hx-redirect"] == "/sign-in?next=%2Fdata"


def test_open_workspace_asks_nobody_to_sign_in(served: Served) -> None:
    answer = served.get("/sign-in?next=/data")
    assert (answer.status_code, answer.headers["location"]) == (303, "/data")


def test_cookie_of_a_viewer_changes_nothing(guarded: Served) -> None:
    with guarded.client() as client:
        client.cookies.set(ACCESS_COOKIE, guarded.tokens["viewer"])
        answer = client.post("/api/ops/facts.refresh", json={}, headers={"Origin": guarded.url})
    assert answer.status_code == 403
