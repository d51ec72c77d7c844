"""Results as tables: columns of plain values, data frames of three libraries, and one line of words.

A column means the same in every table: ``value``, ``low``, ``high``, ``standard_error``, ``p_value``, ``n`` (all units
that entered; ``n_control`` and ``n_treatment`` where the arms are told apart), ``metric``, ``segment``, ``treatment``,
``look``. Where there is no number there is None, and ``reason`` says why in words; it is None where there is an answer.
"""

from __future__ import annotations

import importlib
import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar

from upshot.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["Table", "amount", "plain", "probability", "without_labels"]

K = TypeVar("K")


class Table(ABC):
    """A result that is a table.

    Examples:
        >>> from upshot.stats.difference import difference
        >>> from upshot.stats.moments import Moments
        >>> found = difference(Moments(9, 1.0, 1.0), Moments([9, 0], [2.0, 0.0], [1.0, 0.0]))
        >>> found.to_polars(country=["DE", "FR"])["value"].to_list()
        [1.0, None]
        >>> found
        Estimates(difference, 0.95 interval: 2 places, 1 with an estimate)
    """

    __slots__ = ()

    @abstractmethod
    def columns(self, **labels: Sequence[object]) -> dict[str, list[object]]:
        """Columns of plain values by name, one entry for each row."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """The result in one line."""

    def to_pandas(self, **labels: Sequence[object]) -> pd.DataFrame:
        """The table as a pandas data frame; labels as ``columns`` takes them.

        Raises:
            InvalidInput: pandas is not installed, or the labels do not fit.
        """
        pandas = _library("pandas")
        columns = self.columns(**labels)
        frame: pd.DataFrame = pandas.DataFrame(columns)
        return frame.astype(_untold(columns, "float64", "object"))

    def to_polars(self, **labels: Sequence[object]) -> pl.DataFrame:
        """The table as a Polars data frame; labels as ``columns`` takes them.

        Raises:
            InvalidInput: Polars is not installed, or the labels do not fit.
        """
        polars = _library("polars")
        columns = self.columns(**labels)
        told = {name: _of_one_kind(values) for name, values in columns.items()}
        frame: pl.DataFrame = polars.DataFrame(told, schema_overrides=_untold(columns, polars.Float64, polars.String))
        return frame

    def to_arrow(self, **labels: Sequence[object]) -> pa.Table:
        """The table as an Arrow table; labels as ``columns`` takes them.

        Raises:
            InvalidInput: pyarrow is not installed, or the labels do not fit.
        """
        arrow = _library("pyarrow")
        columns = self.columns(**labels)
        kinds = _untold(columns, arrow.float64(), arrow.string())
        return arrow.table(
            {name: arrow.array(_of_one_kind(values), kinds.get(name)) for name, values in columns.items()}
        )

    def __repr__(self) -> str:
        """In one line: the arrays are the attributes."""
        return f"{type(self).__name__}({self.summary})"


def without_labels(labels: dict[str, Sequence[object]]) -> None:
    """Refuse labels for a table that names its rows itself.

    Raises:
        InvalidInput: There are labels.
    """
    if labels:
        raise InvalidInput(f"{next(iter(labels))} labels an axis, and this table has none.", hint="Leave labels out.")


def plain(values: Sequence[float] | Sequence[object]) -> list[object]:
    """The values, None in place of what is no number."""
    return [None if isinstance(value, float) and math.isnan(value) else value for value in values]


def amount(number: float, *, relative: bool) -> str:
    """An effect in words: per cent where it is relative, four digits otherwise."""
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    return f"{number:+.2%}" if relative else f"{number:+.4g}"


def probability(p_value: float) -> str:
    """A p-value with four digits after the point."""
    return "<0.0001" if p_value < 0.0001 else f"{p_value:.4f}"


def _library(name: str) -> Any:  # Any: three libraries, none of which has to be there
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
        raise InvalidInput(
            f"This table needs {name}, which is not installed.",
            hint=f"Install it with `pip install {name}`, or take columns().",
        ) from missing


def _untold(columns: dict[str, list[object]], numbers: K, words: K) -> dict[str, K]:
    """The kinds of columns without a single value, which cannot be guessed from them."""
    empty = [name for name, values in columns.items() if values and all(value is None for value in values)]
    return {name: words if name == "reason" else numbers for name in empty}


def _of_one_kind(values: list[object]) -> list[object]:
    """Values that a typed column takes: labels of several kinds become text."""
    values = [value.item() if hasattr(value, "item") else value for value in values]
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or len(kinds) < 2:
        return values
    return [None if value is None else str(value) for value in values]
