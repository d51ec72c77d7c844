"""What differs between two verdicts, and between inputs of then and now."""

from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np

from tests.studies.worlds import AFTER_DAYS, LAUNCH_DAY, START, arm, daily, experiment, launched, metric, other, series
from upshot.catalog.verdict import Interval
from upshot.core.code import code_digest
from upshot.studies.conclude import conclude, software
from upshot.studies.verify import differences, drift

VALUES = daily(1, days=AFTER_DAYS, effect=0.25)


def test_last_digit_is_named_and_close() -> None:
    verdict = conclude(launched(VALUES))
    effect = verdict.effects[0]
    assert effect.relative is not None
    nudged = Interval(effect.relative.value, float(np.nextafter(effect.relative.low, 1)), effect.relative.high)
    other_one = msgspec.structs.replace(
        verdict, effects=(msgspec.structs.replace(effect, relative=nudged), *verdict.effects[1:])
    )
    found, close = differences(verdict, other_one)
    assert found == (f"effects[0].relative.low: {effect.relative.low!r}, now {nudged.low!r}",)
    assert close
    assert differences(verdict, msgspec.structs.replace(verdict, software="else")) == ((), True)


def test_another_word_or_length_is_never_close() -> None:
    verdict = conclude(launched(VALUES))
    found, close = differences(verdict, msgspec.structs.replace(verdict, word="harmed", checks=()))
    assert [text.split(":")[0] for text in found] == ["word", "checks"]
    assert not close


def test_software_names_the_code_that_calculates() -> None:
    assert "upshot 0" in software()
    assert "(" in software()
    assert "numpy" in software()


def test_digest_of_code_sees_each_module_in_each_folder(tmp_path: Path) -> None:
    inner = tmp_path / "room" / "designs" / "quasi"
    inner.mkdir(parents=True)
    digests = {code_digest([tmp_path / "room"])}
    for file, text in (
        (inner / "ramp.py", "a = 1\n"),
        (inner / "ramp.py", "a = 2\n"),
        (inner.parent / "ramp.py", "a = 2\n"),
        (tmp_path / "room" / "router.py", ""),
    ):
        file.write_text(text, encoding="utf-8")
        digests.add(code_digest([tmp_path / "room"]))
    assert len(digests) == 5
    (inner / "notes.txt").write_text("no code", encoding="utf-8")
    assert code_digest([tmp_path / "room"]) in digests


def test_drift_names_days_definitions_and_launches() -> None:
    changed = VALUES.copy()
    changed[10] += 7.0
    then = launched(VALUES)
    now = launched(changed, metrics=(metric("sales", hash="new"),), others=(other(-100, "more"),))
    found = drift(then, now)
    assert found[0].startswith("Sales is defined otherwise now")
    assert f"Sales differs on 1 day (+0.01% of the sum): {START + timedelta(days=10)}: " in found[1]
    assert found[2] == "Other launches are declared now: more."
    assert drift(then, then) == ()
    gone = msgspec.structs.replace(now, series=())
    assert "Sales has no daily values any more." in drift(then, gone)


def test_drift_of_an_experiment_names_units_and_means() -> None:
    rng = np.random.default_rng(1)
    values = (arm("old", rng.normal(5, 1, 90)), arm("new", rng.normal(5, 1, 90)))
    more = (values[0], arm("new", rng.normal(5, 1, 91)))
    found = drift(experiment(values), experiment(more))
    assert "new has 91 units now, 90 then." in found
    assert any(text.startswith("sales with new: mean") for text in found)


def test_shorter_data_are_drift() -> None:
    short = series("sales", VALUES[:-1])
    found = drift(launched(VALUES), msgspec.structs.replace(launched(VALUES), series=(short,)))
    assert f"{LAUNCH_DAY + timedelta(days=AFTER_DAYS - 1)}" in found[0]
    assert "now none" in found[0]
