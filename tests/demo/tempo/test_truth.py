import msgspec
import numpy as np
import pytest

from upshot.demo.tempo.events import EVENTS, log_of
from upshot.demo.tempo.life import History
from upshot.demo.tempo.truth import TruthFile, tell
from upshot.demo.tempo.world import World


@pytest.fixture(scope="module")
def truth(small: World, real: History) -> TruthFile:
    return tell(small, real)


def test_truth_is_counted_in_the_logs_of_both_lives(real: History, other: History, truth: TruthFile) -> None:
    """An independent count: distinct people a day in the logged events, not in the simulator's own bookkeeping."""

    def saved_songs_users(history: History, first: int, last: int) -> int:
        launch = history.world.launch
        codes = [EVENTS.index("song saved"), EVENTS.index("saved songs played")]
        days = range(launch + first, launch + last + 1)
        return sum(len(np.unique(r.person[np.isin(r.event, codes)])) for r in log_of(history, days))

    for entry in truth.truths:
        if entry.metric == "daily saved-songs users":
            assert entry.with_launch == saved_songs_users(real, entry.first_day, entry.last_day)
            assert entry.without_launch == saved_songs_users(other, entry.first_day, entry.last_day)


def test_truth_knows_three_windows_of_every_metric(truth: TruthFile) -> None:
    windows = {(t.metric, t.first_day, t.last_day) for t in truth.truths}
    assert len(windows) == len(truth.truths) == 7 * 3


def test_truth_of_the_control_series_is_zero(truth: TruthFile) -> None:
    assert {t.relative for t in truth.truths if t.metric == "daily podcast listeners"} == {0.0}


def test_truth_of_onboarding_is_an_improvement(truth: TruthFile) -> None:
    (onboarding,) = truth.experiments
    assert onboarding.all_treated > onboarding.none_treated


def test_truth_survives_a_round_trip_through_json(truth: TruthFile) -> None:
    assert msgspec.json.decode(msgspec.json.encode(truth), type=TruthFile) == truth


@pytest.mark.slow
def test_default_tempo_tells_the_story_that_it_was_made_for(small: World) -> None:
    """15 % more daily users of saved songs and 10 % more new subscriptions in days 61 to 90."""
    told = tell(World(last_day=small.last_day), experiments=False)
    settled = {t.metric: t.relative for t in told.truths if t.first_day == 61}
    assert settled["daily saved-songs users"] == pytest.approx(0.15, abs=0.01)
    assert settled["new subscriptions"] == pytest.approx(0.10, abs=0.02)
