"""Statements that outlive the process that compiled them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.answers.test_dated import DEFINED
from upshot.answers.compiled import CompiledQueries
from upshot.answers.kept_statements import Statements, read_statements, write_statements
from upshot.answers.prepared import Prepared
from upshot.core.time import DayRange, Grain
from upshot.engines.duckdb import DuckDBStore
from upshot.metrics.compile.events import within_days
from upshot.metrics.compile.query import SeriesQuery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JANUARY = SeriesQuery(DayRange(date(2024, 1, 1), date(2024, 2, 1)), Grain.DAY)
MADE = Prepared("SELECT 1 AS value", "events", "", ("value",), True, 0.0, Grain.DAY, (), basis="now")
KEPT = Statements(prepared=((("hash", b"\x00s"), MADE),), dated=((("hash", b"\xffs"), None),), asked=(("hash", b"s"),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    """A store without events."""
    with DuckDBStore(tmp_path / "events.duckdb", ZoneInfo("Europe/Berlin")) as opened:
        yield opened


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What the store was asked to compile."""
    asked: list[object] = []
    compile_ = DuckDBStore.compile

    def counted(self: DuckDBStore, expression: object) -> str:
        asked.append(expression)
        return compile_(self, expression)

    monkeypatch.setattr(DuckDBStore, "compile", counted)
    return asked


def ask(store: DuckDBStore, file: Path, *months: int) -> list[str]:
    """Ask as a process that has just begun does; the statements."""
    queries = CompiledQueries(file)
    ranges = [DayRange(date(2024, month, 1), date(2024, month + 1, 1)) for month in months]
    asked = [msgspec.structs.replace(JANUARY, days=days) for days in ranges]
    found = [queries.series(store, DEFINED["count"], query)[0].sql for query in asked]
    queries.keep()
    return found


def test_question_of_an_earlier_process_is_not_compiled(
    store: DuckDBStore, tmp_path: Path, compiled: list[object]
) -> None:
    first = ask(store, tmp_path / "kept", 1)
    before = len(compiled)
    assert before
    assert ask(store, tmp_path / "kept", 1) == first
    assert len(compiled) == before


def test_open_days_of_an_earlier_process_are_filled(store: DuckDBStore, tmp_path: Path, compiled: list[object]) -> None:
    ask(store, tmp_path / "kept", 1, 2)
    before = len(compiled)
    again = ask(store, tmp_path / "kept", 5)
    assert len(compiled) == before
    assert again == ask(store, tmp_path / "fresh", 5)


def test_days_are_opened_though_each_process_asks_about_one_range(
    store: DuckDBStore, tmp_path: Path, compiled: list[object]
) -> None:
    for month in (1, 2):
        ask(store, tmp_path / "kept", month)
    before = len(compiled)
    again = ask(store, tmp_path / "kept", 5)
    assert len(compiled) == before
    assert again == ask(store, tmp_path / "fresh", 5)


def test_statement_on_other_facts_is_compiled_anew(store: DuckDBStore, tmp_path: Path, compiled: list[object]) -> None:
    ask(store, tmp_path / "kept", 1, 2)
    events = store.dialect().events()
    store.declare_measures({"m": events.mutate(value=events.event.length().cast("float64"))})
    store.refresh_facts()
    before = len(compiled)
    ask(store, tmp_path / "kept", 1)
    assert len(compiled) > before


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "folder", "missing"])
def test_damaged_file_holds_nothing(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "kept"
    write_statements(file, KEPT)
    assert read_statements(file, "now") == KEPT
    content = file.read_bytes()
    file.unlink()
    match damage:
        case "cut":
            file.write_bytes(content[:-1])
        case "flipped":
            at = content.index(b"SELECT")
            file.write_bytes(content[:at] + b"s" + content[at + 1 :])
        case "empty":
            file.write_bytes(b"")
        case "folder":
            file.mkdir()
        case _:
            pass
    assert read_statements(file, "now") == Statements()


def test_file_of_other_software_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "kept"
    with monkeypatch.context() as other:
        other.setattr("upshot.answers.kept_statements._software", lambda: "another version")
        write_statements(file, KEPT)
        assert read_statements(file, "now") == KEPT
    assert read_statements(file, "now") == Statements()


def test_statement_compiled_on_another_basis_is_left_out(tmp_path: Path) -> None:
    write_statements(tmp_path / "kept", KEPT)
    assert read_statements(tmp_path / "kept", "later").prepared == ()


def test_file_is_for_its_account_alone_and_leaves_nothing_beside(tmp_path: Path) -> None:
    write_statements(tmp_path / "kept", KEPT)
    write_statements(tmp_path / "kept", KEPT)
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0


def test_place_that_cannot_be_written_keeps_nothing_and_says_nothing(tmp_path: Path) -> None:
    write_statements(tmp_path / "nowhere" / "kept", KEPT)
    (tmp_path / "kept").mkdir()
    write_statements(tmp_path / "kept", KEPT)
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]


def test_command_that_was_asked_before_loads_no_compiler(tmp_path: Path) -> None:
    def upshot(*words: str) -> str:
        watched = (
            "import sys; from upshot.cli import main\n"
            "try:\n    main()\nfinally:\n    print('ibis' in sys.modules, file=sys.stderr)"
        )
        command = [sys.executable, "-c", watched, *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stderr.split()[-1]

    folder = str(tmp_path / "shop")
    upshot("init", folder, "--time-zone", "UTC", "--currency", "EUR")
    rows = tmp_path / "stars.csv"
    today = datetime.now(UTC).date()
    rows.write_text(f"day,stars\n{today - timedelta(days=1)},3\n{today},5\n", encoding="utf-8")
    upshot("import", "series", str(rows), "--value", "stars", "--workspace", folder, "--metric-only")
    asked = ("metric", "query", "stars", "--from", str(today), "--to", str(today), "--workspace", folder)
    assert upshot(*asked) == "True"
    assert upshot(*asked) == "False"


def test_rows_of_an_expression_are_kept_by_name_and_days(
    store: DuckDBStore, tmp_path: Path, compiled: list[object]
) -> None:
    def ask(queries: CompiledQueries, question: str, month: int) -> str:
        days = DayRange(date(2024, month, 1), date(2024, month + 1, 1))
        return queries.rows(
            store, question, lambda asked, dialect: within_days(dialect.events(), asked).select("event"), days
        ).sql

    first = CompiledQueries(tmp_path / "kept")
    january, february = (ask(first, "names", month) for month in (1, 2))
    assert january != february
    first.keep()
    before = len(compiled)
    assert before
    later = CompiledQueries(tmp_path / "kept")
    assert (ask(later, "names", 1), ask(later, "names", 2)) == (january, february)
    assert ask(later, "names", 5) == february.replace("2024, 2, 1", "2024, 5, 1").replace("2024, 3, 1", "2024, 6, 1")
    assert len(compiled) == before
    ask(later, "other names", 1)
    assert len(compiled) > before
