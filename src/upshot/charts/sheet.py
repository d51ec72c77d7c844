"""Many charts, numbers, tables and texts on one sheet, as SVG: what a dashboard is on paper.

A sheet is a value like a chart: panels with their places in pixels. Words are written as ECharts writes them, so that
the same reader puts both on a PDF's page.
"""

import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from upshot.charts.option import FONT, Option
from upshot.charts.render import png_of, to_svg
from upshot.charts.render_pdf import FONT_FILE, pdf_of
from upshot.charts.sparkline import Sparkline
from upshot.charts.theme import LIGHT, Palette

__all__ = ["Cells", "Figure", "Panel", "Prose", "Sheet", "wrapped"]

_PAD = 14
_HEAD = 34
_LINE = 19
_ROW = 24
_LEGEND = 22
_NUMBERS = re.compile(r"-?[\d.]+")
_OUTER = re.compile(r"^\s*<svg\b[^>]*>|</svg>\s*$")
_BACKGROUND = re.compile(r"^\s*<rect\b[^>]*></rect>")
_ELLIPSIS = "…"
_WIDE_LETTER = 0.62
"""Width of a letter in ems where the font does not know it."""


class Figure(msgspec.Struct, frozen=True):
    """One number: its words, the change against before with its tone (a token's name), a note, its course."""

    value: str
    change: str = ""
    tone: str = "muted"
    note: str = ""
    spark: Sparkline = Sparkline("", "")


class Cells(msgspec.Struct, frozen=True):
    """A table: the names of its columns, and lines as long as they are; the first column stands at the left."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Prose(msgspec.Struct, frozen=True):
    """Paragraphs, and whether each is a heading."""

    lines: tuple[tuple[str, bool], ...]


class Panel(msgspec.Struct, frozen=True):
    """One part of a sheet, at ``x``, ``y`` in pixels. ``names`` are those of a chart's coloured lines, for its legend.

    ``problem`` stands where there is nothing to draw.
    """

    x: int
    y: int
    width: int
    height: int
    title: str = ""
    chart: Option | None = None
    names: tuple[str, ...] = ()
    figure: Figure | None = None
    cells: Cells | None = None
    prose: Prose | None = None
    problem: str = ""


class Sheet(msgspec.Struct, frozen=True):
    """Panels under a title, ``width`` by ``height`` pixels."""

    title: str
    subtitle: str
    width: int
    height: int
    panels: tuple[Panel, ...]

    def svg(self, palette: Palette = LIGHT) -> str:
        """As an SVG document; the same sheet is the same text."""
        size = f'width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}"'
        parts = [
            f'<svg {size} xmlns="http://www.w3.org/2000/svg" version="1.1">',
            _box(0, 0, self.width, self.height, palette["surface"]),
            _text(24, 30, self.title, 18, palette["text"], bold=True),
            _text(24, 52, _fitted(self.subtitle, 12, self.width - 48), 12, palette["muted"]),
        ]
        for panel in self.panels:
            parts += _panel(panel, palette)
        return "\n".join((*parts, "</svg>"))

    def png(self, palette: Palette = LIGHT) -> bytes:
        """As PNG, with two pixels for each one of the sheet's."""
        return png_of(self.svg(palette))

    def pdf(self, palette: Palette = LIGHT) -> bytes:
        """As a PDF of one page, whose words can be searched."""
        return pdf_of(self.svg(palette), width=self.width, height=self.height)


def _panel(panel: Panel, palette: Palette) -> Iterator[str]:
    yield f'<g transform="translate({panel.x} {panel.y})">'
    yield _box(0.5, 0.5, panel.width - 1, panel.height - 1, palette["surface"], palette["border"])
    inner = panel.width - 2 * _PAD
    if panel.title:
        yield _text(_PAD, 20, _fitted(panel.title, 12, inner, bold=True), 12, palette["text"], bold=True)
    top = _HEAD if panel.title else _PAD
    if panel.problem:
        for at, words in enumerate(wrapped(panel.problem, 12, inner)[:4]):
            yield _text(_PAD, top + 10 + at * _LINE, words, 12, palette["muted"])
    elif panel.chart is not None:
        yield from _chart(panel, panel.chart, top, palette)
    elif panel.figure is not None:
        yield from _figure(panel.figure, inner, top, panel.height, palette)
    elif panel.cells is not None:
        yield from _cells(panel.cells, inner, top, panel.height, palette)
    elif panel.prose is not None:
        yield from _prose(panel.prose, inner, top, panel.height, palette)
    yield "</g>"


def _chart(panel: Panel, option: Option, top: int, palette: Palette) -> Iterator[str]:
    named = panel.names if len(panel.names) > 1 else ()
    high = panel.height - top - 8 - (_LEGEND if named else 0)
    drawn = to_svg(option, width=panel.width - 2 * _PAD, height=max(high, 40), palette=palette)
    yield f'<g transform="translate({_PAD} {top})">{_BACKGROUND.sub("", _OUTER.sub("", drawn))}</g>'
    left = float(_PAD)
    for at, name in enumerate(named):
        wide = 24 + _wide(name, 11)
        if left + wide > panel.width - _PAD:
            break
        y = panel.height - 14
        colour = palette[f"series-{at % 8 + 1}"]
        yield f'<path d="M{left:.1f} {y}h12" stroke="{colour}" stroke-width="2" fill="none"></path>'
        yield _text(left + 17, y, name, 11, palette["muted"])
        left += wide + 6


