"""``upshot ship`` and ``upshot output import``: what people see of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.test_declare import Captured, run
from tests.outputs.conftest import Repo, make_repo, repo
from upshot.cli.app import EXIT_USER

__all__ = ["make_repo", "repo"]


# JSON of any shape
def asked(capsys: Captured, folder: Path, *words: str) -> Any:
    code, out, err = run(capsys, folder, *words, "--json")
    assert (code, err) == (0, "")
    return msgspec.json.decode(out)


def test_ship_says_what_it_made(folder: Path, capsys: Captured) -> None:
    code, out, _ = run(
        capsys, folder, "ship", "Saved songs", "--at", "2026-07-01", "--to", "25%", "--kind", "enabling", "--days", "3"
    )
    assert code == 0
    assert "+ output  saved-songs\n    title: Saved songs\n    kind: enabling\n" in out
    assert "    at: 2026-07-01T00:00:00+02:00\n" in out
    assert "share: 0.25" in out
    for words in (("--to", "half"), ("--at", "tomorrow"), ("--expects", "more")):
        code, _, err = run(capsys, folder, "ship", "Other", *words)
        assert code == EXIT_USER
        assert words[1] in err


def test_listed_output_has_its_title_and_that_of_its_launch(folder: Path, capsys: Captured) -> None:
    run(capsys, folder, "ship", "Saved songs", "--at", "2026-07-01", "--kind", "enabling", "--days", "3")
    code, out, _ = run(capsys, folder, "output", "list")
    assert code == 0
    (row,) = (line for line in out.splitlines() if line.startswith("saved-songs"))
    assert row.count("Saved songs") == 2


def test_git_is_imported_once(folder: Path, repo: Repo, capsys: Captured) -> None:
    changes = asked(capsys, folder, "output", "import", "git", str(repo.folder))
    assert [c["name"] for c in changes["changes"] if c["kind"] == "output"] == [
        "tempo-v1.0",
        "saved-songs",
        "tempo-v1.1",
    ]
    assert ["It is left out" in p["message"] for p in changes["problems"]] == [True, True]
    code, out, _ = run(capsys, folder, "output", "import", "git", str(repo.folder))
    assert code == 0
    assert out.endswith("0 added, 0 changed, 0 removed, 5 unchanged.\n")
    repo.commit("New", "2026-03-16T09:00:00+01:00")
    repo.tag("v1.2", "2026-03-17T12:00:00+01:00", "Three")
    code, out, _ = run(capsys, folder, "output", "import", "git", str(repo.folder))
    assert out.endswith("2 added, 0 changed, 0 removed, 5 unchanged.\n")


def test_repository_without_releases_is_told_what_to_do(
    folder: Path, make_repo: Callable[[str], Repo], capsys: Captured
) -> None:
    made = make_repo("new")
    made.commit("Begin", "2026-03-02T09:00:00+01:00")
    code, _, err = run(capsys, folder, "output", "import", "git", str(made.folder))
    assert code == EXIT_USER
    assert "there is no release (commits: 1)" in err
    assert "--merges" in err


def test_outputs_and_launches_are_listed(folder: Path, repo: Repo, capsys: Captured) -> None:
    run(capsys, folder, "output", "import", "git", str(repo.folder))
    code, out, _ = run(capsys, folder, "output", "list")
    assert code == 0
    assert "~0.5" in out
    assert "~ estimated from activity." in out
    assert [o["name"] for o in asked(capsys, folder, "output", "list")["outputs"]] == [
        "tempo-v1.0",
        "saved-songs",
        "tempo-v1.1",
    ]
    assert asked(capsys, folder, "output", "list", "--team", "growth")["outputs"] == []
    code, out, _ = run(capsys, folder, "launch", "list")
    assert "2026-03-04   tempo-v1.0   to everyone   tempo v1.0" in out
    assert "Save songs, tempo v1.1" in out


@pytest.mark.real_data
def test_real_releases_come_in_from_csv_once(folder: Path, data_dir: Path, capsys: Captured) -> None:
    file = data_dir / "pypi_downloads_and_releases" / "releases.csv"
    words = (
        "output",
        "import",
        "csv",
        str(file),
        "--column",
        "title={package} {tag}",
        "--column",
        "at=tagged_at",
        "--column",
        "ref=object",
    )
    code, out, _ = run(capsys, folder, *words)
    assert code == 0
    assert "634 added, 0 changed, 0 removed, 0 unchanged." in out
    assert len(out.splitlines()) < 50
    code, out, _ = run(capsys, folder, *words)
    assert out == "0 added, 0 changed, 0 removed, 634 unchanged.\n"
