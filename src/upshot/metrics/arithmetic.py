"""Arithmetic over properties: a text such as ``Quantity * UnitPrice`` becomes a value, and nothing is ever evaluated.

Grammar: ``sum = product (("+" | "-") product)*``, ``product = factor (("*" | "/") factor)*``,
``factor = number | name | "-" factor | "(" sum ")"``. A null operand makes the result null, and so
does division by zero.
"""

import math
from collections.abc import Iterator

from upshot.core.problems import Problem
from upshot.metrics.definition import Binary, Expression, Negate, Number, Property
from upshot.metrics.tokens import Token, tokens

__all__ = ["parse_expression", "property_names"]

_DEEPEST = 50
_SIGNS = {"×": "*", "÷": "/", "−": "-"}


class _Wrong(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def parse_expression(text: str) -> Expression | Problem:
    """The arithmetic in ``text``, or what is wrong with it.

    >>> parse_expression("Quantity * (UnitPrice - 1)").text
    'Quantity * (UnitPrice - 1)'
    """
    words = tokens(text)
    if isinstance(words, Problem):
        return words
    try:
        reader = _Reader(text, words)
        result = reader.sum(0)
        reader.finish()
    except _Wrong as wrong:
        return Problem(wrong.message)
    return result


def property_names(expression: Expression) -> Iterator[str]:
    """Names of the properties in it, in order, repeated as they are."""
    match expression:
        case Number():
            return
        case Property(name=name):
            yield name
        case Negate(operand=operand):
            yield from property_names(operand)
        case Binary(left=left, right=right):
            yield from property_names(left)
            yield from property_names(right)


class _Reader:
    def __init__(self, text: str, words: list[Token]) -> None:
        self.text = text
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
            return f"The arithmetic {self.text!r} ends too early; a property or a number is missing."
        return (
            f"{word.text!r} is not expected in {self.text!r}. Write properties, numbers, + - * / and parentheses; "
            "put a property's name in double quotes where it holds other characters."
        )
