"""Before and after: a description, in the words in which the metric is written everywhere else."""

import msgspec
import numpy as np
import pytest

from tests.studies.worlds import HISTORY, launched, metric
from upshot.studies.before_after import describe_before_after
from upshot.studies.findings import Finding


@pytest.mark.parametrize(
    ("format_", "currency", "level", "words"),
    [
        ("percent", None, 0.25, "went from 25.0% to 50.0% (+100.0%)"),
        ("duration", None, 1800.0, "went from 30.0 min to 1.0 h (+100.0%)"),
        ("money", "EUR", 1234.5, "went from €1,234.50 to €2,469.00 (+100.0%)"),
        ("money", None, 1234.5, "went from 1,234.50 to 2,469 (+100.0%)"),
        ("count", None, 12000.0, "went from 12,000 to 24,000 (+100.0%)"),
    ],
)
def test_means_are_written_as_the_metric_is(format_: str, currency: str | None, level: float, words: str) -> None:
    values = np.concatenate([np.full(HISTORY, level), np.full(29, 2 * level)])
    sales = metric("sales", format=format_, currency=currency or msgspec.UNSET)
    found = describe_before_after(launched(values, metrics=(sales,)))
    assert isinstance(found, Finding)
    assert words in found.checks[0].sentence
