"""What may be given: every argument of this room and of ``upshot.causal`` is checked by one of these, at the door.

A refusal names the argument, what was given and what is allowed. Names are compared exactly, so that a typing error
never chooses the other branch of a test. Numbers may be Python's or NumPy's, columns anything that NumPy reads as
numbers: lists, arrays, pandas and Polars series (dated ones too), Arrow arrays. Yes/no values count as 1 and 0.
"""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from upshot.core.errors import InvalidInput
from upshot.core.suggest import did_you_mean, nearest
from upshot.core.units import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

    class _Shaped(Protocol):
        @property
        def shape(self) -> tuple[int, ...]: ...


__all__ = [
    "axis_of",
    "chosen",
    "compared",
    "fitting",
    "floats",
    "function_of",
    "given",
    "labels_of",
    "number",
    "numbers",
    "pair_of",
    "place_of",
    "row",
    "rows",
    "several",
    "tested",
    "whole",
]

_T = TypeVar("_T")
_FLOAT = np.dtype(np.float64)
_PLAIN = frozenset({float, np.float64})
_EXACT = 2**53
_SHOWN = 60


def chosen(argument: str, value: object, allowed: Sequence[str]) -> None:
    """Refuse a name that is not one of those allowed.

    Raises:
        InvalidInput: It is none of them; the nearest is proposed.

    Examples:
        >>> chosen("alternative", "two_sided", ("two-sided", "greater", "less"))
        Traceback (most recent call last):
            ...
        upshot.core.errors.InvalidInput: alternative is 'two_sided'. Did you mean 'two-sided'? ...
    """
    if isinstance(value, str) and value in allowed:
        return
    close = nearest(value, allowed, limit=1) if isinstance(value, str) else ()
    proposed = f"{did_you_mean(close)} " if close else ""
    words = ", ".join(repr(name) for name in allowed)
    raise InvalidInput(f"{argument} is {_shown(value)}.", hint=f"{proposed}Allowed are {words}.")


def given(argument: str, value: object, *kinds: type) -> None:
    """Refuse a value of another kind.

    Raises:
        InvalidInput: It is of none of the kinds.

    Examples:
        >>> given("prior", 0.02, dict)
        Traceback (most recent call last):
            ...
        upshot.core.errors.InvalidInput: prior is 0.02. Give a dict.
    """
    if not isinstance(value, kinds):
        raise InvalidInput(
            f"{argument} is {_shown(value)}.", hint=f"Give a {' or '.join(kind.__name__ for kind in kinds)}."
        )


def number(
    argument: str,
    value: object,
    *,
    above: float = -math.inf,
    least: float = -math.inf,
    below: float = math.inf,
    most: float = math.inf,
    infinite: bool = False,
) -> float:
    """One number, checked for its range.

    Args:
        argument: Its name, for the message.
        value: What was given; a number of Python's or NumPy's, or an array of one.
        above: It must be larger than this.
        least: It must be this or more.
        below: It must be smaller than this.
        most: It must be this or less.
        infinite: Whether an infinite one is allowed.

    Raises:
        InvalidInput: It is not one number, is not finite, or out of range.

    Examples:
        >>> number("level", 0.95, above=0.0, below=1.0)
        0.95
        >>> number("level", 95, above=0.0, below=1.0)
        Traceback (most recent call last):
            ...
        upshot.core.errors.InvalidInput: level is 95. Give a number above 0 and below 1.
    """
    found = value if value.__class__ is float else _one(value)
    if found is not None and above < found < below and least <= found <= most:
        return found
    # Bounds at infinity exclude infinity itself, so an infinite number comes here even where it is allowed.
    if infinite and found is not None and math.isinf(found) and _inside(found, above, least, below, most):
        return found
    raise InvalidInput(f"{argument} is {_shown(value)}.", hint=f"Give a number{_range(above, least, below, most)}.")


