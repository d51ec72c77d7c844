"""The tokens of the style sheet, read from what was built, so that the page shows what the browser gets."""

import re
from functools import cache

import msgspec

from upshot.core.errors import InternalError
from upshot.web.assets import DIST, entry

__all__ = ["ColourToken", "Tokens", "tokens"]

_BLOCK = re.compile(r"([^{}]*)\{([^{}]*)\}")
_TOKEN = re.compile(r"--([a-z0-9-]+):\s*([^;]+)")
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


class ColourToken(msgspec.Struct, frozen=True):
    """A colour's name and its value in both themes."""

    name: str
    light: str
    dark: str


class Tokens(msgspec.Struct, frozen=True):
    """Colours, and the sizes that both themes share: type, space, and the rest by name."""

    colours: tuple[ColourToken, ...]
    series: tuple[ColourToken, ...]
    type: tuple[tuple[str, str], ...]
    space: tuple[tuple[str, str], ...]


@cache
def tokens() -> Tokens:
    """Every token.

    Raises:
        InternalError: The assets were not built, or their style sheet has no tokens.
    """
    css = "".join((DIST / "assets" / url.rsplit("/", 1)[-1]).read_text(encoding="utf-8") for url in entry().styles)
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    shared: dict[str, str] = {}
    for selector, body in _BLOCK.findall(css):
        found = dict(_TOKEN.findall(body))
        if not found:
            continue
        if "not" not in selector and "dark" in selector:
            dark |= found
        elif "light" in selector:
            light |= found
        elif ":root" in selector and "not" not in selector:
            shared |= found
    if not light or not dark or not shared:
        raise InternalError("The style sheet was built without tokens.")
    names = [name for name in light if _HEX.fullmatch(light[name])]
    colours = tuple(ColourToken(name, light[name], dark[name]) for name in names)
    return Tokens(
        colours=tuple(c for c in colours if not c.name.startswith("series-")),
        series=tuple(c for c in colours if c.name.startswith("series-")),
        type=tuple((name, value) for name, value in shared.items() if name.startswith("size-")),
        space=tuple((name, value) for name, value in shared.items() if name.startswith("space-")),
    )
