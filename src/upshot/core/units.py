"""Numbers as people read them: counts, money, percent, durations, bytes.

For programs, values stay plain numbers; these words are only for eyes.
"""

from decimal import Decimal
from typing import Literal

from upshot.core.money import format_amount

__all__ = ["ValueFormat", "format_bytes", "format_seconds", "format_value"]

ValueFormat = Literal["count", "money", "percent", "duration", "number"]

_MANY = 1000
_FEW = 10
_BYTE_STEPS = ("B", "kB", "MB", "GB", "TB")
_TIME_STEPS = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"))


def format_value(value: float | None, form: str, currency: str) -> str:
    """A metric's value; ``–`` for none.

    Args:
        value: A share for ``percent``, seconds for ``duration``.
        form: A ``ValueFormat``.
        currency: ISO 4217 code, for ``money``.

    >>> format_value(0.3661, "percent", "EUR"), format_value(885.0, "count", "EUR"), format_value(None, "count", "EUR")
    ('36.6%', '885', '–')
    """
    if value is None:
        return "–"
    match form:
        case "money":
            return format_amount(Decimal(repr(value)), currency)
        case "percent":
            return f"{value:.1%}"
        case "duration":
            return format_seconds(value)
        case _ if value == int(value) and abs(value) < 1e15:
            return f"{int(value):,}"
        case _:
            return (
                f"{value:,.0f}"
                if abs(value) >= _MANY * _FEW
                else f"{value:,.2f}"
                if abs(value) >= 1
                else f"{value:.4g}"
            )


def format_bytes(count: int) -> str:
    """Bytes in the largest decimal unit that leaves at least one.

    >>> format_bytes(3_179_642), format_bytes(17)
    ('3.2 MB', '17 B')
    """
    value, step = float(count), 0
    while value >= _MANY and step < len(_BYTE_STEPS) - 1:
        value, step = value / _MANY, step + 1
    return f"{value:.0f} B" if step == 0 else f"{value:.1f} {_BYTE_STEPS[step]}"


def format_seconds(seconds: float) -> str:
    """A duration in the largest unit that leaves at least one.

    >>> format_seconds(5400), format_seconds(12), format_seconds(0.25)
    ('1.5 h', '12 s', '250 ms')
    """
    for length, name in _TIME_STEPS:
        if abs(seconds) >= length:
            return f"{seconds / length:.1f} {name}"
    return f"{seconds:.3g} s" if abs(seconds) >= 1 or seconds == 0 else f"{seconds * _MANY:.3g} ms"
