"""Whether a column of text holds amounts, said only where its values leave no doubt.

``1,250`` is a thousand or one and a quarter: a column is read when one convention reads every value and at least one
value is an amount in no other, or nothing depends on which it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from upshot.collect.imports.sample import excerpt
from upshot.engines.amounts import PERCENT, AmountForm, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Amounts", "recognise_amounts"]

_MOSTLY = 0.5
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Amounts:
    """What the values say.

    Attributes:
        form: How they are written, or None: they are no amounts, or in doubt.
        candidates: The forms that the values allow, when they are more than one.
        doubt: Why a column that looks like amounts is kept as text; empty when it does not.
    """

    form: AmountForm | None = None
    candidates: tuple[AmountForm, ...] = ()
    doubt: str = ""


def recognise_amounts(values: Iterable[str]) -> Amounts:
    """The form of a column.

    >>> recognise_amounts(["19.90", "1,250.00"]).form
    AmountForm(decimal='.', unit='')
    >>> recognise_amounts(["1,250", "3,400"]).candidates
    (AmountForm(decimal='.', unit=''), AmountForm(decimal=',', unit=''))
    >>> recognise_amounts(["$5", "€7"]).doubt
    'bear different signs ($, €), which cannot be added'
    """
    distinct = {value.strip() for value in values} - {""}
    units = {value: unit for value in distinct if (unit := unit_of(value)) is not None}
    if not distinct or len(units) < _MOSTLY * len(distinct) or not any(map(_has_digit, units)):
        return Amounts()
    named = sorted({unit for unit in units.values() if unit})
    if len(named) > 1:
        return Amounts(doubt=f"bear different signs ({', '.join(named)}), which cannot be added")
    unit = named[0] if named else ""
    if unit == PERCENT and "" in units.values():
        return Amounts(doubt="bear a percent sign in some rows and none in others")
    point, comma = AmountForm(".", unit), AmountForm(",", unit)
    read = {form: {value: form.read(value) for value in distinct} for form in (point, comma)}
    whole = [form for form in (point, comma) if None not in read[form].values()]
    if len(whole) == 2:
        if read[point] != read[comma]:
            return Amounts(candidates=(point, comma))
        return Amounts(point) if unit or any(value.startswith("(") for value in distinct) else Amounts()
    if whole:
        if _has_evidence(whole[0], distinct):
            return Amounts(whole[0])
        return Amounts(candidates=(whole[0],)) if whole[0] == point else Amounts()
    return Amounts(doubt=_doubt(read, distinct))


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def _has_evidence(form: AmountForm, values: set[str]) -> bool:
    """A fraction or a sign; groups of three digits alone may be an address, a version or a list."""
    return bool(form.unit) or any(form.decimal in value for value in values)


def _doubt(read: dict[AmountForm, dict[str, float | None]], values: set[str]) -> str:
    best = max(read.values(), key=lambda found: sum(number is not None for number in found.values()))
    others = sorted(value for value in values if best[value] is None)
    if len(others) > len(values) * _MOSTLY:
        return ""
    grouped = any("," in value or unit_of(value) for value in values if best[value] is not None)
    shown = ", ".join(map(repr, map(excerpt, others[:_SHOWN])))
    return f"look like amounts, but {len(others)} of {len(values)} different ones are none ({shown})" if grouped else ""
