"""What people bring that is broken: each gets clear words or a row among the rejects, and the workspace stays whole."""

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from upshot.cli.app import EXIT_USER, main

Captured = pytest.CaptureFixture[str]
COLUMNS = ("--timestamp", "when", "--distinct-id", "who", "--event-column", "what", "--timezone", "UTC")
HEADER = b"when,who,what\n"
GOOD = b"2024-01-01 10:00:00,ann,buy\n"


def run(capsys: Captured, folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = main([*words, "--workspace", str(folder)])
    caught = capsys.readouterr()
    return code, caught.out, caught.err


# JSON of any shape
def run_json(capsys: Captured, folder: Path, *words: str) -> Any:
    code, out, err = run(capsys, folder, *words, "--json")
    assert (code, err) == (0, "")
    return msgspec.json.decode(out)


def bring(capsys: Captured, folder: Path, name: str, content: bytes) -> tuple[int, str, str]:
    """Import a file of that content."""
    file = folder.parent / name
    file.write_bytes(content)
    return run(capsys, folder, "import", "events", str(file), *COLUMNS, "--source", name)


def held(capsys: Captured, folder: Path) -> int:
    """How many events the workspace holds."""
    return sum(event["count"] for event in run_json(capsys, folder, "data", "events")["events"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n\n", "is empty"),
        (b"time,who,what\n2024-01-01,ann,buy\n", "There is no column named 'when'. There are time, who, what."),
        ("when,who,what\n".encode("utf-16"), "is text in UTF-16"),
        (b"x" * 5_000_000, "has no end"),
        (gzip.compress(HEADER + GOOD * 2000)[:60], "is cut short or damaged"),
    ],
    ids=["empty", "blank lines", "no timestamp column", "UTF-16", "no end of line", "cut short"],
)
def test_file_that_cannot_be_imported_is_refused_in_words(
    folder: Path, capsys: Captured, content: bytes, said: str
) -> None:
    before = held(capsys, folder)
    code, out, err = bring(capsys, folder, "bad.csv", content)
    assert code == EXIT_USER
    assert said in out + err
    assert held(capsys, folder) == before


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"9999-12-31 23:59:59,bob,buy", "'9999-12-31 23:59:59' is not in the years 1900 to 2199"),
        (b"yesterday,bob,buy", "'yesterday' is not a timestamp"),
        (b"2024-01-01 10:00:00,b\0b,buy", "holds a NUL character"),
        (b"2024-01-01 10:00:00,J\xfcrgen,\xc3\xbcben", "not UTF-8: byte 0xfc"),
        (b"2024-01-01 10:00:00,bob", "2 fields instead of 3"),
        (b'2024-01-01 10:00:00,bob,"buy', "a quote is opened and never closed"),
    ],
    ids=["year 9999", "no time", "NUL", "two encodings", "too short", "open quote"],
)
def test_row_that_is_no_event_is_rejected_and_the_others_are_kept(
    folder: Path, capsys: Captured, row: bytes, reason: str
) -> None:
    before = held(capsys, folder)
    code, out, _ = bring(capsys, folder, "mixed.csv", HEADER + GOOD + row + b"\n" + GOOD.replace(b"ann", b"cy"))
    assert (code, held(capsys, folder)) == (0, before + 2)
    assert "3 rows: 2 stored, 0 known already, 1 rejected." in out
    (reject,) = run_json(capsys, folder, "data", "rejects")["rejects"]
    assert reject["line"] == 3
    assert reason in reject["reason"]


def test_offsets_beside_none_take_a_time_zone(folder: Path, capsys: Captured) -> None:
    file = folder.parent / "zones.csv"
    file.write_bytes(HEADER + GOOD + b"2024-01-01T10:00:00+05:30,bob,buy\n")
    words = ("import", "events", str(file), "--timestamp", "when", "--distinct-id", "who", "--event-column", "what")
    code, out, _ = run(capsys, folder, *words)
    assert code == EXIT_USER
    assert "Say the time zone of those that do not." in out
    assert run(capsys, folder, *words, "--timezone", "Europe/Berlin")[0] == 0


@pytest.mark.parametrize("name", ["select", "a.b", "order by", "semi;colon", "group", "properties", "größe 🎉"])
def test_property_of_any_name_can_be_asked_for(folder: Path, capsys: Captured, name: str) -> None:
    content = f"when,who,what,{name}\n2024-01-01 10:00:00,ann,odd,7\n2024-01-01 11:00:00,ann,odd,8\n"
    assert bring(capsys, folder, "odd.csv", content.encode())[0] == 0
    window = ("--from", "2024-01-01", "--to", "2024-01-02", "--by", "day")
    asked = ("metric", "query", "events", *window, "--where", f'"{name}" = 7')
    assert run_json(capsys, folder, *asked)["total"]["value"] == 1
    assert run(capsys, folder, "metric", "query", "events", *window, "--breakdown", name)[0] == 0


