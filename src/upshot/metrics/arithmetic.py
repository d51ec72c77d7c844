"""Arithmetic over properties, or over metrics: a text such as ``Quantity * UnitPrice`` becomes a value.

Nothing is ever evaluated.

Grammar: ``sum = product (("+" | "-") product)*``, ``product = factor (("*" | "/") factor)*``,
``factor = number | name | "-" factor | "(" sum ")"``. A null operand makes the result null, and so
does division by zero.
"""

import math
from typing import Literal

from upshot.core.problems import Problem
from upshot.metrics.definition import Binary, Expression, Negate, Number, Property
from upshot.metrics.tokens import Token, tokens

__all__ = ["parse_expression"]

_DEEPEST = 50
_SEVERAL = {"property": "properties", "metric": "metrics"}
_SIGNS = {"×": "*", "÷": "/", "−": "-"}


class _Wrong(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def parse_expression(text: str, of: Literal["property", "metric"] = "property") -> Expression | Problem:
    """The arithmetic in ``text``, or what is wrong with it; ``of`` is what its names are the names of.

    >>> parse_expression("Quantity * (UnitPrice - 1)").text
    'Quantity * (UnitPrice - 1)'
    """
    words = tokens(text)
    if isinstance(words, Problem):
        return words
    try:
        reader = _Reader(text, words, of)
        result = reader.sum(0)
        reader.finish()
    except _Wrong as wrong:
        return Problem(wrong.message)
    return result


class _Reader:
    def __init__(self, text: str, words: list[Token], of: Literal["property", "metric"]) -> None:
        self.text = text
        self.of = of
        self.words = words
        self.at = 0

    def sum(self, depth: int) -> Expression:
        left = self.product(depth)
        while (sign := self.sign("+", "-")) is not None:
            left = Binary("+" if sign == "+" else "-", left, self.product(depth))
        return left

    def product(self, depth: int) -> Expression:
        left = self.factor(depth)
        while (sign := self.sign("*", "/")) is not None:
            left = Binary("*" if sign == "*" else "/", left, self.factor(depth))
        return left

    def factor(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise _Wrong(f"The arithmetic is nested more than {_DEEPEST} deep.")
        word = self.words[self.at]
        if self.sign("-") is not None:
            return Negate(self.factor(depth + 1))
        if self.sign("(") is not None:
            inner = self.sum(depth + 1)
            if self.sign(")") is None:
                raise _Wrong(f"A parenthesis in {self.text!r} is not closed.")
            return inner
        self.at += 1
        match word.kind:
            case "number" if math.isfinite(float(word.text)):
                return Number(float(word.text))
            case "word" | "quoted" if word.text:
                return Property(word.text)
            case _:
                raise _Wrong(self.unexpected(word))

    def sign(self, *wanted: str) -> str | None:
        word = self.words[self.at]
        said = _SIGNS.get(word.text, word.text)
        if word.kind != "sign" or said not in wanted:
            return None
        self.at += 1
        return said

    def finish(self) -> None:
        word = self.words[self.at]
        if word.kind != "end":
            raise _Wrong(self.unexpected(word))

    def unexpected(self, word: Token) -> str:
        if word.kind == "end":
            return f"The arithmetic {self.text!r} ends too early; a {self.of} or a number is missing."
        return (
            f"{word.text!r} is not expected in {self.text!r}. Write {_SEVERAL[self.of]}, numbers, + - * / and "
            f"parentheses; put a {self.of}'s name in double quotes where it holds other characters."
        )
