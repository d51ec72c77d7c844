"""A run of calibration that was cut off goes on where it stopped; the family that is measured is the quickest one."""

from pathlib import Path

import pytest
from bench.calibrate.run import families, filed, main, section, title, write

FAMILY = "stats_bayes"


def test_tables_of_a_page_are_read_as_they_were_written(tmp_path: Path) -> None:
    page = tmp_path / "statistics.md"
    tables = {name: section(name, [], simulations=20_000, seed=1) for name in families()}
    write(page, tables)
    assert filed(page) == tables
    write(page, {**tables, FAMILY: f"## {title(FAMILY)}\n\nanother"})
    assert filed(page) == {**tables, FAMILY: f"## {title(FAMILY)}\n\nanother"}


def test_run_that_goes_on_measures_what_is_missing_and_says_what_it_keeps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "statistics.md"
    others = [name for name in families() if name != FAMILY]
    tables = {name: section(name, [], simulations=50, seed=3) for name in others}
    tables[FAMILY] = section(FAMILY, [], simulations=49, seed=3)
    write(page, tables)
    main(["--simulations", "50", "--seed", "3", "--resume", "--processes", "1"], page)
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said if ": kept, made by" in line] == others
    assert len([line for line in said if " rows in " in line]) == 1
    found = filed(page)
    assert {name: found[name] for name in others} == {name: tables[name] for name in others}
    assert "--simulations 50 --seed 3`" in found[FAMILY]
    assert found[FAMILY].count("\n| `") > 10


def test_line_that_fails_fails_the_run_that_keeps_it(tmp_path: Path) -> None:
    page = tmp_path / "statistics.md"
    tables = {name: section(name, [], simulations=50, seed=3) for name in families()}
    arguments = ["--simulations", "50", "--seed", "3", "--resume", "--processes", "1"]
    write(page, tables)
    assert main(arguments, page) == 0
    tables[FAMILY] += "\n| `lift` | words | size | 5.00 % | 9.00 % | 8.00–10.00 % | 20,000 | fails |"
    write(page, tables)
    assert main(arguments, page) == 1
