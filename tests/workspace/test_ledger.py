"""The ledger of a shop: what counts once, what is waste, what it was worth."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.workspace.study_world import make_shop, open_shop
from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationFile, DeclarationsApply
from upshot.api.ledger import LEDGER, Ledger, LedgerQuery, LedgerRow
from upshot.api.operation import LOCAL_OWNER, Caller
from upshot.api.studies import DECIDE, LAUNCH_REPORT, STUDIES_RECORD, Decide, LaunchName, StudiesRecord
from upshot.catalog.kinds import Choice
from upshot.catalog.verdict import Grade, VerdictWord
from upshot.workspace.local import LocalWorkspace


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorkspace]:
    place = tmp_path_factory.mktemp("ledger") / "shop"
    make_shop(place)
    with open_shop(place) as opened:
        opened.acting_as(LOCAL_OWNER).call(STUDIES_RECORD, StudiesRecord(seconds=600))
        yield opened


@pytest.fixture
def anna(shop: LocalWorkspace) -> Caller:
    return shop.acting_as(LOCAL_OWNER)


def by_name(ledger: Ledger) -> dict[str, LedgerRow]:
    return {row.output.name: row for row in ledger.rows}


def test_launched_rows_come_first_the_newest_at_the_top(anna: Caller) -> None:
    ledger = anna.call(LEDGER, LedgerQuery())
    days = [row.launched_on for row in ledger.rows]
    launched = [day for day in days if day is not None]
    assert launched == sorted(launched, reverse=True)
    assert days[len(launched) :] == [None] * (len(days) - len(launched))
    assert len(ledger.rows) == 6


def test_shared_effect_stands_in_each_row_and_counts_once(anna: Caller) -> None:
    ledger = anna.call(LEDGER, LedgerQuery(last=date(2026, 2, 28), first=date(2026, 2, 1)))
    rows = by_name(ledger)
    checkout, banner = rows["checkout"], rows["banner"]
    assert checkout.shared_with == ("banner",)
    assert checkout.effect == banner.effect
    assert checkout.worth == banner.worth
    assert ledger.totals.worth == checkout.worth
    assert ledger.totals.valued == 1
    assert any("count once" in note for note in ledger.notes)


def test_worth_is_effect_over_measured_days_times_unit_worth(shop: LocalWorkspace, anna: Caller) -> None:
    row = by_name(anna.call(LEDGER, LedgerQuery()))["checkout"]
    record = shop.resources.catalog.conclusions.verdict(row.verdict)
    effect = record.verdict.effects[0].absolute
    assert effect is not None
    assert row.worth is not None
    assert row.worth.value == pytest.approx(effect.value * 5.0)
    assert (row.worth.low, row.worth.high) == pytest.approx((effect.low * 5.0, effect.high * 5.0))
    assert row.reading == max(v.verdict.reading for v in shop.resources.catalog.conclusions.verdicts("checkout"))


def test_experiment_is_worth_what_its_treated_units_did(shop: LocalWorkspace, anna: Caller) -> None:
    row = by_name(anna.call(LEDGER, LedgerQuery()))["buttons"]
    effect = shop.resources.catalog.conclusions.verdict(row.verdict).verdict.effects[0]
    assert effect.absolute is not None
    assert row.worth is not None
    assert row.worth.value == pytest.approx(effect.absolute.value * effect.reach * 2.0)
    assert effect.reach < 600
    assert row.grade is Grade.A


def test_where_the_work_went_adds_up_by_cost(anna: Caller) -> None:
    ledger = anna.call(LEDGER, LedgerQuery())
    rows = by_name(ledger)
    assert (rows["karaoke"].bucket, rows["karaoke"].reason) == ("waste", "unused")
    assert "of a day's active people" in rows["karaoke"].reason_note
    assert rows["upgrade"].bucket == "upkeep"
    assert rows["checkout"].bucket == "paid off"
    assert (rows["later"].word, rows["later"].bucket) == (None, None)
    buckets = {each.bucket: each for each in ledger.totals.buckets}
    known = (10 + 4 + 1 + 2 + 30) * 500.0
    assert ledger.totals.cost == known
    assert buckets["waste"].share == pytest.approx(30 * 500.0 / known)
    assert [(each.reason, each.outputs) for each in buckets["waste"].reasons] == [("unused", 1)]
    assert sum(each.cost for each in buckets.values()) == known
    assert sum(each.percent or 0 for each in buckets.values()) == 100
    for name, bucket in buckets.items():
        own = [row.output.cost or 0.0 for row in ledger.rows if row.bucket == name]
        assert (len(own), sum(own)) == (bucket.outputs, bucket.cost)


def test_usage_that_was_never_seen_is_no_proof_of_waste(tmp_path: Path) -> None:
    place = tmp_path / "shop"
    make_shop(place)
    with open_shop(place) as opened:
        caller = opened.acting_as(LOCAL_OWNER)
        yaml = (
            "metrics: [{name: hums, type: active, event: hum, window: day}]\n"
            "outputs: [{name: humming, cost: {days: 2}, usage: hums}]\n"
            "launches: [{name: humming, at: 2025-10-01T09:00:00+02:00, outputs: [humming]}]\n"
        )
        assert not caller.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("b.yaml", yaml),))).refused
        row = by_name(caller.call(LEDGER, LedgerQuery()))["humming"]
        assert row.bucket == "not known"


def test_late_expectations_are_not_scored(anna: Caller) -> None:
    ledger = anna.call(LEDGER, LedgerQuery())
    assert ledger.totals.expectations_scored == 0
    assert by_name(ledger)["checkout"].expectation.startswith("orders +25%")


def test_decision_is_shown_and_no_longer_needed(anna: Caller) -> None:
    before = by_name(anna.call(LEDGER, LedgerQuery()))["checkout"]
    assert (before.decision, before.needs_decision) == (None, True)
    anna.call(DECIDE, Decide(launch="checkout", choice=Choice.ITERATE))
    after = by_name(anna.call(LEDGER, LedgerQuery()))["checkout"]
    assert (after.decision, after.needs_decision) == (Choice.ITERATE, False)


def test_rows_can_be_chosen(anna: Caller) -> None:
    assert {row.output.name for row in anna.call(LEDGER, LedgerQuery(kind="upkeep")).rows} == {"upgrade"}
    assert len(anna.call(LEDGER, LedgerQuery(team="shop")).rows) == 5
    assert anna.call(LEDGER, LedgerQuery(objective="none")).rows == ()


def test_without_records_the_due_reading_is_said(tmp_path: Path, shop: LocalWorkspace) -> None:
    del shop
    make_shop(tmp_path / "fresh")
    with open_shop(tmp_path / "fresh") as opened:
        ledger = opened.acting_as(LOCAL_OWNER).call(LEDGER, LedgerQuery())
    row = by_name(ledger)["checkout"]
    assert row.word is VerdictWord.TOO_EARLY
    assert "is not recorded" in row.sentence
    assert any("are not recorded" in note for note in ledger.notes)


def test_reading_whose_units_still_have_time_is_too_early_and_not_due(tmp_path: Path) -> None:
    """Read on 26 March, of those who saw the button; they have 40 days from then on, and today is 1 April."""
    make_shop(tmp_path / "shop")
    with open_shop(tmp_path / "shop") as opened:
        caller = opened.acting_as(LOCAL_OWNER)
        before = [note for note in caller.call(LEDGER, LedgerQuery()).notes if "not recorded" in note]
        yaml = (
            "metrics: [{name: bought, type: conversion, of: button seen, event: bought, within: 40d}]\n"
            "outputs: [{name: nudge, expects: ['bought +5% (1%..9%) within 24d']}]\n"
            "launches: [{name: nudge, title: Nudge, at: 2026-03-02T09:00:00+01:00, outputs: [nudge]}]\n"
        )
        done = caller.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("b.yaml", yaml),)))
        assert not done.refused, done.problems
        ledger = caller.call(LEDGER, LedgerQuery())
        row = by_name(ledger)["nudge"]
        report = caller.call(LAUNCH_REPORT, LaunchName("nudge"))
    assert row.sentence == "Too early: what 26 Mar 2026 did is known when the data reach the end of 5 May 2026."
    assert (report.word, report.sentence) == (row.word, row.sentence)
    assert [note for note in ledger.notes if "not recorded" in note] == before
