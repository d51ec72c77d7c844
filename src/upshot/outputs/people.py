"""Who worked: persons by their mail, and the programs that commit beside them.

A program is known by a word of its own in its name or address (``bot``, ``robot``, ``[bot]``, ``BrewTestBot``), or as
one of those that are listed here; letters inside a name are no word, so that Abbot and Talbot are people.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

__all__ = ["PROGRAMS", "PROGRAM_MAILS", "Person", "is_program"]

PROGRAMS = (
    "all-contributors",
    "allcontributors",
    "argocd-image-updater",
    "autofix-ci",
    "azure-pipelines",
    "bors",
    "buildkite",
    "changesets",
    "circleci",
    "codecov",
    "copilot",
    "crowdin",
    "cursor-agent",
    "deepsource-autofix",
    "dependabot",
    "dependabot-preview",
    "fluxcd",
    "github",
    "github-action",
    "github-actions",
    "gitlab-ci",
    "greenkeeper",
    "greenkeeperio",
    "hosted-weblate",
    "imgbot",
    "imgbotapp",
    "jenkins",
    "jenkins-ci",
    "kodiakhq",
    "lingohub",
    "lokalise",
    "mergify",
    "netlify",
    "poeditor",
    "pre-commit-ci",
    "pyup-io",
    "release-please",
    "renovate",
    "restyled-io",
    "scala-steward",
    "semantic-release",
    "snyk",
    "sonatype-lift",
    "teamcity",
    "transifex",
    "travis-ci",
    "updatecli",
    "web-flow",
    "weblate",
    "whitesource-bolt-for-github",
)
"""Names of programs without a word that says so; written in lower case, with ``-`` between words."""
PROGRAM_MAILS = (
    "action@github.com",
    "actions@github.com",
    "github-actions@github.com",
    "noreply@github.com",
    "noreply@anthropic.com",
    "cursoragent@cursor.com",
    "hosted@weblate.org",
    "noreply*@weblate.org",
    "support@dependabot.com",
    "*@renovateapp.com",
    "*@greenkeeper.io",
)
"""Patterns of the addresses from which programs commit."""
_WORDS_OF_PROGRAMS = frozenset({"bot", "bots", "robot"})
_SINGLE_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ADDRESSED = re.compile(r"\s*(?P<name>[^<>]*?)\s*<\s*(?P<mail>[^<>]*?)\s*>")


@dataclass(frozen=True, slots=True)
class Person:
    """Who is named on a commit; a program too."""

    name: str
    mail: str

    @classmethod
    def read(cls, text: str) -> "Person | None":
        """Who is written as git writes people; None where the text names nobody.

        >>> Person.read("Ann Lee <ann@example.org>"), Person.read("somebody")
        (Person(name='Ann Lee', mail='ann@example.org'), None)
        """
        found = _ADDRESSED.match(text)
        return cls(found["name"], found["mail"]) if found and (found["name"] or found["mail"]) else None

    @property
    def key(self) -> str:
        """What tells persons apart: the mail, or the name where there is none; in one case."""
        return (self.mail or self.name).casefold()


def is_program(person: Person, also: Iterable[str] = ()) -> bool:
    """Whether a program commits under this name, and no person.

    Args:
        person: Name and mail.
        also: Patterns of further names or addresses of programs, such as ``ci@*``.

    >>> [is_program(Person(*who)) for who in (("Renovate Bot", ""), ("BrewTestBot", ""), ("Ann Abbot", "talbot@x.org"))]
    [True, True, False]
    """
    mail = person.mail.casefold()
    words = [word.casefold() for word in _words(person.name)]
    if _WORDS_OF_PROGRAMS & {*words, *(word.casefold() for word in _words(mail.partition("@")[0]))}:
        return True
    if "-".join(words) in PROGRAMS or any(fnmatchcase(mail, pattern) for pattern in PROGRAM_MAILS):
        return True
    given = [pattern.casefold() for pattern in also]
    return any(fnmatchcase(text, pattern) for text in (person.name.casefold(), mail) for pattern in given)


def _words(text: str) -> list[str]:
    return _SINGLE_WORD.findall(_HUMP.sub(" ", text))
