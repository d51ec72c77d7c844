"""Numbers as people read them: counts, money, percent, durations, bytes.

For programs, values stay plain numbers; these words are only for eyes.
"""

from decimal import Decimal
from typing import Literal

from upshot.core.money import format_amount

__all__ = [
    "ValueFormat",
    "counted",
    "format_bytes",
    "format_change",
    "format_interval",
    "format_seconds",
    "format_share",
    "format_value",
    "one_or_many",
    "typographic",
]

ValueFormat = Literal["count", "money", "percent", "duration", "number"]

_MANY = 1000
_FEW = 10
_ROUND_FROM = 100
_SMALL_SHARE = 0.001
_BYTE_STEPS = ("B", "kB", "MB", "GB", "TB")
_VOWELS = ("a", "e", "i", "o", "u")
_SIBILANTS = ("s", "x", "z", "ch", "sh")
_MINUS = str.maketrans("-", "−")
_TIME_STEPS = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"))


def counted(number: float, one: str, several: str = "") -> str:
    """How many of what, as a sentence says it; what a noun's plural is stands nowhere else.

    Args:
        number: Of fractions, up to four digits are written.
        one: The noun, and what belongs to it, for exactly one.
        several: The same for any other number; without it the regular plural of the last word of ``one``.

    >>> counted(1, "output"), counted(2_000, "output"), counted(0, "launch"), counted(3, "sealed entry")
    ('1 output', '2,000 outputs', '0 launches', '3 sealed entries')
    >>> counted(1, "day is", "days are"), counted(1.5, "day"), counted(2, "person", "people")
    ('1 day is', '1.5 days', '2 people')
    """
    digits = f"{int(number):,}" if number == int(number) else f"{number:,.4g}"
    return f"{typographic(digits)} {one_or_many(number, one, several)}"


def one_or_many(number: float, one: str, several: str = "") -> str:
    """The word that agrees with a number that stands elsewhere: a noun, with its regular plural, or a verb.

    >>> one_or_many(1, "is", "are"), one_or_many(2, "is", "are"), one_or_many(2, "query"), one_or_many(2, "day")
    ('is', 'are', 'queries', 'days')
    """
    if number == 1:
        return one
    if several:
        return several
    if one.endswith("y") and one[-2:-1] not in _VOWELS:
        return f"{one[:-1]}ies"
    return f"{one}es" if one.endswith(_SIBILANTS) else f"{one}s"


def format_value(value: float | None, form: str, currency: str) -> str:
    """A metric's value; ``–`` for none.

    Args:
        value: A share for ``percent``, seconds for ``duration``.
        form: A ``ValueFormat``.
        currency: ISO 4217 code, for ``money``.

    >>> format_value(0.3661, "percent", "EUR"), format_value(885.0, "count", "EUR"), format_value(None, "count", "EUR")
    ('36.6%', '885', '–')
    >>> format_value(1377.5, "count", "EUR"), format_value(43.57, "count", "EUR")
    ('1,378', '43.6')
    >>> format_value(-0.02, "percent", "EUR"), format_value(-12.0, "count", "EUR")
    ('−2.0%', '−12')
    """
    return "–" if value is None else typographic(_written(value, form, currency))


def typographic(number: str) -> str:
    """A written number with the sign that typesetters use for minus; nothing else may stand in it that has a hyphen.

    >>> typographic("-1.5")
    '−1.5'
    """
    return number.translate(_MINUS)


def format_change(share: float) -> str:
    """A relative change, with its sign.

    >>> format_change(0.1504), format_change(-0.02), format_change(0.0001), format_change(12.3)
    ('+15.0%', '−2.0%', '+0.01%', '+1,230%')
    """
    digits = 0 if abs(share) >= _FEW else 2 if 0 < abs(share) < _SMALL_SHARE else 1
    return typographic(f"{share * 100:+,.{digits}f}%")


def format_interval(value: float, low: float, high: float) -> str:
    """A relative change with its interval.

    >>> format_interval(0.15, 0.121, 0.18)
    '+15.0% (+12.1% to +18.0%)'
    """
    return f"{format_change(value)} ({format_change(low)} to {format_change(high)})"


def format_share(share: float) -> str:
    """A share inside a sentence: as ``format_change`` rounds, without a sign and without zeros that say nothing.

    >>> format_share(0.01), format_share(0.125), format_share(0.0004)
    ('1%', '12.5%', '0.04%')
    """
    number = format_change(abs(share))[1:-1]
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number}%"


def _written(value: float, form: str, currency: str) -> str:
    match form:
        case "money":
            return format_amount(Decimal(repr(value)), currency)
        case "count" if value != int(value):  # a mean of counts
            return f"{value:,.0f}" if abs(value) >= _ROUND_FROM else f"{value:,.1f}"
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
            return typographic(f"{seconds / length:.1f} {name}")
    if abs(seconds) >= 1 or seconds == 0:
        return typographic(f"{seconds:.3g} s")
    return typographic(f"{seconds * _MANY:.3g} ms")
