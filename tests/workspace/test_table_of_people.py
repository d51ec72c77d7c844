"""What a program may send as a table of people, and what comes back."""

import msgspec
import pytest

from upshot.api.operation import Caller
from upshot.api.studies import EXPERIMENT_ANALYSE
from upshot.core.errors import InvalidInput
from upshot.studies.inputs import ArmUnits, ArmValues
from upshot.studies.tabled import TableInputs


def values(arm: str, **other: object) -> ArmValues:
    plain = ArmValues(metric="m", variant=arm, shape="mean", horizon_days=0, n=900, mean_x=2.0, variance_x=1.0)
    return msgspec.structs.replace(plain, **other)


def arms(*names: str, **other: object) -> tuple[ArmUnits, ...]:
    return tuple(
        msgspec.structs.replace(ArmUnits(variant=name, weight=1.0, units=900, mature=900), **other) for name in names
    )


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (TableInputs(arms=arms("a"), values=(values("a"),)), "1 arms cannot be compared"),
        (TableInputs(arms=arms("a", "a"), values=(values("a"), values("a"))), "2 arms cannot be compared"),
        (TableInputs(arms=arms("a", "b", weight=0.0), values=(values("a"), values("b"))), "below what can be"),
        (TableInputs(arms=arms("a", "b", units=0), values=(values("a"), values("b"))), "nobody in any arm"),
        (TableInputs(arms=arms("a", "b"), values=()), "There is no outcome"),
        (TableInputs(arms=arms("a", "b"), values=(values("a"),)), "for each arm in order"),
        (TableInputs(arms=arms("a", "b"), values=(values("a"), values("b", shape="ratio"))), "for each arm in order"),
        (TableInputs(arms=arms("a", "b"), values=(values("a", shape="x"), values("b", shape="x"))), "of one kind"),
        (TableInputs(arms=arms("a", "b"), values=(values("a"), values("b")), level=1.5), "1.5 does not lie"),
    ],
)
def test_sums_that_cannot_be_are_refused(owner: Caller, request_: TableInputs, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        owner.call(EXPERIMENT_ANALYSE, request_)


def test_arm_without_variation_says_why_there_is_no_number(owner: Caller) -> None:
    still = [values(arm, variance_x=0.0, mean_x=0.0) for arm in "ab"]
    found = owner.call(EXPERIMENT_ANALYSE, TableInputs(arms=arms("a", "b"), values=tuple(still)))
    (effect,) = found.effects
    assert (effect.absolute, effect.relative, effect.p_value) == (None, None, None)
    assert effect.why_not
