"""Finished experiments as tables of people, from the file to the words and figures."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.cli.test_commands import Captured, run
from upshot.stats import (
    Estimate,
    Moments,
    NoEstimate,
    PairMoments,
    Quantiles,
    cuped,
    difference,
    lift,
    quantile_difference,
    quantile_lift,
    stack_arms,
)

Columns = dict[str, list[str]]


@pytest.fixture(scope="module")
def people() -> Columns:
    """3,000 people in three arms, with a mean, a yes/no, a ratio's parts and a past that explains most of the mean."""
    rng = np.random.default_rng(7)
    arms = np.repeat(["control", "mens", "womens"], 1000)
    past = rng.gamma(2.0, 10.0, 3000)
    spend = past + rng.normal(0.0, 4.0, 3000) + 2.0 * (arms == "mens")
    return {
        "id": [f"u{i}" for i in range(3000)],
        "arm": arms.tolist(),
        "past": [repr(x) for x in past.tolist()],
        "spend": [repr(x) for x in spend.tolist()],
        "bought": ["true" if x > 25 else "false" for x in spend.tolist()],
        "orders": [str(x) for x in rng.integers(1, 5, 3000).tolist()],
    }


def as_csv(columns: Columns, delimiter: str = ",") -> str:
    rows = zip(*columns.values(), strict=True)
    return "".join(f"{delimiter.join(row)}\n" for row in (tuple(columns), *rows))


def as_json_lines(columns: Columns) -> str:
    return "".join(
        json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in zip(*columns.values(), strict=True)
    )


def write(path: Path, columns: Columns) -> Path:
    path.write_text(as_csv(columns))
    return path


def arm_values(columns: Columns, name: str, arm: str) -> np.ndarray:
    return np.array([float(x) for x, a in zip(columns[name], columns["arm"], strict=True) if a == arm])


def interval(found: Estimate | NoEstimate, rel: float) -> object:
    assert isinstance(found, Estimate)
    return pytest.approx({"value": found.value, "low": found.low, "high": found.high}, rel=rel)


def analysed(capsys: Captured, folder: Path, file: Path, *words: str) -> dict[str, list[dict[str, object]]]:
    code, out, error = run(capsys, folder, "experiment", "analyse", str(file), "--arm", "arm", "--json", *words)
    assert code == 0, error
    found: dict[str, list[dict[str, object]]] = json.loads(out)
    return found


def test_table_gives_the_figures_of_the_library_on_its_rows(
    folder: Path, capsys: Captured, tmp_path: Path, people: Columns
) -> None:
    found = analysed(capsys, folder, write(tmp_path / "t.csv", people), "--outcome", "spend", "--outcome", "past")
    control = Moments.of(arm_values(people, "spend", "control"))
    for effect in (each for each in found["effects"] if each["outcome"] == "spend"):
        treated = Moments.of(arm_values(people, "spend", str(effect["arm"])))
        # two treatments share the error of the primary outcome
        expected = difference(control, treated, level=0.975), lift(control, treated, level=0.975)
        for key, wanted in zip(("absolute", "relative"), expected, strict=True):
            assert effect[key] == interval(wanted.at(), rel=1e-9)
        assert effect["p_value"] == pytest.approx(float(expected[0].p_value), rel=1e-6)
    assert [each["level"] for each in found["effects"]] == pytest.approx([0.975, 0.975, 0.95, 0.95])
    assert [each["mean"] for each in found["means"]][:3] == pytest.approx(
        [arm_values(people, "spend", arm).mean() for arm in ("control", "mens", "womens")]
    )


def test_covariate_adjusts_as_cuped_does(folder: Path, capsys: Captured, tmp_path: Path, people: Columns) -> None:
    file = write(tmp_path / "t.csv", people)
    found = analysed(capsys, folder, file, "--outcome", "spend", "--covariate", "past", "--unit", "id")
    pairs = [
        PairMoments.of(arm_values(people, "spend", arm), arm_values(people, "past", arm))
        for arm in ("control", "mens", "womens")
    ]
    adjusted = cuped(stack_arms(pairs))
    wanted = difference(adjusted[:1], adjusted[1:], level=0.975)
    assert [each["absolute"] for each in found["effects"]] == [interval(wanted.at(place), rel=1e-9) for place in (0, 1)]
    assert "balance before" in [check["name"] for check in found["checks"]]


