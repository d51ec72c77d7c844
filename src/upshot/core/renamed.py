"""Arguments that once had other names: who uses an old one is told today's, and never has it passed over."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from upshot.core.errors import InvalidInput
from upshot.core.suggest import did_you_mean

__all__ = ["renamed"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def renamed(**now: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """A function that refuses the names which its arguments once had, with today's.

    Args:
        now: Today's name of each old one.

    Raises:
        InvalidInput: From the function: an old name was used.

    Examples:
        >>> @renamed(replicates="resamples")
        ... def redrawn(*, resamples: int) -> int:
        ...     return resamples
        >>> redrawn(replicates=100)
        Traceback (most recent call last):
            ...
        upshot.core.errors.InvalidInput: redrawn has no argument 'replicates'. Did you mean 'resamples'?
    """

    def told(call: Callable[_P, _R]) -> Callable[_P, _R]:
        @functools.wraps(call)
        def asked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            # What is called thousands of times a second pays nothing: Python refuses an unknown name by itself.
            try:
                return call(*args, **kwargs)
            except TypeError:
                for old in now.keys() & kwargs.keys():
                    words = f"{call.__name__} has no argument {old!r}."
                    raise InvalidInput(words, hint=did_you_mean((now[old],))) from None
                raise

        return asked

    return told
