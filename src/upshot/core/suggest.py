"""The nearest right words for a mistyped one."""

import difflib
from collections.abc import Iterable

__all__ = ["nearest"]


def nearest(word: str, known: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """The names in ``known`` that are closest to ``word``, best first, compared without case.

    >>> nearest("revnue", ["revenue", "retention", "orders"])
    ('revenue',)
    """
    by_folded: dict[str, str] = {}
    for name in known:
        by_folded.setdefault(name.casefold(), name)
    hits = difflib.get_close_matches(word.casefold(), by_folded, n=limit, cutoff=0.6)
    return tuple(by_folded[hit] for hit in hits)
