"""The documentation says what is so: its YAML is read by what reads it in earnest, its links lead somewhere."""

import re
from datetime import datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from upshot.catalog.checks import Book, faults
from upshot.catalog.kinds import KINDS, Home, PropertyType
from upshot.catalog.kinds.dashboard import TileType
from upshot.catalog.verdict import Grade, VerdictWord
from upshot.catalog.yaml.read import read_files
from upshot.collect.imports.mapping import read_mapping
from upshot.collect.protocols.segment import CALLS
from upshot.ledger.buckets import BUCKETS, REASONS
from upshot.metrics.definition import MetricType
from upshot.metrics.parse import parse_metrics
from upshot.outputs.table import FIELDS
from upshot.outputs.trailers import read_trailers
from upshot.workspace.dashboard_text import parse_dashboards

UTC = ZoneInfo("UTC")
ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def blocks(page: str) -> list[str]:
    return YAML.findall((ROOT / page).read_text(encoding="utf-8"))


def test_metrics_page_defines_metrics_of_every_shape() -> None:
    read = read_files([("docs/metrics.md", block) for block in blocks("docs/metrics.md")], UTC)
    assert [str(problem) for problem in read.problems] == []
    page = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    assert [shape for shape in MetricType if f"`{shape}`" not in page] == []


def test_readme_defines_metrics_that_parse() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (definition,) = re.findall(r"<<'YAML'\n(.*?)YAML\n", text, re.DOTALL)
    assert parse_metrics(definition, "README.md").problems == ()


def test_import_page_shows_a_mapping_that_is_read() -> None:
    (block,) = blocks("docs/import.md")
    assert read_mapping(block).timestamp == "InvoiceDate"


@pytest.mark.parametrize("document", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_dashboards_page_shows_a_dashboard_that_is_read() -> None:
    (block,) = blocks("docs/dashboards.md")
    (board,), problems = parse_dashboards(block)
    assert problems == ()
    assert len({tile.name for tile in board.tiles}) == 4
    page = (ROOT / "docs/dashboards.md").read_text(encoding="utf-8")
    assert [kind for kind in TileType if f"`{kind}`" not in page] == []


def test_collect_page_declares_a_plan_that_is_read_and_names_every_type() -> None:
    read = read_files([("docs/collect.md", block) for block in blocks("docs/collect.md")], UTC)
    assert [str(problem) for problem in read.problems] == []
    page = (ROOT / "docs/collect.md").read_text(encoding="utf-8")
    assert [kind for kind in get_args(PropertyType) if f"`{kind}`" not in page] == []
    assert [call for call in set(CALLS.values()) if call not in page] == []


def test_studies_page_declares_what_is_read_and_explains_every_word_and_grade() -> None:
    text = "\n".join(blocks("docs/studies.md"))
    read = read_files([("docs/studies.md", text)], ZoneInfo("UTC"))
    assert [str(fault) for fault in read.problems] == []
    page = (ROOT / "docs/studies.md").read_text(encoding="utf-8")
    assert [word for word in VerdictWord if str(word) not in page] == []
    assert [grade for grade in Grade if f"| {grade} |" not in page] == []


def test_ledger_page_explains_every_bucket_and_reason() -> None:
    page = (ROOT / "docs/ledger.md").read_text(encoding="utf-8")
    assert [word for word in (*BUCKETS, *REASONS) if f"| {word} |" not in page] == []


def test_declaring_page_tells_a_story_that_fits_together() -> None:
    (story,) = blocks("docs/declare.md")
    read = read_files([("docs/declare.md", story)], UTC)
    assert [str(problem) for problem in read.problems] == []
    declared = {kind: {value.name: value for value in read.declarations if kind == value.KIND} for kind in KINDS}
    metrics = {metric.name: metric for metric, _ in read.metrics}
    book = Book(declared, metrics, {}, UTC, datetime(2026, 1, 1, tzinfo=UTC))
    assert list(faults(book, read.declarations)) == []
    page = (ROOT / "docs/declare.md").read_text(encoding="utf-8")
    assert [kind.PLURAL for kind in KINDS.values() if kind is not Home and f"`{kind.PLURAL}`" not in page] == []


def test_outputs_page_names_every_column_and_lines_that_are_read() -> None:
    page = (ROOT / "docs/outputs.md").read_text(encoding="utf-8")
    columns = {"launch name" if field == "launch" else field for field in FIELDS} - {"description"}
    assert [column for column in columns if f"`{column}`" not in page] == []
    said, remarks = read_trailers(page, "docs/outputs.md")
    assert remarks == ()
    assert (said.output, said.expects) == ("saved-songs", ("new_subscriptions +5% (1%..9%) within 30d",))
