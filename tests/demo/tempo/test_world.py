from datetime import date
from pathlib import Path

import pytest

from upshot.core.errors import InvalidInput
from upshot.demo.tempo.world import Trouble, World, load_world

TODAY = date(2026, 6, 30)


def write(folder: Path, text: str) -> Path:
    path = folder / "world.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_world_file_says_only_what_differs(tmp_path: Path) -> None:
    path = write(tmp_path, "seed: 4\ntrouble: novelty fades\neffects: {subscriptions: 0}\n")
    world = load_world(path, last_day=TODAY)
    assert (world.seed, world.trouble, world.effects.subscriptions) == (4, Trouble.NOVELTY_FADES, 0)
    assert world.days == World(last_day=TODAY).days


def test_world_names_its_correct_verdict(tmp_path: Path) -> None:
    text = "expected:\n- {metric: new subscriptions, verdict: not measurable, reason: campaign}\n"
    (expected,) = load_world(write(tmp_path, text), last_day=TODAY).expected
    assert (expected.verdict, expected.reason) == ("not measurable", "campaign")


@pytest.mark.parametrize(
    "text", ["seeds: 4", "trouble: bad luck", "scale: 0", "days: 3", "- 1", "a: [", "shock_autocorrelation: 1.0"]
)
def test_world_refuses_what_it_does_not_know(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidInput):
        load_world(write(tmp_path, text), last_day=TODAY)


def test_world_knows_its_days() -> None:
    world = World(last_day=TODAY, days=100, launch_before_end=30)
    assert world.first_day == date(2026, 3, 23)
    assert world.day(world.days - 1) == TODAY
    assert world.launch == 70
