"""A workspace with a few events, and who uses it."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.operation import LOCAL_OWNER, Caller, Principal, Role
from upshot.core.settings import WorkspaceSettings, load_settings
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace

WANTED = WorkspaceSettings("Shop", "Europe/Berlin", "EUR")


def event(day: int, person: str | None, name: str = "purchase", **properties: str | float) -> NewEvent:
    """An event at noon of a day in January 2024."""
    at = datetime(2024, 1, day, 12, tzinfo=UTC)
    client = f"{name}-{day}-{person}"
    return NewEvent(name, at, person, client, properties=msgspec.Raw(msgspec.json.encode(properties)))


EVENTS = (
    event(1, "ann", country="FR", amount=10.0),
    event(1, "bob", country="DE", amount=20.5),
    event(2, "ann", country="FR", amount=5.0),
    event(9, "bob", country="DE", amount=1.0),
    event(9, None, country="DE", amount=100.0),
    event(16, "eve", "visit"),
)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a few events, made once; tests take copies."""
    place = tmp_path_factory.mktemp("filled") / "shop"
    initialise(place, WANTED, load_settings(None, {}))
    with LocalWorkspace.open(place, load_settings(place, {})) as opened:
        opened.acting_as(LOCAL_OWNER).call(EVENTS_APPEND, EventsAppend("test", EVENTS))
    return place


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A workspace of the test's own, with a few events."""
    return Path(shutil.copytree(filled, tmp_path / "shop"))


@pytest.fixture
def workspace(folder: Path) -> Iterator[LocalWorkspace]:
    """It, open."""
    with LocalWorkspace.open(folder, load_settings(folder, {})) as opened:
        yield opened


@pytest.fixture
def owner(workspace: LocalWorkspace) -> Caller:
    """The workspace as its owner uses it."""
    return workspace.acting_as(Principal("olivia", Role.OWNER))
