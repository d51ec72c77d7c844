"""Charts on paper."""

import re
import zlib

import pytest

from tests.charts.test_render import CHARTS
from upshot.charts import DARK, captioned
from upshot.charts import render_pdf as module
from upshot.charts.render_pdf import to_pdf
from upshot.core.errors import InternalError


def streams(pdf: bytes) -> list[bytes]:
    """What the file's streams hold, unpacked."""
    found = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    return [zlib.decompress(stream) if stream[:1] == b"\x78" else stream for stream in found]


@pytest.mark.parametrize("name", CHARTS)
def test_pdf_is_one_page_of_the_chart_s_size(name: str) -> None:
    pdf = to_pdf(CHARTS[name], width=640, height=320)
    assert pdf.startswith(b"%PDF-")
    assert re.findall(rb"/MediaBox \[(.*?)\]", pdf) == [b"0 0 480.00 240.00"]
    assert b"/Subtype /Image" not in pdf


def test_pdf_keeps_its_words_in_the_font_that_comes_along() -> None:
    pdf = to_pdf(captioned(CHARTS["line"], "Zürich & “Köln”", "a subtitle"))
    assert len(set(re.findall(rb"/BaseFont /(\w+\+Inter)", pdf))) >= 1
    letters = b"".join(text for text in streams(pdf) if b"beginbfchar" in text or b"beginbfrange" in text).upper()
    for letter in "Zü“&k":
        assert f"<{ord(letter):04X}>".encode() in letters, letter


def test_pdf_is_drawn_in_the_palette() -> None:
    accent = bytes.fromhex(DARK["series-1"].removeprefix("#"))
    wanted = " ".join(f"{part / 255:.4g}" for part in accent)[:5].encode()
    assert any(wanted in text for text in streams(to_pdf(CHARTS["line"], palette=DARK)))
    assert not any(wanted in text for text in streams(to_pdf(CHARTS["line"])))


def test_same_option_draws_the_same_file() -> None:
    assert to_pdf(CHARTS["grid"]) == to_pdf(CHARTS["grid"])


def test_text_that_cannot_be_placed_stops_the_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "to_svg", lambda *_, **__: '<svg><text x="3">lost</text></svg>')
    with pytest.raises(InternalError, match="1 texts of the chart could not be placed"):
        to_pdf(CHARTS["line"])
