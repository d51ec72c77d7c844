"""A table with one row for each person, asked as an experiment: from columns to what its analysis reads.

An outcome is a column, ``NUMERATOR/DENOMINATOR`` for a ratio of sums, or ``COLUMN:p90`` and ``COLUMN:median`` for a
quantile. A column whose own name looks like that is a column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from upshot.core.errors import InvalidInput, NotFound
from upshot.engines.duckdb.person_table import Around, Asked, PairSums, PersonTable, read_columns, read_person_table
from upshot.studies.inputs import ArmUnits, ArmValues
from upshot.studies.tabled import ArmSpread, TableInputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["TableQuestion", "Told", "read_table_of_people"]

_QUANTILE = re.compile(r"(?P<column>.+):\s*(?:(?P<median>median)|p(?P<percent>\d{1,2}(?:\.\d+)?))")


@dataclass(frozen=True, slots=True)
class TableQuestion:
    """What is asked of a table.

    Attributes:
        arm: The column that says which arm a person was assigned to.
        outcomes: The primary one first.
        control: The arm that the others are compared with; empty for the one that is called control.
        covariate: A column known before the assignment; empty for none.
        unit: The column with a person's id; empty for none.
        split: Planned shares as ``ARM=SHARE``, of all arms or of none.
        level: Of the intervals, in (0, 1).
        guardrails: Outcomes that must not get worse, as ``OUTCOME=LOSS`` with the relative loss that is accepted, such
            as 2% or 0.02.
        lower: Outcomes of which less is better.
    """

    arm: str
    outcomes: tuple[str, ...]
    control: str = ""
    covariate: str = ""
    unit: str = ""
    split: tuple[str, ...] = ()
    level: float = 0.95
    guardrails: tuple[str, ...] = ()
    lower: tuple[str, ...] = ()


class Told(Protocol):
    """Is told which part of the question is looked at next, so that who asks knows what a refusal is about."""

    def __call__(self, part: str, /) -> object:
        """``part`` is the name of an attribute of the question, ``file`` or ``values``."""


def _nobody(part: str, /) -> None:
    del part


def read_table_of_people(file: Path, question: TableQuestion, told: Told = _nobody) -> TableInputs:
    """The sums of ``file`` that the question needs; no row leaves it.

    Raises:
        InvalidInput: The file cannot be read, or holds what no analysis can use; see ``read_person_table``.
        NotFound: There is no such column, arm or outcome.
    """
    told("file")
    columns = read_columns(file)
    for part, column in (("arm", question.arm), ("covariate", question.covariate), ("unit", question.unit)):
        told(part)
        _known(column, columns, needed=part == "arm")
    told("outcomes")
    outcomes = tuple(dict.fromkeys(question.outcomes))
    asked = {name: _asked(name, question.covariate, columns) for name in outcomes}
    if not asked:
        raise InvalidInput("There is no outcome.", hint="Name a column with what should have changed.")
    sums = {name: each for name, each in asked.items() if isinstance(each, Asked)}
    around = {name: each for name, each in asked.items() if isinstance(each, Around)}
    found = read_person_table(
        file, question.arm, tuple(sums.values()), around=tuple(around.values()), unit=question.unit, told=told
    )
    told("control")
    names = _in_order(list(found.arms), question.control)
    told("split")
    weights = _weights(question.split, names)
    told("guardrails")
    margins = dict(_margins(question.guardrails, outcomes))
    told("lower")
    for name in question.lower:
        _one_of(name, outcomes)
    return TableInputs(
        arms=tuple(
            ArmUnits(variant=name, weight=weights[name], units=found.arms[name], mature=found.arms[name])
            for name in names
        ),
        values=tuple(
            value
            for (title, each), moments in zip(sums.items(), found.moments, strict=True)
            for value in _values(title, each, moments, names)
        ),
        level=question.level,
        spreads=tuple(_spreads(around, found, names)),
        order=outcomes,
        margins=margins,
        lower=tuple(dict.fromkeys(question.lower)),
    )


def _known(column: str, columns: Sequence[str], *, needed: bool) -> None:
    if needed and not column:
        raise InvalidInput("No column says which arm.", hint=f"The file has {', '.join(columns)}.")
    if column and column not in columns:
        raise NotFound("column", column, columns, hint=f"The file has {', '.join(columns)}.")


def _asked(outcome: str, covariate: str, columns: Sequence[str]) -> Asked | Around:
    if outcome in columns:
        return Asked(outcome, covariate)
    if quantile := _QUANTILE.fullmatch(outcome):
        share = 0.5 if quantile["median"] else float(quantile["percent"]) / 100.0
        if share == 0.0:
            raise InvalidInput(f"{outcome!r} names no quantile.", hint="Write it as COLUMN:p90 or COLUMN:median.")
        _known(quantile["column"].strip(), columns, needed=False)
        return Around(quantile["column"].strip(), share)
    numerator, slash, denominator = (part.strip() for part in outcome.partition("/"))
    if not slash:
        _known(outcome, columns, needed=False)
        return Asked(outcome, covariate)
    if not (numerator and denominator):
        raise InvalidInput(f"{outcome!r} is no ratio.", hint="Write it as NUMERATOR/DENOMINATOR.")
    for column in (numerator, denominator):
        _known(column, columns, needed=False)
    return Asked(numerator, denominator, ratio=True)


def _in_order(arms: list[str], control: str) -> list[str]:
    """The arms, the control first."""
    if not control:
        called = [name for name in arms if name.casefold() == "control"]
        if len(called) != 1:
            raise InvalidInput(
                "No arm is called control.", hint=f"Say with --control which of {', '.join(arms)} it is."
            )
        control = called[0]
    if control not in arms:
        raise NotFound("arm", control, arms, hint=f"The arms are {', '.join(arms)}.")
    return [control, *(name for name in arms if name != control)]


def _weights(split: tuple[str, ...], arms: Sequence[str]) -> dict[str, float]:
    if not split:
        return dict.fromkeys(arms, 1.0)
    weights: dict[str, float] = {}
    for given in split:
        name, _, share = given.rpartition("=")
        if name not in arms:
            raise NotFound("arm", name, arms, hint=f"Write --split ARM=SHARE; the arms are {', '.join(arms)}.")
        weights[name] = _number(share)
        if not 0.0 < weights[name] < float("inf"):
            raise InvalidInput(f"{given!r} gives no share above 0.", hint=f"Write it as --split {name}=50.")
    missing = [name for name in arms if name not in weights]
    if missing:
        raise InvalidInput(f"--split says nothing of {', '.join(missing)}.", hint="Give every arm its share, or none.")
    return weights


def _margins(guardrails: Iterable[str], outcomes: Sequence[str]) -> Iterator[tuple[str, float]]:
    for given in guardrails:
        name, _, loss = given.rpartition("=")
        _one_of(name, outcomes)
        margin = _number(loss.removesuffix("%")) / (100.0 if loss.endswith("%") else 1.0)
        if not 0.0 < margin < 1.0:
            raise InvalidInput(
                f"{given!r} gives no loss between 0 and 100%.", hint=f"Write it as --guardrail {name}=2%."
            )
        yield name, margin


def _one_of(name: str, outcomes: Sequence[str]) -> None:
    if name not in outcomes:
        raise NotFound("outcome", name, outcomes, hint=f"The outcomes are {', '.join(outcomes)}.")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _values(title: str, asked: Asked, moments: Mapping[str, PairSums], arms: Sequence[str]) -> Iterator[ArmValues]:
    yes_no = all(moments[name].yes_no for name in arms)
    for name in arms:
        sums = moments[name]
        beside = (sums.mean_beside, sums.variance_beside, sums.covariance)
        y, b = (beside, (None,) * 3) if asked.ratio else ((None,) * 3, beside)
        yield ArmValues(
            metric=title,
            variant=name,
            shape="ratio" if asked.ratio else "proportion" if yes_no else "mean",
            horizon_days=0,
            n=sums.n,
            mean_x=sums.mean,
            variance_x=sums.variance,
            mean_y=y[0],
            variance_y=y[1],
            covariance_xy=y[2],
            mean_b=b[0],
            variance_b=b[1],
            covariance_xb=b[2],
            cubes=sums.cubes,
        )


def _spreads(around: Mapping[str, Around], found: PersonTable, arms: Sequence[str]) -> Iterator[ArmSpread]:
    for (title, each), by_arm in zip(around.items(), found.spreads, strict=True):
        for name in arms:
            values, counts = by_arm[name]
            yield ArmSpread(metric=title, variant=name, share=each.share, values=values, counts=counts)
