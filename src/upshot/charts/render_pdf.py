"""Charts as PDF: the SVG that ECharts drew, its lines as lines and its words as words in the font that comes along.

fpdf2 turns SVG into a page. What it does not know of the SVG that ECharts writes (which is little: paths, texts, clips)
is put in other words first: the vertical place of a text, its font and its weight. The decision and its measurements
stand in ``docs/decisions/0006-charts-on-paper.md``.
"""

import html
import io
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from upshot.charts.option import Option
from upshot.charts.render import to_svg
from upshot.charts.theme import LIGHT, Palette
from upshot.core.errors import InternalError

__all__ = ["FONT_FILE", "pdf_of", "to_pdf"]

_POINTS_A_PIXEL = 0.75
FONT_FILE = Path(__file__).resolve().parents[1] / "web" / "static" / "dist" / "render" / "inter.ttf"
_FONT = "Inter"
_HALF_HEIGHT = 0.364
"""Half of the height of Inter's capitals, in ems: that far below its middle stands a text's base line."""
_WEIGHTS = {"": 400.0, "B": 600.0}
_TEXT = re.compile(
    r'<text dominant-baseline="central"(?P<before>[^>]*?) style="font-size:(?P<size>[\d.]+)px;font-family:[^;"]*;'
    r'(?P<bold>font-weight:600;)?"(?P<after>[^>]*)>'
)
_EMPTY = re.compile(r'<path d=""[^>]*></path>')
"""A line of which no point is drawn; paper knows no such path."""
_Y = re.compile(r' y="(-?[\d.]+)"')
_WORDS = re.compile(r"<text\b[^>]*>([^<]*)</text>")
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def to_pdf(option: Option, *, width: int = 960, height: int = 420, palette: Palette = LIGHT) -> bytes:
    """The chart as a PDF of one page that is ``width`` by ``height`` pixels of 1/96 inch; words can be searched.

    The same chart is the same file: what should be the date of its making is always the first day of 2000.

    Raises:
        InternalError: As for ``to_svg``; or the SVG holds a text that could not be placed.
    """
    return pdf_of(to_svg(option, width=width, height=height, palette=palette), width=width, height=height)


def pdf_of(svg: str, *, width: int, height: int) -> bytes:
    """An SVG document as a PDF of one page; its texts are such as ECharts writes.

    Raises:
        InternalError: It holds a text that could not be placed.
    """
    import fpdf
    from fpdf.fonts import TTFFont

    placed = _placed(svg)
    page = (width * _POINTS_A_PIXEL, height * _POINTS_A_PIXEL)
    document = fpdf.FPDF(unit="pt", format=page)
    document.set_creation_date(_LONG_AGO)
    document.set_margin(0)
    document.set_auto_page_break(False)
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "inter.ttf"
        small.write_bytes(_font_for(html.unescape("".join(_WORDS.findall(svg)))))
        document.add_font(_FONT, "", small, variations={style: {"wght": w} for style, w in _WEIGHTS.items()})
        document.add_page()
        document.set_font(_FONT, "", 11)
        document.image(io.BytesIO(placed.encode()), x=0, y=0, w=page[0], h=page[1])
        made = bytes(document.output())
        for font in document.fonts.values():
            if isinstance(font, TTFFont):
                font.close()  # otherwise its file stays open
        return made


def _font_for(words: str) -> bytes:
    """Inter with the letters of ``words`` only: to make a weight of all its letters would take seconds."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    if not FONT_FILE.is_file():
        raise InternalError(f"{FONT_FILE} is missing: the pages' assets were not built (python hatch_build.py).")
    font = TTFont(FONT_FILE, recalcTimestamp=False)
    subsetter = Subsetter(Options(notdef_outline=True, layout_features=["kern"]))
    subsetter.populate(text=words + " 0")
    subsetter.subset(font)
    kept = io.BytesIO()
    font.save(kept)
    return kept.getvalue()


def _placed(svg: str) -> str:
    """The SVG with each text at its base line, its font and weight as attributes."""
    svg = _EMPTY.sub("", svg)
    placed, count = _TEXT.subn(_text, svg)
    if count != svg.count("<text"):
        raise InternalError(f"{svg.count('<text') - count} texts of the chart could not be placed on paper.")
    return placed


def _text(found: re.Match[str]) -> str:
    size = float(found["size"])
    others = found["before"] + found["after"]
    at = _Y.search(others)
    base = (float(at[1]) if at else 0.0) + size * _HALF_HEIGHT
    weight = ' font-weight="bold"' if found["bold"] else ""
    return f'<text{_Y.sub("", others)} font-family="{_FONT}" font-size="{size:g}"{weight} y="{base:.2f}">'
