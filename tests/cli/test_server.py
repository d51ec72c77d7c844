"""Commands and a real server: the same answers, one holder of the store, a clean end."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.cli.conftest import Serve, wait_until_some_is_kept
from upshot.cli.app import EXIT_USER, main
from upshot.workspace.lockfile import LOCK_FILE, ServerLock, read_lock

Captured = pytest.CaptureFixture[str]
_MOVING = re.compile(r'"(elapsed_ms|revision|last_used_at|storage_bytes)": [^,\n]+')
QUESTIONS = (
    ("metric", "list"),
    ("metric", "show", "events"),
    ("metric", "query", "events", "--from", "2024-01-01", "--to", "2024-01-31", "--by", "week"),
    ("metric", "query", "active_persons", "--by", "month", "--breakdown", "country", "--compare", "previous"),
    ("metric", "query", "events", "--where", "country = FR", "--by", "month", "--compare", "year"),
    ("metric", "query", "stickiness", "--by", "month"),
    ("metric", "retention", "--from", "2024-01-01", "--to", "2024-01-31", "--by", "week"),
    ("data", "events"),
    ("data", "properties", "purchase"),
    ("data", "rejects"),
    ("access", "list"),
    # errors
    ("metric", "show", "evnts"),
    ("metric", "query", "events", "--where", "countri = FR"),
    ("metric", "query", "events", "--where", "country ~ FR"),
    ("metric", "query", "events", "--from", "2024-02-01", "--to", "2024-01-01"),
    ("access", "revoke", "nobody"),
    ("import", "events", "/nowhere/file.csv", "--event", "x"),
)


def answers(capsys: Captured, folder: Path) -> list[tuple[int, str, str]]:
    """What every question gets, without what differs from one asking to the next."""
    found = []
    for words in QUESTIONS:
        code = main([*words, "--json", "--workspace", str(folder)])
        caught = capsys.readouterr()
        found.append((code, _MOVING.sub("", caught.out), caught.err))
    return found


def test_answers_through_a_server_are_the_same(folder: Path, serve: Serve, capsys: Captured) -> None:
    main(["facts", "refresh", "--workspace", str(folder)])
    capsys.readouterr()
    alone = answers(capsys, folder)
    server = serve(folder)
    served = answers(capsys, folder)
    assert server.stop() == 0
    assert served == alone
    assert {code for code, _, _ in alone} == {0, EXIT_USER}


def test_server_is_found_and_leaves_nothing_behind(folder: Path, serve: Serve, capsys: Captured) -> None:
    server = serve(folder)
    lock = read_lock(folder)
    assert lock is not None
    assert (lock.pid, lock.address) == (server.process.pid, server.address)
    assert stat.S_IMODE((folder / LOCK_FILE).stat().st_mode) == 0o600
    assert httpx.get(f"{server.address}/healthz", trust_env=False).status_code == 200
    assert main(["doctor", "--workspace", str(folder)]) == 0
    assert f"A server runs at {server.address}" in capsys.readouterr().out
    assert server.stop(signal.SIGINT) == 0
    assert not (folder / LOCK_FILE).exists()


def test_server_ends_without_a_word(folder: Path, serve: Serve, capfd: pytest.CaptureFixture[str]) -> None:
    server = serve(folder)
    assert httpx.get(f"{server.address}/metrics", trust_env=False).status_code == 200
    assert server.stop(signal.SIGINT) == 0
    assert capfd.readouterr().err == ""


def test_second_server_is_refused_and_names_the_first(folder: Path, serve: Serve, capsys: Captured) -> None:
    server = serve(folder)
    assert main(["serve", "--port", "0", "--workspace", str(folder)]) == EXIT_USER
    assert f"A server runs on this workspace already, at {server.address}" in capsys.readouterr().err


def test_server_stops_soon_with_an_open_stream(folder: Path, serve: Serve) -> None:
    server = serve(folder)
    opened = threading.Event()

    def listen() -> None:
        with httpx.stream("GET", f"{server.address}/live", timeout=30, trust_env=False) as answer:
            opened.set()
            for _ in answer.iter_raw():
                pass

    def tolerant() -> None:
        try:
            listen()
        except httpx.TransportError:
            return

    listener = threading.Thread(target=tolerant)
    listener.start()
    assert opened.wait(20)
    started = time.monotonic()
    assert server.stop() == 0
    # a second of grace, and the closing of the store on a busy machine
    assert time.monotonic() - started < 5
    listener.join(10)
    assert not listener.is_alive()


def test_server_that_was_killed_does_not_block_commands(folder: Path, serve: Serve, capsys: Captured) -> None:
    server = serve(folder)
    server.process.kill()
    server.process.wait()
    assert (folder / LOCK_FILE).exists()
    assert main(["metric", "query", "events", "--by", "month", "--workspace", str(folder)]) == 0
    assert main(["doctor", "--workspace", str(folder)]) == 0
    assert "was left by a server that is gone" in capsys.readouterr().out
    assert serve(folder).stop() == 0


def test_server_beyond_loopback_takes_an_access_entry(folder: Path, capsys: Captured) -> None:
    assert main(["serve", "--host", "0.0.0.0", "--port", "0", "--workspace", str(folder)]) == EXIT_USER
    err = capsys.readouterr().err
    assert "would let everybody in" in err
    assert "upshot access add" in err


def test_server_on_a_taken_port_says_so(folder: Path, capsys: Captured) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port), "--workspace", str(folder)]) == EXIT_USER
    assert f"Cannot listen on 127.0.0.1 port {port}" in capsys.readouterr().err


def test_access_goes_through_the_server_and_closes_it_to_strangers(
    folder: Path, serve: Serve, capsys: Captured
) -> None:
    server = serve(folder)
    assert main(["access", "add", "zoe", "--role", "viewer", "--json", "--workspace", str(folder)]) == 0
    token = msgspec.json.decode(capsys.readouterr().out)["token"]
    address = f"{server.address}/api/ops/workspace.info"
    stranger = httpx.post(address, json={}, trust_env=False)
    viewer = httpx.post(address, json={}, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    assert (stranger.status_code, viewer.status_code) == (401, 200)
    assert main(["access", "list", "--workspace", str(folder)]) == 0
    assert "zoe" in capsys.readouterr().out


def many_rows(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write("at,who,what,price\n")
        for i in range(rows):
            file.write(f"2024-01-{1 + i % 28:02d}T10:00:00Z,p{i % 997},order,{i % 100}\n")
    return path


def import_words(file: Path, folder: Path) -> list[str]:
    options = ["--timestamp", "at", "--distinct-id", "who", "--event-column", "what"]
    return ["import", "events", str(file), *options, "--workspace", str(folder), "--json"]


def test_import_through_the_server_is_the_same(folder: Path, serve: Serve, capsys: Captured, tmp_path: Path) -> None:
    file = many_rows(tmp_path / "orders.csv", 5_000)
    server = serve(folder)
    assert main(import_words(file, folder)) == 0
    status = msgspec.json.decode(capsys.readouterr().out)
    assert (status["state"], status["stored"]) == ("done", 5_000)
    assert server.stop() == 0
    assert main(import_words(file, folder)) == 0
    status = msgspec.json.decode(capsys.readouterr().out)
    assert (status["stored"], status["duplicates"]) == (0, 5_000)


def test_import_that_was_killed_goes_on(folder: Path, capsys: Captured, tmp_path: Path) -> None:
    rows = 600_000
    file = many_rows(tmp_path / "orders.csv", rows)
    command = [sys.executable, "-m", "upshot.cli", *import_words(file, folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=dict(os.environ))
    wait_until_some_is_kept(process, folder)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert main(import_words(file, folder)) == 0
    status = msgspec.json.decode(capsys.readouterr().out)
    assert status["state"] == "done"
    assert status["stored"] + status["duplicates"] == rows
    assert main(["data", "events", "--json", "--workspace", str(folder)]) == 0
    held = {e["event"]: e["count"] for e in msgspec.json.decode(capsys.readouterr().out)["events"]}
    assert held == {"order": rows, "purchase": 5, "visit": 1}


def test_lock_of_a_foreign_process_is_passed_over(folder: Path, capsys: Captured) -> None:
    path = folder / LOCK_FILE
    lock = ServerLock(os.getpid(), "http://127.0.0.1:1", "x", datetime(2024, 1, 1, tzinfo=UTC), "0")
    path.write_bytes(msgspec.json.encode(lock))
    assert main(["data", "events", "--workspace", str(folder)]) == 0
    assert main(["doctor", "--workspace", str(folder)]) == 0
    assert "does not answer" in capsys.readouterr().out


def test_lock_that_names_another_workspaces_server_is_passed_over(
    folder: Path, serve: Serve, capsys: Captured, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    assert main(["init", str(other)]) == 0
    server = serve(other)
    wrong = ServerLock(os.getpid(), server.address, "of-yesterday", datetime(2024, 1, 1, tzinfo=UTC), "0")
    (folder / LOCK_FILE).write_bytes(msgspec.json.encode(wrong))
    capsys.readouterr()
    assert main(["data", "events", "--workspace", str(folder)]) == 0
    assert "purchase" in capsys.readouterr().out