def test_event_name_with_quotes_and_emoji_is_kept_as_it_is(folder: Path, capsys: Captured) -> None:
    name = "say \"hi\" '🎉'; DROP TABLE events"
    quoted = name.replace('"', '""')
    assert bring(capsys, folder, "emoji.csv", HEADER + f'2024-01-01 10:00:00,ann,"{quoted}"\n'.encode())[0] == 0
    assert name in {event["event"] for event in run_json(capsys, folder, "data", "events")["events"]}


def test_import_says_what_it_doubts(folder: Path, capsys: Captured) -> None:
    code, out, _ = bring(capsys, folder, "twice.csv", b"when,who,what,who\n2024-01-01 10:00:00,ann,buy,bob\n")
    assert code == 0
    assert "Warning: who: There is another column 'who'; it is called 'who_2' here." in out


@pytest.mark.parametrize("name", ["events.duckdb", "catalog.sqlite"])
def test_empty_file_of_the_workspace_is_no_new_one(folder: Path, capsys: Captured, name: str) -> None:
    for side in ("-wal", "-shm", ".wal"):
        (folder / f"{name}{side}").unlink(missing_ok=True)
    (folder / name).write_bytes(b"")
    for words in (("data", "events"), ("metric", "list")):
        code, out, err = run(capsys, folder, *words)
        assert (code, out) == (EXIT_USER, "")
        assert err.startswith(f"{folder / name} is empty")
    assert (folder / name).stat().st_size == 0
    code, out, _ = run(capsys, folder, "doctor")
    assert code == EXIT_USER
    assert f"{name} is empty" in out


@pytest.mark.parametrize("name", ["events.duckdb", "catalog.sqlite"])
def test_damaged_file_of_the_workspace_is_told_and_left(folder: Path, capsys: Captured, name: str) -> None:
    for side in ("-wal", "-shm", ".wal"):
        (folder / f"{name}{side}").unlink(missing_ok=True)
    noise = bytes(range(256)) * 64
    (folder / name).write_bytes(noise)
    code, out, err = run(capsys, folder, "data", "events")
    assert (code, out) == (EXIT_USER, "")
    assert "cannot be read" in err
    assert "from a backup" in err
    assert (folder / name).read_bytes() == noise


def test_folder_in_place_of_the_catalog_is_told(folder: Path, capsys: Captured) -> None:
    for side in ("", "-wal", "-shm"):
        (folder / f"catalog.sqlite{side}").unlink(missing_ok=True)
    (folder / "catalog.sqlite").mkdir()
    code, _, err = run(capsys, folder, "metric", "list")
    assert code == EXIT_USER
    assert err.startswith("The catalog's file cannot be opened: unable to open database file.")


def test_catalog_moved_away_begins_anew_with_the_ready_made_metrics(folder: Path, capsys: Captured) -> None:
    before = run_json(capsys, folder, "metric", "list")
    for side in ("", "-wal", "-shm"):
        (folder / f"catalog.sqlite{side}").unlink(missing_ok=True)
    names = [metric["name"] for metric in run_json(capsys, folder, "metric", "list")["metrics"]]
    assert names == [metric["name"] for metric in before["metrics"]]
    settings = (folder / "upshot.toml").read_text()
    (folder / "upshot.toml").write_text(settings.replace("Europe/Berlin", "Asia/Tokyo"))
    assert run(capsys, folder, "metric", "list")[0] == EXIT_USER


@pytest.mark.postgres
def test_catalog_in_postgresql_serves_init_and_commands(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    secret = tmp_path / "url"
    secret.write_text(f"{postgres_url}\n")
    monkeypatch.setenv("UPSHOT_CATALOG_URL_FILE", str(secret))
    folder = tmp_path / "shop"
    assert main(["init", str(folder), "--time-zone", "Europe/Berlin"]) == 0
    capsys.readouterr()
    assert not (folder / "catalog.sqlite").exists()
    assert run_json(capsys, folder, "metric", "list")["metrics"]
    catalog = {f["check"]: f for f in run_json(capsys, folder, "doctor")["findings"]}["catalog"]
    assert (catalog["level"], "postgresql" in catalog["message"]) == ("ok", True)
    assert postgres_url not in run(capsys, folder, "settings")[1]
