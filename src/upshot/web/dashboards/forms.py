"""What people fill in on a dashboard's pages, as declarations."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import msgspec

from upshot.catalog.kinds.dashboard import Dashboard, Tile, TileType, without_overlap
from upshot.core.errors import InvalidInput
from upshot.web.page import PageRequest

__all__ = ["SETTINGS_FIELDS", "Form", "tile_fields", "with_places", "with_settings", "with_tile", "without_tile"]

_TEXTS = ("title", "metric", "show", "breakdown", "text")
_PLACE = ("x", "y", "width", "height")
_FIELDS_OF_TEXT = frozenset({"name", "type", "title", "text", *_PLACE})
_TILE_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("title",),
    "text": ("a text says",),
    "metric": ("shows a metric",),
    "show": ("cohorts",),
    "breakdown": ("breakdown", "break down"),
    "by": ("step",),
    "where": ("filter",),
    "x": ("x must", "x and width"),
    "y": ("y must", "y is a row"),
    "width": ("width", "wide"),
    "height": ("height", "high"),
}
SETTINGS_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("title",),
    "description": ("description",),
    "range": ("range",),
    "first_day": ("first day",),
    "last_day": ("last day", "ends"),
    "by": ("step",),
    "compare": ("compare",),
    "where": ("filter",),
}
"""The fields of a dashboard's settings, each with the words by which a problem shows that it is about it."""


class Form:
    """The fields of a form that was sent."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = fields

    @classmethod
    async def sent(cls, request: PageRequest) -> Self:
        """The form of a request."""
        fields = await request.form()
        return cls({name: [str(value) for value in fields.getall(name)] for name in fields})

    def one(self, name: str, default: str = "") -> str:
        """The last value of a field, without spaces around it."""
        return [default, *self._fields.get(name, ())][-1].strip()

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return tuple(self._fields.get(name, ()))

    def number(self, name: str, default: int = 0) -> int:
        """A field that holds a whole number.

        Raises:
            InvalidInput: It holds something else.
        """
        text = self.one(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 9:
            raise InvalidInput(f"{name} must be a whole number, not {text!r}.", hint="Write it in digits.")
        return int(text)

    def lines(self, name: str) -> tuple[str, ...]:
        """The lines of a field of several, without the empty ones."""
        return tuple(line.strip() for line in self.one(name).splitlines() if line.strip())


def tile_fields(type_: str, *, new: bool) -> Mapping[str, tuple[str, ...]]:
    """The fields that a tile's form has, each with the words by which a problem shows that it is about it."""
    without = {"x", "y"} if new else set()
    match type_:
        case TileType.TEXT:
            without |= _TILE_FIELDS.keys() - _FIELDS_OF_TEXT
        case TileType.NUMBER:
            without |= {"text", "show", "breakdown", "by"}
        case _:
            without |= {"text"}
    return {name: words for name, words in _TILE_FIELDS.items() if name not in without}


def with_tile(board: Dashboard, form: Form, name: str = "") -> Dashboard:
    """The dashboard with the tile of the form, which takes the place of the one named ``name`` or is a new one.

    Raises:
        InvalidInput: The fields make no tile.
    """
    fields: dict[str, Any] = {"type": form.one("type", "chart"), **{key: form.one(key) for key in _TEXTS}}
    fields["show"] = fields["show"] or "series"
    fields["where"] = form.lines("where")
    fields["by"] = form.one("by") or None
    old = board.tile(name)
    fields |= {key: form.number(key, getattr(old, key) if old else 0) for key in _PLACE if old or form.one(key)}
    if fields["type"] == TileType.TEXT:
        fields = {key: value for key, value in fields.items() if key in _FIELDS_OF_TEXT}
    else:
        fields["text"] = ""
    if fields["type"] == TileType.NUMBER:
        fields |= {"show": "series", "breakdown": "", "by": None}
    if name:
        fields["name"] = name
    tile = _converted(fields, Tile)
    if name:
        tiles = tuple(tile if old.name == name else old for old in board.tiles)
        return _replaced(board, tiles=without_overlap(tiles, name))
    return _replaced(board, tiles=(*board.tiles, tile))


def without_tile(board: Dashboard, name: str) -> Dashboard:
    """The dashboard without one tile."""
    return _replaced(board, tiles=tuple(tile for tile in board.tiles if tile.name != name))


def with_settings(board: Dashboard, form: Form) -> Dashboard:
    """The dashboard with the title, days, step, comparison and filters of the form.

    Raises:
        InvalidInput: The fields make no dashboard.
    """
    fixed = form.one("range") == "fixed"
    fields = {
        "name": board.name,
        "title": form.one("title"),
        "description": form.one("description"),
        "range": board.range if fixed else form.one("range", board.range),
        "first_day": (form.one("first_day") or None) if fixed else None,
        "last_day": (form.one("last_day") or None) if fixed else None,
        "by": form.one("by") or None,
        "compare": form.one("compare", board.compare),
        "where": form.lines("where"),
    }
    if fixed and (missing := next((end for end in ("first", "last") if not fields[f"{end}_day"]), "")):
        raise InvalidInput(f"Fixed days need a {missing} day.", hint="Fill in both, or choose a length.")
    made: Dashboard = _converted(fields, Dashboard)
    return _replaced(made, tiles=board.tiles)


def with_places(board: Dashboard, places: Sequence[str]) -> Dashboard:
    """The dashboard with its tiles at ``places``, each as ``name~x~y~width~height``.

    Raises:
        InvalidInput: A place is none, or two tiles lie on each other.
    """
    boxes: dict[str, list[int]] = {}
    for text in places:
        name, *numbers = text.split("~")
        if len(numbers) != len(_PLACE) or not all(n.isascii() and n.isdigit() and len(n) < 5 for n in numbers):
            raise InvalidInput(f"{text!r} is no place of a tile.", hint="Load the page again.")
        boxes[name] = [int(number) for number in numbers]
    if set(boxes) != {tile.name for tile in board.tiles}:
        raise InvalidInput("The dashboard has other tiles by now.", hint="Load the page again.")
    placed = (_changed(tile, **dict(zip(_PLACE, boxes[tile.name], strict=True))) for tile in board.tiles)
    return _replaced(board, tiles=tuple(placed))


def _converted(fields: dict[str, Any], expected: type[Any]) -> Any:
    try:
        return msgspec.convert(fields, expected)
    except msgspec.ValidationError as error:
        said = str(error)
        raise InvalidInput(f"{said[:1].upper()}{said[1:]}.", hint="Nothing was saved.") from None


def _changed(tile: Tile, **changes: object) -> Tile:
    try:
        return msgspec.structs.replace(tile, **changes)
    except ValueError as error:
        raise InvalidInput(f"That does not fit: {error}.", hint="Nothing was saved.") from None


def _replaced(board: Dashboard, **changes: object) -> Dashboard:
    try:
        return msgspec.structs.replace(board, **changes)
    except ValueError as error:
        raise InvalidInput(f"That does not fit: {error}.", hint="Nothing was saved.") from None
