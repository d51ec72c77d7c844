"""The words of filters and arithmetic: names, quoted names, numbers and signs."""

import re
from dataclasses import dataclass
from typing import Literal

from upshot.core.problems import Problem

__all__ = ["Token", "tokens"]

Kind = Literal["word", "quoted", "number", "sign", "end"]

_PATTERN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
  | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|'(?:[^']|'')*')
  | (?P<word>\$?[^\W\d]\w*|\w+)
  | (?P<sign>!=|<>|<=|>=|==|[^"'`])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word: what it is, what it says without its quotes, and where it begins and ends in the text."""

    kind: Kind
    text: str
    start: int
    end: int

    def says(self, *words: str) -> bool:
        """Whether it is one of these bare words or signs, in any case."""
        return self.kind in ("word", "sign") and self.text.casefold() in words


def tokens(text: str) -> list[Token] | Problem:
    """The words of ``text`` and one that marks its end, or what is wrong with it.

    >>> [t.text for t in tokens('`unit price` >= 2.5')]
    ['unit price', '>=', '2.5', '']
    """
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _PATTERN.match(text, at)
        if match is None:
            return Problem(f"The quote that opens at character {at + 1} of {text!r} is not closed.")
        at = match.end()
        kind, raw = str(match.lastgroup), match.group()
        if kind == "quoted":
            quote = raw[0]
            found.append(Token("quoted", raw[1:-1].replace(quote * 2, quote), match.start(), at))
        elif kind == "number":
            found.append(Token("number", raw, match.start(), at))
        elif kind == "word":
            found.append(Token("word", raw, match.start(), at))
        elif kind == "sign":
            found.append(Token("sign", raw, match.start(), at))
    found.append(Token("end", "", len(text), len(text)))
    return found
