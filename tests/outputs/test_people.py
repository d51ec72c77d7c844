"""Persons and the programs that commit beside them."""

import pytest

from upshot.outputs.people import PROGRAMS, Person, is_program


@pytest.mark.parametrize(
    ("name", "mail"),
    [
        ("Renovate Bot", "bot@renovateapp.com"),
        ("renovate[bot]", "29139614+renovate[bot]@users.noreply.github.com"),
        ("semantic-release-bot", "semantic-release-bot@martynus.net"),
        ("BrewTestBot", "homebrew-test-bot@lists.sfconservancy.org"),
        ("k8s-ci-robot", "k8s-ci-robot@users.noreply.github.com"),
        ("github-actions", "github-actions@github.com"),
        ("GitHub Action", "action@github.com"),
        ("Weblate", "hosted@weblate.org"),
        ("Hosted Weblate", "hosted@weblate.org"),
        ("DeepL", "noreply-mt-deepl@weblate.org"),
        ("pre-commit.ci", "noreply@example.org"),
        ("Snyk bot", "snyk-bot@snyk.io"),
        ("GreenkeeperIO", "support@greenkeeper.io"),
        ("allcontributors", "46447321+allcontributors@users.noreply.github.com"),
        ("ImgBotApp", "ImgBotHelp@gmail.com"),
        ("Dependabot", "support@dependabot.com"),
        ("Travis CI", "builds@travis-ci.org"),
    ],
)
def test_programs_are_known(name: str, mail: str) -> None:
    assert is_program(Person(name, mail))


@pytest.mark.parametrize(
    ("name", "mail"),
    [
        ("Ann Abbot", "abbot@example.org"),
        ("Talbot", "talbot@example.org"),
        ("Jean Cabot", "j.cabot@botany.example.org"),
        ("Tom Jenkins", "tom.jenkins@example.org"),
        ("Michal", "michal@weblate.org"),
        ("Робот", "r@example.org"),
        ("", "ann@example.org"),
        ("Travis Scott", "travis@example.org"),
        ("Botond", "botond@example.org"),
    ],
)
def test_people_are_people(name: str, mail: str) -> None:
    assert not is_program(Person(name, mail))


def test_programs_of_ones_own_are_named_by_patterns() -> None:
    deploy = Person("Deploy", "ci@example.org")
    assert not is_program(deploy)
    assert is_program(deploy, ["ci@*"])
    assert is_program(deploy, ["DEPLOY"])


def test_names_of_programs_are_written_as_they_are_compared() -> None:
    assert all(is_program(Person(name, "x@example.org")) for name in PROGRAMS)


def test_persons_are_told_apart_by_mail_whatever_its_case() -> None:
    assert Person("Ann", "Ann@Example.org").key == Person("A. Lee", "ann@example.org").key
    assert Person.read("Ann  <ann@example.org> ") == Person("Ann", "ann@example.org")
    assert Person.read("<>") is None
