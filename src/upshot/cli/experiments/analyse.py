"""``upshot experiment analyse``: a finished experiment that is kept as a table with one row for each person."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import json_or, line, lines, table
from upshot.cli.studies.commands import print_checks
from upshot.core.errors import InvalidInput, NotFound
from upshot.core.units import format_interval, typographic

if TYPE_CHECKING:
    from upshot.engines.duckdb.person_table import Asked, PairSums
    from upshot.studies.inputs import ArmValues
    from upshot.studies.tabled import TableEffect, TableReport

__all__ = ["analyse"]


def analyse(
    file: Path,
    *,
    arm: str,
    outcome: tuple[str, ...],
    control: str = "",
    covariate: str = "",
    unit: str = "",
    split: tuple[str, ...] = (),
    level: float = 0.95,
    common: Common | None = None,
) -> None:
    """Read a finished experiment from a table with one row for each person.

    The table is CSV, TSV (compressed with gzip or not), JSON lines or Parquet. Every arm is compared with the control
    on every outcome; where the split is not as planned or the arms differed before, nothing is compared. Nothing
    is kept.

    Args:
        file: The table.
        arm: The column that says which arm a person was assigned to.
        outcome: A column with a number, or yes and no as 1 and 0 or true and false; NUMERATOR/DENOMINATOR for a ratio
            of sums. The first one is the primary outcome; may be repeated.
        control: The arm that the others are compared with. Default: the one that is called control.
        covariate: A column known before the assignment, which narrows the intervals (CUPED); not of ratios.
        unit: The column with a person's id. Where it is given, nobody may have two rows.
        split: Planned share of an arm as ARM=SHARE, in any unit; for all arms or for none. Default: equal.
        level: Of the intervals: the primary outcome's hold for all arms together, the others each for itself.
        common: The options of every command.
    """
    from upshot.api.studies import EXPERIMENT_ANALYSE
    from upshot.engines.duckdb.person_table import read_columns, read_person_table
    from upshot.studies.inputs import ArmUnits
    from upshot.studies.tabled import TableInputs

    common = common or Common()
    columns = read_columns(file)
    asked = tuple(_asked(name, covariate, columns) for name in dict.fromkeys(outcome))
    found = read_person_table(file, arm, asked, unit=unit)
    names = _in_order(list(found.arms), control)
    weights = _weights(split, names)
    inputs = TableInputs(
        arms=tuple(
            ArmUnits(variant=name, weight=weights[name], units=found.arms[name], mature=found.arms[name])
            for name in names
        ),
        values=tuple(
            value
            for each, title, moments in zip(asked, dict.fromkeys(outcome), found.moments, strict=True)
            for value in _values(title, each, moments, names)
        ),
        level=level,
    )
    with open_workspace(common) as workspace:
        report = workspace.call(EXPERIMENT_ANALYSE, inputs)
    if not json_or(common, report):
        _print(report)


def _asked(outcome: str, covariate: str, columns: Sequence[str]) -> "Asked":
    from upshot.engines.duckdb.person_table import Asked

    numerator, slash, denominator = outcome.partition("/")
    if outcome in columns or not slash:
        return Asked(outcome, covariate)
    return Asked(numerator.strip(), denominator.strip(), ratio=True)


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
        try:
            weights[name] = float(share)
        except ValueError:
            weights[name] = 0.0
        if not 0.0 < weights[name] < float("inf"):
            raise InvalidInput(f"{given!r} gives no share above 0.", hint=f"Write it as --split {name}=50.")
    missing = [name for name in arms if name not in weights]
    if missing:
        raise InvalidInput(f"--split says nothing of {', '.join(missing)}.", hint="Give every arm its share, or none.")
    return weights


def _values(title: str, asked: "Asked", moments: Mapping[str, "PairSums"], arms: Sequence[str]) -> "list[ArmValues]":
    from upshot.studies.inputs import ArmValues

    yes_no = all(moments[name].yes_no for name in arms)
    found = []
    for name in arms:
        sums = moments[name]
        beside = (sums.mean_beside, sums.variance_beside, sums.covariance)
        y, b = (beside, (None,) * 3) if asked.ratio else ((None,) * 3, beside)
        found.append(
            ArmValues(
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
        )
    return found


def _print(report: "TableReport") -> None:
    total, planned = (sum(values) for values in zip(*((arm.units, arm.weight) for arm in report.arms), strict=True))
    table(
        (("arm", "left"), ("people", "right"), ("share", "right"), ("planned", "right")),
        (
            (arm.variant, f"{arm.units:,}", f"{arm.units / total:.1%}", f"{arm.weight / planned:.1%}")
            for arm in report.arms
        ),
    )
    line(f"Chance of such a split, if it is as planned: p = {report.sample_ratio_p:.3g}.")
    for title in dict.fromkeys(mean.outcome for mean in report.means):
        line("")
        _print_outcome(report, title)
    print_checks(report.checks)
    if report.refused:
        lines(("Nothing is compared, because no number of such an experiment can be trusted.", *report.refused))


def _print_outcome(report: "TableReport", title: str) -> None:
    effects = {effect.arm: effect for effect in report.effects if effect.outcome == title}
    first = next(iter(effects.values()))
    rows = []
    for mean in report.means:
        if mean.outcome == title:
            shown = "–" if mean.mean is None else typographic(f"{mean.mean:,.5g}")
            rows.append((mean.arm, shown, *_compared(effects.get(mean.arm))))
    table(
        (("arm", "left"), ("mean", "right"), ("difference", "right"), ("relative", "right"), ("p", "right")),
        rows,
        title=f"{title}: {first.method}, {100 * first.level:.4g}% intervals",
    )
    lines(f"{effect.arm}: {effect.why_not}" for effect in effects.values() if effect.why_not)


def _compared(effect: "TableEffect | None") -> tuple[str, str, str]:
    if effect is None:
        return "", "", ""
    difference, relative = effect.absolute, effect.relative
    told = "–"
    if difference is not None:
        told = typographic(f"{difference.value:+,.4g} ({difference.low:+,.4g} to {difference.high:+,.4g})")
    share = "–" if relative is None else format_interval(relative.value, relative.low, relative.high)
    return told, share, "–" if effect.p_value is None else f"{effect.p_value:.2g}"
