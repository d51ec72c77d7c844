"""How many "wins" at some peek do sequential methods not confirm? ``python -m bench.asos`` prints the table.

Data: 78 real experiments, 99 treatments, 4 metrics, as cumulative summaries over time (Liu, Cardoso, Couturier & McCoy,
NeurIPS 2021 Datasets and Benchmarks; osf.io/64jsb).

Each metric's mean grows with time in every one of these pairs: units' totals are not final. So the sequential methods
that need independent increments refuse them (``Reason.GROWING_UNITS``), and only the union bound keeps its promise
here. The other columns call the totals final all the same, to compare the methods, not the experiments. The end of
each series is taken as its planned end. Five treatments have variances for metric 1 only.
"""

from __future__ import annotations

import csv
import gzip
import os
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from upshot.stats.confidence_sequences import mean_difference_sequence
from upshot.stats.group_sequential_boundaries import GroupSequentialDesign, spending_boundaries
from upshot.stats.group_sequential_longitudinal import union_boundaries
from upshot.stats.moments import Moments
from upshot.stats.msprt import mixture_sprt_difference
from upshot.stats.result import Reason
from upshot.stats.spending import OBRIEN_FLEMING, POCOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from upshot.stats.result import FloatArray

__all__ = ["METHODS", "Pair", "Verdicts", "load", "study", "table"]

FILE = "asos_digital_experiments/asos_digital_experiments_dataset.csv.gz"
COLUMNS = ("count_c", "mean_c", "variance_c", "count_t", "mean_t", "variance_t")
METHODS = ("confidence sequence", "mixture SPRT", "O'Brien-Fleming", "Pocock", "union bound")
Z_FIXED = 1.959963984540054
TYPICAL_LIFT = 0.01


@dataclass(frozen=True, slots=True)
class Pair:
    """One treatment against its control on one metric, looks in order of time.

    Attributes:
        experiment: Which experiment.
        variant: Which treatment.
        metric: 1 … 4.
        control: Moments, shape (looks,).
        treatment: Moments, shape (looks,).
    """

    experiment: str
    variant: str
    metric: int
    control: Moments
    treatment: Moments

    @property
    def z(self) -> FloatArray:
        """The fixed-sample statistic at each look."""
        variance = self.control.variance / self.control.n + self.treatment.variance / self.treatment.n
        difference: FloatArray = (self.treatment.mean - self.control.mean) / np.sqrt(variance)
        return difference

    @property
    def effective_n(self) -> FloatArray:
        """4/(1/n_c + 1/n_t) at each look."""
        n: FloatArray = 4.0 / (1.0 / self.control.n + 1.0 / self.treatment.n)
        return n


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What each method said of one pair.

    Attributes:
        pair: Of which pair.
        at_some_peek: Whether |z| > 1.96 at any look.
        at_the_end: Whether |z| > 1.96 at the last look.
        confirmed: For each of ``METHODS``, whether it rejected at any look.
        refused: Whether the methods that need independent increments refuse the totals as they are.
        grew: Whether both arms' means are larger at the last look than at the first.
    """

    pair: Pair
    at_some_peek: bool
    at_the_end: bool
    confirmed: dict[str, bool]
    refused: bool
    grew: bool


def load(folder: Path) -> list[Pair]:
    """All pairs that have a look with units in both arms and a variance; looks without are left out."""
    series: dict[tuple[str, str, int], list[tuple[float, ...]]] = defaultdict(list)
    with gzip.open(folder / FILE, "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            values = [float(row[name]) if row[name] else np.nan for name in ("time_since_start", *COLUMNS)]
            series[row["experiment_id"], row["variant_id"], int(row["metric_id"])].append(tuple(values))
    pairs = []
    for (experiment, variant, metric), rows in sorted(series.items()):
        table = np.array(sorted(rows))[:, 1:]
        usable = np.isfinite(table).all(axis=1) & (table[:, [0, 2, 3, 5]] > 0.0).all(axis=1)
        n_c, m_c, v_c, n_t, m_t, v_t = table[usable].T
        if n_c.size:
            pairs.append(Pair(experiment, variant, metric, Moments(n_c, m_c, v_c), Moments(n_t, m_t, v_t)))
    return pairs


def study(pairs: list[Pair]) -> list[Verdicts]:
    """Every method on every pair."""
    return [_verdicts(pair) for pair in pairs]


def _verdicts(pair: Pair) -> Verdicts:
    control, treatment, z = pair.control, pair.treatment, pair.z
    planned = float(pair.effective_n[-1])
    sequence = mean_difference_sequence(control, treatment, totals="final", tuned_units=planned)
    tau = TYPICAL_LIFT * float(control.mean[-1])
    sprt = mixture_sprt_difference(control, treatment, tau=tau, totals="final")
    grown = mean_difference_sequence(control, treatment, totals="growing", tuned_units=planned)
    news = np.concatenate([[True], np.diff(np.maximum.accumulate(pair.effective_n)) > 0.0])
    news &= pair.effective_n >= np.maximum.accumulate(pair.effective_n)
    rises = pair.effective_n[news]
    fractions = rises / rises[-1]
    confirmed = {"confidence sequence": _any(sequence.p_value < 0.05), "mixture SPRT": _any(sprt.p_value < 0.05)}
    for name, spending in (("O'Brien-Fleming", OBRIEN_FLEMING), ("Pocock", POCOCK)):
        design = GroupSequentialDesign(spending=spending)
        confirmed[name] = _any(np.abs(z[news]) >= spending_boundaries(fractions, design).efficacy)
    confirmed["union bound"] = _any(np.abs(z[news]) >= union_boundaries(fractions).efficacy)
    return Verdicts(
        pair,
        _any(np.abs(z) > Z_FIXED),
        bool(np.abs(z[-1]) > Z_FIXED),
        confirmed,
        refused=bool((grown.reason == Reason.GROWING_UNITS).all()),
        grew=bool(control.mean[-1] > control.mean[0] and treatment.mean[-1] > treatment.mean[0]),
    )


def _any(flags: NDArray[np.bool_]) -> bool:
    return bool(np.any(flags))


def table(verdicts: list[Verdicts]) -> str:
    """The counts for each metric and in all, as Markdown."""
    head = ["metric", "pairs", "p < 0.05 at some peek", "at the last look", *(f"not confirmed: {m}" for m in METHODS)]
    lines = [_line(head), _line(["---"] * len(head))]
    metrics = sorted({verdict.pair.metric for verdict in verdicts})
    for name, chosen in [(str(m), [v for v in verdicts if v.pair.metric == m]) for m in metrics] + [("all", verdicts)]:
        peeked = [v for v in chosen if v.at_some_peek]
        lost = [sum(not v.confirmed[method] for v in peeked) for method in METHODS]
        lines.append(_line([name, len(chosen), len(peeked), sum(v.at_the_end for v in chosen), *lost]))
    return "\n".join(lines)


def _line(cells: list[object] | list[str]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def main() -> int:
    folder = Path(os.environ.get("UPSHOT_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not (folder / FILE).is_file():
        print(f"no {FILE} in {folder} (set UPSHOT_DATA)")
        return 1
    verdicts = study(load(folder))
    print(table(verdicts))
    grown = sum(verdict.grew for verdict in verdicts)
    refused = sum(verdict.refused for verdict in verdicts)
    print(f"\nMeans grew over time in {grown} of {len(verdicts)} pairs; told so, the methods refuse {refused}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
