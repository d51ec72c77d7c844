"""A data frame of any library gives what the methods give on the moments of its rows."""

from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from upshot.core.errors import InvalidInput, NotFound
from upshot.stats import (
    Comparison,
    CovariateMoments,
    Estimate,
    FloatArray,
    Moments,
    NoEstimate,
    PairMoments,
    Reason,
    compare,
    cuped,
    difference,
    fieller_lift,
    lift,
    ratio_cuped,
    ratio_fieller_lift,
    stack_arms,
)

N = 600
Column = FloatArray | list[str]


def columns(seed: int = 3) -> dict[str, Column]:
    generator = np.random.default_rng(seed)
    arm = generator.integers(0, 3, N)
    past = generator.gamma(2.0, 3.0, N)
    return {
        "variant": [("old", "new", "bold")[code] for code in arm],
        "past": past,
        "sessions": generator.poisson(4.0, N).astype(np.float64) + 1.0,
        "revenue": 5.0 + past + 0.3 * arm + generator.normal(0.0, 1.0, N),
        "account": (generator.integers(0, 60, N) * 3 + arm).astype(np.float64),
        "weight": generator.uniform(0.5, 2.0, N),
    }


def rows_of(name: str, *wanted: str) -> list[FloatArray]:
    frame = columns()
    mask = np.asarray(frame["variant"]) == name
    return [np.asarray(frame[column])[mask] for column in wanted]


def found(result: Comparison, treatment: str) -> Estimate:
    row = result[treatment]
    assert isinstance(row, Estimate)
    return row


@pytest.mark.parametrize("library", ["dict", "pandas", "arrow", "arrow-dictionary", "numpy"])
def test_frames_of_any_library_give_the_same(library: str) -> None:
    data = columns()
    expected = fieller_lift(*(Moments.of(*rows_of(name, "revenue")) for name in ("old", "new"))).at()
    if library == "pandas":
        result = compare(pd.DataFrame(data), variant="variant", metric="revenue", control="old")
    elif library.startswith("arrow"):
        table = pa.table(data)
        if library == "arrow-dictionary":
            table = table.set_column(0, "variant", table["variant"].dictionary_encode())
        result = compare(table, variant="variant", metric="revenue", control="old")
    elif library == "numpy":
        records = pd.DataFrame(data).assign(variant=lambda d: d["variant"].astype(object)).to_records()
        result = compare(records, variant="variant", metric="revenue", control="old")
    else:
        result = compare(data, variant="variant", metric="revenue", control="old")
    assert result.treatments == ("bold", "new")
    assert result["new"] == expected


@pytest.mark.parametrize("method", ["fieller_lift", "lift", "difference"])
def test_methods_are_those_of_their_names(method: Literal["fieller_lift", "lift", "difference"]) -> None:
    function = {"fieller_lift": fieller_lift, "lift": lift, "difference": difference}[method]
    arms = [Moments.of(*rows_of(name, "revenue")) for name in ("old", "bold")]
    result = compare(
        columns(), variant="variant", metric="revenue", control="old", method=method, level=0.9, alternative="greater"
    )
    assert result["bold"] == function(*arms, level=0.9, alternative="greater").at()


def test_covariate_is_cuped_over_all_arms() -> None:
    arms = cuped(stack_arms([PairMoments.of(*rows_of(name, "revenue", "past")) for name in ("old", "bold", "new")]))
    expected = difference(arms[0], arms[1:])
    result = compare(
        columns(), variant="variant", metric="revenue", control="old", covariate="past", method="difference"
    )
    np.testing.assert_allclose(result.estimates.value, expected.value, rtol=1e-10)
    np.testing.assert_allclose(result.estimates.low, expected.low, rtol=1e-10)
    plain = compare(columns(), variant="variant", metric="revenue", control="old", method="difference")
    assert found(result, "new").standard_error < 0.5 * found(plain, "new").standard_error


def test_denominator_is_a_ratio_of_sums() -> None:
    pairs = [PairMoments.of(*rows_of(name, "revenue", "sessions")) for name in ("old", "new")]
    expected = ratio_fieller_lift(*pairs).at()
    assert isinstance(expected, Estimate)
    row = found(compare(columns(), variant="variant", metric="revenue", denominator="sessions", control="old"), "new")
    assert (row.value, row.low, row.high) == pytest.approx((expected.value, expected.low, expected.high), rel=1e-10)


def test_denominator_and_covariate_go_together() -> None:
    parts = []
    for name in ("old", "bold", "new"):
        revenue, sessions, past = rows_of(name, "revenue", "sessions", "past")
        parts.append(CovariateMoments.of(np.stack([revenue, sessions, past], axis=-1)))
    arms = ratio_cuped(stack_arms(parts))
    result = compare(
        columns(),
        variant="variant",
        metric="revenue",
        denominator="sessions",
        covariate="past",
        control="old",
        method="lift",
    )
    np.testing.assert_allclose(result.estimates.value, lift(arms[0], arms[1:]).value, rtol=1e-9)


def test_weights_and_clusters_are_those_of_moments() -> None:
    arms = []
    for name in ("old", "new"):
        revenue, weight, account = rows_of(name, "revenue", "weight", "account")
        arms.append(Moments.of(revenue, weights=weight, clusters=account))
    expected = difference(*arms).at()
    assert isinstance(expected, Estimate)
    result = compare(
        columns(),
        variant="variant",
        metric="revenue",
        control="old",
        weights="weight",
        clusters="account",
        method="difference",
    )
    row = found(result, "new")
    assert (row.value, row.low, row.p_value) == pytest.approx((expected.value, expected.low, expected.p_value))
    assert row.n == expected.n < 130


