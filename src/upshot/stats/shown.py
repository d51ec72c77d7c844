"""Inputs as a notebook shows them: one short line, whatever their size. The arrays are the attributes."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

__all__ = ["Shown"]

_FEW = 4
"""Values of a row that are written out."""
_WHOLE = 1e15
"""Below this a whole number has all of its digits."""


class Shown:
    """A frozen class of numbers and arrays that is shown in one line.

    Yes-or-no marks and what is not set are left out.

    Examples:
        >>> from upshot.stats.moments import Moments
        >>> Moments(1297, 2.99383192, [3.1, 2.9])
        Moments(n=1297, mean=2.99383, variance=[3.1, 2.9])
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """In one line."""
        told = ((field.name, getattr(self, field.name)) for field in fields(self) if field.repr)  # type: ignore[arg-type]
        parts = [f"{name}={_words(value)}" for name, value in told if value is not None and not isinstance(value, bool)]
        return f"{type(self).__name__}({', '.join(parts)})"


def _words(value: object) -> str:
    if isinstance(value, int | float | np.number):
        number = float(value)
        return f"{number:.0f}" if number.is_integer() and abs(number) < _WHOLE else f"{number:.6g}"
    if not isinstance(value, np.ndarray):
        return repr(value)
    if value.ndim == 0:
        return _words(value.item())
    if value.ndim == 1 and value.size <= _FEW:
        return f"[{', '.join(_words(item) for item in value.tolist())}]"
    return f"array of shape {value.shape}"
