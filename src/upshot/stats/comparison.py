"""What ``compare`` returns: one row per treatment, to be read by people, by programs and in notebooks."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from upshot.core.errors import NotFound
from upshot.stats.result import Estimate, NoEstimate
from upshot.stats.tabular import Table, amount, probability, without_labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from upshot.stats.result import Estimates, FloatArray

__all__ = ["Comparison"]

_HEADS = ("treatment", "n", "value", "interval", "p", "note")


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Table):
    """Treatments against one control.

    Attributes:
        metric: What was compared.
        control: The control's label.
        treatments: The treatments' labels, in the order of the rows.
        units: Units of control, then of each treatment (clusters, where rows are clustered).
        estimates: Shape (treatments,); whatever takes ``Estimates`` takes these.

    Examples:
        >>> from upshot.stats.frame import compare
        >>> frame = {"group": ["a"] * 3 + ["b"] * 3 + ["c"], "minutes": [1, 2, 3, 2, 4, 6, 9]}
        >>> result = compare(frame, variant="group", metric="minutes", control="a", method="difference")
        >>> result["b"].value
        2.0
        >>> result["c"].sentence
        'There are too few units for an interval.'
        >>> result.columns()["n_treatment"]
        [3, 1]
    """

    metric: str
    control: object
    treatments: tuple[object, ...]
    units: FloatArray
    estimates: Estimates

    def __len__(self) -> int:
        return len(self.treatments)

    def __iter__(self) -> Iterator[tuple[object, Estimate | NoEstimate]]:
        return ((label, self.estimates.at(index)) for index, label in enumerate(self.treatments))

    def __getitem__(self, treatment: object) -> Estimate | NoEstimate:
        if treatment not in self.treatments:
            raise NotFound("treatment", str(treatment), map(str, self.treatments))
        return self.estimates.at(self.treatments.index(treatment))

    def columns(self, **labels: Sequence[object]) -> dict[str, list[object]]:
        """One row for each treatment, as ``to_pandas``, ``to_polars`` and ``to_arrow`` give it.

        Returns:
            metric, treatment, n_control, n_treatment (units), value, low, high, standard_error, p_value, n (None where
            there is no estimate), and reason in words (None where there is one).

        Raises:
            InvalidInput: There are labels: the treatments have theirs.
        """
        without_labels(labels)
        numbers = self.estimates.columns(treatment=self.treatments)
        named: dict[str, list[object]] = {
            "metric": [self.metric] * len(self),
            "treatment": numbers.pop("treatment"),
            "n_control": [int(self.units[0])] * len(self),
            "n_treatment": [int(units) for units in self.units[1:]],
        }
        return named | numbers

    @property
    def summary(self) -> str:
        """Every treatment's effect with its interval in one line."""
        told = []
        for label, result in self:
            value, interval, p_value, note = written(result)
            told.append(f"{label}: {note or f'{value}, {interval}, p {p_value}'}")
        return f"{self._caption()}: {'; '.join(told)}"

    def __repr__(self) -> str:
        return text_table(self._caption(), _HEADS, self._cells())

    def _repr_html_(self) -> str:
        return html_table(self._caption(), _HEADS, self._cells())

    def _caption(self) -> str:
        found = self.estimates
        return (
            f"{self.metric}: against {self.control!r} (n = {int(self.units[0]):,}), "
            f"{found.method}, {found.level:.4g} interval"
        )

    def _cells(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for (label, result), units in zip(self, self.units[1:], strict=True):
            rows.append((str(label), f"{int(units):,}", *written(result)))
        return rows


def written(result: Estimate | NoEstimate) -> tuple[str, str, str, str]:
    """Value, interval, p-value and note, as cells of a table."""
    if isinstance(result, NoEstimate):
        return "–", "–", "–", result.sentence
    value, low, high = (amount(x, relative=result.scale == "relative") for x in (result.value, result.low, result.high))
    return value, f"{low} to {high}", probability(result.p_value), ""


def text_table(caption: str, heads: tuple[str, ...], cells: list[tuple[str, ...]], *, names: int = 1) -> str:
    """A caption, then aligned columns: the first ``names`` and the last to the left, numbers to the right."""
    rows = [heads, *cells]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if i < names or i == len(widths) - 1 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([caption, *lines])


def html_table(caption: str, heads: tuple[str, ...], cells: list[tuple[str, ...]], *, names: int = 1) -> str:
    """The same for a notebook; the first ``names`` cells of a row are its heading."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        "<tr>"
        + "".join(f'<th scope="row">{html.escape(cell)}</th>' for cell in row[:names])
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in row[names:])
        + "</tr>"
        for row in cells
    )
    return (
        f"<table><caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
