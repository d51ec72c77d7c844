"""A repository's history as outputs and launches.

Each tag is a release: an output, launched at the tag's time, that holds the commits which no earlier tag holds. Commits
that name an output (``Upshot: output=saved-songs``) belong to it instead, and the release launches it too. With merges
told apart, each merge of the main line is an output and the releases launch those; without any tag, a merge is launched
when it is merged.
"""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase

from upshot.catalog.kinds import Cost, Launch, Output, OutputKind, slug
from upshot.outputs.effort import author_days
from upshot.outputs.found import Found, Remark
from upshot.outputs.git import Commit, Repository, Tag
from upshot.outputs.trailers import Said, read_trailers

__all__ = ["outputs_of"]

_MOST_SUBJECTS = 20
_SHORT = 12
_PULL = re.compile(r"Merge pull request #(\d+) from (\S+)")
_SQUASHED = re.compile(r"(.*\S)\s+\(#(\d+)\)")
_BRANCH = re.compile(r"Merge (?:remote-tracking )?branch '([^']+)'")
_MAIN_LINES = frozenset({"main", "master", "develop", "trunk"})


@dataclass(slots=True)
class _Draft:
    """An output in the making."""

    name: str
    title: str
    refs: tuple[str, ...]
    release: Tag | None
    at: datetime | None
    subjects: list[str] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    said: Said = field(default_factory=Said)


@dataclass(frozen=True, slots=True)
class _Merge:
    """A merge of the main line: its title, its number where it has one."""

    title: str
    number: str


def outputs_of(
    repository: Repository,
    *,
    name: str = "",
    tags: Iterable[str] = ("*",),
    skip: Iterable[str] = (),
    merges: bool = False,
) -> Found:
    """What the repository shipped, oldest first.

    Args:
        repository: As it was read.
        name: What to call it in names; its folder's name where empty.
        tags: Patterns of tags that are releases.
        skip: Patterns of tags that are none.
        merges: Whether each merge of the main line is an output.
    """
    reading = _Reading(repository, name or repository.name, merges)
    releases = [tag for tag in repository.tags if _matches(tag.name, tags) and not _matches(tag.name, skip)]
    held = reading.held_by(releases)
    introduced = reading.introduced_by_merges() if merges else {}
    for commit in sorted(repository.commits.values(), key=lambda c: (c.committed_at, c.hash)):
        reading.place(commit, held.get(commit.hash), introduced.get(commit.hash))
    for tag in releases:
        reading.note_tag(tag)
    if repository.cut:
        said = "Its history is cut off (a shallow clone), so what the oldest releases cost is not known."
        reading.remarks.append(Remark(f"repository {reading.name}", said))
    return reading.found()


