"""The tree of commands: what it shows, and that it matches the functions behind it."""

import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from upshot.cli.app import app, main

ROOT = Path(__file__).resolve().parents[2]


def leaves(tree: App, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    for name in tree:
        if name.startswith("-"):
            continue
        command = tree[name]
        if command.default_command is None:
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(leaves(app))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_command_takes_workspace_and_json(path: tuple[str, ...]) -> None:
    names = {name for argument in COMMANDS[path].assemble_argument_collection() for name in argument.names}
    assert {"--workspace", "--json"} <= names


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_command_shows_its_help(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*path, "--help"]) == 0
    function = COMMANDS[path].default_command
    assert function is not None
    first = inspect.cleandoc(function.__doc__ or "").partition("\n")[0]
    # help is wrapped at the width of the terminal
    assert " ".join(first.split()[:5]) in " ".join(capsys.readouterr().out.split())


def test_lists_of_commands_have_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in ("init", "doctor", "serve", "import", "metric", "data", "facts", "access", "settings", "version"):
        (row,) = [line for line in shown.splitlines() if line.startswith(f"│ {name} ")]
        assert len(row.strip("│ ").split()) > 2


def test_references_are_in_step_with_the_code() -> None:
    script = ROOT / "scripts" / "references.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_module_runs_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "upshot.cli", "version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("upshot ")


def test_reader_that_leaves_early_is_no_defect() -> None:
    command = f"{sys.executable} -m upshot.cli metric query --help | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
