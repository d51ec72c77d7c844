"""Many charts on one sheet."""

import re
import struct
from datetime import date

import pytest

from tests.charts.test_render import CHARTS
from tests.charts.test_render_pdf import streams
from upshot.charts import DARK, Axis, ChartPoint, Line, Sparkline, line_chart
from upshot.charts.render_pdf import to_pdf
from upshot.charts.sheet import Cells, Figure, Panel, Prose, Sheet, wrapped
from upshot.core.time import Grain

SHEET = Sheet(
    "Product <health>",
    "1 – 30 Nov",
    800,
    500,
    (
        Panel(10, 80, 380, 200, "Line", chart=CHARTS["line"], names=("one", "two")),
        Panel(400, 80, 380, 200, "Number", figure=Figure("€1,234", "+3%", "good", "Nov", Sparkline("M0 28L100 2", ""))),
        Panel(10, 300, 250, 150, "Table", cells=Cells(("Period", "Value"), tuple((str(n), "7") for n in range(40)))),
        Panel(270, 300, 250, 150, prose=Prose((("A heading", True), ("words " * 30, False)))),
        Panel(530, 300, 250, 150, "Lost", problem="There is no metric named 'x'."),
    ),
)


def test_sheet_holds_every_panel_and_escapes_what_it_says() -> None:
    svg = SHEET.svg()
    for words in ("Product &lt;health&gt;", "€1,234", "+3%", "A heading", "There is no metric", "€4k", ">two<"):
        assert words in svg
    assert re.search(r"… \d+ more", svg)
    assert svg.count("<svg") == 1
    assert SHEET.svg() == svg


def test_sheet_is_drawn_in_the_palette_as_picture_and_on_paper() -> None:
    assert DARK["surface"] in SHEET.svg(DARK)
    png = SHEET.png()
    assert struct.unpack(">II", png[16:24]) == (1600, 1000)
    pdf = SHEET.pdf()
    assert re.findall(rb"/MediaBox \[(.*?)\]", pdf) == [b"0 0 600.00 375.00"]
    letters = b"".join(text for text in streams(pdf) if b"beginbfchar" in text or b"beginbfrange" in text).upper()
    assert f"<{ord('€'):04X}>".encode() in letters
    assert SHEET.pdf() == pdf


def test_line_without_a_complete_period_is_drawn_on_paper() -> None:
    points = tuple(ChartPoint(date(2024, month, 1), 1.0, "1", "", complete=False) for month in (1, 2))
    assert to_pdf(line_chart([Line("open", points)], Grain.MONTH, Axis())).startswith(b"%PDF-")


@pytest.mark.parametrize("room", [60, 120, 400])
def test_wrapped_lines_keep_every_word_and_fit(room: int) -> None:
    text = "Daily listeners are those who open the app on a day"
    lines = wrapped(text, 12, room)
    assert " ".join(lines) == text
    assert len(lines) == 1 or room < 400
    assert wrapped("x" * 500, 12, room)[0].endswith("…")
