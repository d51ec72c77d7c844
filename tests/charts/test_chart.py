"""A chart as a value: saved, and shown in a notebook."""

from pathlib import Path

import pytest

from tests.charts.test_render import CHARTS
from upshot.charts import DARK
from upshot.charts.chart import Chart
from upshot.charts.render import to_svg
from upshot.core.errors import InvalidInput

CHART = Chart(CHARTS["bars"], title="Countries", width=320, height=200)


@pytest.mark.parametrize(
    ("name", "start"), [("c.svg", b'<svg width="320" height="200"'), ("c.PNG", b"\x89PNG"), ("c.pdf", b"%PDF-")]
)
def test_chart_is_saved_as_its_name_says(tmp_path: Path, name: str, start: bytes) -> None:
    CHART.save(tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)


def test_chart_is_shown_in_a_notebook_as_it_is_drawn_elsewhere() -> None:
    assert CHART._repr_svg_() == to_svg(CHARTS["bars"], width=320, height=200)
    assert DARK["series-1"] in CHART.svg(DARK)


@pytest.mark.parametrize("name", ["chart", "chart.jpg", "chart.svg.gz"])
def test_chart_of_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="does not say what to draw") as refused:
        CHART.save(tmp_path / name)
    assert ".svg, .png, .pdf" in refused.value.hint
    assert not (tmp_path / name).exists()


def test_chart_without_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be written: No such file"):
        CHART.save(tmp_path / "nowhere" / "chart.svg")
