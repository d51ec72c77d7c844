"""The CDNOW sample of Fader, Hardie and Lee (2005), as the test dependency ``Lifetimes`` carries it."""

from datetime import date
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.conftest import unavailable
from upshot.lifetime import Customers, Transactions

SPLIT, END = date(1997, 9, 30), date(1998, 6, 30)


def data_file(name: str) -> Path:
    """A file of the package, which is not imported: it needs more than its data do."""
    try:
        found = [path for path in files("Lifetimes") or () if path.name == name]
    except PackageNotFoundError:
        found = []
    if not found:
        unavailable(f"{name} of the package Lifetimes is not installed")
    return Path(str(found[0].locate()))


def published_summary() -> Customers:
    """2,357 customers in weeks, as published; spends of those who did not come back are none."""
    table = np.loadtxt(data_file("cdnow_customers_summary_with_transactions.csv"), delimiter=",", skiprows=1)
    return Customers(table[:, 1], table[:, 2], table[:, 3], np.where(table[:, 1] > 0, table[:, 4], np.nan))


def _days(column: NDArray[np.float64]) -> NDArray[np.datetime64]:
    texts = [f"{int(v) // 10000}-{int(v) // 100 % 100:02d}-{int(v) % 100:02d}" for v in column]
    return np.array(texts, "datetime64[D]")


def sample() -> Transactions:
    """The purchases behind the summary, and those of the 39 weeks after it."""
    table = np.loadtxt(data_file("CDNOW_sample.txt"))
    return Transactions.of(table[:, 1], _days(table[:, 2]), table[:, 4])


def whole_log() -> tuple[Transactions, int]:
    """All customers' purchases, and the number of the file's lines."""
    table = np.loadtxt(data_file("CDNOW_master.txt"), skiprows=1)
    return Transactions.of(table[:, 0], _days(table[:, 1]), table[:, 3]), len(table)
