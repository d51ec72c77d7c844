"""Real repositories, made with the git program."""

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.conftest import unavailable


class Repo:
    """A repository in the making; every commit says who and when."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str, at: str = "2026-03-02T09:00:00+01:00", who: str = "ann", text: bytes = b"") -> str:
        mail = f"{who}@example.org"
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder.parent),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": who,
            "GIT_AUTHOR_EMAIL": mail,
            "GIT_COMMITTER_NAME": who,
            "GIT_COMMITTER_EMAIL": mail,
            "GIT_AUTHOR_DATE": at,
            "GIT_COMMITTER_DATE": at,
        }
        done = subprocess.run(["git", *words], cwd=self.folder, env=env, input=text, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode(errors="replace").strip()

    def commit(self, message: str | bytes, at: str, who: str = "ann") -> str:
        text = message.encode() if isinstance(message, str) else message
        self.git("commit", "--quiet", "--allow-empty", "--file=-", at=at, who=who, text=text)
        return self.git("rev-parse", "HEAD")

    def tag(self, name: str, at: str, message: str = "") -> None:
        annotated = ("--annotate", f"--message={message}") if message else ()
        self.git("tag", *annotated, name, at=at)


@pytest.fixture
def make_repo(tmp_path: Path) -> Callable[[str], Repo]:
    """Make a repository of that name."""
    if shutil.which("git") is None:
        unavailable("no git program on this machine")
    return lambda name: Repo(tmp_path / name)


@pytest.fixture
def repo(make_repo: Callable[[str], Repo]) -> Repo:
    """Two releases by two people, with trailers."""
    made = make_repo("tempo")
    made.commit("Begin", "2026-03-02T09:00:00+01:00")
    made.commit("More", "2026-03-02T17:00:00+01:00")
    made.commit("Fix", "2026-03-03T09:00:00+01:00", who="ben")
    made.tag("v1.0", "2026-03-04T12:00:00+01:00", "First\n\nUpshot: kind=enabling")
    made.commit(
        "Save songs\n\nUpshot: output=saved-songs; objective=grow\nUpshot: expects subscriptions +5% (1..9) within 30d",
        "2026-03-09T09:00:00+01:00",
    )
    made.commit("Tidy", "2026-03-09T18:00:00+01:00")
    made.commit("Dependencies", "2026-03-10T03:00:00+00:00", who="keeper[bot]")
    made.tag("v1.1", "2026-03-11T12:00:00+01:00")
    return made


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
