"""Segments × metrics straight from a data frame: who reacted, and on what, with all that was asked taken into account.

Who looks at twenty segments finds one that is "significant" by chance. All rows of a table are therefore one family:
with m rows of segments that are large enough, each interval is at 1 − (1 − level)/m (Bonferroni), so that all of them
hold together at ``level``, whatever the rows share, and adjusted p-values are min(1, m p). A segment with fewer units
in an arm than was set beforehand is named as small, shows no number, and costs the others nothing.

Source: Dunn, "Multiple comparisons among means", Journal of the American Statistical Association 56 (1961):52.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upshot.core.errors import InvalidInput, NotFound
from upshot.core.renamed import renamed
from upshot.core.units import counted
from upshot.stats.arguments import chosen, given, several, whole
from upshot.stats.comparison import html_table, text_table, written
from upshot.stats.frame import compare
from upshot.stats.frame_rows import METHODS, checked_length, coded, numbers_of
from upshot.stats.maturity import MINIMUM_UNITS
from upshot.stats.multiplicity import adjusted_alpha
from upshot.stats.result import NUMBERS, Estimate, NoEstimate, Reason
from upshot.stats.tabular import Table, probability, without_labels
from upshot.stats.wald import checked_level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from upshot.stats.frame_rows import CompareMethod, Frame

__all__ = ["SegmentComparison", "SegmentRow", "compare_segments"]

_HEADS = ("segment", "metric", "treatment", "n", "value", "interval", "p", "note")
_NAMES = 3


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One metric of one treatment in one segment.

    Attributes:
        segment: The column that divides, and its value.
        metric: What was compared.
        treatment: The treatment's label.
        n: Units of the treatment in the segment.
        n_control: Units of the control in the segment.
        result: The estimate, its interval at the adjusted level and its p-value as it is; or why there is none:
            BELOW_VALID_SAMPLE where the segment is small.
        adjusted_p: The p-value for the whole table; None where there is no estimate.

    Examples:
        >>> small = NoEstimate(Reason.BELOW_VALID_SAMPLE, "lift")
        >>> row = SegmentRow(("plan", "pro"), "orders", "new", 3, 4, small, None)
        >>> row.segment, row.result.reason.name
        (('plan', 'pro'), 'BELOW_VALID_SAMPLE')
    """

    segment: tuple[str, object]
    metric: str
    treatment: object
    n: int
    n_control: int
    result: Estimate | NoEstimate
    adjusted_p: float | None


