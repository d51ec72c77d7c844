"""The first ten minutes with one's own data: a git repository and a table of one daily series give a graded ledger."""

import csv
import gzip
import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.cli.test_declare import Captured, run
from tests.outputs.conftest import Repo, make_repo
from upshot.cli.app import EXIT_USER, main

__all__ = ["make_repo"]

FIRST, RELEASE, LAST = date(2025, 6, 1), date(2026, 1, 12), date(2026, 3, 31)


# JSON of any shape
def asked(capsys: Captured, folder: Path, *words: str) -> Any:
    code, out, err = run(capsys, folder, *words, "--json")
    assert (code, err) == (0, "")
    return msgspec.json.decode(out)


@pytest.fixture
def signups(tmp_path: Path) -> Path:
    """Daily sign-ups, a third more from the release on; two days are missing."""
    rng = np.random.default_rng(5)
    file = tmp_path / "signups.csv"
    lines = ["day;plan;signups"]
    for i in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=i)
        if day in (date(2025, 8, 1), date(2025, 9, 1)):
            continue
        raised = 1.33 if day > RELEASE else 1.0
        for plan, level in (("free", 300.0), ("paid", 60.0)):
            noise = np.exp(0.04 * rng.standard_normal())
            lines.append(f"{day};{plan};{round(level * raised * noise * (0.9 if day.weekday() > 4 else 1.0))}")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def history(make_repo: Callable[[str], Repo]) -> Path:
    """Two releases; one of them does something."""
    repo = make_repo("product")
    repo.commit("Begin", "2025-10-01T09:00:00+02:00")
    repo.commit("Groundwork", "2025-10-02T09:00:00+02:00", who="ben")
    repo.tag("v1.0", "2025-10-06T12:00:00+02:00", "First")
    repo.commit("Shorter form", "2026-01-07T09:00:00+01:00")
    repo.tag("v1.1", "2026-01-12T09:00:00+01:00", "Shorter form")
    return repo.folder


def test_repository_and_table_give_a_graded_ledger(
    tmp_path: Path, signups: Path, history: Path, capsys: Captured
) -> None:
    folder = tmp_path / "mine"
    assert main(["init", str(folder), "--time-zone", "Europe/Berlin", "--currency", "EUR"]) == 0
    words = ("import", "series", str(signups), "--value", "signups", "--dimension", "plan", "--worth", "20")
    code, out, _ = run(capsys, folder, *words)
    assert code == 0
    assert "604 values stored" in out
    assert "2 days have no value: 2025-08-01, 2025-09-01." in out
    assert run(capsys, folder, "output", "import", "git", str(history))[0] == 0
    code, out, err = run(capsys, folder, "ledger")
    assert (code, err) == (0, "")
    assert "2 readings have come and are not recorded" in out
    code, out, err = run(capsys, folder, "ledger", "--wait")
    assert code == 0
    assert "2 verdicts recorded, 0 to go" in err
    assert "v1.1" in out
    assert "Not known: 1 output, 67% of the days of work (1 too vague)." in out
    found = asked(capsys, folder, "ledger")
    rows = {row["launched_on"]: row for row in found["rows"]}
    newer, older = rows["2026-01-12"], rows["2025-10-06"]
    assert (newer["word"], newer["grade"], newer["metric"]) == ("improved", "C", "signups")
    assert newer["effect"]["low"] < 0.33 < newer["effect"]["high"]
    assert newer["worth"]["value"] > 0
    assert newer["output"]["cost_estimated"]
    assert older["word"] in ("inconclusive", "no effect")
    report = asked(capsys, folder, "study", "read", newer["launch"])
    proof = asked(capsys, folder, "verify", report["verdicts"][0]["id"][:10])
    assert (proof["identical"], proof["drift"]) == (True, [])
    assert run(capsys, folder, "decide", newer["launch"], "keep", "--why", "it sells")[0] == 0
    rows_csv = list(csv.DictReader(io.StringIO(run(capsys, folder, "ledger", "--csv")[1])))
    assert {row["decision"] for row in rows_csv} == {"keep", ""}
    assert [row["verdict"] for row in rows_csv] == ["improved", older["word"]]


