"""Why a launch's effect is not stated: a code for programs, a sentence for people, and the numbers behind it."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Refusal", "RefusalCode"]


class RefusalCode(enum.StrEnum):
    """What stands against an estimate."""

    HISTORY_TOO_SHORT = "history_too_short"
    NOTHING_OBSERVED = "nothing_observed"
    NEIGHBOUR_TOO_NEAR = "neighbour_too_near"
    LOGGING_CHANGED = "logging_changed"
    GAPS_AT_LAUNCH = "gaps_at_launch"
    TOO_MANY_GAPS = "too_many_gaps"
    COUNTS_TOO_LOW = "counts_too_low"
    ZERO_VARIANCE = "zero_variance"
    CONTROL_UNUSABLE = "control_unusable"
    CONTROL_MOVED = "control_moved"
    UNSETTLED_BEFORE_LAUNCH = "unsettled_before_launch"
    NOT_CONVERGED = "not_converged"
    PLACEBOS_FAIL = "placebos_fail"
    NO_PLACEBOS = "no_placebos"


_SENTENCES = {
    RefusalCode.HISTORY_TOO_SHORT: (
        "There are {values:.0f} {step}s with values before the launch; this reading needs {needed:.0f}."
    ),
    RefusalCode.NOTHING_OBSERVED: (
        "The reading ends {last:.0f} {step}s after the launch; the series ends {observed:.0f} {step}s after it."
    ),
    RefusalCode.NEIGHBOUR_TOO_NEAR: (
        "Another launch lies {distance:+.0f} {step}s from this one; what it did cannot be told apart from it. "
        "Measure them together, or read before it."
    ),
    RefusalCode.LOGGING_CHANGED: (
        "The metric's definition or its logging changed {distance:+.0f} {step}s from the launch; "
        "the jump cannot be told apart from an effect."
    ),
    RefusalCode.GAPS_AT_LAUNCH: (
        "Around the launch {missing:.0f} of {of:.0f} {step}s have no value; at most {allowed:.0f} may be missing."
    ),
    RefusalCode.TOO_MANY_GAPS: "{missing:.0f} of the {of:.0f} {step}s before the launch have no value.",
    RefusalCode.COUNTS_TOO_LOW: (
        "More than half of the {step}s before the launch are zero; count by a longer step, or choose a metric that "
        "happens more often."
    ),
    RefusalCode.ZERO_VARIANCE: "The series does not vary before the launch, so its noise cannot be estimated.",
    RefusalCode.CONTROL_UNUSABLE: "Control series {control:.0f} has {missing:.0f} {step}s without a value.",
    RefusalCode.CONTROL_MOVED: (
        "Control series {control:.0f} itself moved at the launch by {moved:+.1%}: the launch touched it or it broke, "
        "and either way it is no control."
    ),
    RefusalCode.UNSETTLED_BEFORE_LAUNCH: (
        "In the {steps:.0f} {step}s before the launch the series had already moved by {moved:+.1%} against its own "
        "forecast; what followed may be its return, not the launch."
    ),
    RefusalCode.NOT_CONVERGED: "The calculation did not settle: {effective:.0f} effective draws, {needed:.0f} needed.",
    RefusalCode.PLACEBOS_FAIL: (
        "Of {placebos:.0f} pretended launches {alarms:.0f} gave a false alarm, and intervals had to be made "
        "{inflation:.1f} times as wide: this series moves in ways that the model does not describe."
    ),
    RefusalCode.NO_PLACEBOS: (
        "Only {placebos:.0f} pretended launches find room beside the other launches; {needed:.0f} are needed to show "
        "how often this series raises a false alarm."
    ),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A named reason, instead of a number.

    Attributes:
        code: What stands against an estimate.
        numbers: What was measured, by name; every number in the sentence.
        step: The series' step: ``day``, ``week`` or ``month``.

    Examples:
        >>> Refusal(RefusalCode.HISTORY_TOO_SHORT, {"values": 30, "needed": 84}).sentence
        'There are 30 days with values before the launch; this reading needs 84.'
    """

    code: RefusalCode
    numbers: Mapping[str, float] = field(default_factory=dict)
    step: str = "day"

    @property
    def sentence(self) -> str:
        """The reason in plain words, with its numbers."""
        return _SENTENCES[self.code].format(**self.numbers, step=self.step)
