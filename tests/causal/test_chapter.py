"""The chapter says what is so."""

import re
from pathlib import Path

from upshot.causal.assessment import Assessment, Reading
from upshot.causal.refusal import RefusalCode
from upshot.stats.result import Estimate

CHAPTER = Path(__file__).resolve().parents[2] / "docs" / "causal.md"


def test_chapter_explains_every_refusal() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", CHAPTER.read_text(encoding="utf-8"), re.MULTILINE))
    assert rows == {str(code) for code in RefusalCode}


def test_example_of_the_chapter_runs_and_finds_its_effect() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", CHAPTER.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)
    answer = names["answer"]
    assert isinstance(answer, Assessment)
    for reading in answer.readings:
        assert isinstance(reading, Reading)
        assert isinstance(reading.relative, Estimate)
        assert reading.relative.low < 0.2 < reading.relative.high
        assert reading.claimed
