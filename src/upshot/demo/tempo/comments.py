"""What Tempo's people write beside their score: fewer look in vain for songs once saving them has become easy."""

from datetime import date

import numpy as np
from numpy.typing import NDArray

__all__ = ["COMMENTS", "comment_codes"]

_PROMOTERS = (
    "I listen to it all day long.",
    "Good music, fair price.",
    "It knows what I like.",
    "Best on the train, even without a network.",
    "The family plan saves us money.",
    "My running playlists are always there.",
)
_PASSIVES = (
    "It is fine.",
    "Good, but others have more podcasts.",
    "Sound is good, the app is a little slow.",
    "I would like lyrics for more songs.",
    "Does what it should.",
)
_DETRACTORS = (
    "Too expensive for what I use.",
    "The app stops in the middle of a song.",
    "Too many clicks to get to my music.",
    "Recommendations repeat themselves.",
    "It drains my battery.",
)
_LOST_SONGS = (
    "I can never find a song again that I liked.",
    "Where do my songs go after I heard them?",
    "Saving a song takes too many steps.",
    "I lose songs that I wanted to keep.",
)
COMMENTS = (*_PROMOTERS, *_PASSIVES, *_DETRACTORS, *_LOST_SONGS)
"""Every comment; codes are places in it."""

_WRITES = 0.45
_LOST_BEFORE, _LOST_AFTER = 0.34, 0.16
_PROMOTER_FROM, _DETRACTOR_TO = 9.0, 6.0


def comment_codes(
    person: NDArray[np.intp], at: NDArray[np.datetime64], score: NDArray[np.float64], launch: date
) -> NDArray[np.int64]:
    """Which comment stands beside each score; -1 for none, and where the score is NaN.

    Args:
        person: Index of the person, shape (n,).
        at: UTC instant, shape (n,).
        score: 0 to 10 or NaN, shape (n,).
        launch: The day from which saving songs is easy.
    """
    day = at.astype("datetime64[D]").astype(np.int64)
    writes, lost, which = (_chance(person, day, salt) for salt in (1, 2, 3))
    after = day >= np.datetime64(launch, "D").astype(np.int64)
    bounds = np.cumsum([0, len(_PROMOTERS), len(_PASSIVES), len(_DETRACTORS), len(_LOST_SONGS)])
    group = np.where(score >= _PROMOTER_FROM, 0, np.where(score <= _DETRACTOR_TO, 2, 1))
    missing = (group > 0) & (lost < np.where(after, _LOST_AFTER, _LOST_BEFORE))
    group = np.where(missing, 3, group)
    sizes = np.diff(bounds)[group]
    codes = bounds[group] + np.minimum((which * sizes).astype(np.int64), sizes - 1)
    return np.where(~np.isnan(score) & (writes < _WRITES), codes, -1)


def _chance(person: NDArray[np.intp], day: NDArray[np.int64], salt: int) -> NDArray[np.float64]:
    """Numbers in [0, 1) that belong to a person, a day and a purpose: the finaliser of splitmix64."""
    with np.errstate(over="ignore"):
        x = person.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x ^= day.astype(np.uint64) * np.uint64(0xBF58476D1CE4E5B9) + np.uint64(salt)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return np.asarray((x >> np.uint64(11)).astype(np.float64) / float(1 << 53))
