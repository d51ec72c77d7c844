"""Bars, grids, captions, and the colours that pages and pictures share."""

import re
from pathlib import Path

import msgspec
import pytest

from upshot.charts import (
    DARK,
    LIGHT,
    Axis,
    Bar,
    Column,
    GridCell,
    Mark,
    Option,
    Palette,
    bar_chart,
    captioned,
    histogram_chart,
    retention_chart,
)
from upshot.charts.theme import SERIES

TOKENS = Path(__file__).resolve().parents[2] / "frontend" / "src" / "styles" / "tokens.css"


def first_series(option: Option) -> dict[str, object]:
    return msgspec.convert(option["series"], list[dict[str, object]])[0]


def test_bars_keep_their_order_and_their_words() -> None:
    bars = [Bar("Paris", 2.0, "€2"), Bar("{b}", None, "–"), Bar("Rome", 1.0, "€1 {c}")]
    data = msgspec.convert(first_series(bar_chart(bars, Axis("money", "€")))["data"], list[dict[str, object]])
    assert [d["value"] for d in data] == [2.0, None, 1.0]
    labels = [msgspec.convert(d["label"], dict[str, object])["formatter"] for d in data]
    assert labels == ["€2", "–", "€1 (c)"]


def test_grid_has_a_row_for_each_cohort_and_no_cell_without_a_share() -> None:
    cells = [
        GridCell("Jan", 0, 0, 1.0, "100%"),
        GridCell("Jan", 1, 3, 0.5, "50%", complete=False, note="not over"),
        GridCell("Feb", 0, 0, None, "–"),
    ]
    made = retention_chart(cells, "Month")
    assert msgspec.convert(made["xAxis"], dict[str, object])["data"] == ["Month 0", "Month 1–3"]
    data = msgspec.convert(first_series(made)["data"], list[dict[str, object]])
    assert [d["value"] for d in data] == [[0, 0, 1.0], [1, 0, 0.5]]
    assert [d["note"] for d in data] == ["", "not over"]


def test_histogram_has_a_column_for_each_step_and_one_line_for_marks_that_meet() -> None:
    columns = [Column("0", "0 to 5", 3, "3 persons"), Column("5", "5 and more", 1, "1 person", tail=True)]
    made = first_series(histogram_chart(columns, [Mark(0, "Median {2}"), Mark(0, "Mean 3"), Mark(1, "95% 7")]))
    data = msgspec.convert(made["data"], list[dict[str, object]])
    assert [(d["value"], d["text"], d["itemStyle"]) for d in data] == [
        (3, "3 persons", {"opacity": 1}),
        (1, "1 person", {"opacity": 0.45}),
    ]
    lines = msgspec.convert(made["markLine"], dict[str, object])["data"]
    labels = [(d["xAxis"], d["label"]) for d in msgspec.convert(lines, list[dict[str, object]])]
    assert labels == [(0, {"formatter": "Median (2), Mean 3"}), (1, {"formatter": "95% 7"})]


def test_caption_shows_a_legend_only_where_there_is_something_to_tell_apart() -> None:
    option = bar_chart([Bar("a", 1.0, "1")], Axis(), name="x")
    made = captioned(option, "Title", "sub")
    assert msgspec.convert(made["title"], dict[str, object])["text"] == "Title"
    assert msgspec.convert(made["legend"], dict[str, object])["show"] is False
    assert "title" not in option


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_palette_is_the_one_of_the_pages(palette: Palette) -> None:
    css = TOKENS.read_text(encoding="utf-8")
    light, dark = css[: css.index('[data-theme="dark"]')], css[css.index('[data-theme="dark"]') :]
    block = light if palette is LIGHT else dark[: dark.index("}")]
    tokens = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block))
    assert {name: tokens.get(name) for name in palette} == palette


def test_system_s_dark_theme_is_the_chosen_one() -> None:
    css = TOKENS.read_text(encoding="utf-8")
    chosen = re.search(r'\n\[data-theme="dark"\] \{(.*?)\n\}', css, re.DOTALL)
    system = re.search(r":root:not\(\[data-theme\]\) \{(.*?)\n  \}", css, re.DOTALL)
    assert chosen
    assert system
    assert chosen.group(1).split() == system.group(1).split()


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_lines_and_words_stand_out_from_the_surface(palette: Palette) -> None:
    """WCAG 2.2: 4.5 for text (1.4.3), 3 for graphics (1.4.11)."""

    def contrast(name: str) -> float:
        light, dark = sorted((luminance(palette[name]), luminance(palette["surface"])), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    assert min(contrast(name) for name in ("text", "muted", "faint", "accent")) >= 4.5
    assert min(contrast(f"series-{n}") for n in range(1, SERIES + 1)) >= 3
