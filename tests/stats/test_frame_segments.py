"""A table of segments and metrics says what its single comparisons say, and takes into account how many there are."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from upshot.core.errors import InvalidInput, NotFound
from upshot.stats import Estimate, NoEstimate, Reason, SegmentComparison, bonferroni, compare, compare_segments

N = 4000


def frame(seed: int = 1) -> dict[str, list[object]]:
    rng = np.random.default_rng(seed)
    arm, past = rng.integers(0, 3, N), rng.normal(10.0, 2.0, N)
    country = rng.choice(["DE", "FR", "IS"], N, p=[0.6, 0.39, 0.01])
    lifted = np.where((country == "FR") & (arm == 1), 1.5, 0.0)
    return {
        "variant": [("old", "new", "bold")[code] for code in arm],
        "country": country.tolist(),
        "plan": rng.choice(["free", "pro"], N).tolist(),
        "past": past.tolist(),
        "orders": (past + rng.normal(0.0, 2.0, N) + lifted).tolist(),
        "visits": (rng.poisson(5.0, N) + 0.0).tolist(),
    }


def table(data: object = None, **changed: object) -> SegmentComparison:
    arguments: dict[str, object] = {
        "variant": "variant",
        "metrics": ["orders", "visits"],
        "segments": ["country", "plan"],
        "control": "old",
    }
    return compare_segments(frame() if data is None else data, **(arguments | changed))  # type: ignore[arg-type]


def test_row_is_the_comparison_of_its_segment_at_the_adjusted_level() -> None:
    found = table(covariate="past")
    data = pd.DataFrame(frame())
    family = sum(isinstance(row.result, Estimate) for row in found)
    assert len(found) == 2 * (3 + 2) * 2
    assert family == 2 * (2 + 2) * 2
    assert found.row_level == pytest.approx(1.0 - 0.05 / family)
    for row in found:
        if isinstance(row.result, NoEstimate):
            continue
        by, value = row.segment
        part = data[(data[by] == value) & data["variant"].isin(["old", row.treatment])]
        alone = compare(
            part, variant="variant", metric=row.metric, control="old", covariate="past", level=found.row_level
        )[row.treatment]
        assert row.result == alone
        assert (row.n, row.n + row.n_control) == ((part["variant"] == row.treatment).sum(), len(part))


def test_rows_are_ranked_and_adjusted_as_one_family() -> None:
    found = table()
    answers = [row.result.p_value for row in found if isinstance(row.result, Estimate)]
    assert answers == sorted(answers)
    adjusted = [row.adjusted_p for row in found if row.adjusted_p is not None]
    np.testing.assert_allclose(adjusted, bonferroni(answers), rtol=1e-12)
    first = found.rows[0]
    assert (first.segment, first.metric, first.treatment) == (("country", "FR"), "orders", "new")
    for row in found:
        if isinstance(row.result, Estimate) and row.adjusted_p is not None:
            assert (row.adjusted_p < 0.05) == (not row.result.low <= 0.0 <= row.result.high)


def test_small_segment_is_named_small_comes_last_and_costs_nothing() -> None:
    found = table()
    small = [row for row in found if isinstance(row.result, NoEstimate)]
    assert {row.segment for row in small} == {("country", "IS")}
    assert [row.segment for row in found.rows[-len(small) :]] == [("country", "IS")] * len(small)
    assert all(isinstance(r.result, NoEstimate) and r.result.reason is Reason.BELOW_VALID_SAMPLE for r in small)
    assert "units, 100 needed" in repr(found).splitlines()[-1]
    without = {
        name: [v for v, c in zip(column, frame()["country"], strict=True) if c != "IS"]
        for name, column in frame().items()
    }
    assert table(without, segments="country").row_level == table(segments="country").row_level
    columns = found.columns()
    assert columns["value"][-1] is None
    assert columns["adjusted_p"][-1] is None
    assert columns["reason"][-1]


@pytest.mark.parametrize("made", [pd.DataFrame, pl.DataFrame, pa.table])
def test_any_library_gives_the_same_table(made: object) -> None:
    assert callable(made)
    assert table(made(frame())).rows == table().rows


def test_arm_that_a_segment_lacks_is_small_not_an_error() -> None:
    data = {"g": ["a", "b"] * 200 + ["b"] * 200, "s": ["x"] * 400 + ["y"] * 200, "m": list(np.arange(600.0))}
    found = compare_segments(data, variant="g", metrics="m", segments="s", control="a")
    assert [(row.segment[1], row.n_control, isinstance(row.result, Estimate)) for row in found] == [
        ("x", 200, True),
        ("y", 0, False),
    ]


def test_false_alarms_of_a_whole_table_stay_at_alpha() -> None:
    rng, alarms, tables = np.random.default_rng(4), 0, 300
    for _ in range(tables):
        data: dict[str, object] = {"g": rng.integers(0, 2, 600), "m": rng.normal(5.0, 1.0, 600)}
        data |= {"s": rng.integers(0, 2, 600), "t": rng.integers(0, 2, 600)}
        found = compare_segments(data, variant="g", metrics="m", segments=["s", "t"], control=0)
        alarms += any(row.adjusted_p is not None and row.adjusted_p < 0.2 for row in found)
    looked = compare_segments(data, variant="g", metrics="m", segments=["s", "t"], control=0, level=0.8)
    assert looked.row_level == pytest.approx(0.95)
    # Four rows at 5 % each: one in five tables at most, and not far from it. Three binomial deviations are 7 points.
    assert 0.2 - 0.11 < alarms / tables < 0.2 + 0.07


def test_notebook_shows_names_as_headings_and_escapes_them() -> None:
    data = {"g": ["a", "b"] * 4, "s": ["<b>"] * 8, "m": [1.0, 2, 3, 4, 5, 6, 7, 9]}
    shown = compare_segments(data, variant="g", metrics="m", segments="s", control="a", minimum_units=2)._repr_html_()
    assert '<th scope="row">s=&lt;b&gt;</th>' in shown


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"metrics": []}, "metrics holds 0"),
        ({"segments": ["plan", "plan"]}, "names a column twice"),
        ({"minimum_units": 1}, "minimum_units is 1"),
        ({"method": "lifts"}, "Did you mean 'lift'?"),
        ({"metrics": "country"}, "something else than numbers"),
    ],
)
def test_argument_that_is_none_allowed_is_named(changed: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        table(**changed)
    assert words in str(refused.value)


@pytest.mark.parametrize("changed", [{"control": "older"}, {"segments": "region"}, {"metrics": "order"}])
def test_name_that_is_not_there_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(NotFound):
        table(**changed)
