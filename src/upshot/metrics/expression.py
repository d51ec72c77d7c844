"""Arithmetic as values: numbers, names and what is done with them; and how a name is written in it."""

import re
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

__all__ = ["Binary", "Expression", "Negate", "Number", "Property", "is_word", "names_in", "quote_name", "renamed"]


def quote_name(name: str) -> str:
    """``name`` as it must be written in filters and arithmetic.

    Quotes inside are doubled.

    >>> quote_name("Country"), quote_name("a.b")
    ('Country', '"a.b"')
    """
    if is_word(name):
        return name
    return '"' + name.replace('"', '""') + '"'


def is_word(text: str) -> bool:
    """Whether ``text`` can stand in filters and arithmetic without quotes."""
    # An identifier of Python may hold a few characters, such as the middle dot, that the grammar takes for signs.
    return text.isidentifier() and _WORD.fullmatch(text) is not None and text.casefold() not in _RESERVED


_WORD = re.compile(r"\w+")
_RESERVED = frozenset({"in", "not", "contains", "starts", "with", "is", "null", "and", "or", "cohort", "segment"})


class Number(msgspec.Struct, frozen=True, tag="number"):
    """A constant."""

    value: float

    @property
    def text(self) -> str:
        """As it is written: the shortest digits that give the same number."""
        return str(int(self.value)) if self.value.is_integer() and abs(self.value) < 1e15 else repr(self.value)


class Property(msgspec.Struct, frozen=True, tag="property"):
    """A name inside arithmetic: a property of the event as a number, or in a formula another metric."""

    name: str

    @property
    def text(self) -> str:
        """The name, quoted where it must be."""
        return quote_name(self.name)


class Negate(msgspec.Struct, frozen=True, tag="negate"):
    """The operand with the other sign."""

    operand: "Number | Property | Negate | Binary"

    @property
    def text(self) -> str:
        """With parentheses where needed."""
        inner = self.operand.text
        return f"-({inner})" if isinstance(self.operand, Binary | Negate) else f"-{inner}"


class Binary(msgspec.Struct, frozen=True, tag="binary"):
    """Two operands; a division by zero gives null."""

    op: Literal["+", "-", "*", "/"]
    left: "Number | Property | Negate | Binary"
    right: "Number | Property | Negate | Binary"

    @property
    def text(self) -> str:
        """With as few parentheses as keep the order of evaluation."""
        mine = _PRECEDENCE[self.op]
        left, right = self.left.text, self.right.text
        if isinstance(self.left, Binary) and _PRECEDENCE[self.left.op] < mine:
            left = f"({left})"
        if isinstance(self.right, Binary) and _PRECEDENCE[self.right.op] <= mine:
            right = f"({right})"
        return f"{left} {self.op} {right}"


_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}
Expression = Number | Property | Negate | Binary


def names_in(expression: Expression) -> Iterator[str]:
    """Names in it, in order, repeated as they are."""
    match expression:
        case Number():
            return
        case Property(name=name):
            yield name
        case Negate(operand=operand):
            yield from names_in(operand)
        case Binary(left=left, right=right):
            yield from names_in(left)
            yield from names_in(right)


def renamed(expression: Expression, put: Callable[[str], Expression]) -> Expression:
    """The same arithmetic with ``put(name)`` in the place of each name."""
    match expression:
        case Number():
            return expression
        case Property(name=name):
            return put(name)
        case Negate(operand=operand):
            return Negate(renamed(operand, put))
        case Binary(op=op, left=left, right=right):
            return Binary(op, renamed(left, put), renamed(right, put))
