"""The one way of a template's words to a reader: texts between tags, and attributes that are read, are messages.

Templates are written in plain English. Before Jinja compiles one, its texts are found here and become calls of ``_``
with placeholders for what stands inside: ``of {{ total }} rows`` is the message ``of %(a)s rows``. In English the page
is what it would be anyway; another language is a catalogue of messages. Texts inside expressions, such as
``{{ "yes" if done }}``, are found nowhere: write ``{{ _("yes") if done }}``.
"""

import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, TypeAlias

from jinja2.ext import Extension
from markupsafe import Markup, escape

__all__ = ["LANGUAGES", "PSEUDO", "Texts", "language", "messages_in", "speak", "translate"]

Catalogue: TypeAlias = Mapping[str, str]

PSEUDO = "en-XA"
"""A made-up language in which every message stands in brackets: what shows without them is no message."""

LANGUAGES: dict[str, Catalogue] = {"en": {}, PSEUDO: {}}
"""Catalogues by language; English needs none, and the made-up one is made as it is read."""

language: ContextVar[str] = ContextVar("language", default="en")
"""What the page that is being written is written in."""

_PIECE = re.compile(
    r"""
    (?P<comment>\{\#.*?\#\})
  | (?P<block>\{%.*?%\})
  | (?P<value>\{\{.*?\}\})
  | (?P<tag><[a-zA-Z/!](?:"(?:\{\{.*?\}\}|\{%.*?%\}|[^"])*"|\{\{.*?\}\}|\{%.*?%\}|[^>"])*>)
  | (?P<text>[^{<]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_SPOKEN = re.compile(r'(?<=[\s])(aria-label|title|placeholder|alt)="((?:\{\{.*?\}\}|\{%.*?%\}|[^"])*)"', re.DOTALL)
_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_UNSPOKEN = frozenset({"script", "style", "code", "pre", "svg", "kbd"})
_BRACKETS = "⟦{}⟧"


def speak(wanted: str) -> str:
    """Write pages in ``wanted`` from here on, where that is a language there is; the one that is spoken then."""
    spoken = wanted if wanted in LANGUAGES else "en"
    language.set(spoken)
    return spoken


# a template's values are of any type
def translate(message: str, **values: Any) -> Markup:
    """The message in the language of the page; what is put into it is escaped."""
    spoken = language.get()
    text = _BRACKETS.format(message) if spoken == PSEUDO else LANGUAGES[spoken].get(message, message)
    return Markup(text) % {name: escape(value) for name, value in values.items()}  # noqa: S704  # template's own words


class Texts(Extension):
    """Makes messages of a template's texts."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template with its texts as calls."""
        del name, filename
        return "".join(_rewritten(source))


def messages_in(source: str) -> tuple[str, ...]:
    """The messages of a template, in their order.

    >>> messages_in('<p title="Now">Of {{ total }} rows</p>{{ _("By hand") }}')
    ('Now', 'Of %(a)s rows', 'By hand')
    """
    return tuple(
        message.replace(r"\"", '"').replace(r"\\", "\\")
        for message in re.findall(r'\b_\("((?:[^"\\]|\\.)*)"', "".join(_rewritten(source)))
    )


def _rewritten(source: str) -> Iterator[str]:
    run: list[tuple[str, str]] = []
    silent: list[str] = []
    for found in _PIECE.finditer(source):
        kind, piece = str(found.lastgroup), found.group()
        trimmed = kind == "value" and (piece.startswith("{{-") or piece.endswith("-}}"))
        if kind in ("text", "value") and not silent and not trimmed:
            run.append((kind, piece))
            continue
        yield from _message(run)
        run = []
        if kind == "tag":
            yield _tag(piece) if not silent else piece
            _enter(piece, silent)
        else:
            yield piece
    yield from _message(run)


def _enter(tag: str, silent: list[str]) -> None:
    """Keep the elements whose texts are none: code, drawings."""
    named = _NAME.match(tag)
    if named is None or named[2].lower() not in _UNSPOKEN:
        return
    if not named[1]:
        silent.append(named[2].lower())
    elif silent and silent[-1] == named[2].lower():
        silent.pop()


def _tag(piece: str) -> str:
    """A tag with the attributes that are read aloud or shown as messages."""

    def spoken(found: re.Match[str]) -> str:
        parts = [(str(m.lastgroup), m.group()) for m in _PIECE.finditer(found[2])]
        if any(kind in ("block", "tag", "comment") for kind, _ in parts):
            return found.group()
        return f'{found[1]}="{"".join(_message(parts))}"'

    return _SPOKEN.sub(spoken, piece)


def _message(run: list[tuple[str, str]]) -> Iterator[str]:
    """The run as a call; what has no words, and what is drawn around the words, stays as it is."""
    if not any(kind == "text" and _LETTERS.search(piece) for kind, piece in run):
        yield from (piece for _, piece in run)
        return
    first, last = 0, len(run)
    while _stands_apart(run[first]):
        first += 1
    while _stands_apart(run[last - 1]):
        last -= 1
    yield from (piece for _, piece in run[:first])
    message = ""
    values: list[str] = []
    for kind, piece in run[first:last]:
        if kind == "text":
            message += piece.replace("%", "%%")
        else:
            name = chr(ord("a") + len(values))
            message += f"%({name})s"
            values.append(f"{name}=({piece[2:-2].strip()})")
    inner = message.strip()
    start = message.index(inner)
    yield message[:start]
    words = re.sub(r"\s+", " ", inner).replace("\\", r"\\").replace('"', r"\"")
    yield "{{ " + f"_({', '.join((chr(34) + words + chr(34), *values))})" + " }}"
    yield message[start + len(inner) :]
    yield from (piece for _, piece in run[last:])


def _stands_apart(piece: tuple[str, str]) -> bool:
    """Whether it is no part of the words beside it: space, and what a macro draws, such as an icon."""
    kind, text = piece
    return not text.strip() if kind == "text" else "(" in text
