"""Charts without a browser."""

import re
import struct
import threading
from datetime import date, timedelta

import pytest

from upshot.charts import (
    DARK,
    LIGHT,
    Axis,
    Bar,
    ChartPoint,
    GridCell,
    Line,
    bar_chart,
    captioned,
    line_chart,
    retention_chart,
)
from upshot.charts.render import to_png, to_svg
from upshot.core.errors import InternalError
from upshot.core.time import Grain


def line(count: int = 5) -> Line:
    day = date(2024, 1, 1)
    return Line("Revenue", tuple(ChartPoint(day + timedelta(days=n), 1000.0 * n, "", "") for n in range(count)))


CHARTS = {
    "line": line_chart([line()], Grain.DAY, Axis("money", "€")),
    "bars": bar_chart([Bar("France", 3.0, "three"), Bar("Spain", 1.0, "one")], Axis()),
    "grid": retention_chart([GridCell("Jan", 0, 0, 1.0, "100%"), GridCell("Jan", 1, 1, 0.5, "50%")], "Month"),
}
WORDS = {"line": ("€4k", "1 Jan"), "bars": ("France", "three"), "grid": ("Jan", "50%", "Month 1")}


@pytest.mark.parametrize("name", CHARTS)
def test_svg_holds_the_chart_s_words_and_colours(name: str) -> None:
    svg = to_svg(captioned(CHARTS[name], "A title", "a subtitle"), width=640, height=300)
    assert svg.startswith('<svg width="640" height="300"')
    for words in ("A title", "a subtitle", *WORDS[name]):
        assert f">{words}<" in svg
    assert "$" not in re.sub(r">[^<]*<", "><", svg)


def test_svg_is_drawn_in_the_palette() -> None:
    assert LIGHT["series-1"] in to_svg(CHARTS["line"])
    assert DARK["series-1"] in to_svg(CHARTS["line"], palette=DARK)


def test_same_option_draws_the_same_picture() -> None:
    assert to_svg(CHARTS["line"]) == to_svg(CHARTS["line"])
    assert "<style" not in to_svg(CHARTS["line"])


@pytest.mark.parametrize("zoom", [1, 2])
def test_png_has_the_size_that_was_asked_for(zoom: int) -> None:
    png = to_png(CHARTS["line"], width=320, height=200, zoom=zoom)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (320 * zoom, 200 * zoom)


def test_png_has_words_in_it_without_fonts_of_the_system() -> None:
    """More distinct pixels with a title than without: the font comes with the package."""
    plain = to_png(CHARTS["line"], width=320, height=200)
    titled = to_png(captioned(CHARTS["line"], "A long title of the chart"), width=320, height=200)
    assert len(titled) > len(plain) + 1000


def test_threads_share_one_engine() -> None:
    drawn: list[str] = []
    threads = [threading.Thread(target=lambda: drawn.append(to_svg(CHARTS["bars"]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({len(svg) for svg in drawn}) == 1
    assert len(drawn) == 4


def test_option_that_cannot_be_drawn_is_said() -> None:
    with pytest.raises(InternalError, match="could not be drawn"):
        to_svg({"xAxis": {"type": "category"}, "series": [{"type": "line", "data": [1]}]})
