"""The page of combinations, as Markdown."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.calibrate.combinations import Figures
    from bench.calibrate.row import CalibrationRow

__all__ = ["TARGET", "page"]

TARGET = Path(__file__).resolve().parents[2] / "docs" / "calibration" / "combinations.md"

HEAD = """# Calibration of combinations

Made by `{command}` (seed {seed}): {chains} chains,
{simulations:,} experiments each on a declared reading, and {peeking:,} each that are looked at twenty times.

[Each method keeps its promise](statistics.md) by itself. An experiment's readout chains them: an adjustment by what
units did before, an estimand, a scale, a split, a declared reading or a peek on any other day. Here whole experiments
are drawn and read out by the code that writes verdicts (`upshot.studies.readout`), at true effects from −90 to +200 %.

- **absolute**, **relative**: how many 95 % intervals held the true effect. Of peeks, how many experiments had *all*
  their intervals hold it.
- **false alarms / found**: p-values below 5 %. Where there is no effect these are false alarms, promised to be 5 % (of
  peeks, at *any* look, at most); elsewhere it is power, and *planned* what the normal approximation predicts.
- **spoke**: experiments with an answer; the others had too few conversions, and said so. Shares are of those that
  spoke. Where the method is the score interval, experiments with many conversions were read with Welch's.
- Brackets give exact 99 % bounds (Clopper–Pearson). Large-sample intervals may miss by one point at the stated size.
  A star (*) is on the safe side, **bold** does not keep its promise, and the command fails. Figures in round brackets
  were not promised: power without a plan, and relative effects where an arm expects less than one conversion.

On a declared reading the smallest arm has the units that its heading says; peeks come between 1,000 and 100,000 units
in all arms. `50/25/25` has a second treatment with half the effect; the table is about the first.

{verdicts}
"""


def page(found: Sequence[Figures], *, simulations: int, default: int, seed: int) -> str:
    """The tables, one for each kind of metric and way to look.

    Args:
        found: What was measured, in the order of the page.
        simulations: Experiments of a chain on a declared reading.
        default: The same without options.
        seed: Of the run.
    """
    counted = Counter(row.verdict for figures in found for row in figures.rows)
    verdicts = "In this run: " + ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(counted.items())) + "."
    silent = sum(not figures.rows for figures in found)
    if silent:
        verdicts += f" {silent} chains never spoke."
    worst = min((row for figures in found for row in figures.rows if _promised(row)), key=_shortfall, default=None)
    if worst is not None:
        verdicts += f" The furthest below its promise: {worst.scenario} ({worst.method}), {_share(worst)}."
    command = "python -m bench.calibrate.combinations"
    command += f" --simulations {simulations}" if simulations != default else ""
    parts = [
        HEAD.format(
            command=command,
            seed=seed,
            chains=len(found),
            simulations=simulations,
            peeking=max(simulations // 10, 1),
            verdicts=verdicts,
        )
    ]
    heading = ""
    for figures in found:
        title = _title(figures)
        if title != heading:
            heading = title
            parts += ["", f"## {title}", "", *_opening(figures)]
        parts.append(_line(figures))
    return "\n".join(parts) + "\n"


def _title(figures: Figures) -> str:
    chain = figures.chain
    when = f"declared reading, {chain.metric.smallest:,} units" if chain.looking == "declared" else "twenty peeks"
    return f"{chain.metric.name.capitalize()}: {when}"


def _opening(figures: Figures) -> list[str]:
    world = figures.chain.metric
    said = [world.why_early, ""] if world.why_early and figures.chain.looking == "declared" else []
    return [
        *said,
        "| split | effect | method | spoke | absolute | relative | false alarms / found |",
        "|---|--:|---|--:|--:|--:|--:|",
    ]


def _line(figures: Figures) -> str:
    chain = figures.chain
    effect = f"{100 * chain.effect:+.0f} %".replace("-", "−") if chain.effect else "none"
    shares = [_share(row) for row in (figures.absolute, figures.relative, figures.rejected)]
    method = figures.method if figures.rows else "–"
    return f"| {chain.split} | {effect} | {method} | {_percent(figures.spoke)} | {' | '.join(shares)} |"


def _share(row: CalibrationRow | None) -> str:
    if row is None:
        return "–"
    bounds = f"[{100 * row.low:.1f}–{100 * row.high:.1f}]"
    planned = row.quantity == "power" and row.nominal == row.nominal
    text = f"{100 * row.estimate:.1f} % {bounds}" + (f" planned {100 * row.nominal:.1f} %" if planned else "")
    match row.verdict:
        case "holds":
            return text
        case "conservative":
            return f"{text} *"
        case "fails":
            return f"**{text}**"
        case "reported":
            return f"({text})"


def _percent(share: float) -> str:
    if 0.0 < share < 0.001 or 0.999 < share < 1.0:
        return f"{100 * share:.2f} %"
    return f"{100 * share:.0f} %"


def _promised(row: CalibrationRow) -> bool:
    return row.verdict != "reported" and row.quantity != "power"


def _shortfall(row: CalibrationRow) -> float:
    """How far a figure is on the safe side of its promise; negative where it falls short."""
    return row.nominal - row.estimate if row.quantity == "size" else row.estimate - row.nominal
