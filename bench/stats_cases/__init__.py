"""What ``bench.bench_stats`` times: each module of this folder exposes ``cases() -> list[Case]``.

To add cases, add a module. A peer that cannot live in the project's own environment is given as source text and run
there by a process of its own, on the same inputs, in the same run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Case", "IsolatedPeer", "Peer"]


@dataclass(frozen=True, slots=True)
class Peer:
    """Another library, in this process.

    Attributes:
        name: The library.
        single: One comparison.
        many: Many comparisons, the way its users would do them (a loop where it has no arrays); None leaves it out.
        size: How many comparisons ``many`` makes.
    """

    name: str
    single: Callable[[], object]
    many: Callable[[], object] | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class IsolatedPeer:
    """Another library, in an environment of its own (``bench/oracles.sh`` makes those).

    Attributes:
        name: The library.
        environment: ``gbstats`` or ``confidence``: the folder ``.venv-oracles-…``.
        setup: Source run once; ``inputs`` is a dict of the arrays, ``np`` is NumPy.
        single: An expression: one comparison.
        many: An expression: ``size`` comparisons.
        size: How many comparisons ``many`` makes.
        inputs: Arrays handed over.
    """

    name: str
    environment: str
    setup: str
    single: str
    many: str
    size: int
    inputs: dict[str, NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One question, answered by Upshot and by its peers.

    Attributes:
        name: The question, in words.
        single: Upshot, one comparison, its inputs built from plain numbers as a peer's are.
        many: Upshot, ``size`` comparisons in one call.
        size: How many comparisons ``many`` makes.
        peers: Who else answers it.
    """

    name: str
    single: Callable[[], object]
    many: Callable[[], object]
    size: int = 10_000
    peers: tuple[Peer | IsolatedPeer, ...] = ()
