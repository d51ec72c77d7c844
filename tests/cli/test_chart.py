"""``--chart``: the chart of the page, drawn by a command."""

from pathlib import Path

import httpx
import msgspec
import pytest

from tests.cli.conftest import Serve
from tests.cli.test_commands import Captured, run
from upshot.cli.app import EXIT_USER

DAYS = ("--from", "2024-01-01", "--to", "2024-01-10")


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<svg "), ("png", b"\x89PNG"), ("pdf", b"%PDF-")])
def test_query_draws_its_chart(folder: Path, capsys: Captured, tmp_path: Path, ending: str, start: bytes) -> None:
    target = tmp_path / f"events.{ending}"
    code, out, err = run(capsys, folder, "metric", "query", "events", *DAYS, "--chart", str(target))
    assert (code, err) == (0, f"Drawn: {target}\n")
    assert "2024-01-09" in out
    assert target.read_bytes().startswith(start)


def test_chart_leaves_the_answer_readable_for_programs(folder: Path, capsys: Captured, tmp_path: Path) -> None:
    target = tmp_path / "events.svg"
    words = ("metric", "query", "events", *DAYS, "--where", "country = FR", "--breakdown", "country")
    code, out, _ = run(capsys, folder, *words, "--json", "--chart", str(target))
    assert code == 0
    assert msgspec.json.decode(out)["points"]
    drawn = target.read_text()
    assert "1 – 10 Jan 2024" in drawn
    assert "country = FR" in drawn


def test_retention_draws_its_grid(folder: Path, capsys: Captured, tmp_path: Path) -> None:
    target = tmp_path / "grid.svg"
    code, _, err = run(capsys, folder, "metric", "retention", "--by", "week", *DAYS, "--chart", str(target))
    assert (code, err) == (0, f"Drawn: {target}\n")
    assert "Week of 1 Jan 2024" in target.read_text()


@pytest.mark.parametrize("command", [("query", "events"), ("retention",)])
def test_chart_of_another_ending_is_refused_before_asking(
    folder: Path, capsys: Captured, tmp_path: Path, command: tuple[str, ...]
) -> None:
    target = tmp_path / "chart.jpg"
    code, out, err = run(capsys, folder, "metric", *command, *DAYS, "--chart", str(target))
    assert (code, out) == (EXIT_USER, "")
    assert err.splitlines() == ["'chart.jpg' does not say what to draw.", "End the name in .svg, .png, .pdf."]
    assert not target.exists()


def test_command_and_page_draw_the_same_charts(folder: Path, capsys: Captured, tmp_path: Path, serve: Serve) -> None:
    server = serve(folder)
    series, grid = tmp_path / "series.svg", tmp_path / "grid.svg"
    words = ("metric", "query", "events", *DAYS, "--compare", "previous", "--chart", str(series))
    assert run(capsys, folder, *words)[0] == 0
    grid_words = ("metric", "retention", *DAYS, "--by", "week", "--periods", "2", "--chart", str(grid))
    assert run(capsys, folder, *grid_words)[0] == 0
    days = "from=2024-01-01&to=2024-01-10"
    with httpx.Client(base_url=server.address, trust_env=False, timeout=30) as pages:
        assert pages.get(f"/metrics/events/chart.svg?{days}").text == series.read_text()
        assert pages.get(f"/retention/grid.svg?metric=retention&{days}&by=week").text == grid.read_text()
