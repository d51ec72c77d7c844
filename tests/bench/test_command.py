"""The benchmarks' own command: it says what there is, and measures nothing unasked."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def asked(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_help_names_every_benchmark_and_runs_none() -> None:
    done = asked("--help")
    assert done.returncode == 0
    assert "usage" in done.stdout
    assert all(path.stem in done.stdout for path in (ROOT / "bench").glob("bench_*.py"))
    assert "|---" not in done.stdout


def test_unknown_name_is_told() -> None:
    done = asked("bench_nothing")
    assert done.returncode == 2
    assert "there is no benchmark bench_nothing" in done.stderr


def test_toy_run_cannot_be_filed() -> None:
    assert asked("--toy", "--write").returncode == 2


@pytest.mark.parametrize("name", ["bench_metrics", "bench_import"])
def test_toy_run_ends_and_leaves_the_page_alone(name: str) -> None:
    page = ROOT / "docs" / "benchmarks.md"
    before = page.read_bytes()
    done = asked("--toy", name)
    assert done.returncode == 0, done.stderr
    assert page.read_bytes() == before
