"""The chapter says what is so, and the room offers what it says."""

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import upshot.lifetime as room
from upshot.lifetime import HoldOut, LifetimeValue, RefusalCode

CHAPTER = Path(__file__).resolve().parents[2] / "docs" / "lifetime.md"
INNER = {"likelihood"}


def test_chapter_explains_every_refusal() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", CHAPTER.read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == {str(code) for code in RefusalCode}


def test_examples_of_the_chapter_run_and_say_what_they_say() -> None:
    shop, contract = re.findall(r"```python\n(.*?)```", CHAPTER.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(shop, names)
    answer, check = names["answer"], names["check"]
    assert isinstance(answer, LifetimeValue)
    assert answer.total.low < answer.total.value < answer.total.high
    assert isinstance(check, HoldOut)
    assert check.held
    exec(contract, names)


def test_every_name_is_loaded_where_it_stands() -> None:
    assert set(room.__all__) <= set(dir(room))
    for name in room.__all__:
        assert getattr(room, name).__module__.startswith("upshot.lifetime.")
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = room.no_such_name  # type: ignore[attr-defined]
    homes = {module.name for module in pkgutil.iter_modules(room.__path__)} - INNER
    assert homes == {getattr(room, name).__module__.rsplit(".", 1)[1] for name in room.__all__}
    assert all(importlib.import_module(f"upshot.lifetime.{home}").__all__ for home in homes)


def test_import_loads_no_numbers() -> None:
    probe = "import sys, upshot.lifetime; print(sorted({'numpy', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
