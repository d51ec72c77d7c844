"""The words of filters: one grammar for YAML, the command line and the pages.

``FIELD = VALUE``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``in (VALUE, VALUE)``, ``not in``, ``contains``,
``not contains``, ``starts with``, ``not starts with``, ``is null``, ``is not null``, ``is no number``.

A field is a property of the event (``Country``; with odd characters, dots too, in double quotes or backticks), what
every event has (``$event``, ``$distinct_id``, ``$session_id``, ``$source``), a trait of a unit (``person.plan``,
``account.tier``), a property of the unit's first event (``first.Country``), the period of that (``cohort``,
``cohort.week``), or a segment by its name (``segment = paying``, ``segment not in (paying, staff)``).
"""

import math

from upshot.core.problems import Problem
from upshot.core.suggest import nearest
from upshot.core.time import Grain
from upshot.metrics.definition import WITHOUT_VALUE, Field, Filter, Op, Scope, Value
from upshot.metrics.tokens import Token, tokens

__all__ = ["COLUMNS", "parse_field", "parse_filter"]

COLUMNS = ("event", "distinct_id", "session_id", "source")
_COMPARISONS = {
    "=": Op.EQ,
    "==": Op.EQ,
    "!=": Op.NE,
    "<>": Op.NE,
    "<": Op.LT,
    "<=": Op.LE,
    ">": Op.GT,
    ">=": Op.GE,
}
_PHRASES: tuple[tuple[tuple[str, ...], Op], ...] = (
    (("is", "not", "null"), Op.IS_NOT_NULL),
    (("is", "null"), Op.IS_NULL),
    (("is", "no", "number"), Op.IS_NO_NUMBER),
    (("not", "in"), Op.NOT_IN),
    (("in",), Op.IN),
    (("not", "contains"), Op.NOT_CONTAINS),
    (("contains",), Op.CONTAINS),
    (("not", "starts", "with"), Op.NOT_STARTS_WITH),
    (("starts", "with"), Op.STARTS_WITH),
)
_SAID = tuple(_COMPARISONS) + tuple(" ".join(words) for words, _ in _PHRASES)


def parse_field(text: str) -> Field | Problem:
    """A field to break down by, or what is wrong with it.

    >>> parse_field("person.plan")
    Field(scope=<Scope.UNIT: 'unit'>, name='plan', unit_type='person')
    """
    words = tokens(text)
    if isinstance(words, Problem):
        # A property that is pasted as it stands is still a property.
        return Field(Scope.EVENT, text) if text and not set(text) & set("\"'`") else words
    found = _field(words, 0)
    if isinstance(found, Problem):
        return found
    field, after = found
    if words[after].kind == "end":
        return field
    if not set(text) & set("\"'`()=<>,."):
        return Field(Scope.EVENT, text)
    return Problem(f"{text!r} is not one field; put a name with odd characters in double quotes.")


def parse_filter(text: str) -> Filter | Problem:
    """The condition in ``text``, or what is wrong with it.

    >>> parse_filter('Country not in (France, "United Kingdom")').op
    <Op.NOT_IN: 'not in'>
    """
    words = tokens(text)
    if isinstance(words, Problem):
        return words
    found = _field(words, 0)
    if isinstance(found, Problem):
        return found
    field, at = found
    said = _op(words, at)
    if said is None:
        return _no_op(text, words, at)
    op, at = said
    values = _values(text, words, at, op)
    if isinstance(values, Problem):
        return values
    if op in (Op.LT, Op.LE, Op.GT, Op.GE) and field.scope is Scope.COHORT:
        return Problem("A cohort can be compared for equality only.")
    if field.scope is Scope.SEGMENT and op not in (Op.EQ, Op.NE, Op.IN, Op.NOT_IN):
        return Problem('A segment is asked for by name: segment = NAME, !=, in or not in; a property is "segment".')
    return Filter(field, op, values)


