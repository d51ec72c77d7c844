"""The benchmark of pages asks every page there is: in Tempo's books none is without an address."""

import json
from collections.abc import Iterator

import pytest
from bench.addresses import add_dashboard, addresses, page_of, parts_of, patterns
from bench.bench_pages import serving
from bench.workspaces import tempo

from tests.web.pages import PAGES

NO_PAGES = {
    "/api/openapi.json",
    "/array/{token:str}/config",
    "/array/{token:str}/config.js",
    "/dashboards/{name:str}/export/{file:str}",
    "/dashboards/{name:str}/tiles",
    "/dashboards/{name:str}/tiles/{tile:str}/{file:str}",
    "/explore/chart.png",
    "/explore/chart.svg",
    "/explore/data.csv",
    "/healthz",
    "/ledger.csv",
    "/live",
    "/metrics/{name:str}/chart.png",
    "/metrics/{name:str}/chart.svg",
    "/metrics/{name:str}/lifecycle.csv",
    "/metrics/{name:str}/lifecycle.png",
    "/metrics/{name:str}/lifecycle.svg",
    "/metrics/{name:str}/series.csv",
    "/retention/grid.csv",
    "/retention/grid.png",
    "/retention/grid.svg",
    "/search",
    "/static/assets/{name:str}",
    "/suggest",
    "/upshot.js",
    "/v1/projects/{key:str}/settings",
}
"""Addresses that answer files, fragments of pages, programs, or without an end."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with serving(tempo(tmp_path_factory.mktemp("bench"), "0.01")) as timed:
        add_dashboard(timed.client)
        add_dashboard(timed.client)  # in a workspace that was measured before it is there
        yield addresses(timed.client)


def test_no_page_is_missing(found: dict[str, str]) -> None:
    assert {path for path, _ in patterns()} - found.keys() == NO_PAGES


def test_each_page_that_is_looked_at_in_browsers_is_measured(found: dict[str, str]) -> None:
    looked_at = {page_of(path) for area, paths in PAGES.items() if area != "error" for path in paths}
    assert looked_at - found.keys() == set()
    assert len(looked_at) >= 20


def test_addresses_are_of_the_pages_they_stand_for(found: dict[str, str]) -> None:
    assert {page_of(path): path for path in found.values()} == found, json.dumps(found)


def test_parts_are_what_loads_by_itself() -> None:
    text = '<div hx-get="/?a=1&amp;whole=1" hx-trigger="load"></div><a href="/x">x</a><b hx-get="/y">'
    assert parts_of(text) == ["/?a=1&whole=1"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/explore?tab=retention&by=week", "/explore?tab=retention"),
        ("/explore?show=metric:x", "/explore"),
        ("/metrics/x?from=2024-01-01", "/metrics/{name:str}"),
        ("/dashboards/new", "/dashboards/new"),
        ("/nothing/of/that/name", None),
    ],
)
def test_page_of_an_address(address: str, expected: str | None) -> None:
    assert page_of(address) == expected
