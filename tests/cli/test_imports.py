"""``upshot import events``: what is guessed, refused, rejected and kept."""

import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.conftest import wait_until_some_is_kept
from upshot.cli.app import EXIT_INTERRUPTED, EXIT_USER, main
from upshot.core.settings import load_settings
from upshot.workspace.local import LocalWorkspace

Captured = pytest.CaptureFixture[str]
ORDERS = "when,customer,product,price,company\n2024-01-03T10:00:00Z,ann,tea,5,acme\n2024-01-04T10:00:00Z,bob,oil,7,\n"
NAMED = ("--timestamp", "when", "--distinct-id", "customer", "--event", "order")


def run(capsys: Captured, folder: Path, *words: str) -> tuple[int, str, str]:
    code = main([*words, "--workspace", str(folder)])
    caught = capsys.readouterr()
    return code, caught.out, caught.err


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    file = tmp_path / "orders.csv"
    file.write_text(ORDERS, encoding="utf-8")
    return file


# JSON of any shape
def held(capsys: Captured, folder: Path, event: str) -> Any:
    _, out, _ = run(capsys, folder, "data", "events", "--json")
    return next((e["count"] for e in msgspec.json.decode(out)["events"] if e["event"] == event), 0)


def test_import_tells_what_it_did(folder: Path, orders: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, folder, "import", "events", str(orders), *NAMED)
    assert code == 0
    assert out.splitlines()[-1] == "2 rows: 2 stored, 0 known already, 0 rejected."
    _, out, _ = run(capsys, folder, "import", "events", str(orders), *NAMED)
    assert out.splitlines()[-1] == "2 rows: 0 stored, 2 known already, 0 rejected."


def test_import_dry_run_shows_roles_and_keeps_nothing(folder: Path, orders: Path, capsys: Captured) -> None:
    words = ("import", "events", str(orders), "--event", "order", "--dry-run")
    code, out, _ = run(capsys, folder, *words)
    assert code == 0
    rows = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "timestamp" in rows["when"]
    assert "distinct_id" in rows["customer"]
    assert "property" in rows["price"]
    assert "Guessed:" in out
    _, out, _ = run(capsys, folder, *words, "--json")
    assert msgspec.json.decode(out)["mapping"]["distinct_id"] == "customer"
    assert held(capsys, folder, "order") == 0


