"""The tracker's script as it is served: small, for any site, at an address that stays."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.web.conftest import NOW, Served, made, serving
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.operation import LOCAL_OWNER
from upshot.metrics.library_web import events_of, web_library
from upshot.web.tracker import TRACKER

BUDGET_BYTES = 3000


def test_script_is_under_three_kilobytes(served: Served) -> None:
    with served.client(**{"Accept-Encoding": "gzip"}) as client:
        answer = client.send(client.build_request("GET", "/upshot.js"), stream=True)
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert 1000 < len(packed) < BUDGET_BYTES
    assert gzip.decompress(packed) == TRACKER.read_bytes()


@pytest.mark.parametrize("encoding", ["br", "gzip", "identity"])
def test_script_is_for_any_site_and_kept_for_an_hour(served: Served, encoding: str) -> None:
    with served.client(Origin="https://shop.example", **{"Accept-Encoding": encoding}) as client:
        answer = client.get("/upshot.js")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert answer.headers["cache-control"].startswith("public, max-age=3600")
        assert answer.headers["vary"] == "Accept-Encoding"
        again = client.get("/upshot.js", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get("/upshot.js", headers={"If-None-Match": 'W/"older"'}).status_code == 200


def test_ready_made_metrics_of_browsers_show_once_such_events_are_there(served: Served, tmp_path: Path) -> None:
    titles = [metric.title for metric in web_library()]
    before = served.get("/metrics").text
    assert [title for title in titles if f">{title}<" in before] == []
    folder = made(tmp_path / "shop")
    with serving(folder) as running:
        at = (NOW - timedelta(days=1)).astimezone(UTC)
        names = sorted(frozenset().union(*(events_of(metric) for metric in web_library())))
        events = tuple(NewEvent(name, datetime(at.year, at.month, at.day, tzinfo=UTC), "p") for name in names)
        running.workspace.acting_as(LOCAL_OWNER).call(EVENTS_APPEND, EventsAppend("web", events))
        after = running.get("/metrics").text
        assert [title for title in titles if f">{title}<" not in after] == []
