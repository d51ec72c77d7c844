"""``upshot plan``, ``apply`` and ``export``: what people see, exit codes, files and folders."""

import io
import sys
from pathlib import Path

import msgspec
import pytest

from upshot.cli.app import EXIT_USER, main

Captured = pytest.CaptureFixture[str]
STORY = """\
metrics:
  - {name: subscriptions, type: count, event: purchase}
objectives:
  - {name: grow, metric: subscriptions, target: +20%, starts: 2026-01-01, due: 2026-07-01}
"""
OUTPUTS = """\
outputs:
  - {name: songs, objective: grow, cost: {days: 3}, expects: subscriptions +5% within 30d}
"""


def run(capsys: Captured, folder: Path, *words: str) -> tuple[int, str, str]:
    code = main([*words, "--workspace", str(folder)])
    caught = capsys.readouterr()
    return code, caught.out, caught.err


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A folder of declarations."""
    place = tmp_path / "code"
    (place / "more").mkdir(parents=True)
    (place / "story.yaml").write_text(STORY, encoding="utf-8")
    (place / "more" / "outputs.yml").write_text(OUTPUTS, encoding="utf-8")
    return place


def test_plan_shows_what_apply_then_does(folder: Path, code: Path, capsys: Captured) -> None:
    done, out, _ = run(capsys, folder, "plan", str(code))
    assert done == 0
    assert "+ objective  grow\n    metric: subscriptions\n    target: +20%\n" in out
    assert out.endswith("3 to add, 0 to change, 0 to remove, 0 unchanged.\n")
    done, out, _ = run(capsys, folder, "apply", str(code))
    assert done == 0
    assert out.splitlines() == [
        "+ metric     subscriptions",
        "+ objective  grow",
        "+ output     songs",
        "3 added, 0 changed, 0 removed, 0 unchanged.",
    ]
    (code / "more" / "outputs.yml").write_text(OUTPUTS.replace("days: 3", "days: 5"), encoding="utf-8")
    done, out, _ = run(capsys, folder, "plan", str(code))
    assert out == "~ output     songs\n    cost.days: 3 → 5\n0 to add, 1 to change, 0 to remove, 2 unchanged.\n"
    done, out, _ = run(capsys, folder, "plan", str(code), "--json")
    changed = [c for c in msgspec.json.decode(out)["changes"] if c["change"] == "changed"]
    assert changed[0]["fields"] == [{"field": "cost.days", "before": "3", "after": "5"}]


def test_mistake_names_file_and_line_and_nothing_changes(folder: Path, code: Path, capsys: Captured) -> None:
    file = code / "story.yaml"
    file.write_text(STORY.replace("metric: subscriptions", "metric: subscription"), encoding="utf-8")
    done, out, _ = run(capsys, folder, "apply", str(code))
    assert done == EXIT_USER
    assert f"{file}:4: The objective 'grow' names a metric that is not there: 'subscription'." in out
    assert "Did you mean 'subscriptions'?" in out
    assert run(capsys, folder, "export")[1] == ""


def test_export_to_a_folder_is_applied_again_without_change(folder: Path, code: Path, capsys: Captured) -> None:
    run(capsys, folder, "apply", str(code))
    to = folder / "declarations"
    done, out, _ = run(capsys, folder, "export", "--to", str(to))
    assert done == 0
    assert sorted(file.name for file in to.iterdir()) == ["metrics.yaml", "objectives.yaml", "outputs.yaml"]
    before = {file.name: file.read_bytes() for file in to.iterdir()}
    done, out, _ = run(capsys, folder, "apply")
    assert out == "0 added, 0 changed, 0 removed, 3 unchanged.\n"
    run(capsys, folder, "export", "--to", str(to))
    assert {file.name: file.read_bytes() for file in to.iterdir()} == before
    run(capsys, folder, "export", "--to", str(to / "all.yaml"), "--kind", "output", "--kind", "objective")
    assert (to / "all.yaml").read_bytes() == before["objectives.yaml"] + b"\n" + before["outputs.yaml"]
    done, out, _ = run(capsys, folder, "export", "songs")
    assert out.encode() == before["outputs.yaml"]


def test_prune_asks_for_a_word_before_it_removes(
    folder: Path, code: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, folder, "apply", str(code))
    (code / "more" / "outputs.yml").write_text("", encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    done, _, err = run(capsys, folder, "apply", str(code), "--prune")
    assert done == EXIT_USER
    assert err.startswith("This removes 1: output songs.\nAdd --yes")
    assert "songs" in run(capsys, folder, "export")[1]
    done, out, _ = run(capsys, folder, "apply", str(code), "--prune", "--yes")
    assert (done, out) == (0, "- output     songs\n0 added, 0 changed, 1 removed, 2 unchanged.\n")


def test_folder_without_yaml_is_refused(folder: Path, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "empty").mkdir()
    done, _, err = run(capsys, folder, "apply", str(tmp_path / "empty"))
    assert done == EXIT_USER
    assert "There is no YAML file in" in err
    done, _, err = run(capsys, folder, "apply")
    assert done == EXIT_USER
    assert "cannot be read" in err
