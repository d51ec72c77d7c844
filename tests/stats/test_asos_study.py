"""The sequential methods on all 99 treatments of real experiments; the counts at the last look are the data's own."""

from pathlib import Path

import numpy as np
import pytest
from bench.asos import METHODS, Pair, Verdicts, load, study, table

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def pairs(data_dir: Path) -> list[Pair]:
    return load(data_dir)


@pytest.fixture(scope="module")
def verdicts(pairs: list[Pair]) -> list[Verdicts]:
    return study(pairs)


def test_study_reads_every_treatment_of_every_experiment(pairs: list[Pair]) -> None:
    assert len({pair.experiment for pair in pairs}) == 78
    assert len({(pair.experiment, pair.variant) for pair in pairs}) == 99
    assert [sum(pair.metric == metric for pair in pairs) for metric in (1, 2, 3, 4)] == [99, 94, 94, 94]


def test_fixed_sample_wins_at_the_last_look_are_the_published_ones(verdicts: list[Verdicts]) -> None:
    # The data's description gives 26.3, 27.3, 25.3 and 27.3 % of the 99 treatments.
    at_end = [sum(v.at_the_end for v in verdicts if v.pair.metric == metric) for metric in (1, 2, 3, 4)]
    np.testing.assert_allclose(np.array(at_end) / 99, [0.263, 0.273, 0.253, 0.273], atol=6e-4)


def test_every_pair_has_growing_totals_and_is_refused(verdicts: list[Verdicts]) -> None:
    assert all(verdict.grew for verdict in verdicts)
    assert all(verdict.refused for verdict in verdicts)


def test_sequential_methods_confirm_only_what_a_peek_had_shown(verdicts: list[Verdicts]) -> None:
    peeked = sum(v.at_some_peek for v in verdicts)
    assert peeked > 2 * sum(v.at_the_end for v in verdicts)
    for method in METHODS:
        assert all(v.at_some_peek for v in verdicts if v.confirmed[method]), method
        lost = sum(v.at_some_peek and not v.confirmed[method] for v in verdicts)
        assert 0.3 * peeked < lost < 0.65 * peeked, method


def test_bounds_that_know_the_correlation_confirm_no_less_than_the_union_bound(verdicts: list[Verdicts]) -> None:
    assert all(v.confirmed["O'Brien-Fleming"] for v in verdicts if v.confirmed["union bound"])


def test_table_has_a_row_for_each_metric_and_one_for_all(verdicts: list[Verdicts]) -> None:
    rows = table(verdicts).splitlines()
    assert len(rows) == 7
    assert rows[-1].startswith(f"| all | {len(verdicts)} |")
