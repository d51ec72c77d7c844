"""Another site on this machine, and persons' browsers that look at it."""

import http.server
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, Request, Route

from tests.clients.conftest import PACKAGES, Collecting, Held

PERSON_BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
PATIENCE_SECONDS = 40
TYPES = {".js": "text/javascript", ".html": "text/html; charset=utf-8"}


@dataclass
class Site:
    """Another site on this machine: its own pages, and files of npm packages below ``/npm/``."""

    url: str = ""
    pages: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def site() -> Iterator[Site]:
    """It, at a port of its own."""
    found = Site()

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            inside = (PACKAGES / path.removeprefix("/npm/")).resolve()
            page = found.pages.get(path)
            if page is not None:
                body, kind = page.encode(), TYPES[".html"]
            elif path.startswith("/npm/") and inside.is_relative_to(PACKAGES) and inside.is_file():
                body, kind = inside.read_bytes(), TYPES.get(inside.suffix, "application/octet-stream")
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            del format, args

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        found.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join(timeout=10)


@dataclass
class Visit:
    """A person's browser; it reaches this machine only.

    Attributes:
        strangers: Hosts that were asked for besides.
        failures: What no script caught.
    """

    context: BrowserContext
    strangers: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def wait_for(self, collecting: Collecting, enough: Callable[[list[Held]], bool]) -> list[Held]:
        """What is held as soon as it is enough, or what is there when the time is over."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not enough(found := collecting.held()) and time.monotonic() < end:
            self.context.pages[0].wait_for_timeout(100)
        return found

    def page(self) -> Page:
        page = self.context.new_page()

        def failed(error: Error) -> None:
            self.failures.append(str(error))

        page.on("pageerror", failed)
        return page


Visitors = Callable[..., Visit]


@pytest.fixture
def visitors(browser: Browser) -> Iterator[Visitors]:
    """Make persons' browsers; in the end, none has asked for another host."""
    visits: list[Visit] = []

    # Any: playwright's own options
    def make(**options: Any) -> Visit:
        visit = Visit(browser.new_context(user_agent=PERSON_BROWSER, **options))
        visits.append(visit)

        def asked(request: Request) -> None:
            host = urlsplit(request.url).hostname
            if host not in (None, "127.0.0.1", "localhost"):
                visit.strangers.append(request.url)

        def bar(route: Route) -> None:
            if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost"):
                route.continue_()
            else:
                route.abort()

        visit.context.on("request", asked)
        visit.context.route("**/*", bar)
        return visit

    yield make
    for visit in visits:
        visit.context.close()
    assert [url for visit in visits for url in visit.strangers] == []


def once(held: list[Held]) -> Counter[str]:
    return Counter(one.event for one in held)
