"""What a commit of the main line merged, read from the messages that hosts write.

GitHub ("Merge pull request #7 from ann/cart", "Cart (#7)"), GitLab ("See merge request shop/shop!7", "Cart (!7)"),
Bitbucket ("Merged in cart (pull request #7)", "Pull request #7: Cart", "Merge pull request #7 in SHOP/shop from cart to
main"), Azure DevOps ("Merged PR 7: Cart"), Gitea and Forgejo ("Merge pull request 'Cart' (#7) from cart into main").
"""

import re
from dataclasses import dataclass

from upshot.outputs.git import Commit

__all__ = ["Merge", "merge_of"]

_TITLED = (
    re.compile(r"Merged PR (?P<number>\d+): *(?P<title>.+)"),
    re.compile(r"Pull request #(?P<number>\d+): *(?P<title>.+)"),
    re.compile(r"Merge pull request '(?P<title>.+)' \(#(?P<number>\d+)\).*"),
)
_BRANCHED = (
    re.compile(r"Merge pull request #?(?P<number>\d+) (?:in \S+ )?from (?P<branch>\S+).*"),
    re.compile(r"Merged in (?P<branch>\S+) \(pull request #(?P<number>\d+)\)"),
)
_SUFFIXED = re.compile(r"(?P<title>.*\S)\s+\([#!](?P<number>\d+)\)")
_REQUEST = re.compile(r"^See merge request \S*!(?P<number>\d+)\s*$", re.MULTILINE)
_BRANCH = re.compile(r"Merge (?:remote-tracking )?branch '([^']+)'")
_TRAILER = re.compile(
    r"See merge request |Approved-by:|[A-Z][A-Za-z-]+-by: |Related work items:|Closes #", re.IGNORECASE
)
_MAIN_LINES = frozenset({"main", "master", "develop", "trunk"})


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge of the main line: its title, its number where it has one."""

    title: str
    number: str


def merge_of(commit: Commit) -> Merge | None:
    """What the commit merged, or what was squashed into it; None where it is a commit of its own."""
    for form in _TITLED:
        if found := form.fullmatch(commit.subject):
            return Merge(found["title"].strip(), found["number"])
    title = _first_line(commit.body)
    for form in _BRANCHED:
        if found := form.fullmatch(commit.subject):
            return Merge(title or found["branch"], found["number"])
    request = _REQUEST.search(commit.body)
    number = request["number"] if request else ""
    if len(commit.parents) > 1:
        branch = _BRANCH.match(commit.subject)
        if not number and branch is not None and branch[1].rpartition("/")[2] in _MAIN_LINES:
            return None
        if branch is not None:
            return Merge((title if number else "") or branch[1], number)
        return Merge(commit.subject, number)
    if found := _SUFFIXED.fullmatch(commit.subject):
        return Merge(found["title"], found["number"])
    return Merge(commit.subject, number) if number else None


def _first_line(body: str) -> str:
    """The first line, unless it is a trailer or Bitbucket's list of commits; empty where there is none."""
    line = next((line.strip() for line in body.splitlines() if line.strip()), "")
    return "" if _TRAILER.match(line) or line.startswith("* commit ") else line
