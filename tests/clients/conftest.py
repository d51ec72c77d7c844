"""A server in bad weather, what its store holds in the end, and the npm packages of the clients."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.conftest import unavailable
from tests.web.conftest import Served, made, serving
from upshot.api.data import DATA_REJECTS, RejectsQuery
from upshot.api.events import EVENTS_RECENT, EventsRecent
from upshot.api.keys import WRITE_KEY_ADD, WriteKeyAdd
from upshot.api.operation import LOCAL_OWNER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar.types import Message, Receive, Scope, Send

    from upshot.web.app import Application

HERE = Path(__file__).resolve().parent
PACKAGES = HERE / "node_modules"
KEY = "the-key-that-is-in-the-field"
BUSY, LOST = "busy", "lost"


@dataclass
class Weather:
    """What stands between a server and its clients.

    Attributes:
        app: The server.
        coming: What the next requests that bring events meet: ``busy``, a 503 before the server sees it, or ``lost``, a
            503 after the server has done and acknowledged it.
        met: How many met what, fair weather too.
        origins: From which sites requests came.
    """

    app: Application
    coming: list[str] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    origins: set[str] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        brings = scope.get("method") == "POST" and not scope["path"].startswith(("/flags", "/decide"))
        if not brings:
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        self.origins.add(headers.get(b"origin", b"").decode())
        weather = self.coming.pop(0) if self.coming else "fair"
        self.met[weather] += 1
        if weather == "fair":
            await self.app(scope, receive, send)
            return
        if weather == LOST:
            await self.app(scope, receive, _nowhere)
        leave = [(b"access-control-allow-origin", headers[b"origin"])] if b"origin" in headers else []
        more = [(b"access-control-allow-credentials", b"true"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 503, "headers": [*leave, *more]})
        await send({"type": "http.response.body", "body": b'{"code":"busy","message":"later"}', "more_body": False})


async def _nowhere(message: Message) -> None:
    del message


@dataclass(frozen=True)
class Held:
    """An event as the store holds it, with the person whose it is by now; ``properties`` is open JSON."""

    event: str
    person: str | None
    distinct_id: str | None
    session: str | None
    occurred_at: datetime
    source: str
    groups: dict[str, str]
    properties: dict[str, Any]


@dataclass(frozen=True)
class Collecting:
    """A server with a write key, and its weather."""

    served: Served
    weather: Weather

    @property
    def url(self) -> str:
        return self.served.url

    def held(self) -> list[Held]:
        """Every event, in the order of their happening; nothing was rejected."""
        owner = self.served.workspace.acting_as(LOCAL_OWNER)
        assert owner.call(DATA_REJECTS, RejectsQuery(10)).rejects == ()
        rows = {row.event_id: row for row in owner.call(EVENTS_RECENT, EventsRecent(1000)).events}
        store = self.served.workspace.resources.store
        dialect = store.dialect()
        events = dialect.with_unit(dialect.events(), "person").select("event_id", "groups", "unit_key")
        named = events.left_join(dialect.unit_names("person"), "unit_key").select("event_id", "unit", "groups")
        result = store.run(named)
        assert len(result.rows) == len({str(key) for key, _, _ in result.rows})
        found = []
        # what came in between the two questions waits for the next time
        for key, person, groups in (named for named in result.rows if str(named[0]) in rows):
            row = rows[str(key)]
            properties = msgspec.json.decode(row.properties)
            found.append(
                Held(
                    row.event,
                    person,
                    row.distinct_id,
                    row.session_id,
                    row.occurred_at,
                    row.source,
                    dict(groups or {}),
                    properties,
                )
            )
        return sorted(found, key=lambda one: one.occurred_at)

    def trait(self, person: str, name: str) -> str | None:
        """The present value of a person's trait."""
        return self.unit_trait("person", person, name)

    def unit_trait(self, unit_type: str, unit: str, name: str) -> str | None:
        """The present value of a unit's trait."""
        store = self.served.workspace.resources.store
        dialect = store.dialect()
        history = (
            dialect.unit_property(unit_type, name)
            .select("unit_key", "value", "valid_to")
            .join(dialect.unit_names(unit_type), "unit_key")
        )
        rows = store.run(history.select("unit", "value", "valid_to")).rows
        return next((str(value) for who, value, until in rows if who == unit and until is None), None)


@pytest.fixture
def collecting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collecting]:
    """A server of the test's own that asks for a write key."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    weathers: list[Weather] = []

    def around(app: Application) -> Weather:
        weathers.append(Weather(app))
        return weathers[0]

    with serving(made(tmp_path / "w", filled=False), datetime.now, around) as served:
        served.workspace.acting_as(LOCAL_OWNER).call(WRITE_KEY_ADD, WriteKeyAdd("app", KEY))
        yield Collecting(served, weathers[0])


@pytest.fixture(scope="session")
def packages() -> Path:
    """Where the clients' npm packages are: ``make test`` installs them."""
    if not (PACKAGES / ".installed").is_file():
        unavailable("the clients' npm packages are not installed (python scripts/clients.py)")
    return PACKAGES
