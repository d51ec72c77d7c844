"""What Tempo's people wrote down, and what they say in surveys."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from upshot.api.operation import LOCAL_OWNER
from upshot.api.outputs import LAUNCH_LIST, OUTPUT_LIST
from upshot.api.state import Nothing
from upshot.core.settings import WorkspaceSettings, load_settings
from upshot.demo.tempo.comments import COMMENTS, comment_codes
from upshot.demo.tempo.launches import RELEASES
from upshot.demo.tempo.story import Clock, chapters, tell_story
from upshot.demo.tempo.world import Trouble, World
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace

LAST = date(2026, 6, 30)


def test_story_is_told_in_the_order_of_time_and_inside_the_history() -> None:
    world = World(last_day=LAST)
    days = [chapter.day for chapter in chapters(world)]
    assert days == sorted(days)
    assert days[0] >= world.first_day
    assert days[-1] <= world.last_day


def test_story_of_a_short_history_begins_with_it() -> None:
    world = World(last_day=LAST, days=200)
    told = chapters(world)
    outputs = [o["name"] for chapter in told for o in chapter.document.get("outputs", [])]
    inside = [r.key for r in RELEASES if world.launch + r.days_after_launch >= 0]
    assert outputs == inside
    assert told[0].day == world.first_day


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Trouble.CAMPAIGN_AT_LAUNCH, "campaign"),
        (Trouble.PRICE_CHANGE_AT_LAUNCH, "price"),
        (Trouble.LOGGING_CHANGE_AT_LAUNCH, "logging"),
    ],
)
def test_story_notes_what_else_happened_at_the_launch(trouble: Trouble, kind: str) -> None:
    world = World(last_day=LAST, trouble=trouble)

    def kinds(*, noted: bool) -> list[str]:
        told = chapters(world, noted=noted)
        return [note["kind"] for chapter in told for note in chapter.document.get("annotations", [])]

    assert kind in kinds(noted=True)
    assert kind not in kinds(noted=False)


@pytest.mark.parametrize("rollout", ["everyone", "half"])
def test_story_is_accepted_and_everything_was_foretold_in_time(tmp_path: Path, rollout: str) -> None:
    world = World(last_day=LAST, rollout="half" if rollout == "half" else "everyone")
    folder = tmp_path / "tempo"
    initialise(folder, WorkspaceSettings("Tempo", "Europe/Berlin", "EUR"), load_settings(None, {}))
    clock = Clock(datetime.now(UTC))
    with LocalWorkspace.open(folder, load_settings(folder, {}), clock=clock) as workspace:
        owner = workspace.acting_as(LOCAL_OWNER)
        tell_story(owner, world, clock)
        outputs = owner.call(OUTPUT_LIST, Nothing()).outputs
        launches = {launch.name: launch for launch in owner.call(LAUNCH_LIST, Nothing()).launches}
    assert {output.name for output in outputs} == {release.key for release in RELEASES}
    assert not [e.text for output in outputs for e in output.expectations if e.late]
    assert launches["saved-songs"].day == world.day(world.launch)
    assert launches["saved-songs"].randomised == (rollout == "half")
    assert launches["guided-onboarding-test"].experiment == "guided-onboarding-test"


def test_comments_about_lost_songs_are_fewer_after_the_launch() -> None:
    person = np.arange(40_000)
    launch = date(2026, 3, 1)
    before = np.full(40_000, np.datetime64("2026-02-10T12:00:00", "us"))
    after = np.full(40_000, np.datetime64("2026-03-10T12:00:00", "us"))
    score = np.full(40_000, 5.0)

    def lost(at: np.ndarray) -> float:
        codes = comment_codes(person, at, score, launch)
        written = codes[codes >= 0]
        return float(np.mean(["song" in COMMENTS[code] and "find" in COMMENTS[code] for code in written]))

    assert lost(after) < 0.65 * lost(before)


def test_comments_fit_the_score_and_are_the_same_again() -> None:
    person = np.arange(5_000)
    at = np.full(5_000, np.datetime64("2026-02-10T12:00:00", "us"))
    scores = np.tile([10.0, 7.0, 2.0, np.nan], 1_250)
    first, second = (comment_codes(person, at, scores, date(2026, 3, 1)) for _ in range(2))
    assert (first == second).all()
    assert (first[np.isnan(scores)] == -1).all()
    assert set(first[scores == 10.0]) <= {-1, *range(6)}
