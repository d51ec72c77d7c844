"""The check that refuses circles of imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECK = Path(__file__).resolve().parents[1] / "scripts" / "circles.py"


def checked(folder: Path, sources: dict[str, str]) -> subprocess.CompletedProcess[str]:
    room = folder / "sample" / "room"
    room.mkdir(parents=True)
    for place in (folder / "sample", room):
        (place / "__init__.py").write_text('"""A room."""\n', encoding="utf-8")
    for name, source in sources.items():
        (room / f"{name}.py").write_text(source, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(CHECK), "sample"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(folder)},
        check=False,
    )


@pytest.mark.parametrize(
    "back",
    [
        "from sample.room.store import put\n",
        "from sample.room import store\n",
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from sample.room.store import put\n",
        "def late() -> None:\n    from sample.room.store import put\n\n    put()\n",
    ],
    ids=["plain", "module", "types alone", "in a function"],
)
def test_circle_inside_a_room_is_named_with_its_lines(tmp_path: Path, back: str) -> None:
    sources = {
        "store": "from sample.room.intake import take\n\ndef put() -> None: take()\n",
        "intake": "from sample.room.rows import row\n\ndef take() -> None: row()\n",
        "rows": back + "\ndef row() -> None: ...\n",
    }
    answer = checked(tmp_path, sources)
    assert answer.returncode == 1
    for line in ("sample.room.store:1: from sample.room.intake import take", "sample.room.intake:1:"):
        assert line in answer.stdout
    assert "sample.room.rows:" in answer.stdout


def test_second_circle_is_named_too(tmp_path: Path) -> None:
    sources = {
        "store": "from sample.room import intake\n",
        "intake": "from sample.room import rows, store\n",
        "rows": "from sample.room import intake\n",
    }
    assert "circle 2:" in checked(tmp_path, sources).stdout


def test_rooms_without_a_circle_pass(tmp_path: Path) -> None:
    sources = {
        "store": "from sample.room import intake, rows\n",
        "intake": "from sample.room import rows\n",
        "rows": "",
    }
    answer = checked(tmp_path, sources)
    assert (answer.returncode, answer.stdout) == (0, "")
