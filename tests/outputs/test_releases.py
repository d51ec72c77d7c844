"""History as outputs and launches: what each holds, when it reached users, what it cost."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.outputs.conftest import Repo, instant
from upshot.catalog.kinds import Output, OutputKind
from upshot.outputs.found import Found
from upshot.outputs.git import read_repository
from upshot.outputs.releases import outputs_of
from upshot.outputs.trailers import Said, read_trailers


def by_name(found: Found) -> dict[str, Output]:
    return {output.name: output for output in found.outputs}


def days(output: Output) -> float | None:
    return output.cost.days if output.cost else None


def test_tags_are_releases_and_named_outputs_share_their_launch(repo: Repo) -> None:
    found = outputs_of(read_repository(repo.folder))
    outputs = by_name(found)
    assert list(outputs) == ["tempo-v1.0", "saved-songs", "tempo-v1.1"]
    assert outputs["tempo-v1.0"].kind is OutputKind.ENABLING
    assert outputs["tempo-v1.0"].description == "- Begin\n- More\n- Fix"
    songs = outputs["saved-songs"]
    assert (songs.title, songs.objective, songs.expects) == (
        "Save songs",
        "grow",
        ("subscriptions +5% (1%..9%) within 30d",),
    )
    assert [(launch.name, launch.at, launch.outputs) for launch in found.launches] == [
        ("tempo-v1.0", instant("2026-03-04T12:00:00+01:00"), ("tempo-v1.0",)),
        ("tempo-v1.1", instant("2026-03-10T03:00:00+00:00"), ("saved-songs", "tempo-v1.1")),
    ]
    assert found.remarks == ()


def test_days_are_estimated_once_for_each_person_and_day(repo: Repo) -> None:
    outputs = by_name(outputs_of(read_repository(repo.folder)))
    assert {name: days(output) for name, output in outputs.items()} == {
        "tempo-v1.0": 2.0,  # ann on one day with two commits, ben on another
        "saved-songs": 0.5,  # ann's one day went to two outputs, and the bot counts for nobody
        "tempo-v1.1": 0.5,
    }
    cost = outputs["tempo-v1.0"].cost
    assert cost is not None
    assert cost.estimated
    assert cost.how.startswith("Estimated from 3 commits by 2 people")


def test_reading_again_gives_the_same(repo: Repo) -> None:
    assert outputs_of(read_repository(repo.folder)) == outputs_of(read_repository(repo.folder))


def test_patterns_choose_the_tags_and_later_ones_hold_what_is_skipped(repo: Repo) -> None:
    found = outputs_of(read_repository(repo.folder), name="Music", skip=("*1.0",))
    assert list(by_name(found)) == ["music-v1.1", "saved-songs"]
    assert days(by_name(found)["music-v1.1"]) == 2.5
    assert outputs_of(read_repository(repo.folder), tags=("x*",)).launches == ()


def test_second_tag_on_the_same_commits_is_no_release(repo: Repo) -> None:
    repo.tag("stable", "2026-03-09T12:00:00+01:00", "The same")
    found = outputs_of(read_repository(repo.folder))
    assert len(found.launches) == 2
    assert [str(remark) for remark in found.remarks] == [
        "tag stable: It is on the commit of v1.1, which stands for both."
    ]


def test_shallow_history_has_no_cost_where_it_is_cut(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "--quiet", "--depth=3", f"file://{repo.folder}", str(tmp_path / "shallow"))
    found = outputs_of(read_repository(tmp_path / "shallow"))
    assert {name: days(output) for name, output in by_name(found).items()} == {
        "saved-songs": None,
        "shallow-v1.1": 0.5,
    }
    assert "Its history is cut off" in found.remarks[0].message


def test_unreleased_output_has_no_launch_yet(repo: Repo) -> None:
    repo.commit("Dark mode\n\nUpshot: output=dark-mode", "2026-03-20T09:00:00+01:00")
    found = outputs_of(read_repository(repo.folder))
    assert "dark-mode" in by_name(found)
    assert all("dark-mode" not in launch.outputs for launch in found.launches)


@pytest.fixture
def merged(make_repo: Callable[[str], Repo]) -> Repo:
    """Main with a merged pull request, a squashed one, a merged branch and a commit of its own."""
    made = make_repo("shop")
    made.commit("Begin", "2026-03-02T09:00:00+01:00")
    made.git("checkout", "--quiet", "-b", "cart")
    made.commit("Cart\n\nUpshot: expects orders +3% within 2w", "2026-03-03T09:00:00+01:00", who="ben")
    made.commit("Cart again", "2026-03-04T09:00:00+01:00", who="ben")
    made.git("checkout", "--quiet", "main")
    made.git(
        "merge", "--quiet", "--no-ff", "-m", "Merge pull request #7 from ben/cart\n\nA cart", "cart",
        at="2026-03-05T09:00:00+01:00",
    )  # fmt: skip
    made.commit("Faster search (#8)", "2026-03-06T09:00:00+01:00")
    made.commit("By hand", "2026-03-07T09:00:00+01:00")
    return made


def test_merges_are_outputs_launched_when_they_are_merged(merged: Repo) -> None:
    found = outputs_of(read_repository(merged.folder), merges=True)
    outputs = by_name(found)
    assert [(name, output.title, output.refs[0], days(output)) for name, output in outputs.items()] == [
        ("shop-pr-7", "A cart", "#7", 2.0),
        ("shop-pr-8", "Faster search", "#8", 1.0),
    ]
    assert outputs["shop-pr-7"].expects == ("orders +3% within 14d",)
    assert [(launch.name, launch.at) for launch in found.launches] == [
        ("shop-pr-7", instant("2026-03-05T09:00:00+01:00")),
        ("shop-pr-8", instant("2026-03-06T09:00:00+01:00")),
    ]


def test_release_launches_the_merges_that_it_holds(merged: Repo) -> None:
    merged.tag("v1", "2026-03-08T09:00:00+01:00", "One")
    merged.commit("Later (#9)", "2026-03-09T09:00:00+01:00")
    found = outputs_of(read_repository(merged.folder), merges=True)
    (launch,) = found.launches
    assert (launch.name, launch.outputs) == ("shop-v1", ("shop-v1", "shop-pr-7", "shop-pr-8"))
    assert days(by_name(found)["shop-v1"]) == 2.0
    assert "shop-pr-9" in by_name(found)


def test_trailers_are_read_and_mistakes_are_remarks() -> None:
    message = (
        "Subject\r\n\r\nUpshot: output=a; kind=upkeep\r\n> upshot:expects x +5% within 3 weeks\nUpshot: kind=bett\n"
        "Upshot: expects more\nUpshot: outptu=a\nUpshot: output=a b\nUpshot : team=t; usage=songs\nupshot is a word"
    )
    said, remarks = read_trailers(message, "commit 1")
    assert said == Said(output="a", kind="upkeep", team="t", usage="songs", expects=("x +5% within 21d",))
    assert [(r.message.split(" that ")[0], r.suggestions) for r in remarks] == [
        ("There is no kind of output 'bett'.", ("bet",)),
        ("'more' is not an expectation. Write it as: new_subscriptions +5% (1%..9%) within 30d.", ()),
        ("'outptu=a' says nothing", ("output",)),
        ("In 'output=a b', 'a b' cannot be a name: letters, digits, _ - and . only; 'a-b' could.", ()),
    ]
