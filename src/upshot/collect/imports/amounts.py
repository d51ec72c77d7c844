"""Whether a column of text holds amounts, said only where its values leave no doubt.

``1,250`` is a thousand or one and a quarter: a column is read when one convention reads every value and at least one
value is an amount in no other, or nothing depends on which it is. A column of amounts among words (``n/a``) is no
column of amounts: how many there are of either is told.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upshot.collect.imports.sample import excerpt
from upshot.engines.amounts import PERCENT, AmountForm, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Amounts", "Mixture", "recognise_amounts"]

_MOSTLY = 0.5
_FEW = 0.1
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Mixture:
    """Amounts and what is none in one column, by how many of its values are which.

    Attributes:
        amounts: How many are amounts in one of the ``forms``.
        others: How many are none.
        shown: The most frequent amounts.
        others_shown: The most frequent of the others.
        forms: In which most values are amounts.
    """

    amounts: int
    others: int
    shown: tuple[str, ...]
    others_shown: tuple[str, ...]
    forms: tuple[AmountForm, ...]


@dataclass(frozen=True, slots=True)
class Amounts:
    """What the values say.

    Attributes:
        form: How they are written, or None: they are no amounts, or in doubt.
        candidates: The forms that the values allow, when they are more than one.
        doubt: Why a column that looks like amounts is kept as text; empty when it does not.
        mixture: What a column holds in which amounts stand among words.
    """

    form: AmountForm | None = None
    candidates: tuple[AmountForm, ...] = ()
    doubt: str = ""
    mixture: Mixture | None = None


def recognise_amounts(values: Iterable[str]) -> Amounts:
    """The form of a column.

    >>> recognise_amounts(["19.90", "1,250.00"]).form
    AmountForm(decimal='.', unit='')
    >>> recognise_amounts(["1,250", "3,400"]).candidates
    (AmountForm(decimal='.', unit=''), AmountForm(decimal=',', unit=''))
    >>> recognise_amounts(["$5", "€7"]).doubt
    'bear different signs ($, €), which cannot be added'
    """
    counts = Counter(value.strip() for value in values)
    distinct = counts.keys() - {""}
    units = {value: unit for value in distinct if (unit := unit_of(value)) is not None}
    if not any(map(_has_digit, units)):
        return Amounts()
    if len(units) < _MOSTLY * len(distinct):
        return Amounts(mixture=_mixture({value: counts[value] for value in distinct}, set(units.values())))
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
    mixture = _mixture({value: counts[value] for value in distinct}, {unit})
    return Amounts(mixture=mixture) if mixture else Amounts(doubt=_doubt(read, distinct))


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def _has_evidence(form: AmountForm, values: set[str]) -> bool:
    """A fraction or a sign; groups of three digits alone may be an address, a version or a list."""
    return bool(form.unit) or any(form.decimal in value for value in values)


def _mixture(counts: dict[str, int], units: set[str]) -> Mixture | None:
    """What a column holds whose amounts are no less than a tenth, and whose other values are mostly words.

    A word has no digit: codes and numbers of documents (``C536379`` beside ``536365``) are no amounts among words.
    """
    forms = {
        form: [value for value in counts if form.read(value) is not None]
        for unit in sorted(units)
        for form in (AmountForm(".", unit), AmountForm(",", unit))
    }
    sizes = {form: sum(counts[value] for value in read) for form, read in forms.items()}
    most, everything = max(sizes.values()), sum(counts.values())
    best = next(form for form, size in sizes.items() if size == most)
    others = [value for value in counts if value not in set(forms[best])]
    words = sum(counts[value] for value in others if not _has_digit(value))
    if not others or most < _FEW * everything or words < _MOSTLY * (everything - most):
        return None
    differ = any(form.read(value) != best.read(value) for form in forms if sizes[form] == most for value in forms[best])
    return Mixture(
        amounts=most,
        others=everything - most,
        shown=_most_frequent(forms[best], counts),
        others_shown=_most_frequent(others, counts),
        forms=tuple(form for form in forms if sizes[form] == most) if differ else (best,),
    )


def _most_frequent(values: list[str], counts: dict[str, int]) -> tuple[str, ...]:
    """The first few, as they can be shown."""
    ordered = sorted(values, key=lambda value: (-counts[value], value))
    return tuple(map(excerpt, ordered[:_SHOWN]))


def _doubt(read: dict[AmountForm, dict[str, float | None]], values: set[str]) -> str:
    best = max(read.values(), key=lambda found: sum(number is not None for number in found.values()))
    others = sorted(value for value in values if best[value] is None)
    if len(others) > len(values) * _MOSTLY:
        return ""
    grouped = any("," in value or unit_of(value) for value in values if best[value] is not None)
    shown = ", ".join(map(repr, map(excerpt, others[:_SHOWN])))
    return f"look like amounts, but {len(others)} of {len(values)} different ones are none ({shown})" if grouped else ""
