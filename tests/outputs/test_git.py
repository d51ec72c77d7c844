"""Reading real repositories: whole, bare, shallow, empty, odd, and what is none."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.outputs.conftest import Repo, instant
from upshot.core.errors import InvalidInput
from upshot.outputs.git import read_repository


def test_repository_is_read_with_tags_and_commits(repo: Repo) -> None:
    told: list[tuple[int, int]] = []
    read = read_repository(repo.folder, lambda done, of: told.append((done, of)))
    assert read.name == "tempo"
    assert [(tag.name, tag.message != "") for tag in read.tags] == [("v1.0", True), ("v1.1", False)]
    assert read.tags[0].at == instant("2026-03-04T12:00:00+01:00")
    assert read.tags[1].at == instant("2026-03-10T03:00:00+00:00"), "a plain tag has its commit's time"
    assert len(read.commits) == 6
    assert [commit.subject for commit in read.commits.values() if commit.body] == ["Save songs"]
    assert told == [(6, 6)]
    assert read.cut == frozenset()


def test_folder_inside_and_bare_clone_are_the_same_repository(repo: Repo, tmp_path: Path) -> None:
    (repo.folder / "src").mkdir()
    repo.git("clone", "--quiet", "--bare", str(repo.folder), str(tmp_path / "tempo.git"))
    whole = read_repository(repo.folder)
    assert read_repository(repo.folder / "src") == whole
    assert read_repository(tmp_path / "tempo.git") == whole


def test_shallow_clone_says_where_it_is_cut(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "--quiet", "--depth=2", f"file://{repo.folder}", str(tmp_path / "shallow"))
    read = read_repository(tmp_path / "shallow")
    assert len(read.commits) == 2
    assert len(read.cut) == 1
    assert read.cut <= read.commits.keys()


def test_odd_encodings_and_names_are_read(make_repo: Callable[[str], Repo]) -> None:
    made = make_repo("odd name")
    made.git("config", "i18n.commitEncoding", "latin1")
    made.commit("Größer\n\nUpshot: title=Écoute".encode("latin1"), "2026-03-02T09:00:00+01:00", who="jürgen")
    made.git("config", "--unset", "i18n.commitEncoding")
    made.commit(b"broken \xff\xfe bytes", "2026-03-03T09:00:00+01:00")
    made.tag("release/1.0-ünï", "2026-03-04T09:00:00+01:00", "x")
    subjects = [commit.subject for commit in read_repository(made.folder).commits.values()]
    assert subjects == ["broken ÿþ bytes", "Größer"]
    assert read_repository(made.folder).tags[0].name == "release/1.0-ünï"


def test_tag_on_a_file_is_no_release(repo: Repo) -> None:
    (repo.folder / "a.txt").write_text("a", encoding="utf-8")
    blob = repo.git("hash-object", "-w", "a.txt")
    repo.git("tag", "a-file", blob)
    assert [tag.name for tag in read_repository(repo.folder).tags] == ["v1.0", "v1.1"]


def test_settings_of_the_repository_run_no_program(repo: Repo, tmp_path: Path) -> None:
    trap, touched = tmp_path / "trap.sh", tmp_path / "touched"
    trap.write_text(f"#!/bin/sh\ntouch {touched}\n", encoding="utf-8")
    trap.chmod(0o755)
    for key in ("gpg.program", "core.pager", "core.fsmonitor", "core.sshCommand", "diff.external"):
        repo.git("config", key, str(trap))
    repo.git("config", "log.showSignature", "true")
    assert len(read_repository(repo.folder).commits) == 6
    assert not touched.exists()


def test_settings_of_the_environment_point_nowhere_else(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert len(read_repository(repo.folder).commits) == 6


def test_what_is_no_repository_is_refused(tmp_path: Path, make_repo: Callable[[str], Repo]) -> None:
    with pytest.raises(InvalidInput, match="is not a folder"):
        read_repository(tmp_path / "nothing")
    (tmp_path / "plain").mkdir()
    with pytest.raises(InvalidInput, match="not a git repository"):
        read_repository(tmp_path / "plain")
    with pytest.raises(InvalidInput, match="The repository new has no commits"):
        read_repository(make_repo("new").folder)


def test_machine_without_git_is_told_what_to_do(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InvalidInput, match="no git program") as refused:
        read_repository(repo.folder)
    assert "CSV" in refused.value.hint
