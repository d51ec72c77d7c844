import threading
from pathlib import Path

import msgspec
import pytest

from tests.shop import WANTED, event
from upshot.api.events import EVENTS_APPEND, EventsAppend
from upshot.api.operation import LOCAL_OWNER, Caller
from upshot.api.state import WORKSPACE_INFO, Nothing
from upshot.core.errors import InvalidInput, NotFound, WorkspaceLocked
from upshot.core.settings import WorkspaceSettings, load_settings
from upshot.server.serving import bind, is_loopback
from upshot.workspace.connect import connect
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace


def test_initialise_keeps_what_is_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    initialise(tmp_path, WANTED, load_settings(None, {}))
    assert (tmp_path / "notes.txt").read_text() == "mine"
    with pytest.raises(InvalidInput, match="is a workspace already"):
        initialise(tmp_path, WANTED, load_settings(None, {}))


@pytest.mark.parametrize("wanted", [WorkspaceSettings("x", "Mars/Olympus"), WorkspaceSettings("x", "UTC", "XXY")])
def test_initialise_with_a_wrong_word_makes_nothing(tmp_path: Path, wanted: WorkspaceSettings) -> None:
    with pytest.raises(NotFound):
        initialise(tmp_path / "new", wanted, load_settings(None, {}))
    assert not (tmp_path / "new").exists()


def test_initialise_where_nothing_can_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="cannot be made"):
        initialise(tmp_path / "file" / "new", WANTED, load_settings(None, {}))


def test_initialise_that_fails_leaves_no_workspace(tmp_path: Path) -> None:
    loaded = load_settings(None, {"UPSHOT_CATALOG_URL": "postgresql://x:y@127.0.0.1:1/none"})
    with pytest.raises(NotFound, match="catalog"):
        initialise(tmp_path / "new", WANTED, loaded)
    with pytest.raises(NotFound, match="workspace"):
        LocalWorkspace.open(tmp_path / "new", load_settings(None, {}))


@pytest.mark.postgres
def test_workspace_keeps_its_catalog_in_postgresql(tmp_path: Path, postgres_url: str) -> None:
    loaded = load_settings(None, {"UPSHOT_CATALOG_URL": postgres_url})
    initialise(tmp_path / "new", WANTED, loaded)
    assert not (tmp_path / "new" / "catalog.sqlite").exists()
    loaded = load_settings(tmp_path / "new", {"UPSHOT_CATALOG_URL": postgres_url})
    with connect(tmp_path / "new", loaded, LOCAL_OWNER) as workspace:
        info = workspace.call(WORKSPACE_INFO, Nothing())
    assert info.catalog.startswith("postgresql")


def test_open_workspace_is_locked_for_a_second(workspace: LocalWorkspace, folder: Path) -> None:
    with pytest.raises(WorkspaceLocked):
        LocalWorkspace.open(folder, load_settings(folder, {}))
    assert workspace.revision > 0


def test_commit_is_told_to_listeners_until_they_leave(workspace: LocalWorkspace, owner: Caller) -> None:
    told: list[int] = []
    came = threading.Event()

    def listen(revision: int) -> None:
        told.append(revision)
        came.set()

    leave = workspace.on_commit(listen)
    before = workspace.revision
    owner.call(EVENTS_APPEND, EventsAppend("test", (event(25, "new"),)))
    assert came.wait(10)
    leave()
    owner.call(EVENTS_APPEND, EventsAppend("test", (event(26, "new"),)))
    assert told == [before + 1]


def test_closing_is_told_once_and_to_who_still_listens(workspace: LocalWorkspace) -> None:
    told: list[str] = []
    leave = workspace.on_closing(lambda: told.append("left"))
    workspace.on_closing(lambda: told.append("stayed"))
    leave()
    workspace.begin_closing()
    assert workspace.closing.is_set()
    assert told == ["stayed"]
    workspace.close()
    workspace.close()


@pytest.mark.parametrize(
    ("host", "near"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("192.168.0.1", False), ("x", False)],
)
def test_loopback_is_known_by_its_address(host: str, near: bool) -> None:
    assert is_loopback(host) is near


def test_bind_beyond_loopback_takes_an_access_entry(workspace: LocalWorkspace) -> None:
    with pytest.raises(InvalidInput, match="would let everybody in"):
        bind(workspace, "0.0.0.0", 0)
    workspace.resources.catalog.access.add("zoe", "viewer")
    bind(workspace, "0.0.0.0", 0).close()


def test_bind_at_an_address_of_nobody_says_so(workspace: LocalWorkspace) -> None:
    workspace.resources.catalog.access.add("zoe", "viewer")
    with pytest.raises(InvalidInput, match=r"Cannot listen on 203\.0\.113\.1"):
        bind(workspace, "203.0.113.1", 0)


def test_settings_of_the_environment_reach_the_store(folder: Path) -> None:
    loaded = load_settings(folder, {"UPSHOT_STORE_THREADS": "1", "UPSHOT_STORE_MEMORY_MB": "256"})
    with LocalWorkspace.open(folder, loaded) as workspace:
        (row,) = workspace.resources.store.run_sql(
            "SELECT current_setting('threads')::INTEGER, current_setting('memory_limit')"
        ).rows
    assert row[0] == 1
    assert msgspec.convert(row[1], str).startswith("256")