def whole(argument: str, value: object, *, least: int, most: int = 2**53) -> int:
    """One whole number, checked for its range.

    Raises:
        InvalidInput: It is not one whole number, or out of range.

    Examples:
        >>> whole("looks", 4.0, least=1)
        4
    """
    found = _one(value)
    if found is not None and math.isfinite(found) and found == math.floor(found) and least <= found <= most:
        return int(found)
    upper = math.inf if most == 2**53 else most
    raise InvalidInput(
        f"{argument} is {_shown(value)}.", hint=f"Give a whole number{_range(-math.inf, least, math.inf, upper)}."
    )


def floats(
    argument: str,
    values: object,
    *,
    above: float = -math.inf,
    least: float = -math.inf,
    below: float = math.inf,
    most: float = math.inf,
) -> FloatArray:
    """An array of numbers; missing ones (None, NaN, masked) become NaN, which no range excludes.

    Args:
        argument: Its name, for the message.
        values: A number, a list, an array, a series, a column.
        above: Each must be larger than this.
        least: Each must be this or more.
        below: Each must be smaller than this.
        most: Each must be this or less.

    Returns:
        float64, of the shape given.

    Raises:
        InvalidInput: Something in it is no number (texts and dates are none), rows differ in length, or one is out of
            range.

    Examples:
        >>> floats("values", [1, 2.5, None]).tolist()
        [1.0, 2.5, nan]
        >>> floats("weights", [1.0, -2.0], least=0.0)
        Traceback (most recent call last):
            ...
        upshot.core.errors.InvalidInput: weights holds -2.0. Give numbers of 0 or more.
    """
    found = numbers(argument, values)
    if not found.ndim and above < (one := found.item()) < below and least <= one <= most:
        return found
    # Only the bounds given are looked at, and NaN lies within each of them.
    for bound, beyond in ((above, np.less_equal), (least, np.less), (below, np.greater_equal), (most, np.greater)):
        if not math.isinf(bound) and (out := beyond(found, bound)).any():
            worst = float(found[out][0]) if found.ndim else float(found)
            raise InvalidInput(
                f"{argument} holds {worst}." if found.ndim else f"{argument} is {worst}.",
                hint=f"Give numbers{_range(above, least, below, most)}.",
            )
    return found


def numbers(argument: str, values: object) -> FloatArray:
    """As ``floats``, whatever the numbers are: the way of the statistics, which name what is impossible themselves.

    Examples:
        >>> numbers("mean", 2).item()
        2.0
    """
    kind = values.__class__
    if kind in _PLAIN or (kind is np.ndarray and values.dtype is _FLOAT):  # type: ignore[attr-defined]
        return np.asarray(values, _FLOAT)
    if kind is int and -_EXACT <= values <= _EXACT:  # type: ignore[operator]
        return np.asarray(values, _FLOAT)
    return _array(argument, values)


def rows(argument: str, values: object) -> FloatArray:
    """Values of units along the last axis: an array of one dimension or more.

    Raises:
        InvalidInput: It is a single number, or no array of numbers.
    """
    found = floats(argument, values)
    if found.ndim == 0:
        raise InvalidInput(
            f"{argument} is a single number.", hint="Give a list, array or column, a value for each unit."
        )
    return found


def row(argument: str, values: object) -> FloatArray:
    """One row of values.

    Raises:
        InvalidInput: It has another number of dimensions than one, or is no array of numbers.
    """
    found = floats(argument, values)
    if found.ndim != 1:
        raise InvalidInput(f"{argument} has shape {found.shape}.", hint="Give one row: a list or a column.")
    return found


def labels_of(argument: str, values: object) -> NDArray[np.generic]:
    """Labels as an array that can be sorted and compared.

    Raises:
        InvalidInput: They are of kinds that do not sort together.
    """
    try:
        found = np.asarray(values)
        if found.dtype.kind == "O":
            np.unique(found)
    except Exception as error:  # rows of different lengths, labels of different kinds; each library in its own way
        raise InvalidInput(f"{argument} are no labels of one kind.", hint=f"NumPy says: {error}.") from None
    return found


