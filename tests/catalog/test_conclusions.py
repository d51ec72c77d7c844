from datetime import date

import pytest
from sqlalchemy import create_engine, text

from upshot.catalog.catalog import Catalog
from upshot.catalog.kinds import parse_expectation
from upshot.catalog.verdict import Grade, StudyDesign, Verdict, VerdictWord
from upshot.core.errors import CorruptStore, InvalidInput, NotFound


def _verdict(snapshot: str = "0" * 64, reading: date = date(2026, 3, 1)) -> Verdict:
    return Verdict(
        study="s",
        launch="l",
        reading=reading,
        word=VerdictWord.NOT_MEASURABLE,
        grade=Grade.U,
        design=StudyDesign.NONE,
        sentence="",
        effects=(),
        checks=(),
        reasons=("The history is too short.",),
        path=(),
        estimand="",
        smallest_effect=0.02,
        snapshot=snapshot,
        seed=1,
        software="upshot 0",
    )


def _tamper(url: str, statement: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_seals_stay_as_they_were_first_made(catalog: Catalog) -> None:
    first = parse_expectation("revenue +5% (1%..9%) within 30d")
    second = parse_expectation("revenue +8% within 30d")
    assert len(catalog.conclusions.seal([("o", first)], by="ann")) == 1
    assert len(catalog.conclusions.seal([("o", first), ("o", second), ("p", first)], by="ben")) == 2
    seals = catalog.conclusions.seals()
    assert [s.sealed_by for s in seals if s.expectation == first.text and s.output == "o"] == ["ann"]
    assert len({s.hash for s in seals}) == 3


@pytest.mark.parametrize(
    ("line", "text_", "change", "low", "high", "days"),
    [
        ("subscriptions +5% (1..9) within 30d", "subscriptions +5% (1%..9%) within 30d", 0.05, 0.01, 0.09, 30),
        ("crashes -12.5 within 2 weeks", "crashes -12.5 within 14d", -12.5, None, None, 14),
        ("n_p-s −3% (−6% to 0%) within 1 month", "n_p-s -3% (-6%..0%) within 30d", -0.03, -0.06, 0.0, 30),
    ],
)
def test_expectations_read_as_people_write_them(
    line: str, text_: str, change: float, low: float | None, high: float | None, days: int
) -> None:
    found = parse_expectation(line)
    assert (found.text, found.within_days) == (text_, days)
    assert (found.change, found.low, found.high) == pytest.approx((change, low, high))
    assert parse_expectation(found.text) == found


@pytest.mark.parametrize(
    "line",
    ["", "revenue up", "revenue +5%", "revenue +0% within 3d", "revenue +5% (6..9) within 3d", "r +5% within 0d"],
)
def test_expectations_that_state_none_are_refused(line: str) -> None:
    with pytest.raises(InvalidInput):
        parse_expectation(line)


def test_snapshots_are_found_by_their_hash(catalog: Catalog) -> None:
    digest = catalog.conclusions.snapshot(b"1.25")
    assert catalog.conclusions.snapshot(b"1.25") == digest
    assert catalog.conclusions.snapshot_content(digest) == b"1.25"
    with pytest.raises(NotFound):
        catalog.conclusions.snapshot_content("f" * 64)


def test_snapshots_that_were_changed_are_refused(catalog: Catalog, catalog_url: str) -> None:
    one, other = catalog.conclusions.snapshot(b"1.25"), catalog.conclusions.snapshot(b"1.26")
    _tamper(
        catalog_url,
        f"UPDATE snapshots SET content = (SELECT content FROM snapshots WHERE hash = '{other}') WHERE hash = '{one}'",
    )
    with pytest.raises(CorruptStore, match="another hash"):
        catalog.conclusions.snapshot_content(one)


def test_verdicts_are_kept_and_found_by_their_beginning(catalog: Catalog) -> None:
    record = catalog.conclusions.record(_verdict(), by="ann")
    assert catalog.conclusions.verdict(record.id[:10]) == record
    assert catalog.conclusions.verdicts("l") == (record,)
    assert catalog.conclusions.verdicts("l", date(2026, 4, 1)) == ()
    for wrong in ("", "%", "zz"):
        with pytest.raises(NotFound):
            catalog.conclusions.verdict(wrong)


def test_verdicts_that_were_changed_are_refused(catalog: Catalog, catalog_url: str) -> None:
    record = catalog.conclusions.record(_verdict(), by="ann")
    _tamper(catalog_url, "UPDATE verdicts SET body = replace(body, '0.02', '0.03')")
    with pytest.raises(CorruptStore, match="another hash"):
        catalog.conclusions.verdict(record.id)