@dataclass(frozen=True, slots=True, repr=False)
class SegmentComparison(Table):
    """What ``compare_segments`` returns: rows from the surest to the least sure, small segments last.

    Attributes:
        rows: One for each segment, metric and treatment.
        control: The control's label.
        level: Of all intervals together.
        row_level: Of each interval by itself.
        minimum_units: Units that each arm of a segment needs.

    Examples:
        >>> frame = {"group": ["a", "b"] * 6, "plan": ["free"] * 8 + ["pro"] * 4}
        >>> frame["x"] = [1, 3, 2, 5, 1, 4, 2, 4, 1, 1, 2, 2]
        >>> found = compare_segments(frame, variant="group", metrics="x", segments="plan", control="a", minimum_units=3)
        >>> found
        Against 'a': 0.95 for 1 interval together, 0.95 for each; p for the whole table
        segment    metric  treatment  n     value             interval       p  note
        plan=free  x       b          4  +166.67%  +58.49% to +461.61%  0.0053
        plan=pro   x       b          2         –                    –       –  small: 2 against 2 units, 3 needed
        >>> found.columns()["value"]
        [1.6666666666666667, None]
    """

    rows: tuple[SegmentRow, ...]
    control: object
    level: float
    row_level: float
    minimum_units: int

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[SegmentRow]:
        return iter(self.rows)

    def columns(self, **labels: Sequence[object]) -> dict[str, list[object]]:
        """The rows, as ``to_pandas``, ``to_polars`` and ``to_arrow`` give them.

        Returns:
            segment_by, segment, metric, treatment, n_control, n_treatment (units), value, low, high, standard_error,
            p_value, n, adjusted_p (None where there is no estimate) and reason in words (None where there is one).

        Raises:
            InvalidInput: There are labels: the rows have theirs.
        """
        without_labels(labels)
        named: dict[str, list[object]] = {
            "segment_by": [row.segment[0] for row in self.rows],
            "segment": [row.segment[1] for row in self.rows],
            "metric": [row.metric for row in self.rows],
            "treatment": [row.treatment for row in self.rows],
            "n_control": [row.n_control for row in self.rows],
            "n_treatment": [row.n for row in self.rows],
        }
        for name in NUMBERS:
            named[name] = [getattr(row.result, name) if isinstance(row.result, Estimate) else None for row in self.rows]
        named["adjusted_p"] = [row.adjusted_p for row in self.rows]
        named["reason"] = [self._note(row) or None for row in self.rows]
        return named

    @property
    def summary(self) -> str:
        """How many rows there are, how many have an answer, and the surest one."""
        answers = [row for row in self.rows if row.adjusted_p is not None]
        head = f"Against {self.control!r}: {len(self)} rows, {len(answers)} with an estimate"
        if not answers or answers[0].adjusted_p is None:
            return head
        first, (value, interval, _, _) = answers[0], written(answers[0].result)
        return (
            f"{head}; the surest is {first.metric} of {first.treatment} in {first.segment[0]}={first.segment[1]}: "
            f"{value}, {interval}, p {probability(answers[0].adjusted_p)} for the whole table"
        )

    def __repr__(self) -> str:
        return text_table(self._caption(), _HEADS, self._cells(), names=_NAMES)

    def _repr_html_(self) -> str:
        return html_table(self._caption(), _HEADS, self._cells(), names=_NAMES)

    def _caption(self) -> str:
        answers = sum(row.adjusted_p is not None for row in self.rows)
        return (
            f"Against {self.control!r}: {self.level:.4g} for {counted(answers, 'interval')} together, "
            f"{self.row_level:.4g} for each; p for the whole table"
        )

    def _cells(self) -> list[tuple[str, ...]]:
        cells: list[tuple[str, ...]] = []
        for row in self.rows:
            value, interval, _, _ = written(row.result)
            p_value = "–" if row.adjusted_p is None else probability(row.adjusted_p)
            name = f"{row.segment[0]}={row.segment[1]}"
            cells.append(
                (name, row.metric, str(row.treatment), f"{row.n:,}", value, interval, p_value, self._note(row))
            )
        return cells

    def _note(self, row: SegmentRow) -> str:
        if isinstance(row.result, Estimate):
            return ""
        if row.result.reason is Reason.BELOW_VALID_SAMPLE:
            return f"small: {row.n_control:,} against {counted(row.n, 'unit')}, {self.minimum_units:,} needed"
        return row.result.sentence


@dataclass(frozen=True, slots=True)
class _Cell:
    segment: tuple[str, object]
    treatment: object
    rows: NDArray[np.bool_]
    n: int
    n_control: int


