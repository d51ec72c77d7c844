"""How every benchmark is called: at its full size, or at a toy one that only shows that it still runs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run"]


def run(full: Callable[[list[str]], int], toy: Callable[[], object], about: str | None) -> int:
    """Read the command line and measure.

    Args:
        full: The benchmark; it gets the words of the command line and returns how many goals are missed.
        toy: The same over so little that it takes seconds. It judges no goal, but raises where an answer is wrong.
        about: What ``--help`` prints.

    Returns:
        The exit code: 1 where a goal is missed, always 0 for a toy run that comes to its end.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="as the description says")
    parser.add_argument("--toy", action="store_true", help="so small that it takes seconds; no goal is judged")
    asked = parser.parse_args()
    if asked.toy:
        toy()
        return 0
    return int(full(asked.words) > 0)