def test_series_is_imported_again_without_counting_twice(tmp_path: Path, folder: Path, capsys: Captured) -> None:
    file = tmp_path / "downloads.csv.gz"
    text = "package,date,downloads\na,2024-01-01,5\nb,2024-01-01,7\na,2024-01-02,6\n"
    file.write_bytes(gzip.compress(text.encode()))
    words = ("import", "series", str(file), "--where", "package=a", "--name", "fetched")
    assert asked(capsys, folder, *words)["stored"] == 2
    file.write_bytes(gzip.compress(text.replace(",6\n", ",8\na,2024-01-04,9\n").encode()))
    again = asked(capsys, folder, *words)
    assert (again["stored"], again["known"]) == (1, 1)
    assert again["revised"] == ["2024-01-02: 6 is kept, 8 is given"]
    assert again["missing"] == ["2024-01-03"]
    series = asked(capsys, folder, "metric", "query", "fetched", "--from", "2024-01-01", "--to", "2024-01-04")
    assert [point["value"] for point in series["points"]] == [5.0, 6.0, 0.0, 9.0]


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("date,x\n2024-01-01,1\n2024-01-01,2\n", (), "2024-01-01 is there 2 times."),
        ("date,x,y\n2024-01-01,1,2\n", (), "2 columns hold numbers."),
        ("when,x\n2024-01-01,1\n", (), "No column is called day or date."),
        ("date,x\nyesterday,1\n", (), "Row 2 cannot be read"),
        ("date,x\n2024-01-01,1\n", ("--value", "xx"), "There is no column named 'xx'."),
        ("date,x\n2024-01-01,1\n", ("--where", "x=2"), "No row is left."),
        ("date,x\n2024-01-01,1\n", ("--where", "x"), "'x' is not a condition."),
        ("date,x\n2024-01-01,1\n", ("--name", "a b"), "cannot be a metric's name"),
        ("date,x\n2024-01-01,1\n", ("--name", "events"), "something else"),
        ("date,x\n2024-01-01,nan\n", (), "is no number"),
        ("date,x\n", (), "holds no rows"),
    ],
)
def test_series_that_cannot_be_read_is_told_plainly(
    tmp_path: Path, folder: Path, capsys: Captured, text: str, words: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "x.csv"
    file.write_text(text, encoding="utf-8")
    code, _, err = run(capsys, folder, "import", "series", str(file), *words)
    assert code == EXIT_USER
    assert said in err


def test_commands_on_studies_say_what_is_there(tmp_path: Path, capsys: Captured) -> None:
    from tests.workspace.study_world import make_shop

    folder = tmp_path / "shop"
    make_shop(folder)
    code, out, _ = run(capsys, folder, "study", "list")
    assert code == 0
    assert "2026-03-04 (due)" in out
    code, out, _ = run(capsys, folder, "study", "read", "checkout")
    assert "Improved: Orders" in out
    assert "placebos in time" in out
    assert run(capsys, folder, "study", "plan", "--output", "later")[0] == 0
    assert asked(capsys, folder, "study", "plan", "clicks", "--expect", "20%", "--within", "10")["ways"]
    assert run(capsys, folder, "study", "plan", "clicks", "--expect", "much")[0] == EXIT_USER
    assert "ended" in run(capsys, folder, "experiment", "list")[1]
    assert "with green" in run(capsys, folder, "experiment", "show", "buttons")[1]
    assert "managed from code" in run(capsys, folder, "study", "join", "checkout", "upgrade", "--dry-run")[2]
    assert "No two launches" in run(capsys, folder, "study", "join", "--near", "1")[1]
    for words in (("verify", "nothing"), ("experiment", "show", "none"), ("decide", "none", "keep")):
        code, _, err = run(capsys, folder, *words)
        assert (code, "There is no" in err) == (EXIT_USER, True)
