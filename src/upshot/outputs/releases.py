"""A repository's history as outputs and launches.

Each tag is a release: an output, launched at the tag's time, that holds the commits which no release before it holds;
which was before is said by descent, not by dates (``upshot.outputs.versions``). Commits that name an output
(``Upshot: output=saved-songs``) belong to it instead, and the release launches it too. With merges told apart, each
merge of the main line is an output and the releases launch those; without any tag, it is launched when it is merged.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from upshot.catalog.kinds import Cost, Launch, Output, OutputKind
from upshot.core.ids import slug
from upshot.core.units import counted
from upshot.outputs.effort import Activity, author_days
from upshot.outputs.found import Found, Remark
from upshot.outputs.git import Commit, Repository, Tag
from upshot.outputs.merges import Merge, merge_of
from upshot.outputs.people import Person, is_program
from upshot.outputs.trailers import Said, read_trailers
from upshot.outputs.versions import Release, releases_in_order

__all__ = ["GATHERED_DAYS", "outputs_of"]

GATHERED_DAYS = 730
"""Over how many days before a release its work is taken to be for that release."""
_MOST_OLDER = 0.1
_DECIMALS = 4
_MOST_SUBJECTS = 20
_SHORT = 12


@dataclass(slots=True)
class _Draft:
    """An output in the making; ``gathers`` what nobody said belongs elsewhere."""

    name: str
    title: str
    refs: tuple[str, ...]
    release: Tag | None
    at: datetime | None
    gathers: bool
    subjects: list[str] = field(default_factory=list)
    commits: list[Commit] = field(default_factory=list)
    said: Said = field(default_factory=Said)


def outputs_of(
    repository: Repository,
    *,
    name: str = "",
    tags: Iterable[str] = ("*",),
    skip: Iterable[str] = (),
    merges: bool = False,
    programs: Iterable[str] = (),
) -> Found:
    """What the repository shipped, oldest first.

    Args:
        repository: As it was read.
        name: What to call it in names; its folder's name where empty.
        tags: Patterns of tags that are releases.
        skip: Patterns of tags that are none.
        merges: Whether each merge of the main line is an output.
        programs: Patterns of names and addresses that are no persons, beside the known ones.
    """
    reading = _Reading(repository, name or repository.name, tuple(programs))
    wanted = [tag for tag in repository.tags if _matches(tag.name, tags)]
    skipped = [tag for tag in wanted if _matches(tag.name, skip)]
    releases, beside = releases_in_order(repository, [tag for tag in wanted if tag not in skipped])
    held = reading.held_by(releases)
    introduced = reading.introduced_by_merges() if merges else {}
    for commit in sorted(repository.commits.values(), key=lambda c: (c.committed_at, c.hash)):
        if commit.inside > 0:
            reading.place(commit, held.get(commit.hash), introduced.get(commit.hash))
        elif len(commit.parents) < 2:
            reading.beside.append(commit)
    for release in releases:
        reading.note_tag(release.tag)
    reading.tell(releases, beside)
    return reading.found(releases, skipped)


@dataclass(slots=True)
class _Reading:
    repository: Repository
    name: str
    programs: tuple[str, ...]
    drafts: dict[str, _Draft] = field(default_factory=dict)
    beside: list[Commit] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    known: dict[Person, bool] = field(default_factory=dict)

    def held_by(self, releases: Iterable[Release]) -> dict[str, Tag]:
        """By commit, the first release that holds it."""
        held: dict[str, Tag] = {}
        for release in releases:
            for digest in self._unclaimed(release.tag.commit, held):
                held[digest] = release.tag
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
        merge = merge_of(self.repository.commits[main]) if main else None
        if said.output:
            draft = self._draft(("named", said.output), said.output, "", release, (), None)
            draft.title = draft.title or commit.subject
        elif merge is not None and main is not None:
            draft = self._merged(merge, main, release)
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
        if not tag.message:
            return
        said, remarks = read_trailers(tag.message, f"tag {tag.name}")
        self.remarks += remarks
        if said != Said():
            draft = self._release(tag)
            draft.said = draft.said.and_then(said)

    def tell(self, releases: Iterable[Release], beside: Mapping[str, Tag]) -> None:
        """What of the repository was not taken as it stands."""
        for name, tag in beside.items():
            said = f"It is on the commit of {tag.name}, which stands for both."
            self.remarks.append(Remark(f"tag {name}", said))
        for release in releases:
            if release.made_later:
                day = f"{release.tag.at:%Y-%m-%d}"
                said = f"It was made long after its commit; the launch is on the commit's day, {day}."
                self.remarks.append(Remark(f"tag {release.tag.name}", said))
        whole = f"repository {self.name}"
        if self.repository.elsewhere:
            said = f"These tags are on no commit, so they are no releases: {', '.join(self.repository.elsewhere)}."
            self.remarks.append(Remark(whole, said))
        if self.repository.strange_times:
            many = counted(self.repository.strange_times, "commit")
            said = f"The times of {many} have an offset or a date that cannot be; offsets were read as UTC."
            self.remarks.append(Remark(whole, said))
        if self.repository.cut:
            said = "Its history is cut off (a shallow clone), so what the oldest releases cost is not known."
            self.remarks.append(Remark(whole, said))

    def found(self, releases: Iterable[Release], skipped: Iterable[Tag]) -> Found:
        """The drafts as outputs, and their launches."""
        days = author_days(self._activity())
        outputs = tuple(self._output(draft, days.get(draft.name, 0.0)) for draft in self.drafts.values())
        launches = tuple(self._launches(releases))
        given = {each.name for each in (*outputs, *launches)}
        left_out = tuple(name for tag in skipped if (name := slug(f"{self.name}-{tag.name}")) not in given)
        return Found(outputs, launches, tuple(self.remarks), left_out)

    def _activity(self) -> Iterator[Activity]:
        for draft in self.drafts.values():
            for commit in draft.commits:
                for person in self._persons(commit):
                    yield Activity(person.key, commit.authored_at.date(), draft.name, commit.inside)
        for commit in self.beside:
            for person in self._persons(commit):
                yield Activity(person.key, commit.authored_at.date(), "", 0.0)

    def _persons(self, commit: Commit) -> Iterator[Person]:
        for person in commit.people:
            if person not in self.known:
                self.known[person] = not is_program(person, self.programs)
            if self.known[person]:
                yield person

    def _release(self, tag: Tag) -> _Draft:
        refs = (f"tag:{tag.name}", tag.commit[:_SHORT])
        wanted = slug(f"{self.name}-{tag.name}")
        return self._draft(("release", tag.name), wanted, f"{self.name} {tag.name}", tag, refs, None)

    def _merged(self, merge: Merge, main: str, release: Tag | None) -> _Draft:
        refs = (*((f"#{merge.number}",) if merge.number else ()), main[:_SHORT])
        wanted = f"{self.name}-pr-{merge.number}" if merge.number else f"{self.name}-{merge.title}"
        at = None if self.repository.tags else self.repository.commits[main].committed_at
        return self._draft(("merge", main), slug(wanted), merge.title, release, refs, at)

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
            self.drafts[name] = _Draft(name, title, refs, release, at, gathers=key[0] == "release")
        draft = self.drafts[name]
        draft.release = draft.release or release
        return draft

    def _output(self, draft: _Draft, days: float) -> Output:
        said = draft.said
        cost, why_not = self._cost(draft, days)
        if why_not:
            self.remarks.append(Remark(f"output {draft.name}", why_not))
        return Output(
            name=draft.name,
            title=said.title or draft.title,
            description="\n\n".join(part for part in (_listed(draft.subjects), why_not) if part),
            kind=OutputKind(said.kind) if said.kind else OutputKind.BET,
            objective=said.objective,
            team=said.team,
            usage=said.usage,
            cost=cost,
            expects=said.expects,
            refs=draft.refs,
            link=said.link,
        )

    def _cost(self, draft: _Draft, days: float) -> tuple[Cost | None, str]:
        """Estimated days; None, with the reason, where nobody knows what was done for this output."""
        by_people = [commit for commit in draft.commits if any(self._persons(commit))]
        people = {person.key for commit in by_people for person in self._persons(commit)}
        if not people:
            return None, ""
        if any(commit.hash in self.repository.cut for commit in draft.commits):
            return None, "What it cost is not known: the history is cut off here."
        if draft.gathers and draft.release is not None and (older := _older(by_people, draft.release.at)):
            return None, (
                f"What it cost is not known: it holds work since {older:%Y-%m}, and more than a tenth of it is older "
                f"than {GATHERED_DAYS // 365} years."
            )
        how = (
            f"Estimated from {counted(len(by_people), 'commit')} by {counted(len(people), 'person', 'people')}: a day "
            "on which somebody commits is a day of work, at most 5 a week, divided among what it touched."
        )
        return Cost(days=round(days, _DECIMALS), estimated=True, how=how), ""

    def _launches(self, releases: Iterable[Release]) -> Iterator[Launch]:
        together: dict[str, list[_Draft]] = {}
        for draft in self.drafts.values():
            if draft.release is not None:
                together.setdefault(draft.release.name, []).append(draft)
            elif draft.at is not None:
                yield Launch(name=draft.name, title=draft.title, at=draft.at, outputs=(draft.name,))
        taken = {draft.name for draft in self.drafts.values() if draft.release is None}
        for tag in sorted((release.tag for release in releases), key=lambda tag: (tag.at, tag.name)):
            if tag.name in together:
                names = tuple(draft.name for draft in together[tag.name])
                title = f"{self.name} {tag.name}"
                name = _free(slug(title), taken)
                taken.add(name)
                yield Launch(name=name, title=title, at=tag.at, outputs=names)


def _older(commits: list[Commit], launched: datetime) -> datetime | None:
    """When the oldest of them was made, if too many were made too long before to be all for this launch."""
    begun = launched - timedelta(days=GATHERED_DAYS)
    days = {
        (person.key, commit.authored_at.date()): commit.authored_at for commit in commits for person in commit.people
    }
    old = [at for at in days.values() if at < begun]
    return min(old) if len(old) > _MOST_OLDER * len(days) else None


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
