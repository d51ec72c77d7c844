"""A real company's year, imported and asked through the commands; the numbers are published ones."""

from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from upshot.cli.app import main

pytestmark = pytest.mark.real_data

METRICS = """
metrics:
  - {name: lines, type: count, event: purchase}
  - {name: revenue, type: revenue, event: purchase, value: Quantity * UnitPrice}
  - {name: invoices, type: distinct, event: purchase, value: InvoiceNo}
  - {name: customers, type: active, event: purchase}
  - name: sold
    type: revenue
    event: purchase
    value: Quantity * UnitPrice
    where: [InvoiceNo not starts with C, $distinct_id is not null]
  - name: sold_invoices
    type: distinct
    event: purchase
    value: InvoiceNo
    where: [InvoiceNo not starts with C, $distinct_id is not null]
  - {name: buyers, type: active, event: purchase, where: InvoiceNo not starts with C}
  - {name: fresh, type: lifecycle, state: new, event: purchase, where: InvoiceNo not starts with C}
  - {name: gone, type: lifecycle, state: dormant, event: purchase, where: InvoiceNo not starts with C, window: month}
  - {name: growth, type: quick_ratio, event: purchase, where: InvoiceNo not starts with C, window: month}
  - name: buyer_retention
    type: retention
    event: purchase
    where: InvoiceNo not starts with C
    period: month
"""
YEAR = ("--from", "2010-12-01", "--to", "2011-12-31")
MONTHLY_BUYERS = [885, 741, 758, 974, 856, 1056, 991, 949, 935, 1266, 1364, 1665, 615]
FIRST_COHORT = [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]


class Shop:
    """The workspace, by commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # JSON of any shape
    def ask(self, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
        code = main([*words, "--json", "--workspace", str(self.folder)])
        caught = capsys.readouterr()
        assert (code, caught.err) == (0, "")
        return msgspec.json.decode(caught.out)


def import_words(data_dir: Path) -> tuple[str, ...]:
    file = data_dir / "online_retail_uci" / "online_retail.parquet"
    options = ("--timestamp", "InvoiceDate", "--distinct-id", "CustomerID", "--event", "purchase")
    return ("import", "events", str(file), *options)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Shop:
    folder = tmp_path_factory.mktemp("retail") / "shop"
    assert main(["init", str(folder), "--currency", "GBP"]) == 0
    assert main([*import_words(data_dir), "--workspace", str(folder)]) == 0
    (folder / "metrics" / "retail.yaml").write_text(METRICS, encoding="utf-8")
    assert main(["metric", "apply", "--workspace", str(folder)]) == 0
    assert main(["facts", "refresh", "--workspace", str(folder)]) == 0
    return Shop(folder)


def test_retail_import_keeps_every_line(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    (purchase,) = shop.ask(capsys, "data", "events")["events"]
    assert (purchase["count"], purchase["units"], purchase["without_unit"]) == (541_909, 4_372, 135_080)
    assert shop.ask(capsys, "data", "rejects")["total"] == 0


def test_retail_second_import_changes_nothing(shop: Shop, data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = shop.ask(capsys, *import_words(data_dir))
    assert (status["rows"], status["stored"], status["duplicates"], status["rejected"]) == (541_909, 0, 541_909, 0)
    assert shop.ask(capsys, "metric", "query", "lines", *YEAR, "--by", "year")["total"]["value"] == 541_909


@pytest.mark.parametrize(
    ("metric", "total"),
    [
        ("lines", 541_909),
        ("revenue", 9_747_747.934),
        ("invoices", 25_900),
        ("customers", 4_372),
        ("sold", 8_911_407.904),
        ("sold_invoices", 18_536),
        ("buyers", 4_339),
    ],
)
def test_retail_total_is_the_published_one(
    shop: Shop, capsys: pytest.CaptureFixture[str], metric: str, total: float
) -> None:
    answer = shop.ask(capsys, "metric", "query", metric, *YEAR, "--by", "month")
    # sums of doubles: 1e-12 of the total is far below a penny
    assert answer["total"]["value"] == pytest.approx(total, rel=1e-12)
    if answer["metric"]["additive"]:
        assert sum(p["value"] for p in answer["points"]) == pytest.approx(total, rel=1e-12)


def test_retail_monthly_active_customers(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    answer = shop.ask(capsys, "metric", "query", "buyers", *YEAR, "--by", "month")
    assert [p["value"] for p in answer["points"]] == MONTHLY_BUYERS
    assert [p["complete"] for p in answer["points"]] == [True] * 12 + [False]
    assert answer["points"][-1]["note"] == "the data end inside"


def test_retail_first_cohort_is_cut_off_on_the_left(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    grid = shop.ask(capsys, "metric", "retention", "buyer_retention", *YEAR, "--by", "month")
    first = [c for c in grid["cells"] if c["cohort"] == "2010-12-01"]
    assert [c["units"] for c in first] == FIRST_COHORT
    assert grid["cut_off_left"] == ["2010-12-01"]
    assert [c["offset"] for c in first if not c["complete"]] == [12]
    assert first[1]["share"] == pytest.approx(324 / 885, rel=1e-15)


def test_retail_breakdown_adds_up(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("metric", "query", "revenue", *YEAR, "--by", "month", "--breakdown", "Country")
    everything = shop.ask(capsys, *words, "--limit", "100")
    assert len(everything["totals"]) == 38
    assert sum(p["value"] for p in everything["totals"]) == pytest.approx(9_747_747.934, rel=1e-12)
    france = shop.ask(capsys, *words, "--where", 'Country in (France, "EIRE")')
    assert {tuple(p["group"]) for p in france["totals"]} == {("France",), ("EIRE",)}


def test_retail_people_see_units_and_what_is_incomplete(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["metric", "query", "revenue", *YEAR, "--by", "month", "--workspace", str(shop.folder)]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "£9,747,747.93" in out
    assert "* not complete: the data end inside." in out


STATES = """
WITH active AS (
    SELECT DISTINCT CustomerID AS buyer, date_trunc('{grain}', InvoiceDate)::DATE AS period
    FROM '{file}' WHERE CustomerID IS NOT NULL AND InvoiceNo NOT LIKE 'C%'
),
told AS (
    SELECT period, buyer,
        NOT EXISTS (FROM active b WHERE b.buyer = a.buyer AND b.period < a.period) AS new,
        EXISTS (FROM active b WHERE b.buyer = a.buyer AND b.period = a.period - INTERVAL 1 {grain}) AS back
    FROM active a
)
SELECT period, count(*) FILTER (new), count(*) FILTER (back), count(*) FILTER (NOT new AND NOT back),
    (SELECT count(*) FROM active b WHERE b.period = told.period - INTERVAL 1 {grain}
        AND NOT EXISTS (FROM active c WHERE c.buyer = b.buyer AND c.period = told.period))
