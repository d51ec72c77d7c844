"""Real files give the numbers that are known of them, in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from upshot.collect.imports.mapping import Mapping

if TYPE_CHECKING:
    from pathlib import Path

    from tests.collect.imports.conftest import Bench

RETAIL = Mapping(timestamp="InvoiceDate", distinct_id="CustomerID", event="purchase")
GIT = Mapping(timestamp="at", distinct_id="author", event="change")

pytestmark = pytest.mark.real_data


def converted(source: Path, target: Path) -> Path:
    form = "FORMAT json" if "jsonl" in target.name else "FORMAT csv, HEADER"
    packing = {".gz": "gzip", ".zst": "zstd"}.get(target.suffix, "none")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM '{source}') TO '{target}' ({form}, COMPRESSION {packing})")
    return target


@pytest.mark.parametrize("name", ["", "retail.csv.gz", "retail.jsonl.zst"])
def test_online_retail_gives_the_known_numbers(bench: Bench, data_dir: Path, name: str) -> None:
    source = data_dir / "online_retail_uci" / "online_retail.parquet"
    file = converted(source, bench.folder / name) if name else source
    status = bench.bring(file, mapping=RETAIL, piece_bytes=24 << 20)
    assert (status.state, status.rows, status.stored, status.rejected) == ("done", 541_909, 541_909, 0)
    number = "CAST(CAST(variant_extract(properties, '{}') AS VARCHAR) AS DOUBLE)"
    ((events, nobody, customers, revenue, invoices, days),) = bench.rows(
        "SELECT count(*), count(*) - count(distinct_id), count(DISTINCT distinct_id), "
        f"sum({number.format('Quantity')} * {number.format('UnitPrice')}), "
        "count(DISTINCT CAST(variant_extract(properties, 'InvoiceNo') AS VARCHAR)), count(DISTINCT day) FROM events"
    )
    assert (events, nobody, customers, invoices, days) == (541_909, 135_080, 4_372, 25_900, 305)
    assert float(str(revenue)) == pytest.approx(9_747_747.934, abs=0.001)
    ((repeats,),) = bench.rows(
        "SELECT count(*) - count(DISTINCT (occurred_at, distinct_id, properties::VARCHAR)) FROM events"
    )
    assert repeats == 5_268
    assert bench.store.info().dirty_days == 0
    assert bench.rows("SELECT sum(count)::BIGINT, count(DISTINCT day) FROM fact_unit_days") == [(541_909, 305)]
    again = bench.bring(file, mapping=RETAIL, piece_bytes=5 << 20, piece_rows=122_880)
    assert (again.stored, again.duplicates) == (0, 541_909)


@pytest.mark.slow
def test_git_activity_comes_in_at_one_go(bench: Bench, data_dir: Path) -> None:
    source = data_dir / "git_activity" / "file_changes.parquet"
    status = bench.bring(source, mapping=GIT, piece_rows=245_760)
    assert (status.state, status.stored, status.duplicates, status.rejected) == ("done", 2_246_126, 0, 0)
    fractions = [each.fraction for each in bench.progress]
    assert len(fractions) >= 9
    assert fractions == sorted(fractions, key=lambda fraction: fraction or 0.0)
    by_hand = (
        (
            "SELECT date_trunc('month', at), count(*), count(DISTINCT author::VARCHAR), min(at), max(at) "
            f"FROM '{source}' GROUP BY 1 ORDER BY 1"
        )
        .replace("at)", '"at")')
        .replace(", at)", ', "at")')
    )
    ours = (
        "SELECT date_trunc('month', occurred_at), count(*), count(DISTINCT distinct_id), "
        "min(occurred_at), max(occurred_at) FROM events GROUP BY 1 ORDER BY 1"
    )
    assert bench.rows(ours) == bench.rows(by_hand)
