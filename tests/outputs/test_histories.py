"""Histories as they are: clocks that cannot be, tags of all kinds, several packages, years without a release."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.outputs.conftest import Repo, instant
from tests.outputs.test_releases import by_name, days
from upshot.core.errors import InvalidInput
from upshot.outputs.effort import Activity, author_days
from upshot.outputs.found import Found
from upshot.outputs.git import Commit, Repository, Tag, read_repository
from upshot.outputs.people import Person
from upshot.outputs.releases import outputs_of

Made = Callable[[str], Repo]


def spent(found: Found) -> dict[str, float | None]:
    return {name: days(output) for name, output in by_name(found).items()}


def launched(found: Found) -> list[tuple[str, str]]:
    return [(launch.name, launch.at.astimezone().date().isoformat()) for launch in found.launches]


def raw(repo: Repo, kind: str, text: str) -> str:
    """An object written as it stands, as git itself would not write it any more."""
    return repo.git("hash-object", "-t", kind, "-w", "--stdin", "--literally", text=text.encode())


def odd_commit(repo: Repo, author: str, committer: str = "") -> str:
    tree, parent = repo.git("rev-parse", "HEAD^{tree}"), repo.git("rev-parse", "HEAD")
    who = "Vi <vi@example.org>"
    text = f"tree {tree}\nparent {parent}\nauthor {who} {author}\ncommitter {who} {committer or author}\n\nedit\n"
    digest = raw(repo, "commit", text)
    repo.git("update-ref", "refs/heads/main", digest)
    return digest


@pytest.mark.parametrize("offset", ["+051800", "-3407", "+1460", "+9999", "-051800"])
def test_offset_that_no_clock_has_is_read_as_utc(make_repo: Made, offset: str) -> None:
    made = make_repo("app")
    made.commit("Begin", "2024-01-02T10:00:00+00:00")
    digest = odd_commit(made, f"1712735823 {offset}")
    made.git("tag", "v1")
    read = read_repository(made.folder)
    assert read.commits[digest].authored_at == instant("2024-04-10T07:57:03+00:00")
    assert read.commits[digest].authored_at.utcoffset() == timedelta(0)
    found = outputs_of(read)
    assert spent(found) == {"app-v1": 2.0}
    assert [str(remark) for remark in found.remarks] == [
        "repository app: The times of 1 commit have an offset or a date that cannot be; offsets were read as UTC."
    ]


def test_offset_that_some_clock_has_gives_the_authors_day(make_repo: Made) -> None:
    made = make_repo("app")
    made.commit("Begin", "2024-01-02T10:00:00+00:00")
    digest = odd_commit(made, "1712782800 +1400")
    assert str(read_repository(made.folder).commits[digest].authored_at) == "2024-04-11 11:00:00+14:00"


@pytest.mark.parametrize("author", ["99999999999999999999 +0000", "4111111111111 +0000", "0 +0000", "nonsense"])
def test_time_that_cannot_be_is_the_other_one(make_repo: Made, author: str) -> None:
    made = make_repo("app")
    made.commit("Begin", "2024-01-02T10:00:00+00:00")
    digest = odd_commit(made, author, "1712735823 +0000")
    read = read_repository(made.folder)
    assert read.commits[digest].authored_at == read.commits[digest].committed_at == instant("2024-04-10T07:57:03+00:00")
    assert read.strange_times == 1


def test_tags_without_tagger_and_tags_of_tags_are_releases_of_their_commits(make_repo: Made) -> None:
    made = make_repo("app")
    first = made.commit("a", "2024-01-01T10:00:00+00:00")
    made.git("update-ref", "refs/tags/v0.99", raw(made, "tag", f"object {first}\ntype commit\ntag v0.99\n\nTest\n"))
    made.commit("b", "2024-02-01T10:00:00+00:00")
    made.tag("inner", "2024-02-02T10:00:00+00:00", "one")
    made.git("tag", "-a", "v1.0", "inner", "-m", "Signed\n\nUpshot: kind=upkeep", at="2024-02-02T11:00:00+00:00")
    made.git("tag", "-d", "inner")
    found = outputs_of(read_repository(made.folder))
    assert launched(found) == [("app-v0.99", "2024-01-01"), ("app-v1.0", "2024-02-02")]
    assert spent(found) == {"app-v0.99": 1.0, "app-v1.0": 1.0}
    assert by_name(found)["app-v1.0"].kind == "upkeep"
    assert found.remarks == ()


def test_tags_on_no_commit_are_named(repo: Repo) -> None:
    repo.git("tag", "a-tree", repo.git("rev-parse", "HEAD^{tree}"))
    found = outputs_of(read_repository(repo.folder))
    assert [str(remark) for remark in found.remarks] == [
        "repository tempo: These tags are on no commit, so they are no releases: a-tree."
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("v1.1.0", "v1.1.0-rc.1"),
        ("1.1", "1.1b2"),
        ("v2.0.0", "v2.0.0-alpha"),
        ("v1.1.0", "v1"),
        ("web@1.2.0", "web@latest"),
        ("5.0.0", "5.0.0.M1"),
        ("v1.1.0-rc.1", "stable"),
    ],
)
def test_one_of_two_tags_on_a_commit_is_the_release_whichever_was_first(make_repo: Made, one: str, other: str) -> None:
    made = make_repo("app")
    made.commit("a", "2024-02-01T10:00:00+00:00")
    made.tag(other, "2024-02-03T10:00:00+00:00", "x")
    made.tag(one, "2024-02-20T10:00:00+00:00", "x")
    found = outputs_of(read_repository(made.folder))
    (launch,) = found.launches
    assert launch.title == f"app {one}"
    assert launch.at == instant("2024-02-20T10:00:00+00:00")
    assert [str(remark) for remark in found.remarks] == [
        f"tag {other}: It is on the commit of {one}, which stands for both."
    ]


def test_tags_made_later_follow_their_commits(make_repo: Made) -> None:
    made = make_repo("app")
    made.commit("a", "2024-01-01T10:00:00+00:00")
    first = made.commit("a2", "2024-01-02T10:00:00+00:00")
    made.commit("b", "2024-03-04T10:00:00+00:00")
    second = made.commit("b2", "2024-03-05T10:00:00+00:00")
    made.commit("d", "2024-06-03T10:00:00+00:00")
    made.tag("v3.0", "2024-06-03T12:00:00+00:00", "three")
    made.git("tag", "-a", "v2.0", second, "-m", "two", at="2024-07-01T10:00:00+00:00")
    made.git("tag", "-a", "v1.0", first, "-m", "one", at="2024-07-01T10:00:09+00:00")
    found = outputs_of(read_repository(made.folder))
    assert spent(found) == {"app-v1.0": 2.0, "app-v2.0": 2.0, "app-v3.0": 1.0}
    assert launched(found) == [("app-v1.0", "2024-01-02"), ("app-v2.0", "2024-03-05"), ("app-v3.0", "2024-06-03")]
    assert [remark.where for remark in found.remarks] == ["tag v1.0", "tag v2.0"]


def test_release_of_an_older_line_holds_what_is_its_own(make_repo: Made) -> None:
    made = make_repo("app")
    made.commit("a", "2024-01-01T10:00:00+00:00")
    made.tag("v1.0", "2024-01-01T11:00:00+00:00", "x")
    made.commit("b", "2024-01-02T10:00:00+00:00")
    made.tag("v2.0", "2024-01-02T11:00:00+00:00", "x")
    made.git("checkout", "--quiet", "-b", "old", "v1.0")
    made.commit("fix", "2024-01-03T10:00:00+00:00")
    made.tag("v1.1", "2024-01-03T11:00:00+00:00", "x")
    found = outputs_of(read_repository(made.folder))
    assert [name for name, _ in launched(found)] == ["app-v1.0", "app-v2.0", "app-v1.1"]
    assert spent(found) == {"app-v1.0": 1.0, "app-v2.0": 1.0, "app-v1.1": 1.0}
    assert found.remarks == ()


def test_first_release_after_years_has_no_estimate_and_says_why(make_repo: Made) -> None:
    made = make_repo("app")
    for year in range(2016, 2024):
        made.commit(f"work of {year}", f"{year}-05-02T10:00:00+00:00")
    made.tag("v1.0", "2023-05-03T10:00:00+00:00", "x")
    made.commit("next", "2023-06-01T10:00:00+00:00")
    made.tag("v1.1", "2023-06-02T10:00:00+00:00", "x")
    found = outputs_of(read_repository(made.folder))
    assert spent(found) == {"app-v1.0": None, "app-v1.1": 1.0}
    (remark,) = found.remarks
    assert "it holds work since 2016-05, and more than a tenth of it is older than 2 years" in remark.message
    assert by_name(found)["app-v1.0"].description.endswith(remark.message)


def test_one_old_commit_takes_no_estimate_away(make_repo: Made) -> None:
    made = make_repo("app")
    made.commit("long ago", "2016-05-02T10:00:00+00:00")
    for day in range(1, 13):
        made.commit(f"day {day}", f"2023-05-{day:02}T10:00:00+00:00")
    made.tag("v1.0", "2023-05-20T10:00:00+00:00", "x")
    found = outputs_of(read_repository(made.folder))
    assert spent(found) == {"app-v1.0": 11.0}, "5 of the 7 days of one week count, 5 of another, and the old one"


def test_co_authors_count_and_programs_among_them_do_not(make_repo: Made) -> None:
    made = make_repo("app")
    said = "Co-authored-by: Ben <ben@example.org>\nCo-Authored-By: Renovate Bot <bot@renovateapp.com>"
    made.commit(f"Together\n\nWhy.\n\n{said}\nCo-authored-by: Ann <ANN@example.org>", "2024-01-02T10:00:00+00:00")
    made.git("tag", "v1")
    found = outputs_of(read_repository(made.folder))
    assert spent(found) == {"app-v1": 2.0}
    cost = found.outputs[0].cost
    assert cost is not None
    assert "1 commit by 2 people" in cost.how


@pytest.fixture
def packages(make_repo: Made) -> Repo:
    """Two packages with releases of their own; on one day Ann changed both, three files and one."""
    made = make_repo("mono")

    def change(at: str, *files: str) -> None:
        for file in files:
            path = made.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{at}\n", encoding="utf-8")
        made.git("add", "-A")
        made.commit(f"change {' '.join(files)}", at)

    change("2024-01-01T10:00:00+00:00", "packages/web/a.js")
    change(
        "2024-01-02T10:00:00+00:00", "packages/web/a.js", "packages/web/b.js", "packages/web/ü.js", "packages/api/a.py"
    )
    change("2024-01-03T10:00:00+00:00", "packages/api/a.py")
    made.tag("web@1.0.0", "2024-01-03T11:00:00+00:00", "x")
    made.tag("api/v1.0.0", "2024-01-03T12:00:00+00:00", "x")
    change("2024-01-08T10:00:00+00:00", "packages/website/index.html")
    made.tag("web@1.0.1", "2024-01-08T11:00:00+00:00", "x")
    return made


def test_packages_of_one_repository_are_read_apart_and_their_days_add_up(packages: Repo) -> None:
    web = outputs_of(read_repository(packages.folder, paths=["packages/web/"]), name="web", tags=["web@*"])
    api = outputs_of(read_repository(packages.folder, paths=["./packages/api"]), name="api", tags=["api/*"])
    assert spent(web) == {"web-web-1.0.0": 1.75}
    assert spent(api) == {"api-api-v1.0.0": 1.25}
    assert [name for name, _ in launched(web)] == ["web-web-1.0.0"], "1.0.1 changed nothing of it"


def test_path_that_nothing_touches_is_refused(packages: Repo) -> None:
    with pytest.raises(InvalidInput, match="No commit touches packages/ios") as refused:
        read_repository(packages.folder, paths=["packages/ios"])
    assert "top" in str(refused.value)


def test_skipped_tags_are_told_as_left_out(packages: Repo) -> None:
    found = outputs_of(read_repository(packages.folder), skip=["api*"])
    assert found.left_out == ("mono-api-v1.0.0",)


PEOPLE = (Person("Ann", "ann@example.org"), Person("Ben", "ben@example.org"), Person("x[bot]", "x@example.org"))


@st.composite
def histories(draw: st.DrawFn) -> Repository:
    """Commits with one to two earlier parents by people and a program, and tags anywhere, made at any time."""
    begun = instant("2024-01-01T12:00:00+00:00")
    made: list[Commit] = []
    for number in range(draw(st.integers(1, 14))):
        at = begun + timedelta(days=draw(st.integers(0, 40)))
        earlier = st.sampled_from([commit.hash for commit in made]) if made else st.nothing()
        parents = draw(st.lists(earlier, min_size=1, max_size=2, unique=True)) if made else []
        people = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2, unique=True))
        said = draw(st.sampled_from(("", "", "Upshot: output=named")))
        made.append(Commit(f"{number:040x}", tuple(parents), tuple(people), at, at, f"c{number} (#{number})", said))
    tags = []
    for number in range(draw(st.integers(0, 5))):
        on = draw(st.sampled_from(made))
        at = on.committed_at + timedelta(days=draw(st.integers(0, 60)))
        tags.append(Tag(f"v{number}" + draw(st.sampled_from(("", "-rc.1"))), on.hash, at, ""))
    in_time = tuple(sorted(tags, key=lambda tag: (tag.at, tag.name)))
    return Repository("app", in_time, {c.hash: c for c in reversed(made)}, made[-1].hash, frozenset())


def ancestors(repository: Repository, digest: str) -> set[str]:
    found: set[str] = set()
    waiting = [digest]
    while waiting:
        if (one := waiting.pop()) not in found:
            found.add(one)
            waiting += repository.commits[one].parents
    return found


@settings(max_examples=300)
@given(histories(), st.booleans())
def test_days_of_all_outputs_are_the_days_of_all_people(repository: Repository, merges: bool) -> None:
    found = outputs_of(repository, merges=merges)
    reached = {digest for tag in repository.tags for digest in ancestors(repository, tag.commit)}
    main = {digest for digest, commit in repository.commits.items() if "Upshot" in commit.body}
    if merges:
        main |= ancestors(repository, repository.head)
    counted = [c for h, c in repository.commits.items() if h in reached | main and len(c.parents) < 2]
    did = {(p.key, c.authored_at.date()) for c in counted for p in c.people if "[bot]" not in p.name}
    expected = sum(author_days(Activity(who, day, "all") for who, day in did).values())
    assert sum(days(output) or 0.0 for output in found.outputs) == pytest.approx(
        expected, abs=1e-4 * len(found.outputs)
    )


@settings(max_examples=300)
@given(histories())
def test_releases_hold_what_their_ancestors_do_not(repository: Repository) -> None:
    found = outputs_of(repository)
    held = {name: set(output.description.splitlines()) for name, output in by_name(found).items() if name != "named"}
    subjects = [line for lines in held.values() for line in lines]
    assert len(subjects) == len(set(subjects))
    own = {output.refs[0].removeprefix("tag:"): name for name, output in by_name(found).items() if output.refs}
    for tag in repository.tags:
        if tag.name in own:
            inside = {f"- {repository.commits[h].subject}" for h in ancestors(repository, tag.commit)}
            assert held[own[tag.name]] <= inside


def test_real_repository_is_read_the_same_bare(packages: Repo, tmp_path: Path) -> None:
    packages.git("clone", "--quiet", "--bare", str(packages.folder), str(tmp_path / "mono.git"))
    whole = read_repository(packages.folder, paths=["packages/web"])
    assert read_repository(tmp_path / "mono.git", paths=["packages/web"]) == whole