def _field(words: list[Token], at: int) -> tuple[Field, int] | Problem:
    first = words[at]
    if first.kind not in ("word", "quoted") or not first.text:
        return Problem("A filter begins with a field, for example Country = France.")
    dotted = words[at + 1].says(".")
    if first.kind == "word" and first.text.startswith("$") and first.text[1:] in COLUMNS and not dotted:
        return Field(Scope.COLUMN, first.text[1:]), at + 1
    if not dotted:
        if first.kind == "word" and first.text == "cohort":
            return Field(Scope.COHORT, Grain.MONTH), at + 1
        if first.kind == "word" and first.text == "segment":
            return Field(Scope.SEGMENT, "segment"), at + 1
        return Field(Scope.EVENT, first.text), at + 1
    second = words[at + 2]
    if second.kind not in ("word", "quoted") or not second.text:
        return Problem(f"A name is missing after {first.text!r} and the dot.")
    if words[at + 3].says("."):
        return Problem(
            "A field has at most one dot, between a unit and its trait.",
            suggestions=(f'"{first.text}.{second.text}.{words[at + 4].text}"',),
        )
    return _dotted(first.text, second.text, at + 3)


def _dotted(left: str, right: str, at: int) -> tuple[Field, int] | Problem:
    if left == "first":
        return Field(Scope.FIRST, right), at
    if left == "cohort":
        if right not in set(Grain):
            return Problem(f"A cohort has no period {right!r}.", suggestions=nearest(right, Grain) or tuple(Grain))
        return Field(Scope.COHORT, right), at
    return Field(Scope.UNIT, right, left), at


def _op(words: list[Token], at: int) -> tuple[Op, int] | None:
    if words[at].kind == "sign" and words[at].text in _COMPARISONS:
        return _COMPARISONS[words[at].text], at + 1
    for phrase, op in _PHRASES:
        heard = words[at : at + len(phrase)]
        if len(heard) == len(phrase) and all(w.says(p) for w, p in zip(heard, phrase, strict=True)):
            return op, at + len(phrase)
    return None


def _no_op(text: str, words: list[Token], at: int) -> Problem:
    said = words[at].text
    if not said:
        return Problem(f"{text!r} says nothing about the field; add for example = VALUE or is not null.")
    return Problem(
        f"{said!r} in {text!r} is no comparison. Use one of: {', '.join(_SAID)}.", suggestions=nearest(said, _SAID)
    )


def _values(text: str, words: list[Token], at: int, op: Op) -> tuple[Value, ...] | Problem:
    if op in WITHOUT_VALUE:
        return () if words[at].kind == "end" else Problem(f"Nothing may follow {op} in {text!r}.")
    if op not in (Op.IN, Op.NOT_IN):
        return _one_value(text, words, at)
    if not words[at].says("(") or not words[-2].says(")"):
        return Problem(f"The values after {op} stand in parentheses: {op} (France, Spain).")
    return _listed(text, words[at + 1 : -2], op)


def _one_value(text: str, words: list[Token], at: int) -> tuple[Value, ...] | Problem:
    rest = words[at:-1]
    if not rest:
        return Problem(f"The value is missing at the end of {text!r}.")
    if len(rest) == 1 and rest[0].kind in ("word", "quoted", "number"):
        return (_value(rest[0]),)
    if len(rest) == 2 and rest[0].says("-") and rest[1].kind == "number":
        return (_value(rest[1], sign="-"),)
    if any(w.kind == "quoted" or w.says("(", ")", ",", *_COMPARISONS) for w in rest):
        return Problem(f"There is more than one value at the end of {text!r}; put it in double quotes.")
    return (Value(text[rest[0].start : rest[-1].end]),)


def _listed(text: str, words: list[Token], op: Op) -> tuple[Value, ...] | Problem:
    values: list[Value] = []
    part: list[Token] = []
    for word in (*words, Token("sign", ",", -1, -1)):
        if not word.says(","):
            part.append(word)
            continue
        if not part:
            return Problem(f"A value is missing in the list after {op} in {text!r}.")
        end = Token("end", "", part[-1].end, part[-1].end)
        one = _one_value(text, [*part, end], 0)
        if isinstance(one, Problem):
            return one
        values.extend(one)
        part = []
    return tuple(values)


def _value(word: Token, sign: str = "") -> Value:
    written = sign + word.text
    if word.kind == "number" and math.isfinite(number := float(written)):
        return Value(written, number)
    return Value(written)
