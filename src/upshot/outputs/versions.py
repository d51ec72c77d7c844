"""Which tag is the release: of several on one commit, and in which order releases follow each other.

A candidate (``v1.1.0-rc.1``, ``1.1b2``; Semantic Versioning 2.0.0, section 9, and PEP 440) gives way to the final
version on its commit, and a name that moves (``stable``, ``v1`` beside ``v1.1.0``) to a version. Releases follow each
other as their commits descend from each other; times decide only where they do not.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from upshot.outputs.git import Repository, Tag

__all__ = ["LONG_AFTER", "Release", "is_candidate", "releases_in_order"]

LONG_AFTER = timedelta(days=30)
"""How long after its commit a tag can be made and still say when its release reached users."""
_CANDIDATE = re.compile(
    r"(?:[-._+/]|(?<=\d))(?:rc|cr|alpha|beta|pre|preview|dev|snapshot|nightly|canary|next|candidate|milestone)"
    r"(?:[-._]?\d+)*(?![a-z])|\d(?:a|b|c|m)\d+|[-.](?:a|b|m)\.?\d+",
    re.IGNORECASE,
)
_VERSION = re.compile(r"\d+(?:[._]\d+)*")
_MOVING = frozenset({"stable", "latest", "current", "edge", "live", "production", "prod", "nightly", "tip", "release"})


@dataclass(frozen=True, slots=True)
class Release:
    """A tag that stands for what its commit brought.

    Attributes:
        tag: Its ``at`` is when the release reached users, as far as the repository says.
        made_later: Whether the tag itself was made long after, so that the commit's time stands for the release's.
    """

    tag: Tag
    made_later: bool


def is_candidate(name: str) -> bool:
    """Whether a tag's name is that of a version before the final one.

    >>> [name for name in ("v1.1.0-rc.1", "1.1b2", "2.0.dev3", "v1.1", "search-2.0", "precise") if is_candidate(name)]
    ['v1.1.0-rc.1', '1.1b2', '2.0.dev3']
    """
    return _CANDIDATE.search(name) is not None


def releases_in_order(repository: Repository, tags: Iterable[Tag]) -> tuple[list[Release], dict[str, Tag]]:
    """The releases, each after all that it descends from; and by name the tags that another one stands for.

    Args:
        repository: Whose commits they are on.
        tags: Those that can be releases.
    """
    on_commit: dict[str, list[Tag]] = defaultdict(list)
    for tag in tags:
        on_commit[tag.commit].append(tag)
    chosen = [min(group, key=_standing) for group in on_commit.values()]
    beside = {tag.name: one for one in chosen for tag in on_commit[one.commit] if tag is not one}
    own = {one.commit: _in_time(repository, one) for one in chosen}
    earliest = _earliest_holder(repository, own)
    place = {digest: number for number, digest in enumerate(repository.commits)}
    in_order = sorted(own, key=lambda digest: (earliest[digest], -place[digest]))
    return [_released(repository, own[digest], held_at=earliest[digest]) for digest in in_order], beside


def _standing(tag: Tag) -> tuple[int, int, float, str]:
    """The least stands for its commit: final versions first, the most exact of them, the earliest, by name."""
    version = _VERSION.search(tag.name)
    parts = len(re.split(r"[._]", version[0])) if version else 0
    last = re.split(r"[/@]", tag.name)[-1].casefold()
    rank = 3 if last in _MOVING else 2 if is_candidate(tag.name) else 0 if version else 1
    return rank, -parts, tag.at.timestamp(), tag.name


def _in_time(repository: Repository, tag: Tag) -> Release:
    made = repository.commits[tag.commit].committed_at
    late = tag.at - made > LONG_AFTER
    return Release(replace(tag, at=made) if late else tag, late)


def _earliest_holder(repository: Repository, own: dict[str, Release]) -> dict[str, float]:
    """By commit of a release, when the first release came that holds it: itself, or one that descends from it."""
    found: dict[str, float] = {}
    inherited: dict[str, float] = {}
    for digest, commit in repository.commits.items():  # each before its parents
        at = inherited.pop(digest, float("inf"))
        if digest in own:
            at = found[digest] = min(at, own[digest].tag.at.timestamp())
        if at < float("inf"):
            for parent in commit.parents:
                inherited[parent] = min(at, inherited.get(parent, at))
    return found


def _released(repository: Repository, release: Release, *, held_at: float) -> Release:
    if release.tag.at.timestamp() <= held_at:
        return release
    made = repository.commits[release.tag.commit].committed_at
    return Release(replace(release.tag, at=made), made_later=made < release.tag.at or release.made_later)