@dataclass(slots=True)
class _Reading:
    repository: Repository
    name: str
    merges: bool
    drafts: dict[str, _Draft] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)

    def held_by(self, releases: list[Tag]) -> dict[str, Tag]:
        """By commit, the earliest release that holds it."""
        held: dict[str, Tag] = {}
        for tag in releases:
            before = len(held)
            for digest in self._unclaimed(tag.commit, held):
                held[digest] = tag
            if len(held) == before:
                self.empty.add(tag.name)
                self.remarks.append(Remark(f"tag {tag.name}", "It holds nothing that an earlier tag does not hold."))
        return held

    def introduced_by_merges(self) -> dict[str, str]:
        """By commit, the commit of the main line that brought it in."""
        line: list[str] = []
        digest = self.repository.head
        while digest in self.repository.commits:
            line.append(digest)
            parents = self.repository.commits[digest].parents
            digest = parents[0] if parents else ""
        brought: dict[str, str] = {}
        for main in reversed(line):
            for digest in self._unclaimed(main, brought):
                brought[digest] = main
        return brought

    def _unclaimed(self, start: str, claimed: dict[str, Tag] | dict[str, str]) -> Iterator[str]:
        """What ``start`` reaches and nobody claimed; the caller claims each before it asks for the next."""
        waiting = [start]
        while waiting:
            digest = waiting.pop()
            if digest in claimed or digest not in self.repository.commits:
                continue
            yield digest
            waiting += self.repository.commits[digest].parents

    def place(self, commit: Commit, release: Tag | None, main: str | None) -> None:
        """Give a commit to the output that it belongs to; commits of no release belong to none but a named one."""
        said, remarks = read_trailers(f"{commit.subject}\n\n{commit.body}", f"commit {commit.hash[:_SHORT]}")
        self.remarks += remarks
        merge = self._merge(main) if main else None
        if said.output:
            draft = self._draft(("named", said.output), said.output, "", release, (), None)
            draft.title = draft.title or commit.subject
        elif merge is not None and main is not None:
            brought_by = self.repository.commits[main]
            refs = (*((f"#{merge.number}",) if merge.number else ()), main[:_SHORT])
            wanted = f"{self.name}-pr-{merge.number}" if merge.number else f"{self.name}-{merge.title}"
            at = None if self.repository.tags else brought_by.committed_at
            draft = self._draft(("merge", main), slug(wanted), merge.title, release, refs, at)
        elif release is not None:
            draft = self._release(release)
        else:
            return
        if len(commit.parents) < 2:
            draft.subjects.append(commit.subject)
            draft.commits.append(commit)
        draft.said = draft.said.and_then(said)

    def note_tag(self, tag: Tag) -> None:
        """What the tag's own message says of its release."""
        if not tag.message or tag.name in self.empty:
            return
        said, remarks = read_trailers(tag.message, f"tag {tag.name}")
        self.remarks += remarks
        if said != Said():
            draft = self._release(tag)
            draft.said = draft.said.and_then(said)

    def found(self) -> Found:
        """The drafts as outputs, and their launches."""
        activity = (
            (commit.author, commit.authored_at.date(), draft.name)
            for draft in self.drafts.values()
            for commit in draft.commits
            if not commit.is_bot
        )
        days = author_days(activity)
        outputs = tuple(self._output(draft, days.get(draft.name, 0.0)) for draft in self.drafts.values())
        return Found(outputs, tuple(self._launches()), tuple(self.remarks))

    def _release(self, tag: Tag) -> _Draft:
        refs = (f"tag:{tag.name}", tag.commit[:_SHORT])
        return self._draft(
            ("release", tag.name), slug(f"{self.name}-{tag.name}"), f"{self.name} {tag.name}", tag, refs, None
        )

    def _draft(
        self,
        key: tuple[str, str],
        wanted: str,
        title: str,
        release: Tag | None,
        refs: tuple[str, ...],
        at: datetime | None,
    ) -> _Draft:
        name = self.names.get(key)
        if name is None:
            name = self.names[key] = _free(wanted, self.drafts)
            self.drafts[name] = _Draft(name, title, refs, release, at)
        draft = self.drafts[name]
        draft.release = draft.release or release
        return draft

    def _merge(self, main: str) -> _Merge | None:
        """What the commit of the main line merged; None where it is a commit of its own."""
        commit = self.repository.commits[main]
        body_title = next((line.strip() for line in commit.body.splitlines() if line.strip()), "")
        if len(commit.parents) > 1:
            if pull := _PULL.match(commit.subject):
                return _Merge(body_title or pull[2], pull[1])
            branch = _BRANCH.match(commit.subject)
            if branch is not None and branch[1].rpartition("/")[2] in _MAIN_LINES:
                return None
            return _Merge(branch[1] if branch else commit.subject, "")
        squashed = _SQUASHED.fullmatch(commit.subject)
        return _Merge(squashed[1], squashed[2]) if squashed else None

    def _output(self, draft: _Draft, days: float) -> Output:
        said = draft.said
        return Output(
            name=draft.name,
            title=said.title or draft.title,
            description=_listed(draft.subjects),
            kind=OutputKind(said.kind) if said.kind else OutputKind.BET,
            objective=said.objective,
            team=said.team,
            usage=said.usage,
            cost=self._cost(draft, days),
            expects=said.expects,
            refs=draft.refs,
            link=said.link,
        )

    def _cost(self, draft: _Draft, days: float) -> Cost | None:
        """Estimated days; None where the history is cut off, as nobody knows what came before."""
        people = {commit.author for commit in draft.commits if not commit.is_bot}
        if not people or any(commit.hash in self.repository.cut for commit in draft.commits):
            return None
        count = sum(not commit.is_bot for commit in draft.commits)
        how = (
            f"Estimated from {_many(count, 'commit')} by {_many(len(people), 'person', 'people')}: a day on which "
            "somebody commits is a day of work, at most 5 a week, divided among what it touched."
        )
        return Cost(days=round(days, 2), estimated=True, how=how)

    def _launches(self) -> Iterator[Launch]:
        together: dict[str, list[_Draft]] = {}
        for draft in self.drafts.values():
            if draft.release is not None:
                together.setdefault(draft.release.name, []).append(draft)
            elif draft.at is not None:
                yield Launch(name=draft.name, title=draft.title, at=draft.at, outputs=(draft.name,))
        taken = {draft.name for draft in self.drafts.values() if draft.release is None}
        for tag in self.repository.tags:
            if tag.name in together:
                names = tuple(draft.name for draft in together[tag.name])
                title = f"{self.name} {tag.name}"
                name = _free(slug(title), taken)
                taken.add(name)
                yield Launch(name=name, title=title, at=tag.at, outputs=names)


def _free(wanted: str, taken: Container[str]) -> str:
    number, name = 2, wanted
    while name in taken:
        number, name = number + 1, f"{wanted}-{number}"
    return name


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _listed(subjects: list[str]) -> str:
    shown = [f"- {subject}" for subject in subjects[:_MOST_SUBJECTS]]
    more = len(subjects) - len(shown)
    return "\n".join([*shown, *([f"- and {more:,} more"] if more else [])])


def _many(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"
