"""Why a customer's future worth is not stated: a code for programs, a sentence for people, the numbers behind it."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Refusal", "RefusalCode"]


class RefusalCode(enum.StrEnum):
    """What stands against a model of customers."""

    TOO_FEW_CUSTOMERS = "too_few_customers"
    NO_REPEATS = "no_repeats"
    NOTHING_LOST = "nothing_lost"
    NOT_CONVERGED = "not_converged"
    AT_EDGE = "at_edge"
    VALUE_FOLLOWS_FREQUENCY = "value_follows_frequency"
    NO_MEAN = "no_mean"
    HOLD_OUT_EMPTY = "hold_out_empty"


_SENTENCES = {
    RefusalCode.TOO_FEW_CUSTOMERS: "There are {customers:.0f} customers {who}; this model needs {needed:.0f}.",
    RefusalCode.NO_REPEATS: (
        "Of {customers:.0f} customers {repeaters:.0f} bought again; this model needs {needed:.0f} who did."
    ),
    RefusalCode.NOTHING_LOST: (
        "Of {customers:.0f} customers {lost:.0f} were lost, in {periods:.0f} periods; this model needs losses in two "
        "periods or more and customers who stayed."
    ),
    RefusalCode.NOT_CONVERGED: (
        "The likelihood has no maximum that was found from {starts:.0f} starts; there may be too few customers, or "
        "they behave in a way that the model does not describe."
    ),
    RefusalCode.AT_EDGE: (
        "The likelihood rises as far as {who} goes ({value:.3g}): these data do not determine it. Often nobody, or "
        "nearly everybody, can be told to have left."
    ),
    RefusalCode.VALUE_FOLLOWS_FREQUENCY: (
        "What customers spend moves with how often they buy (rank correlation {correlation:+.2f}; at most "
        "{allowed:.2f} is allowed): the spend model takes the two for independent."
    ),
    RefusalCode.NO_MEAN: "The spend is so unequal that its mean does not exist (q is {value:.2f}, not above 1).",
    RefusalCode.HOLD_OUT_EMPTY: (
        "The split leaves {before:.1f} {who} before it and {after:.1f} after it; both must be above 0."
    ),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A named reason, instead of a number.

    Attributes:
        code: What stands against an estimate.
        numbers: What was measured, by name; every number in the sentence.
        who: Of whom or of what the sentence speaks, where its code leaves that open.

    Examples:
        >>> Refusal(RefusalCode.NO_REPEATS, {"customers": 40, "repeaters": 0, "needed": 10}).sentence
        'Of 40 customers 0 bought again; this model needs 10 who did.'
    """

    code: RefusalCode
    numbers: Mapping[str, float] = field(default_factory=dict)
    who: str = ""

    @property
    def sentence(self) -> str:
        """The reason in plain words, with its numbers."""
        return " ".join(_SENTENCES[self.code].format(**self.numbers, who=self.who).split()).replace(" ;", ";")
