"""Which columns of text are read as numbers: said, or seen beyond doubt; where there is doubt, a question is put."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upshot.collect.imports.amounts import Amounts, Mixture, recognise_amounts
from upshot.collect.imports.mapping import ROLES
from upshot.collect.imports.sample import INSIDE, more_values
from upshot.core.problems import Problem
from upshot.core.units import one_or_many
from upshot.engines.amounts import AmountForm, form_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upshot.collect.imports.files import SourceFile
    from upshot.collect.imports.mapping import Mapping
    from upshot.collect.imports.sample import TextSample
    from upshot.engines.bulk import FileColumn

__all__ = ["amount_forms", "written_numbers"]

_TEXT = "text"
_SHOWN = 3
_DECLARED = ("", "VARCHAR", INSIDE)


def written_numbers(mapping: Mapping, file: SourceFile, sample: TextSample, problems: list[Problem]) -> dict[str, str]:
    """How each column that holds amounts writes them, by an example; what is in doubt is told among the problems."""
    numbers = dict(mapping.numbers)
    taken = {getattr(mapping, role) for role in ROLES} | set(mapping.groups.values()) | set(mapping.ignore)
    for name, example in mapping.numbers.items():
        if example != _TEXT and form_of(example) is None:
            problems.append(
                Problem(
                    f"{example!r} does not say how numbers are written. Give 1,234.56 or 1.234,56.", f"numbers.{name}"
                )
            )
    for column in sample.columns:
        if column.type != "text" or column.declared not in _DECLARED or column.name in taken or column.name in numbers:
            continue
        found = _found(file, sample, column.name)
        if found.form is not None:
            numbers[column.name] = found.form.example
        elif message := _question(sample, column.name, found):
            forms = found.mixture.forms if found.mixture else found.candidates
            said = tuple(f"{column.name}={form.example}" for form in forms)
            problems.append(Problem(message, column.name, suggestions=said, level="warning"))
    return numbers


def _found(file: SourceFile, sample: TextSample, name: str) -> Amounts:
    found = recognise_amounts(sample.values(name))
    if len(found.candidates) > 1 and file.format == "csv":
        return recognise_amounts(more_values(file, sample, name))
    return found


def _question(sample: TextSample, name: str, found: Amounts) -> str:
    kept = "are kept as text, with which nothing is added up"
    if found.candidates:
        shown = ", ".join(map(repr, sample.examples(name, _SHOWN)))
        forms = " or ".join(form.example for form in found.candidates)
        return (
            f"The values of {name!r} ({shown}) may be amounts written as {forms}. They {kept}; "
            f"to read them, say --number {name}={found.candidates[0].example}."
        )
    if found.mixture:
        return _told(name, found.mixture)
    return f"The values of {name!r} {found.doubt}: they {kept}." if found.doubt else ""


def _told(name: str, mixed: Mixture) -> str:
    amounts, others = (", ".join(map(repr, shown)) for shown in (mixed.shown, mixed.others_shown))
    return (
        f"Of {mixed.amounts + mixed.others:,} values of {name!r} that were looked at, {mixed.amounts:,} "
        f"{one_or_many(mixed.amounts, 'is an amount', 'are amounts')} ({amounts}) and {mixed.others:,} "
        f"{one_or_many(mixed.others, 'is', 'are')} none ({others}). What is no plain number is kept as text, and sums "
        f"leave it out; to read all amounts as numbers and keep the rest as text, say --number "
        f"{name}={mixed.forms[0].example}, and to keep it as it is --number {name}=text."
    )


def amount_forms(mapping: Mapping, columns: Sequence[FileColumn], sample: TextSample) -> dict[str, AmountForm]:
    """The columns to read as amounts. Where fractions stand behind a point, a comma before thousands is no doubt."""
    said = {name: form for name, text in mapping.numbers.items() if text != _TEXT and (form := form_of(text))}
    plain = {
        column.name: AmountForm(".")
        for column in columns
        if column.type == "number" and not column.declared and sample.delimiter
    }
    return {name: form for name, form in (plain | said).items() if mapping.numbers.get(name) != _TEXT}
