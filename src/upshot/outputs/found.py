"""What a source says: outputs and launches, and what of it could not be understood."""

import msgspec

from upshot.catalog.kinds import Launch, Output
from upshot.core.suggest import did_you_mean

__all__ = ["Found", "Remark"]


class Remark(msgspec.Struct, frozen=True):
    """Something in the source that was left out, or not understood.

    Attributes:
        where: A commit, a tag, a row with its file.
        message: What, one sentence.
        suggestions: The nearest right words.
    """

    where: str
    message: str
    suggestions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.where}: {self.message} {did_you_mean(self.suggestions)}".rstrip()


class Found(msgspec.Struct, frozen=True):
    """What was shipped, oldest first; nothing is left out without a remark.

    Attributes:
        left_out: Names of outputs and launches that the source would give, had it not been told to leave them out.
    """

    outputs: tuple[Output, ...]
    launches: tuple[Launch, ...]
    remarks: tuple[Remark, ...]
    left_out: tuple[str, ...] = ()