def test_clustered_covariate_sharpens_and_keeps_the_estimand() -> None:
    plain, sharper = (
        compare(
            columns(),
            variant="variant",
            metric="revenue",
            control="old",
            clusters="account",
            covariate=covariate,
            method="difference",
        )
        for covariate in (None, "past")
    )
    assert found(sharper, "new").standard_error < 0.6 * found(plain, "new").standard_error
    assert abs(found(sharper, "new").value - 0.3) < 4.0 * found(sharper, "new").standard_error


@pytest.mark.parametrize("kind", ["plain", "clusters", "weights"])
def test_adjusted_intervals_cover_with_a_missing_past(kind: str) -> None:
    """Coverage of a 95 % interval in 400 experiments, a third of whose units have no past and other values."""
    generator = np.random.default_rng(11)
    covered, rounds, n = 0, 400, 240
    for _ in range(rounds):
        account = np.repeat(np.arange(n // 2), 2)
        past, shared = generator.gamma(2.0, 1.0, n), generator.normal(0.0, 1.0, n // 2)[account]
        new = (np.arange(n) // 2) % 3 == 0 if kind == "clusters" else generator.random(n) < 1 / 3
        treated = (account % 2 == 0) if kind == "clusters" else generator.random(n) < 0.5
        value = np.where(new, 1.0, 4.0 + past) + treated * 0.5 + generator.normal(0.0, 1.0, n)
        frame = {
            "arm": treated,
            "y": value + (shared if kind == "clusters" else 0.0),
            "past": np.where(new, np.nan, past),
            "account": account,
            "weight": generator.choice([1.0, 2.0], n),
        }
        row = found_row(frame, kind)
        covered += row.low <= 0.5 <= row.high
    # 99.9 % of counts of 400 at 0.95 lie within 364 and 393.
    assert 364 <= covered <= 394


def found_row(frame: dict[str, FloatArray], kind: str) -> Estimate:
    result = compare(
        frame,
        variant="arm",
        metric="y",
        control=False,
        covariate="past",
        clusters="account" if kind == "clusters" else None,
        weights="weight" if kind == "weights" else None,
        method="difference",
    )
    (row,) = (estimate for _, estimate in result)
    assert isinstance(row, Estimate)
    return row


@pytest.mark.parametrize("broken", ["new", "bold", "old"])
def test_missing_value_spoils_its_own_arm_only(broken: str) -> None:
    frame = columns()
    values = np.asarray(frame["revenue"]).copy()
    values[frame["variant"].index(broken)] = np.nan  # type: ignore[union-attr]
    sound = compare(frame, variant="variant", metric="revenue", control="old")
    result = compare(frame | {"revenue": values}, variant="variant", metric="revenue", control="old")
    for treatment in ("new", "bold"):
        if broken in {treatment, "old"}:
            assert result[treatment] == NoEstimate(Reason.NOT_FINITE, "fieller_lift")
        else:
            assert result[treatment] == sound[treatment]
    assert result.units.tolist() == sound.units.tolist()


def test_result_reads_well() -> None:
    frame = {"group": ["a"] * 4 + ["<b>"] * 4 + ["c"], "yes": [True, False, True, False, True, True, True, False, True]}
    result = compare(frame, variant="group", metric="yes", control="a", method="difference")
    assert repr(result).splitlines()[0] == "yes: against 'a' (n = 4), difference, 0.95 interval"
    assert repr(result).splitlines()[-1].endswith("There are too few units for an interval.")
    page = result._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert result.columns()["reason"] == [None, "There are too few units for an interval."]
    assert len(result) == 2


def test_unbounded_and_one_sided_sets_read_well() -> None:
    frame = {"group": ["a"] * 4 + ["b"] * 4, "net": [-3.0, 4.0, -2.0, 1.5, 1.0, 2.0, 3.0, 4.0]}
    assert "no bounds" in repr(compare(frame, variant="group", metric="net", control="a"))
    one = compare(frame, variant="group", metric="net", control="a", method="difference", alternative="greater")
    assert "to ∞" in repr(one)


@pytest.mark.parametrize(
    ("changed", "arguments", "message"),
    [
        ({}, {"metric": "revenu"}, "column named 'revenu'.*revenue"),
        ({}, {"control": "odl"}, "variant named 'odl'.*old"),
        ({}, {"method": "ratio"}, "method is 'ratio'. Allowed are"),
        ({}, {"metric": "variant"}, "something else than numbers"),
        ({"revenue": [1.0]}, {}, "1 rows"),
        ({"variant": ["old"] * N}, {}, "All rows"),
        ({"variant": ["old", None] * (N // 2)}, {}, "missing labels"),
        ({"variant": [0.0, np.nan] * (N // 2)}, {"control": 0.0}, "missing labels"),
        ({"variant": pd.array([0, None] * (N // 2), "Int64")}, {"control": 0}, "missing labels"),
        ({"account": [1.0] * N}, {"clusters": "account"}, "more than one variant"),
        ({"weight": [-1.0] * N}, {"weights": "weight"}, "weights holds -1.0"),
    ],
)
def test_what_does_not_fit_is_said(changed: dict[str, object], arguments: dict[str, str], message: str) -> None:
    chosen = {"variant": "variant", "metric": "revenue", "control": "old"} | arguments
    with pytest.raises((InvalidInput, NotFound), match=message):
        compare(columns() | changed, **chosen)  # type: ignore[arg-type]


def test_unknown_treatment_is_not_found() -> None:
    with pytest.raises(NotFound):
        compare(columns(), variant="variant", metric="revenue", control="old")["older"]