@renamed(least_units="minimum_units")
def compare_segments(
    frame: Frame,
    *,
    variant: str,
    metrics: str | Sequence[str],
    segments: str | Sequence[str],
    control: object,
    covariate: str | Sequence[str] | None = None,
    method: CompareMethod = "fieller_lift",
    level: float = 0.95,
    minimum_units: int = int(MINIMUM_UNITS),
) -> SegmentComparison:
    """Each metric in each segment, every treatment against control, from one row per unit.

    Args:
        frame: Columns by name: a dictionary of arrays, a pandas or Polars frame, an Arrow table.
        variant: Column that says which variant a unit belongs to.
        metrics: Column or columns of values.
        segments: Column or columns that divide the units, each by itself, as they were before the treatment could act.
        control: The control's label.
        covariate: As in ``compare``, for all metrics.
        method: As in ``compare``.
        level: Coverage of all intervals of the table together, in (0, 1).
        minimum_units: Units that each of the two arms needs in a segment, 2 or more; smaller ones are named as small.

    Returns:
        Rows from the least p-value to the largest, then those without an answer. A segment that stands out was looked
        for: where it matters, test it in an experiment of its own.

    Raises:
        NotFound: No such column or control.
        InvalidInput: An argument is none that is allowed, a column does not fit, or a label is missing.

    Examples:
        >>> import numpy as np
        >>> rng = np.random.default_rng(2)
        >>> frame = {"group": ["old", "new"] * 600, "country": ["DE"] * 800 + ["FR"] * 390 + ["IS"] * 10}
        >>> frame["orders"] = rng.poisson(3.0, 1200) + np.asarray([0.0, 1.0] * 400 + [0.0] * 400)
        >>> found = compare_segments(frame, variant="group", metrics="orders", segments="country", control="old")
        >>> [(row.segment[1], row.adjusted_p is not None and row.adjusted_p < 0.05) for row in found]
        [('DE', True), ('FR', False), ('IS', False)]
    """
    given("variant", variant, str)
    chosen("method", method, tuple(METHODS))
    level = checked_level(level)
    least = whole("minimum_units", minimum_units, least=2)
    measured, divided = _named("metrics", metrics), _named("segments", segments)
    past = [] if covariate is None else _named("covariate", covariate)
    labels, codes = coded(frame, variant)
    if control not in labels:
        raise NotFound("variant", str(control), map(str, labels), hint=f"There are {sorted(map(str, labels))}.")
    columns = {name: numbers_of(frame, name, codes.size) for name in dict.fromkeys([*measured, *past])}
    cells = [cell for name in divided for cell in _cells(frame, name, labels, control, codes)]
    large = [min(cell.n, cell.n_control) >= least for cell in cells]
    family = max(1, sum(large) * len(measured))
    row_level = 1.0 - float(adjusted_alpha(1.0 - level, family)[0])
    found = []
    for cell, speaks in zip(cells, large, strict=True):
        part: dict[str, object] = {name: column[cell.rows] for name, column in columns.items()} if speaks else {}
        part[variant] = [labels[code] for code in codes[cell.rows]] if speaks else []
        for metric in measured:
            result: Estimate | NoEstimate = NoEstimate(Reason.BELOW_VALID_SAMPLE, method)
            if speaks:
                result = compare(
                    part,
                    variant=variant,
                    metric=metric,
                    control=control,
                    covariate=past or None,
                    method=method,
                    level=row_level,
                )[cell.treatment]
            adjusted = min(1.0, family * result.p_value) if isinstance(result, Estimate) else None
            found.append(SegmentRow(cell.segment, metric, cell.treatment, cell.n, cell.n_control, result, adjusted))
    found.sort(key=lambda row: row.result.p_value if isinstance(row.result, Estimate) else math.inf)
    return SegmentComparison(tuple(found), control, level, row_level, least)


def _named(argument: str, names: object) -> list[str]:
    found = [names] if isinstance(names, str) else list(several(argument, names, str, least=1))
    if len(set(found)) < len(found):
        raise InvalidInput(f"{argument} names a column twice.", hint="Name each column once.")
    return found


def _cells(frame: Frame, name: str, labels: list[object], control: object, codes: NDArray[np.int64]) -> Iterator[_Cell]:
    """Units of each segment and treatment, with the control's."""
    values, belongs = coded(frame, name)
    checked_length(name, belongs.size, codes.size)
    base = codes == labels.index(control)
    for place, value in enumerate(values):
        within = belongs == place
        of_control = within & base
        for code, label in enumerate(labels):
            if label != control:
                treated = within & (codes == code)
                yield _Cell((name, value), label, treated | of_control, int(treated.sum()), int(of_control.sum()))
