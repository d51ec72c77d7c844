"""What is wrong with what somebody wrote: values, so that all of it can be shown at once."""

from typing import Literal

import msgspec

from upshot.core.suggest import did_you_mean

__all__ = ["Problem"]


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with a definition, a filter or a file: where, what, and the nearest right words.

    A ``warning`` should be looked at and stands in nobody's way.
    """

    message: str
    where: str = ""
    line: int = 0
    suggestions: tuple[str, ...] = ()
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        """In one line.

        >>> str(Problem("There is no key 'nmae'.", "metrics.yaml", 3, ("name",)))
        "metrics.yaml:3: There is no key 'nmae'. Did you mean 'name'?"
        """
        place = f"{self.where}:{self.line}: " if self.where and self.line else f"{self.where}: " if self.where else ""
        warning = "Warning: " if self.level == "warning" else ""
        return f"{place}{warning}{self.message} {did_you_mean(self.suggestions)}".rstrip()
