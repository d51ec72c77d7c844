"""The nearest right words for a mistyped one."""

from collections.abc import Iterable

__all__ = ["did_you_mean", "likeness", "nearest"]

_NEAR = 60
"""Of 100 that equal words have: at least this much of both words is in the same order."""


def nearest(word: str, known: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """The names in ``known`` that are closest to ``word``, best first, compared without case.

    >>> nearest("revnue", ["revenue", "retention", "orders"])
    ('revenue',)
    """
    by_folded: dict[str, str] = {}
    for name in known:
        by_folded.setdefault(name.casefold(), name)
    from rapidfuzz import fuzz, process

    hits = process.extract(word.casefold(), by_folded.keys(), scorer=fuzz.ratio, limit=limit, score_cutoff=_NEAR)
    return tuple(by_folded[folded] for folded, _, _ in hits)


def did_you_mean(words: Iterable[str]) -> str:
    """The question that proposes the words; empty where there are none.

    >>> did_you_mean(("revenue", "retention")), did_you_mean(())
    ("Did you mean 'revenue' or 'retention'?", '')
    """
    said = " or ".join(map(repr, words))
    return f"Did you mean {said}?" if said else ""


def likeness(one: str, other: str) -> float:
    """How much of both words is in the same order, from 0 (nothing) to 1 (they are equal).

    >>> likeness("retention", "retenton") > 0.9, likeness("a", "b")
    (True, 0.0)
    """
    from rapidfuzz import fuzz

    return fuzz.ratio(one, other) / 100