def test_import_dry_run_says_in_words_how_columns_write_numbers(folder: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "amounts.csv"
    file.write_text("when,who,price\n" + "".join(f'2024-01-{day:02},ann,"{day},250.50"\n' for day in range(1, 9)))
    code, out, _ = run(capsys, folder, "import", "events", str(file), "--event", "seen", "--dry-run")
    assert code == 0
    assert "numbers of price as 1,234.56" in " ".join(out.split())
    assert "{" not in out


def test_import_dry_run_says_which_rows_would_be_rejected(folder: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("when,who\n2024-01-01,ann\n2024-13-01,bob\n2024-01-02\n2024-01-03,ann\n2024-14-01,eve\n")
    words = ("import", "events", str(file), "--event", "seen", "--dry-run", "--timestamp-format", "iso")
    code, out, _ = run(capsys, folder, *words)
    assert code == 0
    said = " ".join(out.split())
    assert "Of the first 5 rows 3 would be rejected" in said
    assert "2 because '2024-13-01' is not a timestamp (ISO 8601) (first in line 3)" in said
    assert "1 because 1 field instead of 2 (first in line 4)" in said
    _, out, _ = run(capsys, folder, *words, "--json")
    answer = msgspec.json.decode(out)
    assert (answer["tried_rows"], answer["rejected_rows"]) == (5, 3)
    assert held(capsys, folder, "seen") == 0
    file.write_text("when,who\n2024-01-01,ann\n")
    _, out, _ = run(capsys, folder, *words)
    assert "The first row can become an event." in out


def test_import_column_mistyped_gets_the_nearest(folder: Path, orders: Path, capsys: Captured) -> None:
    words = ("import", "events", str(orders), "--event", "order", "--timestamp", "wen")
    code, out, _ = run(capsys, folder, *words)
    assert code == EXIT_USER
    assert "Did you mean 'when'?" in out
    assert held(capsys, folder, "order") == 0


def test_import_reads_a_mapping_and_options_win(folder: Path, orders: Path, tmp_path: Path, capsys: Captured) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text("timestamp: when\ndistinct_id: customer\nevent: bought\nignore: [price]\n")
    words = ("import", "events", str(orders), "--mapping", str(mapping), "--group", "account=company")
    code, _, _ = run(capsys, folder, *words, "--event", "ordered")
    assert code == 0
    assert (held(capsys, folder, "ordered"), held(capsys, folder, "bought")) == (2, 0)
    _, out, _ = run(capsys, folder, "data", "properties", "ordered", "--json")
    assert [p["name"] for p in msgspec.json.decode(out)["properties"]] == ["product"]
    with LocalWorkspace.open(folder, load_settings(folder, {})) as workspace:
        found = workspace.resources.store.run_sql(
            "SELECT distinct_id, groups['account'] FROM events WHERE event = 'ordered' ORDER BY 1"
        )
    assert found.rows == [("ann", "acme"), ("bob", None)]


@pytest.mark.parametrize(
    ("text", "said"),
    [("timestmp: when\n", "Did you mean 'timestamp'"), ("- a\n", "Write for example"), ("a: [\n", "is not YAML")],
)
def test_import_mapping_that_is_wrong_is_refused(
    folder: Path, orders: Path, tmp_path: Path, capsys: Captured, text: str, said: str
) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text(text)
    code, _, err = run(capsys, folder, "import", "events", str(orders), "--mapping", str(mapping))
    assert (code, said in err) == (EXIT_USER, True)


def test_import_group_without_a_column_is_refused(folder: Path, orders: Path, capsys: Captured) -> None:
    code, _, err = run(capsys, folder, "import", "events", str(orders), *NAMED, "--group", "account")
    assert code == EXIT_USER
    assert "Write it as account=Company." in err


def test_import_without_a_file_is_refused(folder: Path, capsys: Captured) -> None:
    assert run(capsys, folder, "import", "events")[0] == EXIT_USER


def test_import_rejects_are_counted_listed_and_filed(folder: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "odd.csv"
    file.write_text(ORDERS + "9999-01-01T00:00:00Z,eve,tea,1,\nyesterday,max,tea,1,\n", encoding="utf-8")
    words = ("import", "events", str(file), *NAMED, "--timestamp-format", "iso", "--timezone", "UTC")
    code, out, _ = run(capsys, folder, *words)
    assert code == 0
    assert "4 rows: 2 stored, 0 known already, 2 rejected." in out
    rejects = Path(out.splitlines()[-1].removeprefix("Rejected rows with their reasons: "))
    assert rejects.parent == folder / "rejects"
    assert len(rejects.read_text(encoding="utf-8").splitlines()) == 3
    _, out, _ = run(capsys, folder, "data", "rejects", "--json")
    answer = msgspec.json.decode(out)
    assert (answer["total"], sorted(r["line"] for r in answer["rejects"])) == (2, [4, 5])
    _, out, _ = run(capsys, folder, "doctor")
    assert "2 rows could not become events" in out


def test_import_takes_patterns_and_compressed_files(folder: Path, tmp_path: Path, capsys: Captured) -> None:
    for day in (1, 2):
        with gzip.open(tmp_path / f"part-{day}.csv.gz", "wt") as file:
            file.write(f"when,customer\n2024-01-0{day}T10:00:00Z,ann\n")
    words = ("import", "events", str(tmp_path / "part-*.csv.gz"), *NAMED, "--json")
    _, out, _ = run(capsys, folder, *words)
    assert msgspec.json.decode(out)["stored"] == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty"), (b"a;b\n1;2\n", "timestamp"), (b"\x00\x01\x02\xff" * 64, "")],
    ids=["empty", "wrong-delimiter", "binary"],
)
def test_import_of_a_bad_file_is_refused_and_the_workspace_stays_whole(
    folder: Path, tmp_path: Path, capsys: Captured, content: bytes, said: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    code, out, err = run(capsys, folder, "import", "events", str(file), "--event", "order")
    assert code == EXIT_USER
    assert said in (out + err)
    assert held(capsys, folder, "purchase") == 5


def test_import_interrupted_by_hand_goes_on(folder: Path, tmp_path: Path, capsys: Captured) -> None:
    rows = 1_500_000
    file = tmp_path / "big.csv"
    with file.open("w", encoding="utf-8") as out:
        out.write("when,customer\n")
        out.writelines(f"2024-01-{1 + i % 28:02d}T10:00:00Z,p{i}\n" for i in range(rows))
    words = ("import", "events", str(file), *NAMED)
    command = [sys.executable, "-m", "upshot.cli", *words, "--workspace", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=dict(os.environ))
    wait_until_some_is_kept(process, folder)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == EXIT_INTERRUPTED
    assert err.decode().splitlines()[-2:] == ["Interrupted.", "The same command goes on where this one stopped."]
    _, printed, _ = run(capsys, folder, *words, "--json")
    status = msgspec.json.decode(printed)
    assert (status["state"], status["stored"] + status["duplicates"]) == ("done", rows)
    assert held(capsys, folder, "order") == rows


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2024-01-02", None),
        ("2024-01-02 00:00:00+00", None),
        ("2024-01-02T00:00:00.000Z", None),
        ("20240102", None),
        ("2024-01-02T23:59:59Z", "Row 2 holds an instant, '2024-01-02T23:59:59Z', and a series holds days."),
        ("2024-01-02 13:00:00+05:30", "Row 2 holds an instant"),
        ("1700000000", "Row 2 holds an instant"),
        ("2024-01-02x", "Row 2 cannot be read: '2024-01-02x' is not a day."),
        ("2024-13-01", "Row 2 cannot be read: '2024-13-01' is not a day."),
    ],
)
def test_series_takes_days_and_refuses_instants(
    folder: Path, tmp_path: Path, capsys: Captured, written: str, said: str | None
) -> None:
    file = tmp_path / "series.csv"
    file.write_text(f"day,downloads\n{written},3\n")
    code, out, err = run(capsys, folder, "import", "series", str(file))
    if said is None:
        assert (code, "2024-01-02 to 2024-01-02" in out) == (0, True)
    else:
        assert (code, said in err) == (EXIT_USER, True)
        assert held(capsys, folder, "downloads") == 0


def test_latin_1_is_named_and_read_when_it_is_said(folder: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes("when,customer,Größe\n2024-01-03T10:00:00Z,Zoé,5\n".encode("latin-1"))
    words = ("import", "events", str(file), *NAMED)
    for more in (("--dry-run",), ()):
        code, out, err = run(capsys, folder, *words, *more)
        assert (code, "is not UTF-8 but looks like Latin-1/Windows-1252" in out + err) == (EXIT_USER, True)
        assert "--encoding latin-1" in out + err
    code, out, _ = run(capsys, folder, *words, "--encoding", "latin-1", "--dry-run")
    assert (code, "Größe" in out, "Zoé" in out) == (0, True, True)
    _, out, _ = run(capsys, folder, *words, "--encoding", "latin-1")
    assert out.splitlines()[-1] == "1 row: 1 stored, 0 known already, 0 rejected."


def test_dry_run_of_a_cell_of_a_megabyte_fits_on_a_page(folder: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(f"when,customer,note\n2024-01-03T10:00:00Z,ann,{'y' * 1_000_000}\n", encoding="utf-8")
    words = ("import", "events", str(file), *NAMED)
    for more in ((), ("--json",)):
        code, out, _ = run(capsys, folder, *words, "--dry-run", *more)
        assert (code, len(out) < 5000) == (0, True)
        assert "1,000,000" in out
    _, out, _ = run(capsys, folder, *words)
    assert out.splitlines()[-1] == "1 row: 1 stored, 0 known already, 0 rejected."


def test_day_and_time_are_one_instant(folder: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("Day,Clock,customer\n2024-01-03,10:05,ann\n", encoding="utf-8")
    words = ("import", "events", str(file), "--event", "order", "--timestamp", "Day", "--distinct-id", "customer")
    code, out, _ = run(capsys, folder, *words, "--dry-run")
    assert (code, "say --time-of-day Clock" in out) == (0, True)
    code, out, _ = run(capsys, folder, *words, "--time-of-day", "Clock", "--dry-run")
    assert (code, "Warning" in out) == (0, False)
    assert "time_of_day" in next(line for line in out.splitlines() if line.strip().startswith("Clock"))
    _, out, _ = run(capsys, folder, *words, "--time-of-day", "Clock")
    assert out.splitlines()[-1] == "1 row: 1 stored, 0 known already, 0 rejected."


def test_columns_of_spaces_are_read(folder: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "orders.txt"
    file.write_text("when                  customer\n2024-01-03T10:05:00Z  ann\n", encoding="utf-8")
    code, out, _ = run(capsys, folder, "import", "events", str(file), *NAMED, "--dry-run")
    assert (code, "delimiter = spaces" in out) == (0, True)
    for more in ((), ("--delimiter", "spaces")):
        _, out, _ = run(capsys, folder, "import", "events", str(file), *NAMED, *more)
    assert out.splitlines()[-1] == "1 row: 0 stored, 1 known already, 0 rejected."


@pytest.mark.parametrize("words", [("--dry-run",), ()])
def test_column_of_amounts_and_words_is_told_before_and_by_the_import(
    folder: Path, tmp_path: Path, capsys: Captured, words: tuple[str, ...]
) -> None:
    file = tmp_path / "sales.csv"
    file.write_text('at,who,price\n2024-01-01,ann,"1,250.00"\n2024-01-02,bob,n/a\n2024-01-03,eve,3.5\n')
    columns = ("--timestamp", "at", "--distinct-id", "who", "--event", "sold")
    code, out, _ = run(capsys, folder, "import", "events", str(file), *columns, *words)
    assert code == 0
    (told,) = (text for text in out.splitlines() if text.startswith("Warning: price:"))
    assert "2 are amounts ('1,250.00', '3.5') and 1 is none ('n/a')" in told
    assert "--number price=1,234.56" in told
