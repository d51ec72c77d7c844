"""A local git repository, read by the git program: its tags and its commits.

Nothing of the repository is run: no pager, no signature program, no fetching of what is missing, no settings of the
environment. What git prints is separated by NUL, which no message can hold. Times are read as git keeps them, seconds
and an offset, because old tools wrote offsets that no clock has.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from upshot.core.errors import InvalidInput
from upshot.outputs.git_program import ask, fields_of
from upshot.outputs.people import Person

__all__ = ["Commit", "Repository", "Tag", "read_repository"]

Progress = Callable[[int, int], None]
_UNIT = "\x1f"
_COMMIT_FIELDS = (
    "%H",
    "%P",
    "%aN",
    "%aE",
    "%ad",
    "%cd",
    "%s",
    "%b",
    "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1f)",
)
_TAG_FIELDS = ("refname:strip=2", "objecttype", "creatordate:raw", "contents")
_TELL_EVERY = 2_000
_RAW_TIME = re.compile(r"(?P<seconds>-?\d+) (?P<sign>[+-])(?P<offset>\d+)")
_FARTHEST_MINUTES = 14 * 60
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_SPEAKS = re.compile(r"upshot|see merge request|pull request", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit.

    Attributes:
        people: Its author and those it names as co-authors; each once, programs too.
        authored_at: In the offset that its author's clock had; in UTC where no clock has that offset.
        body: Empty where it says nothing to Upshot and describes no merge.
        inside: Which share of the files that it changed lies in the asked folders; 1 where none were asked for.
    """

    hash: str
    parents: tuple[str, ...]
    people: tuple[Person, ...]
    authored_at: datetime
    committed_at: datetime
    subject: str
    body: str
    inside: float = 1.0


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag on a commit, also by way of other tags.

    Attributes:
        at: When it was made; its commit's time where it does not say when.
        message: Empty unless it is annotated.
    """

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
        commits: Those that tags or the head reach, by hash; each before its parents.
        head: The head's commit; empty where there is none.
        cut: Commits whose parents are missing, as the clone is shallow.
        elsewhere: Tags on something that is no commit.
        strange_times: How many commits have a time or an offset that cannot be.
    """

    name: str
    tags: tuple[Tag, ...]
    commits: dict[str, Commit]
    head: str
    cut: frozenset[str]
    elsewhere: tuple[str, ...] = ()
    strange_times: int = 0


