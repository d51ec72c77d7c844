"""Assets: small, packed, kept for good."""

import re

import pytest

from tests.web.conftest import Served
from upshot.web.assets import DIST, _files, entry

BUDGET_BYTES = 300_000


def urls(served: Served) -> set[str]:
    """What the home page makes a browser load: what its head names, and the modules that charts need."""
    named = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', served.get("/").text))
    chunks = {f"/static/assets/{path.name}" for path in (DIST / "assets").glob("*.js")}
    return named | chunks


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_first_page_stays_within_its_budget(served: Served, encoding: str) -> None:
    total = 0
    with served.client(**{"Accept-Encoding": encoding}) as client:
        for url in urls(served):
            answer = client.send(client.build_request("GET", url), stream=True)
            total += sum(len(part) for part in answer.iter_raw())
            assert answer.status_code == 200
            assert answer.headers.get("content-encoding", encoding) == encoding
    assert 50_000 < total < BUDGET_BYTES


def test_asset_is_kept_for_good(served: Served) -> None:
    answer = served.get(entry().script)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", ["none.js", "..%2fmanifest.json", "%2e%2e/manifest.json", "../../app.py", "x.br"])
def test_nothing_else_is_served(served: Served, name: str) -> None:
    assert served.get(f"/static/assets/{name}").status_code == 404


def test_asset_that_is_gone_is_not_found(served: Served) -> None:
    built = DIST / "assets" / "gone-since.js"
    built.write_text("1")
    try:
        _files.cache_clear()
        assert served.get("/static/assets/none.js").status_code == 404  # the server has looked at what there is
    finally:
        built.unlink()
    for encoding in ("br, gzip", "identity"):
        with served.client(**{"Accept-Encoding": encoding}) as client:
            answer = client.get(f"/static/assets/{built.name}")
        assert (answer.status_code, "Reload the page" in answer.text) == (404, True)
    assert served.get(entry().script).status_code == 200


def test_page_names_no_other_host(served: Served) -> None:
    for path in ("/", "/metrics/revenue", "/retention", "/data"):
        text = served.get(path).text
        addresses = re.findall(r'(?:src|href|action|hx-get)="([^"]*)"', text)
        assert addresses
        assert [a for a in addresses if not a.startswith(("/", "?", "#"))] == [], path
