"""``upshot experiment analyse``: a finished experiment that is kept as a table with one row for each person."""

from pathlib import Path
from typing import TYPE_CHECKING

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import json_or, line, lines, table
from upshot.cli.studies.commands import print_checks
from upshot.core.units import format_interval, typographic

if TYPE_CHECKING:
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
    guardrail: tuple[str, ...] = (),
    lower: tuple[str, ...] = (),
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
            of sums; COLUMN:p90 or COLUMN:median for a quantile. The first one is the primary outcome; may be repeated.
        control: The arm that the others are compared with. Default: the one that is called control.
        covariate: A column known before the assignment, which narrows the intervals (CUPED); not of ratios, not of
            quantiles.
        unit: The column with a person's id. Where it is given, nobody may have two rows.
        split: Planned share of an arm as ARM=SHARE, in any unit; for all arms or for none. Default: equal.
        guardrail: An outcome that must not get worse, with the relative loss that is accepted, as OUTCOME=2%; may be
            repeated. The others are there to get better, and the rule says of each arm whether to ship it.
        lower: An outcome of which less is better; may be repeated.
        level: Of the intervals: the primary outcome's hold for all arms together, the others each for itself.
        common: The options of every command.
    """
    from upshot.answers.tables_of_people import TableQuestion, read_table_of_people
    from upshot.api.studies import EXPERIMENT_ANALYSE

    common = common or Common()
    question = TableQuestion(arm, outcome, control, covariate, unit, split, level, guardrail, lower)
    inputs = read_table_of_people(file, question)
    with open_workspace(common) as workspace:
        report = workspace.call(EXPERIMENT_ANALYSE, inputs)
    if not json_or(common, report):
        _print(report)


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
    for decision in report.decisions:
        line("")
        lines((f"{decision.arm}: {decision.sentences[0]}", *(f"  {text}" for text in decision.sentences[1:])))


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
