"""How well a name answers to what somebody typed."""

import enum
import re
import unicodedata

from upshot.core.suggest import likeness

__all__ = ["Fit", "fit"]

_WORD = re.compile(r"\w+")
_NEAR_ENOUGH = 0.8
_LEAST_LETTERS = 3
"""Fewer letters are too few to guess from."""


class Fit(enum.IntEnum):
    """From worst to best."""

    NONE = 0
    FUZZY = 1
    INSIDE = 2
    WORD = 3
    PREFIX = 4


def fit(typed: str, text: str) -> Fit:
    """How ``text`` fits: it begins with what was typed, a word does, it stands inside, or it is a likely slip.

    Case and accents do not matter. Several words may come in any order; the worst of them counts.

    >>> fit("act", "Active persons"), fit("per act", "Active persons"), fit("revnue", "Revenue"), fit("x", "Revenue")
    (<Fit.PREFIX: 4>, <Fit.WORD: 3>, <Fit.FUZZY: 1>, <Fit.NONE: 0>)
    """
    wanted, there = _plain(typed), _plain(text)
    if not wanted or there.startswith(wanted):
        return Fit.PREFIX
    words = _WORD.findall(there.replace("_", " "))
    return min((_word_fit(part, words, there) for part in wanted.split()), default=Fit.NONE)


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in apart if not unicodedata.combining(c)).split())


def _word_fit(part: str, words: list[str], text: str) -> Fit:
    if any(word.startswith(part) for word in words):
        return Fit.WORD
    if part in text:
        return Fit.INSIDE
    if len(part) >= _LEAST_LETTERS and any(_likely(part, word) for word in words):
        return Fit.FUZZY
    return Fit.NONE


def _likely(part: str, word: str) -> bool:
    """Whether ``part`` is a slip of ``word`` or of its beginning, or its letters in their order from the first on."""
    if part[0] == word[0] and _in_order(part, word):
        return True
    return any(likeness(part, w) >= _NEAR_ENOUGH for w in (word, word[: len(part)]))


def _in_order(part: str, word: str) -> bool:
    letters = iter(word)
    return all(letter in letters for letter in part)