def read_repository(path: Path, progress: Progress | None = None, *, paths: Iterable[str] = ()) -> Repository:
    """Read the repository in or above ``path``.

    Args:
        path: A working tree, or a bare repository.
        progress: Told how many commits are read, of how many.
        paths: Folders or files of the repository, from its top; commits know their share in them.

    Raises:
        InvalidInput: There is no git program, no repository there, no commit in it, or nothing in ``paths``.
    """
    place = path.expanduser().absolute()
    if not place.is_dir():
        raise InvalidInput(f"{path} is not a folder.", hint="Name the folder of a git repository.")
    folder = Path(ask(place, "rev-parse", "--absolute-git-dir").strip())
    name = folder.parent.name if folder.name == ".git" else folder.name.removesuffix(".git")
    head = ask(place, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", none_is_fine=True).strip()
    labels = _labels(place)
    if not head and not labels:
        raise InvalidInput(f"The repository {name} has no commits.", hint="Commit something, or name another one.")
    tips = ("--tags", *(("HEAD",) if head else ()))
    count = int(ask(place, "rev-list", "--count", *tips) or 0)
    read = [*_commits(place, tips, count, progress)]
    commits = {commit.hash: commit for commit, _ in read}
    if asked := tuple(paths):
        commits = _divided(place, tips, commits, asked)
    cut = frozenset(h for h, c in commits.items() if any(p not in commits for p in c.parents)) | _grafts(place)
    tags = [_tag(label, commits[label.target]) for label in labels if label.target in commits]
    return Repository(
        name=name,
        tags=tuple(sorted(tags, key=lambda tag: (tag.at, tag.name))),
        commits=commits,
        head=head,
        cut=cut,
        elsewhere=tuple(label.name for label in labels if label.target not in commits),
        strange_times=sum(strange for _, strange in read),
    )


def _grafts(place: Path) -> frozenset[str]:
    """Commits at which a shallow clone ends; git shows them without their parents."""
    file = Path(ask(place, "rev-parse", "--git-path", "shallow").strip())
    whole = file if file.is_absolute() else place / file
    return frozenset(whole.read_text(encoding="ascii").split()) if whole.is_file() else frozenset()


@dataclass(frozen=True, slots=True)
class _Label:
    """A tag as git lists it; ``target`` is what the last tag of a chain of tags is on."""

    name: str
    target: str
    annotated: bool
    time: str
    message: str


def _labels(place: Path) -> list[_Label]:
    layout = "".join(f"%({field})%00" for field in _TAG_FIELDS)
    fields = ask(place, "for-each-ref", f"--format={layout}", "refs/tags").split("\0")
    targets: dict[str, str] = {}
    for line in ask(place, "show-ref", "--tags", "--dereference", none_is_fine=True).splitlines():
        digest, _, ref = line.partition(" ")
        targets[ref.removeprefix("refs/tags/").removesuffix("^{}")] = digest
    found = []
    for written, kind, time, message in zip(*(fields[start:-1:4] for start in range(4)), strict=True):
        name = written.lstrip("\n")
        if name in targets:
            found.append(_Label(name, targets[name], kind == "tag", time, message))
    return found


def _tag(label: _Label, commit: Commit) -> Tag:
    said, _ = _time(label.time) if label.annotated else (None, False)
    return Tag(label.name, label.target, said or commit.committed_at, label.message if label.annotated else "")


def _commits(
    place: Path, tips: tuple[str, ...], count: int, progress: Progress | None
) -> Iterator[tuple[Commit, bool]]:
    """Each with whether one of its times cannot be."""
    layout = "%x00".join(_COMMIT_FIELDS)
    words = ("log", "-z", "--topo-order", "--no-show-signature", "--encoding=UTF-8", "--date=raw")
    fields: list[str] = []
    for number, field in enumerate(fields_of(place, *words, f"--format={layout}", *tips, "--"), start=1):
        fields.append(field)
        if len(fields) == len(_COMMIT_FIELDS):
            yield _commit(fields)
            fields = []
            read = number // len(_COMMIT_FIELDS)
            if progress is not None and (read % _TELL_EVERY == 0 or read == count):
                progress(read, count)


def _commit(fields: list[str]) -> tuple[Commit, bool]:
    digest, parents, author, mail, authored, committed, subject, body, others = fields
    (began, odd), (ended, odd_too) = _time(authored), _time(committed)
    people = [Person(author, mail), *(who for text in others.split(_UNIT) if (who := Person.read(text)))]
    commit = Commit(
        hash=digest,
        parents=tuple(parents.split()),
        people=tuple({who.key: who for who in reversed(people)}.values())[::-1],
        authored_at=began or ended or _NEVER,
        committed_at=ended or began or _NEVER,
        subject=subject,
        body=body if " " in parents or _SPEAKS.search(body) else "",
    )
    return commit, odd or odd_too


def _time(raw: str) -> tuple[datetime | None, bool]:
    """An instant as git keeps it, and whether it cannot be; None where it names no instant.

    >>> _time("1712735823 +0530")[0].isoformat(), _time("1712735823 +51800")
    ('2024-04-10T13:27:03+05:30', (datetime.datetime(2024, 4, 10, 7, 57, 3, tzinfo=datetime.timezone.utc), True))
    """
    found = _RAW_TIME.fullmatch(raw.strip())
    if found is None or int(found["seconds"]) == 0:  # git reads a time that is beyond it as 0
        return None, True
    try:
        at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(found["seconds"]))
        hours, minutes = divmod(int(found["offset"]), 100)
        away = hours * 60 + minutes
        if away > _FARTHEST_MINUTES or minutes >= 60:
            return at, True
        return at.astimezone(timezone(timedelta(minutes=-away if found["sign"] == "-" else away))), False
    except OverflowError:
        return None, True


def _divided(
    place: Path, tips: tuple[str, ...], commits: dict[str, Commit], paths: tuple[str, ...]
) -> dict[str, Commit]:
    """The commits with the share of their files that lies in ``paths``; merges change nothing themselves."""
    folders = tuple(path.removeprefix("./").strip("/") for path in paths)
    touched: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    digest = ""
    words = ("log", "-z", "--no-show-signature", "--no-renames", "--no-ext-diff", "--no-textconv", "--name-only")
    for field in fields_of(place, *words, "--format=%x01%H", *tips, "--"):
        name = field.removeprefix("\n")
        if name.startswith("\x01"):
            digest = name[1:]
        elif name:
            touched[digest][0] += any(folder in ("", ".", name) or name.startswith(f"{folder}/") for folder in folders)
            touched[digest][1] += 1
    if not any(within for within, _ in touched.values()):
        raise InvalidInput(
            f"No commit touches {' or '.join(paths)}.", hint="Name folders or files from the repository's top."
        )
    return {
        digest: replace(commit, inside=touched[digest][0] / touched[digest][1] if digest in touched else 0.0)
        for digest, commit in commits.items()
    }
