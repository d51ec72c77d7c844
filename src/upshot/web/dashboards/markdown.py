"""What people write on a dashboard, as HTML that is safe to show.

Markup in the text is text; there are no pictures, as no page asks another host for anything; a link goes to a web
address, an e-mail address or a page of this server, and nowhere else. Headings begin below the page's own.
"""

from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererProtocol
    from markdown_it.token import Token

__all__ = ["plain_lines", "safe_html"]

_SCHEMES = ("http:", "https:", "mailto:")
_FIRST_HEADING = 3
_LAST_HEADING = 6


def safe_html(text: str) -> Markup:
    """``text`` as HTML.

    >>> str(safe_html("**Up** <b>no</b> [x](javascript:alert)")).strip()
    '<p><strong>Up</strong> &lt;b&gt;no&lt;/b&gt; [x](javascript:alert)</p>'
    """
    return Markup(_reader().render(text))  # noqa: S704  # the reader escapes all markup of the text


def plain_lines(text: str) -> tuple[tuple[str, bool], ...]:
    """``text`` as paragraphs without marks, and whether each is a heading: for pictures."""
    lines: list[tuple[str, bool]] = []
    heading, row = False, None
    for token in _reader().parse(text):
        if token.type in ("heading_open", "heading_close"):
            heading = token.type == "heading_open"
        elif token.type == "tr_open":
            row = len(lines)
        elif token.type == "tr_close" and row is not None:
            lines[row:] = [("  ·  ".join(cell for cell, _ in lines[row:]), False)]
        elif token.type == "inline":
            words = "".join(_words(child) for child in token.children or ())
            lines += [(line, heading) for line in words.split("\n") if line.strip()]
        elif token.type in ("fence", "code_block"):
            lines += [(line, False) for line in token.content.splitlines() if line.strip()]
    return tuple(lines)


def _words(token: "Token") -> str:
    return "\n" if token.type in ("softbreak", "hardbreak") else token.content


@cache
def _reader() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")
    reader.validateLink = _leads_somewhere_safe  # type: ignore[method-assign]  # how the library has it changed
    for rule in ("heading_open", "heading_close"):
        reader.add_render_rule(rule, _heading)
    reader.add_render_rule("link_open", _link)
    for rule in ("th_open", "td_open"):
        reader.add_render_rule(rule, _cell)
    return reader


def _leads_somewhere_safe(url: str) -> bool:
    """Whether a link may lead there: a page of this server, or an address with a scheme that is no program.

    >>> [_leads_somewhere_safe(url) for url in ("/metrics", "https://a.example", "//a.example", "data:x", "x y:z")]
    [True, True, False, False, False]
    """
    plain = url.strip().lower()
    if plain.startswith(("//", "/\\", "\\")):
        return False
    return plain.startswith(("/", "#", *_SCHEMES))


# the shapes of a render rule are the library's
def _heading(
    self: "RendererProtocol", tokens: "Sequence[Token]", at: int, options: Any, env: MutableMapping[str, Any]
) -> str:
    del self, options, env
    token = tokens[at]
    level = min(max(int(token.tag[1:]) + 1, _FIRST_HEADING), _LAST_HEADING)
    return f"<h{level}>" if token.nesting == 1 else f"</h{level}>\n"


def _link(self: Any, tokens: "Sequence[Token]", at: int, options: Any, env: MutableMapping[str, Any]) -> str:
    token = tokens[at]
    if not str(token.attrs.get("href", "")).startswith(("/", "#")):
        token.attrSet("rel", "noopener noreferrer")
    return str(self.renderToken(tokens, at, options, env))


def _cell(self: Any, tokens: "Sequence[Token]", at: int, options: Any, env: MutableMapping[str, Any]) -> str:
    """A cell without the style that the page's policy would refuse; numbers' columns get a class instead."""
    token = tokens[at]
    style = str(token.attrs.pop("style", ""))
    if style.endswith(("right", "center")):
        token.attrSet("class", style.rpartition(":")[2])
    return str(self.renderToken(tokens, at, options, env))
