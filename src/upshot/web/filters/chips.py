"""A filter as its parts, for the form that edits it, and the form's parts as a filter again."""

import msgspec

from upshot.core.problems import Problem
from upshot.metrics.definition import Filter, Op, Value
from upshot.metrics.filters import parse_filter

__all__ = ["COMPARISONS", "Chip", "chips_of", "filter_of", "listed"]

COMPARISONS = (
    "=",
    "!=",
    "in",
    "not in",
    "contains",
    "not contains",
    "starts with",
    "not starts with",
    "<",
    "<=",
    ">",
    ">=",
    "is null",
    "is not null",
    "is no number",
)
_LISTS = ("in", "not in")
_WORDLESS = ("is null", "is not null", "is no number")


class Chip(msgspec.Struct, frozen=True):
    """One filter: its text, and its parts as the form shows them. ``field`` is empty where it cannot be taken apart."""

    text: str
    field: str = ""
    comparison: str = ""
    value: str = ""


def chips_of(where: tuple[str, ...]) -> tuple[Chip, ...]:
    """The filters of an address, taken apart.

    >>> chips_of(('Country in (DE, "New York")',))[0].value
    'DE, New York'
    """
    return tuple(_chip(text) for text in where)


def _chip(text: str) -> Chip:
    found = parse_filter(text)
    if isinstance(found, Problem):
        return Chip(text)
    return Chip(text, found.field.text, str(found.op), ", ".join(_shown(value, found) for value in found.values))


def _shown(value: Value, filter_: Filter) -> str:
    """A value as people type it: in quotes only where a comma or a quote would be misread."""
    odd = '"' in value.text or value.text != value.text.strip() or not value.text
    if odd or (filter_.op in (Op.IN, Op.NOT_IN) and "," in value.text):
        return '"' + value.text.replace('"', '""') + '"'
    return value.text


def listed(text: str) -> tuple[str, ...]:
    """Values that are separated by commas; what holds a comma or a quote stands in double quotes.

    >>> listed('DE, "New York, NY", FR')
    ('DE', 'New York, NY', 'FR')
    """
    found: list[str] = []
    part, quoted, was_quoted, at = "", False, False, 0
    while at < len(text):
        letter = text[at]
        if letter == '"' and quoted and text[at + 1 : at + 2] == '"':
            part, at = part + '"', at + 1
        elif letter == '"' and (quoted or not part.strip()):
            part, quoted, was_quoted = "" if not quoted else part, not quoted, True
        elif letter == "," and not quoted:
            found.append(part if was_quoted else part.strip())
            part, was_quoted = "", False
        elif not (was_quoted and not quoted and letter.isspace()):
            part += letter
        at += 1
    found.append(part if was_quoted else part.strip())
    return tuple(value for value in found if value)


def filter_of(field: str, comparison: str, value: str) -> str:
    """A filter in the words of the command line, with what needs quotes in quotes.

    >>> filter_of("Country", "=", "United Kingdom"), filter_of("plan", "is null", "")
    ('Country = "United Kingdom"', 'plan is null')
    """
    if comparison in _WORDLESS:
        return f"{field} {comparison}"
    if comparison in _LISTS:
        return f"{field} {comparison} ({', '.join(_written(part) for part in listed(value))})"
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = "".join(listed(text))
    return f"{field} {comparison} {_written(text)}"


def _written(value: str) -> str:
    return value if value.replace(".", "", 1).isalnum() else '"' + value.replace('"', '""') + '"'
