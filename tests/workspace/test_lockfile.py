import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from upshot.workspace.connect import running_server
from upshot.workspace.lockfile import LOCK_FILE, ServerLock, process_lives, read_lock, remove_lock, write_lock


def lock_of(pid: int) -> ServerLock:
    return ServerLock(pid, "http://127.0.0.1:1", "secret", datetime(2024, 1, 1, tzinfo=UTC), "0.1.0")


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_lock_is_for_its_owner_only(tmp_path: Path) -> None:
    write_lock(tmp_path, lock_of(1))
    mode = stat.S_IMODE((tmp_path / LOCK_FILE).stat().st_mode)
    assert mode == 0o600
    assert read_lock(tmp_path) == lock_of(1)
    assert [p.name for p in (tmp_path / LOCK_FILE).parent.iterdir()] == [LOCK_FILE.name]


def test_lock_absent_or_damaged_is_none(tmp_path: Path) -> None:
    assert read_lock(tmp_path) is None
    write_lock(tmp_path, lock_of(1))
    (tmp_path / LOCK_FILE).write_text('{"pid": 1')
    assert read_lock(tmp_path) is None


def test_lock_of_another_process_is_left(tmp_path: Path) -> None:
    write_lock(tmp_path, lock_of(1))
    remove_lock(tmp_path, pid=2)
    assert read_lock(tmp_path) is not None
    remove_lock(tmp_path, pid=1)
    assert read_lock(tmp_path) is None


def test_lock_of_a_dead_process_is_stale(tmp_path: Path) -> None:
    write_lock(tmp_path, lock_of(dead_process()))
    assert running_server(tmp_path) is None


def test_lock_of_a_living_process_that_does_not_answer_is_stale(tmp_path: Path) -> None:
    assert process_lives(os.getpid())
    write_lock(tmp_path, lock_of(os.getpid()))
    assert running_server(tmp_path) is None
