"""One address for every page of a running server, found as a person finds them: by the links of other pages."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from litestar.handlers import HTTPRouteHandler

from upshot.web.app import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

__all__ = ["add_dashboard", "addresses", "page_of", "parts_of", "patterns"]

_LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)"')
_LOADED = re.compile(r'<[^>]*hx-trigger="[^"]*load[^"]*"[^>]*>')
_TAB = re.compile(r"[?&]tab=(\w+)")
_ENDLESS = ("/live",)
_ALIKE = 4
"""How many pages of one pattern are read for their links: the first launch may have no verdict that is linked to."""


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every address that can be looked at, those without names first."""
    read = (each for each in ROUTES if isinstance(each, HTTPRouteHandler) and "GET" in each.http_methods)
    for path in sorted((path for handler in read for path in handler.paths), key=lambda path: ("{" in path, path)):
        yield path, re.compile(re.sub(r"\{[^}]*\}", "[^/?]+", path))


def page_of(address: str) -> str | None:
    """Which page an address is of: the pattern in the application's own table, and a tab; None without a pattern."""
    bare, tab = address.partition("?")[0], _TAB.search(address)
    pattern = next((path for path, each in patterns() if each.fullmatch(bare)), None)
    return None if pattern is None else f"{pattern}?tab={tab[1]}" if tab else pattern


def addresses(client: httpx.Client) -> dict[str, str]:
    """For each page that answers, one address: what pages link to, or the pattern itself where it has no names.

    Filters, sorting and days in links are left out; tabs are pages of their own. What a page loads by itself is loaded.
    """
    waiting = ["/", *(path for path, _ in patterns() if "{" not in path)]
    found: dict[str, str] = {}
    read: dict[str, set[str]] = {}
    while waiting:
        address = waiting.pop(0)
        page = page_of(address)
        if page is None or page in _ENDLESS:
            continue
        bare, _, tab = address.partition("?")[0], *page.partition("?tab=")[1:]
        plain = f"{bare}?tab={tab}" if tab else bare
        alike = read.setdefault(page, set())
        if plain in alike or len(alike) == _ALIKE:
            continue
        alike.add(plain)
        answer = client.get(plain)
        if answer.status_code == 200 and answer.text.startswith("<!doctype html>"):
            found.setdefault(page, plain)
            waiting += [unescape(link) for link in _LINK.findall(answer.text)]
            for part in parts_of(answer.text):  # as a browser does
                client.get(part)
    return found


def parts_of(text: str) -> list[str]:
    """What a page loads by itself once it is there."""
    return [unescape(link) for element in _LOADED.findall(text) for link in _LINK.findall(element)]


def add_dashboard(client: httpx.Client) -> None:
    """A dashboard made by hand, as one that is declared cannot be edited, and some workspaces have none."""
    there = client.post("/api/ops/dashboard.list", json={}).raise_for_status().json()
    if any(each["dashboard"]["name"] == "bench" for each in there["dashboards"]):
        return
    found = client.post("/api/ops/metric.list", json={}).raise_for_status().json()
    tile = {"name": "first", "type": "chart", "metric": found["metrics"][0]["name"]}
    tile |= {"x": 0, "y": 0, "width": 6, "height": 4}
    body = {"dashboard": {"name": "bench", "title": "Bench", "tiles": [tile]}, "after": 0}
    client.post("/api/ops/dashboard.save", json=body).raise_for_status()