def several(argument: str, values: object, kind: type[_T], *, least: int = 0) -> tuple[_T, ...]:
    """A sequence of values of one kind.

    Raises:
        InvalidInput: It is no sequence, holds something else, or fewer than ``least``.

    Examples:
        >>> several("looks", [1, 2], int)
        (1, 2)
    """
    try:
        if isinstance(values, str | bytes | dict):
            raise TypeError
        found: tuple[_T, ...] = tuple(values)  # type: ignore[arg-type]
    except TypeError:
        raise InvalidInput(f"{argument} is {_shown(values)}.", hint=f"Give a sequence of {kind.__name__}.") from None
    for item in found:
        if not isinstance(item, kind):
            raise InvalidInput(f"{argument} holds {_shown(item)}.", hint=f"Give a sequence of {kind.__name__}.")
    if len(found) < least:
        raise InvalidInput(f"{argument} holds {len(found)}.", hint=f"Give {least} or more of {kind.__name__}.")
    return found


def fitting(**shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape to which all of the arguments' shapes broadcast.

    Raises:
        InvalidInput: They do not fit each other.

    Examples:
        >>> fitting(control=(3, 1), treatment=(4,))
        (3, 4)
        >>> fitting(control=(3,), treatment=(4,))
        Traceback (most recent call last):
            ...
        upshot.core.errors.InvalidInput: control has shape (3,), treatment has shape (4,). ...
    """
    first = next(iter(shapes.values()), ())
    if all(shape == first for shape in shapes.values()):
        return first
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        words = ", ".join(f"{name} has shape {shape}" for name, shape in shapes.items())
        raise InvalidInput(f"{words}.", hint="Give shapes that broadcast: equal, or 1, along each axis.") from None


def compared(
    kind: type[_Shaped],
    control: _Shaped,
    treatment: _Shaped,
    names: tuple[str, str] = ("control", "treatment"),
    *,
    single: bool = False,
) -> None:
    """Refuse two groups that cannot be compared: of another kind, or of shapes that do not broadcast.

    Args:
        kind: What both must be.
        control: One group.
        treatment: The other.
        names: The arguments' names.
        single: Whether there may be one comparison only.

    Raises:
        InvalidInput: They cannot.
    """
    if not (isinstance(control, kind) and isinstance(treatment, kind)):
        given(names[0], control, kind)
        given(names[1], treatment, kind)
    mine, theirs = control.shape, treatment.shape
    if mine != theirs:
        fitting(**{names[0]: mine, names[1]: theirs})
    if single and (mine or theirs):
        raise InvalidInput(f"{names[0]} has shape {mine}, {names[1]} has shape {theirs}.", hint="Give one comparison.")


def pair_of(argument: str, value: object) -> tuple[float, float]:
    """Two numbers, lower and upper; infinite ones are allowed.

    Raises:
        InvalidInput: They are not two numbers.
    """
    both = several(argument, value, object)
    if len(both) != 2:
        raise InvalidInput(f"{argument} is {_shown(value)}.", hint="Give two numbers, (low, high).")
    return number(argument, both[0], infinite=True), number(argument, both[1], infinite=True)


def tested(null: object, shape: tuple[int, ...]) -> FloatArray | float:
    """The value (or values) under the null hypothesis, if they fit the comparisons' shape.

    Raises:
        InvalidInput: They are no numbers, or do not fit.
    """
    if null.__class__ is float:
        return null
    found = floats("null", null)
    fitting(groups=shape, null=found.shape)
    return found


def function_of(argument: str, value: object, accepted: frozenset[str]) -> None:
    """Refuse what cannot be called with these parameters.

    Args:
        argument: Its name, for the message.
        value: What was given.
        accepted: Parameters that it must have.

    Raises:
        InvalidInput: It is no such function.
    """
    if getattr(value, "__module__", "").startswith("upshot.") and callable(value):
        return
    try:
        if not accepted <= set(inspect.signature(value).parameters):  # type: ignore[arg-type]
            raise TypeError
    except (TypeError, ValueError):
        words = ", ".join(sorted(accepted))
        hint = f"Give a function that takes {words}."
        raise InvalidInput(f"{argument} is {_shown(value)}.", hint=hint) from None


def axis_of(argument: str, value: object, dimensions: int) -> int:
    """The number of an axis, counted from the front or (negative) from the back.

    Raises:
        InvalidInput: There is no such axis.
    """
    if not dimensions:
        raise InvalidInput(f"{argument} is {_shown(value)}, but there is a single value.", hint="Give an array.")
    return whole(argument, value, least=-dimensions, most=dimensions - 1)


def place_of(index: tuple[object, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """One place of results of a shape: a whole number for each axis, counted from the front or (negative) the back.

    Raises:
        InvalidInput: There are more or fewer numbers than axes, or there is no such place.
    """
    if not index and not shape:  # a single comparison, thousands of times a second
        return ()
    if len(index) != len(shape):
        asked = counted(len(index), "number")
        raise InvalidInput(f"The results have shape {shape}.", hint=f"Give a number for each axis, not {asked}.")
    return tuple(whole("index", at, least=-size, most=size - 1) for at, size in zip(index, shape, strict=True))


def _one(value: object) -> float | None:
    """A number as a float, or None where it is none (a truth value is none: it would be a typing error)."""
    if isinstance(value, bool | np.bool_ | str | bytes | complex | np.ma.MaskedArray):
        return None
    if isinstance(value, np.ndarray) and (value.ndim != 0 or value.dtype.kind not in "iuf"):
        return None
    if isinstance(value, np.datetime64 | np.timedelta64):
        return None
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None


def _array(argument: str, values: object) -> FloatArray:
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind in "biuf":
        return np.asarray(np.ma.filled(values.astype(np.float64), np.nan))
    if isinstance(values, dict | set | frozenset | str | bytes) or callable(values):
        raise _no_numbers(argument, values)
    try:
        found = np.asarray(values)
    except Exception as error:  # rows of different lengths; and each library refuses in its own way
        raise InvalidInput(f"{argument} is no array of numbers.", hint=f"NumPy says: {error}.") from None
    if found.dtype.kind in "biuf":
        return found.astype(np.float64)
    if found.dtype.kind == "O" and not any(isinstance(item, str | bytes | bool) for item in found.flat):
        try:
            return np.asarray(_known(found), np.float64)
        except (TypeError, ValueError, OverflowError):
            pass
    raise _no_numbers(argument, values)


def _known(items: NDArray[np.object_]) -> NDArray[np.object_]:
    """Missing values of every library as NaN: they are None, or do not equal themselves, or do not say."""
    known = items.copy()
    for place, item in enumerate(items.flat):
        if type(item).__name__ in {"NoneType", "NAType", "NaTType"}:
            known.flat[place] = math.nan
    return known


def _no_numbers(argument: str, values: object) -> InvalidInput:
    return InvalidInput(
        f"{argument} is {_shown(values)}.", hint="Give a number, or a list, array or column of numbers."
    )


def _inside(value: float, above: float, least: float, below: float, most: float) -> bool:
    """Whether an infinite value is on a side without a bound."""
    if value < 0.0:
        return above == least == -math.inf
    return below == most == math.inf


def _range(above: float, least: float, below: float, most: float) -> str:
    parts = [
        f"above {above:g}" if above > -math.inf else "",
        f"of {least:g} or more" if least > -math.inf else "",
        f"below {below:g}" if below < math.inf else "",
        f"of {most:g} or less" if most < math.inf else "",
    ]
    words = " and ".join(part for part in parts if part)
    return f" {words}" if words else ""


def _shown(value: object) -> str:
    """A value in a few words."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"{type(value).__name__} of shape {shape}"
    try:
        words = repr(value)
    except Exception:  # an object that cannot even be shown
        words = f"a {type(value).__name__}"
    words = " ".join(words.split())
    return words if len(words) <= _SHOWN else f"{words[: _SHOWN - 1]}…"