@pytest.mark.parametrize(
    ("outcome", "column", "share"),
    [
        ("spend:p90", "spend", 0.9),
        ("spend: median", "spend", 0.5),
        ("orders:p99.5", "orders", 0.995),
        ("orders:p50", "orders", 0.5),
    ],
)
def test_quantiles_are_those_of_all_values(
    folder: Path, capsys: Captured, tmp_path: Path, people: Columns, outcome: str, column: str, share: float
) -> None:
    """Only the values near a quantile leave the table, and they give what all values give, tied or not."""
    found = analysed(capsys, folder, write(tmp_path / "t.csv", people), "--outcome", "past", "--outcome", outcome)
    arms = {arm: arm_values(people, column, arm) for arm in ("control", "mens", "womens")}
    whole = {arm: Quantiles.of(values, share) for arm, values in arms.items()}
    assert [each["mean"] for each in found["means"] if each["outcome"] == outcome] == [
        None if np.isnan(each.value) else float(each.value) for each in whole.values()
    ]
    effects = [each for each in found["effects"] if each["outcome"] == outcome]
    assert [each["arm"] for each in effects] == ["mens", "womens"]
    for effect in effects:
        treated = whole[str(effect["arm"])]
        absolute = quantile_difference(whole["control"], treated).at()
        if isinstance(absolute, NoEstimate):
            assert (effect["absolute"], effect["why_not"]) == (None, absolute.sentence)
            continue
        assert effect["absolute"] == interval(absolute, rel=1e-12)
        assert effect["relative"] == interval(quantile_lift(whole["control"], treated).at(), rel=1e-12)


def test_outcomes_come_in_the_order_in_which_they_were_asked(
    folder: Path, capsys: Captured, tmp_path: Path, people: Columns
) -> None:
    asked = ["spend:p90", "spend", "orders:median", "bought"]
    words = [word for name in asked for word in ("--outcome", name)]
    found = analysed(capsys, folder, write(tmp_path / "t.csv", people), *words)
    assert list(dict.fromkeys(each["outcome"] for each in found["effects"])) == asked
    assert [each["level"] for each in found["effects"]][:4] == pytest.approx([0.975, 0.975, 0.95, 0.95])


@pytest.mark.parametrize(
    ("words", "ship"),
    [
        (("--outcome", "spend"), {"mens": "SHIP", "womens": "DO_NOT_SHIP"}),
        (("--outcome", "spend", "--lower", "spend"), {"mens": "DO_NOT_SHIP", "womens": "DO_NOT_SHIP"}),
        (
            ("--outcome", "spend", "--outcome", "orders", "--guardrail", "orders=20%"),
            {"mens": "SHIP", "womens": "DO_NOT_SHIP"},
        ),
        (
            ("--outcome", "spend", "--outcome", "orders", "--guardrail", "orders=0.001"),
            {"mens": "DO_NOT_SHIP", "womens": "DO_NOT_SHIP"},
        ),
        (("--outcome", "orders", "--guardrail", "orders=2%"), {}),
    ],
)
def test_rule_says_of_each_arm_whether_to_ship_it(
    folder: Path, capsys: Captured, tmp_path: Path, people: Columns, words: tuple[str, ...], ship: dict[str, str]
) -> None:
    found = analysed(capsys, folder, write(tmp_path / "t.csv", people), "--covariate", "past", *words)
    assert {each["arm"]: each["word"] for each in found["decisions"]} == ship


def test_ratio_and_yes_or_no_are_told_in_the_terminal(
    folder: Path, capsys: Captured, tmp_path: Path, people: Columns
) -> None:
    file = write(tmp_path / "t.csv", people)
    words = ("--arm", "arm", "--outcome", "spend/orders", "--outcome", "bought")
    code, out, _ = run(capsys, folder, "experiment", "analyse", str(file), *words)
    assert code == 0
    for arm in ("control", "mens", "womens"):
        ratio = arm_values(people, "spend", arm).sum() / arm_values(people, "orders", arm).sum()
        assert f"{ratio:,.5g}" in out
    assert "spend/orders: Welch, ratio of means, 97.5% intervals" in out
    assert "p = 1." in out
    assert out.count("1,000") >= 3
    share = np.mean([x == "true" for x in people["bought"][:1000]])
    assert f"{share:.5g}" in out


@pytest.mark.parametrize("form", ["t.tsv", "t.csv.gz", "t.jsonl", "t.parquet", "t[1].csv"])
def test_every_form_of_the_table_gives_the_same(
    folder: Path, capsys: Captured, tmp_path: Path, people: Columns, form: str
) -> None:
    words = ("--outcome", "spend", "--outcome", "bought", "--covariate", "past")
    plain = analysed(capsys, folder, write(tmp_path / "plain.csv", people), *words)
    file = tmp_path / form
    match file.suffix:
        case ".tsv":
            file.write_text(as_csv(people, "\t"))
        case ".gz":
            file.write_bytes(gzip.compress(as_csv(people).encode()))
        case ".jsonl":
            file.write_text(as_json_lines(people))
        case ".parquet":
            numbers = {name: [float(x) for x in people[name]] for name in ("spend", "past")}
            yes_no = [x == "true" for x in people["bought"]]
            pyarrow.parquet.write_table(pa.table({"arm": people["arm"], "bought": yes_no, **numbers}), file)
        case _:
            write(file, people)
    found = analysed(capsys, folder, file, *words)
    assert [each["arm"] for each in found["effects"]] == [each["arm"] for each in plain["effects"]]
    for one, other in zip(found["effects"], plain["effects"], strict=True):
        assert one["absolute"] == pytest.approx(other["absolute"], rel=1e-12)
        assert one["method"] == other["method"]


