"""What Tempo shipped, when, and how much of it has reached a person."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upshot.demo.tempo.draws import Draws, Purpose
from upshot.demo.tempo.people import People
from upshot.demo.tempo.world import Trouble, World

__all__ = ["EXPERIMENTS", "RELEASES", "Arms", "Experiment", "Release", "SavedSongs", "saved_songs"]

Floats = NDArray[np.float32]
_LEARNING_DAYS = 12.0
_NOVELTY_DAYS = 12.0
_SAVED_TUNING = 1.12
_BUYING_TUNING = 2.55
_NEVER = np.float32(1e9)


@dataclass(frozen=True, slots=True)
class Release:
    """A thing shipped, ``days_after_launch`` days after saved songs (mostly before: negative)."""

    key: str
    title: str
    version: str
    days_after_launch: int
    cost_days: int
    note: str


RELEASES = (
    Release("offline-mode", "Offline mode", "2.0.0", -820, 60, "Listen without a network."),
    Release("family-plan", "Family plan", "2.3.0", -640, 45, "One account for up to five."),
    Release("lyrics", "Lyrics", "2.6.0", -505, 20, "Words beside the song."),
    Release("podcasts-shelf", "Podcasts shelf", "2.8.0", -420, 25, "Podcasts get a place of their own."),
    Release("guided-onboarding", "Guided onboarding", "3.0.0", -255, 30, "After an experiment that worked."),
    Release("player-rewrite", "Player rewrite", "3.1.0", -200, 80, "Broke playback on Android for three days."),
    Release("player-rewrite-fix", "Player fix", "3.1.1", -197, 3, "Mends the player on Android."),
    Release("video-covers", "Video covers", "3.2.0", -190, 25, "An experiment that did not work."),
    Release("karaoke", "Karaoke mode", "3.3.0", -150, 40, "Hardly anybody uses it."),
    Release("faster-start", "Faster start", "3.4.0", -75, 12, "Half a second less to the first song."),
    Release("saved-songs", "Saved songs", "4.0.0", 0, 55, "Saving songs, made easy."),
    Release("saved-songs-polish", "Saved songs: polish", "4.0.1", 96, 4, "Small things."),
)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A randomised launch of Tempo's past; people meet it on a day of listening inside its window."""

    key: str
    number: int
    starts: int
    ends: int
    new_people_only: bool


EXPERIMENTS = (
    Experiment("guided-onboarding", 0, -300, -258, new_people_only=True),
    Experiment("video-covers", 1, -190, -162, new_people_only=False),
)


@dataclass(frozen=True, slots=True)
class Arms:
    """Who is treated: as drawn by lot, or everybody or nobody, to learn the truth of an experiment."""

    onboarding: str = "drawn"


class SavedSongs:
    """How far the effect of saved songs has come with each person."""

    def __init__(self, world: World, exposed_from: Floats, arrival: NDArray[np.int32], strength: Floats) -> None:
        self._world = world
        self._known_from = np.where(arrival > world.launch, np.float32(world.launch), exposed_from)
        self.exposed_from = exposed_from
        self._strength = strength
        self._fades = world.trouble is Trouble.NOVELTY_FADES

    def _reached(self, day: int, index: NDArray[np.intp]) -> Floats:
        age = np.maximum(np.float32(day) - self.exposed_from[index], np.float32(0.0))
        if self._fades:
            worn = np.maximum(np.float32(day) - self._known_from[index], np.float32(0.0))
            share = np.float32(2.5) * np.exp(-worn / np.float32(_NOVELTY_DAYS)) * (age > 0)
        else:
            share = np.float32(1.0) - np.exp(-age / np.float32(_LEARNING_DAYS))
        return np.asarray(share * self._strength[index], dtype=np.float32)

    def on_saving(self, day: int, index: NDArray[np.intp]) -> Floats:
        """Multiplier of the chance to engage with saved songs; shape (len(index),)."""
        return np.float32(1.0) + np.float32(self._world.effects.saved_songs * _SAVED_TUNING) * self._reached(day, index)

    def on_buying(self, day: int, index: NDArray[np.intp]) -> Floats:
        """Multiplier of the chance to begin a trial or subscribe; shape (len(index),)."""
        size = np.float32(self._world.effects.subscriptions * _BUYING_TUNING)
        return np.float32(1.0) + size * self._reached(day, index)


def saved_songs(world: World, everyone: People, draws: Draws, *, happens: bool) -> SavedSongs:
    """The launch of saved songs; where it does not happen, nobody is ever exposed."""
    count = everyone.count
    if not happens:
        never = np.full(count, _NEVER, dtype=np.float32)
        return SavedSongs(world, never, everyone.arrival, np.zeros(count, dtype=np.float32))
    strength = np.ones(count, dtype=np.float32)
    if world.rollout == "half":
        treated = draws.uniform(Purpose.ARM, 9, count) < 0.5
        strength = treated.astype(np.float32)
        if world.trouble is Trouble.FAMILY_SPILLOVER:
            reached = np.zeros(count, dtype=bool)
            np.logical_or.at(reached, everyone.account, treated)
            strength = np.where(~treated & reached[everyone.account], np.float32(0.6), strength)
    exposed_from = np.maximum(world.launch + everyone.adoption_days, everyone.arrival).astype(np.float32)
    return SavedSongs(world, exposed_from, everyone.arrival, strength)
