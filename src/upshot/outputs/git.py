"""A local git repository, read by the git program: its tags and its commits.

Nothing of the repository is run: no pager, no signature program, no fetching of what is missing, no settings of the
environment. What git prints is separated by NUL, which no message can hold.
"""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from upshot.core.errors import InvalidInput

__all__ = ["Commit", "Repository", "Tag", "read_repository"]

Progress = Callable[[int, int], None]
_COMMIT_FIELDS = ("%H", "%P", "%aN", "%aE", "%aI", "%cI", "%s", "%b")
_TAG_FIELDS = ("refname:strip=2", "objectname", "*objectname", "creatordate:iso-strict", "contents")
_CHUNK = 1 << 18
_TELL_EVERY = 2_000


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; ``body`` is empty where it says nothing to Upshot and describes no merge."""

    hash: str
    parents: tuple[str, ...]
    author: str
    is_bot: bool
    authored_at: datetime
    committed_at: datetime
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag on a commit; ``message`` is empty unless it is annotated."""

    name: str
    commit: str
    at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class Repository:
    """What was read.

    Attributes:
        name: The folder's name.
        tags: Oldest first.
        commits: Those that tags or the head reach, by hash.
        head: The head's commit; empty where there is none.
        cut: Commits whose parents are missing, as the clone is shallow.
    """

    name: str
    tags: tuple[Tag, ...]
    commits: dict[str, Commit]
    head: str
    cut: frozenset[str]


def read_repository(path: Path, progress: Progress | None = None) -> Repository:
    """Read the repository in or above ``path``.

    Args:
        path: A working tree, or a bare repository.
        progress: Told how many commits are read, of how many.

    Raises:
        InvalidInput: There is no git program, no repository there, or no commit in it.
    """
    place = path.expanduser().absolute()
    if not place.is_dir():
        raise InvalidInput(f"{path} is not a folder.", hint="Name the folder of a git repository.")
    top = _ask(place, "rev-parse", "--absolute-git-dir").strip()
    folder = Path(top)
    name = folder.parent.name if folder.name == ".git" else folder.name.removesuffix(".git")
    head = _ask(place, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", none_is_fine=True).strip()
    tags = _tags(place)
    if not head and not tags:
        raise InvalidInput(f"The repository {name} has no commits.", hint="Commit something, or name another one.")
    tips = ("--tags", *(("HEAD",) if head else ()))
    count = int(_ask(place, "rev-list", "--count", *tips) or 0)
    commits = {commit.hash: commit for commit in _commits(place, tips, count, progress)}
    cut = frozenset(h for h, c in commits.items() if any(p not in commits for p in c.parents)) | _grafts(place)
    return Repository(name, tuple(tag for tag in tags if tag.commit in commits), commits, head, cut)


def _grafts(place: Path) -> frozenset[str]:
    """Commits at which a shallow clone ends; git shows them without their parents."""
    file = Path(_ask(place, "rev-parse", "--git-path", "shallow").strip())
    whole = file if file.is_absolute() else place / file
    return frozenset(whole.read_text(encoding="ascii").split()) if whole.is_file() else frozenset()


def _tags(place: Path) -> list[Tag]:
    layout = "".join(f"%({field})%00" for field in _TAG_FIELDS)
    fields = _ask(place, "for-each-ref", f"--format={layout}", "refs/tags").split("\0")
    found = []
    for name, own, peeled, at, message in zip(*(fields[start:-1:5] for start in range(5)), strict=True):
        if at:  # a tag on a file or a folder has no time
            found.append(Tag(name.lstrip("\n"), peeled or own, datetime.fromisoformat(at), message if peeled else ""))
    return sorted(found, key=lambda tag: (tag.at, tag.name))


def _commits(place: Path, tips: tuple[str, ...], count: int, progress: Progress | None) -> Iterator[Commit]:
    layout = "%x00".join(_COMMIT_FIELDS)
    words = ("log", "-z", "--no-show-signature", "--encoding=UTF-8", f"--format={layout}", *tips, "--")
    with tempfile.TemporaryFile() as said, _start(place, words, said) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        fields: list[str] = []
        for number, field in enumerate(_fields(process.stdout), start=1):
            fields.append(field)
            if len(fields) == len(_COMMIT_FIELDS):
                yield _commit(fields)
                fields = []
                read = number // len(_COMMIT_FIELDS)
                if progress is not None and (read % _TELL_EVERY == 0 or read == count):
                    progress(read, count)
        if process.wait() != 0:
            said.seek(0)
            raise _refused(place, said.read())


def _fields(stream: IO[bytes]) -> Iterator[str]:
    rest = b""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        for field in whole:
            yield field.decode("utf-8", errors="replace")


def _commit(fields: list[str]) -> Commit:
    digest, parents, author, mail, authored, committed, subject, body = fields
    matters = "upshot" in body.casefold() or " " in parents
    return Commit(
        hash=digest,
        parents=tuple(parents.split()),
        author=(mail or author).casefold(),
        is_bot="[bot]" in f"{author}{mail}",
        authored_at=datetime.fromisoformat(authored),
        committed_at=datetime.fromisoformat(committed),
        subject=subject,
        body=body if matters else "",
    )


def _ask(place: Path, *words: str, none_is_fine: bool = False) -> str:
    with tempfile.TemporaryFile() as said, _start(place, words, said) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        answer = process.stdout.read()
        if process.wait() != 0 and not none_is_fine:
            said.seek(0)
            raise _refused(place, said.read())
    return answer.decode("utf-8", errors="replace")


def _start(place: Path, words: tuple[str, ...], said: IO[bytes]) -> "subprocess.Popen[bytes]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    clean |= {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    command = ["git", "--no-pager", "-c", "core.fsmonitor=false", "-C", str(place), *words]
    try:
        return subprocess.Popen(  # noqa: S603 - no shell, and no word comes from the repository
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=clean
        )
    except FileNotFoundError:
        raise InvalidInput(
            "There is no git program on this machine.", hint="Install git, or import what was shipped from CSV."
        ) from None


def _refused(place: Path, said: bytes) -> InvalidInput:
    text = said.decode("utf-8", errors="replace").strip()
    first = text.splitlines()[0].removeprefix("fatal: ").rstrip(".") if text else "git does not say why"
    hint = "Name the folder of a git repository."
    if "dubious ownership" in text:
        hint = f"The folder belongs to somebody else. Trust it with: git config --global --add safe.directory {place}"
    return InvalidInput(f"{place} cannot be read: {first}.", hint=hint)
