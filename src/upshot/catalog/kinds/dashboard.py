"""Dashboards: a grid of tiles that share days and filters; and which metrics stand on the home page."""

import enum
from collections.abc import Iterable, Sequence
from datetime import date
from typing import ClassVar, Literal

import msgspec

from upshot.catalog.kinds.declaration import Declaration, check_name
from upshot.core.ids import slug
from upshot.core.time import Grain

__all__ = [
    "COLUMNS",
    "LOWEST",
    "MOST_TILES",
    "SIZES",
    "TAKEN",
    "TALLEST",
    "Dashboard",
    "Home",
    "Show",
    "Tile",
    "TileType",
    "arranged",
    "free_place",
    "without_overlap",
]

COLUMNS = 12
TALLEST = 12
LOWEST = 99
"""The last row of a dashboard's grid."""
MOST_TILES = 60
_LONGEST_TEXT = 20_000
TAKEN = frozenset({"make", "new"})
"""Names that would hide a page at ``/dashboards/NAME``."""
Range = Literal["7d", "30d", "90d", "12m", "all"]
Compare = Literal["previous", "year", "none"]


class TileType(enum.StrEnum):
    """What a tile is."""

    CHART = "chart"
    NUMBER = "number"
    TABLE = "table"
    TEXT = "text"


class Show(enum.StrEnum):
    """What of its metric a chart or a table shows: values by period, by group, or who came back by cohort."""

    SERIES = "series"
    GROUPS = "groups"
    COHORTS = "cohorts"


SIZES = {TileType.CHART: (6, 4), TileType.NUMBER: (3, 2), TileType.TABLE: (6, 4), TileType.TEXT: (6, 2)}
"""How many columns and rows a tile takes where nobody says."""


class Tile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One tile of a dashboard.

    Attributes:
        name: Unique on its dashboard; made from the metric where none is given.
        type: ``chart``, ``number``, ``table`` or ``text``.
        title: As it is shown; the metric's own where empty.
        metric: What it shows; every tile but a text has one.
        show: ``series``, ``groups`` (by ``breakdown``) or, of a table, ``cohorts``.
        breakdown: The property by whose values it is split.
        where: Filters of this tile, in the filter grammar, besides those of the dashboard.
        by: The step of a series; the dashboard's where empty.
        text: What a text says, in Markdown.
        x: Its first column, from 0; None: the next free place.
        y: Its first row, from 0.
        width: Columns of ``COLUMNS``; 0: as usual for its type.
        height: Rows; 0: as usual for its type.
    """

    name: str = ""
    type: TileType
    title: str = ""
    metric: str = ""
    show: Show = Show.SERIES
    breakdown: str = ""
    where: tuple[str, ...] = ()
    by: Grain | None = None
    text: str = ""
    x: int | None = None
    y: int | None = None
    width: int = 0
    height: int = 0

    def __post_init__(self) -> None:
        if self.name:
            check_name(self.name)
        self._check_content()
        if not 0 <= self.width <= COLUMNS or not 0 <= self.height <= TALLEST:
            raise ValueError(f"a tile is 1 to {COLUMNS} columns wide and 1 to {TALLEST} rows high")
        if (self.x is None) != (self.y is None):
            raise ValueError("a tile has both x and y, or neither and takes the next free place")
        if self.x is not None and not 0 <= self.x <= COLUMNS - (self.width or 1):
            raise ValueError(f"x and width lead out of the {COLUMNS} columns, which are numbered from 0")
        if self.y is not None and not 0 <= self.y <= LOWEST:
            raise ValueError(f"y is a row from 0 to {LOWEST}")

    def _check_content(self) -> None:
        if self.type is TileType.TEXT:
            if self.metric or self.breakdown or self.where or self.by or self.show is not Show.SERIES:
                raise ValueError("a text has no metric and no question about one")
            if not self.text.strip() or len(self.text) > _LONGEST_TEXT:
                raise ValueError(f"a text says something, in at most {_LONGEST_TEXT:,} characters")
            return
        if not self.metric or self.text:
            raise ValueError(f"a {self.type} shows a metric and has no text")
        if self.type is TileType.NUMBER and (self.breakdown or self.by or self.show is not Show.SERIES):
            raise ValueError("a number is one value: it has no breakdown, no step and nothing else to show")
        if (self.show is Show.GROUPS) != bool(self.breakdown) and self.show is not Show.SERIES:
            raise ValueError("groups need a breakdown, and cohorts have none")
        if self.show is Show.COHORTS and self.type is not TileType.TABLE:
            raise ValueError("cohorts are shown as a table")

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Column, row, width and height; of an arranged tile."""
        return self.x or 0, self.y or 0, self.width or 1, self.height or 1