FROM told GROUP BY period ORDER BY period
"""


@pytest.mark.parametrize("grain", ["day", "week", "month"])
def test_retail_states_are_those_of_sql_and_add_up_to_the_active_ones(
    shop: Shop, data_dir: Path, capsys: pytest.CaptureFixture[str], grain: str
) -> None:
    file = data_dir / "online_retail_uci" / "online_retail.parquet"
    with duckdb.connect() as connection:
        rows = connection.execute(STATES.format(grain=grain, file=file)).fetchall()
    by_hand = {str(period): counts for period, *counts in rows}
    days = ("--from", "2010-12-01", "--to", "2011-12-09", "--by", grain)
    found = shop.ask(capsys, "metric", "lifecycle", "buyers", *days)["periods"]
    active = {p["period"]: p["value"] for p in shop.ask(capsys, "metric", "query", "buyers", *days)["points"]}
    first = shop.ask(capsys, "metric", "query", "fresh", *days)["points"]
    unknown = 2 if grain == "week" else 1
    assert all(p["active"] is None for p in found[:unknown]), "nobody knows who was there before"
    assert [p["value"] for p in first[:unknown]] == [None] * unknown
    for told, point in zip(found[unknown:], first[unknown:], strict=True):
        names = ("new", "returning", "resurrected", "dormant")
        new, back, woken, gone = by_hand.get(told["period"], (0, 0, 0, None))
        assert (told["new"], told["returning"], told["resurrected"]) == (new, back, woken)
        assert told["new"] + told["returning"] + told["resurrected"] == told["active"] == active[told["period"]]
        assert point["value"] == new
        if gone is not None and told["complete"]:
            assert [told[name] for name in names] == [new, back, woken, gone]
            assert told["quick_ratio"] == (pytest.approx((new + woken) / gone) if gone else None)
        if not told["complete"]:
            assert told["dormant"] is None


def test_retail_buyers_who_are_gone_and_the_quick_ratio(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--from", "2010-12-01", "--to", "2011-12-09", "--by", "month")
    told = shop.ask(capsys, "metric", "lifecycle", "growth", *words)["periods"]
    gone, growth = (shop.ask(capsys, "metric", "query", name, *words) for name in ("gone", "growth"))
    assert [p["value"] for p in gone["points"]] == [p["dormant"] for p in told]
    assert [p["value"] for p in growth["points"]] == pytest.approx([p["quick_ratio"] for p in told])
    assert (gone["headline"]["first"], gone["headline"]["value"]) == ("2011-11-01", told[-2]["dormant"])
    assert main(["metric", "lifecycle", "revenue", "--workspace", str(shop.folder)]) == 1
    assert "says nothing about who is new or gone" in capsys.readouterr().err