def _figure(figure: Figure, inner: int, top: int, height: int, palette: Palette) -> Iterator[str]:
    yield _text(_PAD, top + 18, figure.value, 26, palette["text"], bold=True)
    after = _PAD + _wide(figure.value, 26, bold=True) + 10
    if figure.change:
        colour = palette.get(figure.tone, palette["muted"])
        yield _text(after, top + 20, _fitted(figure.change, 12, inner + _PAD - after), 12, colour)
    if figure.note:
        yield _text(_PAD, top + 42, _fitted(figure.note, 11, inner), 11, palette["muted"])
    spark_top = top + (54 if figure.note else 42)
    room = height - spark_top - 10
    if room > 14:
        for path, dashes in ((figure.spark.line, ""), (figure.spark.open, ' stroke-dasharray="2 4"')):
            if path:
                scaled = _scaled(path, inner / figure.spark.width, room / figure.spark.height, spark_top)
                stroke = f'stroke="{palette["faint"]}" stroke-width="1.6" fill="none"{dashes}'
                yield f'<path d="{scaled}" {stroke}></path>'


def _scaled(path: str, wide: float, high: float, top: float) -> str:
    """The path in another box: numbers are x and y in turns."""
    turn = [0]

    def moved(found: re.Match[str]) -> str:
        turn[0] += 1
        number = float(found[0])
        return f"{_PAD + number * wide:.1f}" if turn[0] % 2 else f"{top + number * high:.1f}"

    return _NUMBERS.sub(moved, path)


def _cells(cells: Cells, inner: int, top: int, height: int, palette: Palette) -> Iterator[str]:
    room = max((height - top - 8) // _ROW - 1, 1)
    shown = cells.rows if len(cells.rows) <= room else cells.rows[: room - 1]
    count = len(cells.columns)
    first = inner if count == 1 else max(inner * 2 // (count + 1), 90)
    each = (inner - first) / max(count - 1, 1)
    for at, row in enumerate((cells.columns, *shown)):
        y = top + at * _ROW + 10
        colour = palette["muted"] if at == 0 else palette["text"]
        if at:
            yield f'<path d="M{_PAD} {y - 12}h{inner}" stroke="{palette["border"]}" fill="none"></path>'
        for column, words in enumerate(row):
            if column == 0:
                yield _text(_PAD, y, _fitted(words, 11, first - 8), 11, colour)
            else:
                right = _PAD + first + each * column
                yield _text(right, y, _fitted(words, 11, each - 8), 11, colour, anchor="end")
    if len(shown) < len(cells.rows):
        words = f"{_ELLIPSIS} {len(cells.rows) - len(shown):,} more"
        yield _text(_PAD, top + (len(shown) + 1) * _ROW + 10, words, 11, palette["muted"])


def _prose(prose: Prose, inner: int, top: int, height: int, palette: Palette) -> Iterator[str]:
    y = top + 8
    for line, heading in prose.lines:
        for words in wrapped(line, 14 if heading else 12, inner, bold=heading):
            if y > height - 10:
                return
            size = 14 if heading else 12
            yield _text(_PAD, y, words, size, palette["text"], bold=heading)
            y += _LINE
        y += 4


def wrapped(text: str, size: float, room: float, *, bold: bool = False) -> list[str]:
    """``text`` in lines that are ``room`` pixels wide at most; a longer word is cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _wide(longer, size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(_fitted(word, size, room, bold=bold))
    return lines


def _fitted(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """``text``, cut where it is wider than ``room`` pixels."""
    if _wide(text, size, bold=bold) <= room:
        return text
    kept = text
    while kept and _wide(kept + _ELLIPSIS, size, bold=bold) > room:
        kept = kept[:-1]
    return kept.rstrip() + _ELLIPSIS


def _wide(text: str, size: float, *, bold: bool = False) -> float:
    widths = _widths()
    return sum(widths.get(ord(letter), _WIDE_LETTER) for letter in text) * size * (1.06 if bold else 1.0)


@cache
def _widths(file: Path = FONT_FILE) -> dict[int, float]:
    """The width of each letter of Inter in ems, by code point."""
    from fontTools.ttLib import TTFont

    with TTFont(file, lazy=True) as font:
        # the library's tables have their fields at run time only
        unit: int = getattr(font["head"], "unitsPerEm")  # noqa: B009
        advances = font["hmtx"]
        return {code: advances[name][0] / unit for code, name in (font.getBestCmap() or {}).items()}


def _box(x: float, y: float, width: float, height: float, fill: str, stroke: str = "") -> str:
    around = f' stroke="{stroke}" rx="8"' if stroke else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"{around}></rect>'


# the seven things that a word on paper has
def _text(
    x: float, y: float, words: str, size: float, colour: str, *, bold: bool = False, anchor: str = "start"
) -> str:
    weight = "font-weight:600;" if bold else ""
    return (
        f'<text dominant-baseline="central" text-anchor="{anchor}" style="font-size:{size:g}px;font-family:{FONT};'
        f'{weight}" transform="translate({x:.1f} {y:.1f})" fill="{colour}">{html.escape(words, quote=False)}</text>'
    )
