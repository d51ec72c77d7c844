"""A compiled question."""

from dataclasses import dataclass

from upshot.core.time import Grain

__all__ = ["Prepared"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled question: the statement and what the compiler said of it.

    Attributes:
        basis: What it was compiled against; see ``EventStore.compiled_against``.
    """

    sql: str
    route: str
    reason: str
    columns: tuple[str, ...]
    additive: bool
    absent: float | None
    grain: Grain | None
    notes: tuple[str, ...]
    basis: str = ""
