# ruff: noqa: DTZ001 - instants of the stores are UTC without offset
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from tests.engines.duckdb.cases import event
from upshot.core.errors import CorruptStore, InvalidInput, SchemaTooNew, WorkspaceLocked
from upshot.engines.duckdb import DuckDBStore

UTC = ZoneInfo("UTC")
NOON = datetime(2024, 3, 1, 12)


def filled(file: Path) -> None:
    with DuckDBStore(file, UTC) as store:
        store.append([event(n, "ann", NOON) for n in range(100)])
        store.refresh_facts()


def test_store_keeps_what_it_held_when_it_is_opened_again(tmp_path: Path) -> None:
    filled(tmp_path / "events.duckdb")
    with DuckDBStore(tmp_path / "events.duckdb", UTC) as store:
        assert store.info().events == 100
        assert store.revision > 0
        assert store.append([event(3, "ann", NOON)]).duplicates == 1


def test_store_is_refused_to_a_second_opener_in_this_process(tmp_path: Path) -> None:
    file = tmp_path / "events.duckdb"
    with DuckDBStore(file, UTC), pytest.raises(WorkspaceLocked, match="in this process already"):
        DuckDBStore(file, UTC)
    DuckDBStore(file, UTC).close()


def test_store_is_refused_to_a_second_process(tmp_path: Path) -> None:
    file = tmp_path / "events.duckdb"
    code = (
        "import sys, pathlib, zoneinfo\n"
        "from upshot.core.errors import WorkspaceLocked\n"
        "from upshot.engines.duckdb import DuckDBStore\n"
        "try: DuckDBStore(pathlib.Path(sys.argv[1]), zoneinfo.ZoneInfo('UTC'))\n"
        "except WorkspaceLocked as error: print(error)\n"
    )
    with DuckDBStore(file, UTC) as store:
        said = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
        assert "Another process has" in said.stdout
        assert store.append([event(1, "ann", NOON)]).stored == 1


def test_long_statements_draw_nothing_into_what_a_command_prints(tmp_path: Path) -> None:
    """The engine draws a bar of progress to the standard output, unless each connection is told not to."""
    with DuckDBStore(tmp_path / "events.duckdb", UTC) as store:
        assert store.run_sql("SELECT current_setting('enable_progress_bar')").rows == [(False,)]
        told = store.write(
            lambda txn: txn.connection.execute("SELECT current_setting('enable_progress_bar')").fetchall()
        )
        assert told.result() == [(False,)]


def test_store_with_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "events.duckdb"
    filled(file)
    connection = duckdb.connect(str(file))
    connection.execute("INSERT INTO schema_version VALUES (99, now()::TIMESTAMP)")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(SchemaTooNew, match="has schema 99"):
        DuckDBStore(file, UTC)
    assert file.read_bytes() == before


def test_store_of_another_zone_is_refused(tmp_path: Path) -> None:
    filled(tmp_path / "events.duckdb")
    with pytest.raises(InvalidInput, match="keeps days of UTC"):
        DuckDBStore(tmp_path / "events.duckdb", ZoneInfo("Europe/Berlin"))
    filled(tmp_path / "events.duckdb")


def test_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "events.duckdb"
    connection = duckdb.connect(str(file))
    connection.execute("CREATE TABLE mine AS SELECT 1 AS x")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(CorruptStore, match="not one of Upshot's"):
        DuckDBStore(file, UTC)
    assert file.read_bytes() == before


@pytest.mark.parametrize("damage", ["empty", "garbage", "header", "block", "half"])
def test_damaged_file_is_refused_and_left_alone(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "events.duckdb"
    filled(file)
    whole = file.read_bytes()
    damaged = {
        "empty": b"",
        "garbage": b"not a database" * 1000,
        "header": bytes(byte ^ 0x5A for byte in whole[:4096]) + whole[4096:],
        "block": whole[:12288] + bytes(byte ^ 0x5A for byte in whole[12288:]),
        "half": whole[: len(whole) // 2],
    }[damage]
    file.write_bytes(damaged)
    with pytest.raises(CorruptStore, match=r"Restore it from a backup"):
        DuckDBStore(file, UTC)
    assert file.read_bytes() == damaged


def asked(file: Path, question: str) -> None:
    with DuckDBStore(file, UTC) as store:
        getattr(store, question)()
        store.recent_events(40_000)


@pytest.mark.parametrize("question", ["info", "event_summaries", "property_summaries"])
def test_file_that_was_cut_short_is_told_in_words_whenever_it_shows(tmp_path: Path, question: str) -> None:
    """The engine opens a file whose first blocks are whole, and stumbles only where it reads the missing ones."""
    file = tmp_path / "events.duckdb"
    with DuckDBStore(file, UTC) as store:
        store.append([event(n, f"person-{n % 700}", NOON) for n in range(40_000)])
        store.refresh_facts()
    with file.open("r+b") as whole:
        whole.truncate(file.stat().st_size * 2 // 3)
    with pytest.raises(CorruptStore, match=r"Restore it from a backup"):
        asked(file, question)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc on this system")
def test_opening_loads_no_heavy_library(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, zoneinfo\n"
        "from upshot.engines.duckdb import DuckDBStore\n"
        "store = DuckDBStore(pathlib.Path(sys.argv[1]), zoneinfo.ZoneInfo('UTC'))\n"
        "store.info(); store.recent_events(5); store.event_summaries(); store.refresh_facts()\n"
        "print(*sorted({'ibis', 'pyarrow', 'pandas', 'numpy', 'sqlglot'} & sys.modules.keys()))\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith('VmHWM')))\n"
        "store.close()\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "events.duckdb")], capture_output=True, text=True, check=True
    )
    heavy, mebibytes = said.stdout.splitlines()
    assert heavy == ""
    assert int(mebibytes) < 150