def test_wrong_split_gives_no_number_of_any_outcome(
    folder: Path, capsys: Captured, tmp_path: Path, people: Columns
) -> None:
    file = write(tmp_path / "t.csv", people)
    split = ("--split", "control=2", "--split", "mens=1", "--split", "womens=1")
    found = analysed(capsys, folder, file, "--outcome", "spend", *split)
    assert found["effects"] == found["means"] == []
    code, out, _ = run(capsys, folder, "experiment", "analyse", str(file), "--arm", "arm", "--outcome", "spend", *split)
    assert code == 0
    assert "Nothing is compared" in out
    assert "50.0%" in out


def changed(columns: Columns, **new: Callable[[list[str]], list[str]]) -> Columns:
    return {name: new[name](cells) if name in new else cells for name, cells in columns.items()}


@pytest.mark.parametrize(
    ("new", "words", "told"),
    [
        ({"arm": lambda a: ["control"] * len(a)}, (), "All 3,000 rows are of one arm in arm."),
        ({"arm": lambda a: ["", *a[1:]]}, (), "arm names no arm in 1 of 3,000 rows."),
        ({"arm": lambda a: [f"x{i}" for i in range(len(a))]}, (), "arm has 3,000 different values"),
        ({"spend": lambda s: ["NaN", *s[1:]]}, (), "spend has no number in 1 of 3,000 rows (the first: 'NaN')."),
        (
            {"spend": lambda s: ["", "inf", *s[2:]]},
            (),
            "spend has no number in 2 of 3,000 rows (the first: an empty cell).",
        ),
        ({"spend": lambda s: ["1;5", *s[1:]]}, (), "(the first: '1;5')"),
        ({"past": lambda p: ["n/a", *p[1:]]}, ("--covariate", "past"), "past has no number in 1 of 3,000 rows"),
        (
            {"id": lambda i: [*i[:-1], i[0]]},
            ("--unit", "id"),
            "1 of 2,999 ids in id stand in more than one row, 1 of them in several arms.",
        ),
        ({"arm": lambda a: [x.replace("control", "none") for x in a]}, (), "which of mens, none, womens it is"),
        ({}, ("--control", "womans"), "Did you mean 'womens'"),
        ({}, ("--outcome", "spendd"), "There is no column named 'spendd'. Did you mean 'spend'?"),
        ({}, ("--split", "control=1"), "--split says nothing of mens, womens."),
        ({}, ("--split", "control=-1"), "'control=-1' gives no share above 0."),
        ({}, ("--level", "1"), "The level 1 does not lie between 0 and 1."),
        ({}, ("--outcome", "spend:p0"), "'spend:p0' names no quantile."),
        ({}, ("--outcome", "spent:p90"), "There is no column named 'spent'. Did you mean 'spend'?"),
        ({}, ("--outcome", "spend/"), "'spend/' is no ratio."),
        ({}, ("--guardrail", "spent=2%"), "There is no outcome named 'spent'. Did you mean 'spend'?"),
        ({}, ("--guardrail", "spend=150%"), "'spend=150%' gives no loss between 0 and 100%."),
        ({}, ("--guardrail", "spend=a bit"), "'spend=a bit' gives no loss between 0 and 100%."),
        ({}, ("--lower", "orders"), "There is no outcome named 'orders'."),
    ],
)
def test_table_that_cannot_be_read_is_refused_with_what_to_do(
    folder: Path,
    capsys: Captured,
    tmp_path: Path,
    people: Columns,
    new: dict[str, Callable[[list[str]], list[str]]],
    words: tuple[str, ...],
    told: str,
) -> None:
    file = write(tmp_path / "t.csv", changed(people, **new))
    code, out, error = run(
        capsys, folder, "experiment", "analyse", str(file), "--arm", "arm", "--outcome", "spend", *words
    )
    assert code != 0
    assert out == ""
    assert told in " ".join(error.split())


@pytest.mark.parametrize(("content", "told"), [("", "is empty."), ("arm,spend\n", "a header and no rows")])
def test_file_without_rows_is_refused(folder: Path, capsys: Captured, tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "t.csv"
    file.write_text(content)
    code, _, error = run(capsys, folder, "experiment", "analyse", str(file), "--arm", "arm", "--outcome", "spend")
    assert code != 0
    assert told in " ".join(error.split())
