"""``upshot objective list`` and ``show``: what people see."""

from pathlib import Path

import msgspec
import pytest

from tests.cli.test_declare import Captured, run
from upshot.cli.app import EXIT_USER

TREE = """\
objectives:
  - {name: busy, title: Busy, metric: events, target: +20%, starts: 2024-01-08, due: 2024-01-16, baseline: 3,
     window_days: 7}
  - {name: calm, metric: events, target: 1, baseline: 9, starts: 2024-01-08, due: 2024-01-20, parent: busy}
outputs:
  - {name: cart, objective: busy, kind: enabling}
"""


@pytest.fixture
def aimed(folder: Path, tmp_path: Path, capsys: Captured) -> Path:
    """A workspace with a tree of two objectives."""
    file = tmp_path / "tree.yaml"
    file.write_text(TREE, encoding="utf-8")
    assert run(capsys, folder, "apply", str(file))[0] == 0
    return folder


def test_objectives_are_listed_as_a_tree(aimed: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, aimed, "objective", "list")
    rows = [line.split() for line in out.splitlines()[2:]]
    assert code == 0
    assert [row[0] for row in rows] == ["busy", "calm"]
    assert "  calm" in out
    code, out, _ = run(capsys, aimed, "objective", "list", "--json")
    assert [o["name"] for o in msgspec.json.decode(out)["objectives"]] == ["busy", "calm"]


def test_objective_is_shown_with_its_course(aimed: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, aimed, "objective", "show", "busy")
    assert code == 0
    assert out.startswith("Busy: missed.\n")
    assert "Below it: calm.\nOutputs for it: cart.\n" in out
    assert "It is past its due date." in out
    code, out, _ = run(capsys, aimed, "objective", "show", "busy", "--json")
    shown = msgspec.json.decode(out)
    assert (shown["status"], shown["baseline"], shown["target"]) == ("missed", 3.0, pytest.approx(3.6))


def test_objective_whose_window_reaches_before_the_data_says_so(aimed: Path, capsys: Captured) -> None:
    code, out, _ = run(capsys, aimed, "objective", "show", "calm")
    assert code == 0
    assert out.startswith("calm: no data.\nThe data do not cover the 28 days to 16 Jan 2024.\n")


def test_objective_that_is_not_there_is_named(aimed: Path, capsys: Captured) -> None:
    code, _, err = run(capsys, aimed, "objective", "show", "bussy")
    assert code == EXIT_USER
    assert "Did you mean 'busy'?" in err