class Dashboard(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A grid of tiles that share days and filters.

    Attributes:
        title: As it is shown; the name where empty.
        range: Which days it shows when it is opened: a length that moves with the data.
        first_day: With ``last_day``: fixed days instead.
        last_day: The last of them, counted too.
        by: The step of its series; chosen from the length where empty.
        compare: With what values are compared.
        where: Filters of all its tiles, in the filter grammar.
        tiles: In any order; they are read by row, then by column.
    """

    KIND: ClassVar[str] = "dashboard"
    PLURAL: ClassVar[str] = "dashboards"

    title: str = ""
    description: str = ""
    range: Range = "30d"
    first_day: date | None = None
    last_day: date | None = None
    by: Grain | None = None
    compare: Compare = "previous"
    where: tuple[str, ...] = ()
    tiles: tuple[Tile, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name in TAKEN:
            raise ValueError(f"{self.name!r} cannot be a dashboard's name, as a page has it")
        if (self.first_day is None) != (self.last_day is None):
            raise ValueError("fixed days are first_day and last_day, both of them")
        if self.first_day is not None and self.last_day is not None and self.last_day < self.first_day:
            raise ValueError(f"it ends ({self.last_day}) before it begins ({self.first_day})")
        if len(self.tiles) > MOST_TILES:
            raise ValueError(f"a dashboard has at most {MOST_TILES} tiles")
        names = [tile.name for tile in self.tiles if tile.name]
        if double := next((name for at, name in enumerate(names) if name in names[:at]), ""):
            raise ValueError(f"two tiles are named {double!r}")
        placed = [tile for tile in self.tiles if tile.x is not None]
        for at, tile in enumerate(placed):
            if other := next((o for o in placed[:at] if _overlap(_box(tile), _box(o))), None):
                raise ValueError(f"the tiles {_called(other)} and {_called(tile)} lie on each other")

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.title or self.name

    def tile(self, name: str) -> Tile | None:
        """The tile of that name."""
        return next((tile for tile in self.tiles if tile.name == name), None)

    def references(self) -> tuple[tuple[str, str, str], ...]:
        """The metrics of its tiles."""
        return tuple(("metric", "metric", tile.metric) for tile in self.tiles if tile.metric)


class Home(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which metrics have a card on the home page, in which order. There is one, named ``home``."""

    KIND: ClassVar[str] = "home"
    PLURAL: ClassVar[str] = "homes"

    metrics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name != "home":
            raise ValueError("there is one home page, and its name is 'home'")
        if len(set(self.metrics)) != len(self.metrics):
            raise ValueError("a metric has one card on the home page")

    def references(self) -> tuple[tuple[str, str, str], ...]:
        """Its metrics."""
        return tuple(("metrics", "metric", name) for name in self.metrics)


def arranged(dashboard: Dashboard) -> Dashboard:
    """The dashboard with a name, a place and a size for each tile, the tiles in reading order.

    Tiles without a place take the first free one in the order in which they stand.
    """
    taken = {tile.name for tile in dashboard.tiles}
    tiles: list[Tile] = []
    boxes = [_box(tile) for tile in dashboard.tiles if tile.x is not None]
    for tile in dashboard.tiles:
        name = tile.name or _free_name(slug(tile.title or tile.metric or tile.type), taken)
        taken.add(name)
        x, y, width, height = _box(tile)
        if tile.x is None:
            x, y = free_place(boxes, width, height)
            boxes.append((x, y, width, height))
        tiles.append(msgspec.structs.replace(tile, name=name, x=x, y=y, width=width, height=height))
    tiles.sort(key=lambda tile: (tile.y or 0, tile.x or 0))
    return msgspec.structs.replace(dashboard, tiles=tuple(tiles))


def without_overlap(tiles: Sequence[Tile], first: str) -> tuple[Tile, ...]:
    """Tiles of an arranged dashboard where the one named ``first`` has its place, and others make way downwards."""
    whole = {tile.name: _box(tile) for tile in tiles}
    order = sorted(tiles, key=lambda tile: (tile.name != first, tile.y or 0, tile.x or 0))
    boxes: list[tuple[int, int, int, int]] = []
    rows: dict[str, int] = {}
    for tile in order:
        x, y, width, height = whole[tile.name]
        while under := [v + high for u, v, wide, high in boxes if _overlap((x, y, width, height), (u, v, wide, high))]:
            y = max(under)
        boxes.append((x, y, width, height))
        rows[tile.name] = y
    return tuple(msgspec.structs.replace(tile, y=rows[tile.name]) for tile in tiles)


def free_place(boxes: Sequence[tuple[int, int, int, int]], width: int, height: int) -> tuple[int, int]:
    """The first column and row, row by row, where a tile of that size lies on none of ``boxes``.

    >>> free_place([(0, 0, 6, 4)], 6, 2), free_place([(0, 0, 7, 4)], 6, 2)
    ((6, 0), (0, 4))
    """
    lowest = max((y + high for _, y, _, high in boxes), default=0)
    for y in range(lowest):
        for x in range(COLUMNS - width + 1):
            if not any(_overlap((x, y, width, height), box) for box in boxes):
                return x, y
    return 0, lowest


def _box(tile: Tile) -> tuple[int, int, int, int]:
    width, height = SIZES[tile.type]
    return tile.x or 0, tile.y or 0, tile.width or min(width, COLUMNS - (tile.x or 0)), tile.height or height


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    (x, y, width, height), (u, v, wide, high) = one, other
    return x < u + wide and u < x + width and y < v + high and v < y + height


def _called(tile: Tile) -> str:
    return repr(tile.name or tile.title or tile.metric or str(tile.type))


def _free_name(wanted: str, taken: Iterable[str]) -> str:
    there = set(taken)
    if wanted not in there:
        return wanted
    return next(name for number in range(2, len(there) + 3) if (name := f"{wanted}-{number}") not in there)
