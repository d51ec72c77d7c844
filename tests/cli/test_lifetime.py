"""Customers' worth on the published sample, from events to the words and figures, and what is refused with a reason."""

import csv
import io
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.cli.test_commands import Captured, run, run_json
from tests.lifetime.cdnow import END, SPLIT, sample
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import LOCAL_OWNER
from upshot.core.settings import WorkspaceSettings, load_settings
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace

REVENUE = "metrics: [{name: revenue, type: sum, event: [purchase, refund], value: amount, format: money}]"


def bought(name: str, day: date, person: str | None, amount: object) -> NewEvent:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return NewEvent(name, at, person, properties=msgspec.Raw(msgspec.json.encode({"amount": amount})))


def workspace_of(folder: Path, events: list[NewEvent]) -> Path:
    initialise(folder, WorkspaceSettings("CDs", "America/New_York", "USD"), load_settings(None, {}))
    with LocalWorkspace.open(folder, load_settings(folder, {})) as opened:
        owner = opened.acting_as(LOCAL_OWNER)
        for start in range(0, len(events), 1000):
            owner.call(EVENTS_APPEND, EventsAppend("test", tuple(events[start : start + 1000])))
        assert owner.call(METRIC_APPLY, MetricApply(REVENUE)).changes
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published sample as events; also a refund, a purchase of nobody, and a day after the last, which is none."""
    log = sample()
    events = [
        bought("purchase", date.fromordinal(int(day)), f"c{who}", float(amount))
        for who, day, amount in zip(log.customer, log.day, log.amount, strict=True)
    ]
    events += [bought("refund", SPLIT, "c1", -9.5), bought("purchase", SPLIT, None, 5.0)]
    return workspace_of(tmp_path_factory.mktemp("cds") / "cds", events)


@pytest.fixture
def cds(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "cds"))


def test_published_sample_gives_the_published_fit_from_its_events(cds: Path, capsys: Captured) -> None:
    answer = run_json(capsys, cds, "metric", "lifetime", "revenue", "--to", str(SPLIT), "--horizon", "273")
    report = answer["report"]
    assert (report["customers"], report["repeaters"]) == (2357, 946)
    found = {p["name"]: p["interval"]["value"] for model in ("buying", "spending") for p in report[model]["parameters"]}
    assert {name: round(found[name], 3) for name in ("r", "alpha", "a", "b")} == pytest.approx(
        {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, abs=0.0011
    )
    assert round(report["buying"]["log_likelihood"], 1) == -9582.4
    assert [round(found[name], 2) for name in ("p", "q")] == [6.25, 3.74]
    assert round(report["expected_purchases"]) == 1653
    total, each = report["total"], report["each"]
    assert total["low"] < total["value"] < total["high"]
    assert each["value"] * 2357 == pytest.approx(total["value"])
    assert "Values below 0 are refunds and left out (1); amounts are before refunds." in answer["notes"]
    assert "Purchases of nobody known are left out (1)." in answer["notes"]


def test_held_out_weeks_are_told_beside_what_came(cds: Path, capsys: Captured) -> None:
    words = ("metric", "lifetime", "revenue", "--split", str(SPLIT), "--to", str(END))
    report = run_json(capsys, cds, *words)["report"]
    foretold = report["foretold"]
    assert (round(foretold["expected"]["value"]), foretold["actual"], foretold["customers"]) == (1653, 1882, 2357)
    assert foretold["held"] is (foretold["expected"]["low"] <= 1882 <= foretold["expected"]["high"])
    log = sample()
    assert report["amount"] == pytest.approx(float(log.amount.sum()))
    code, text, err = run(capsys, cds, *words)
    assert (code, err) == (0, "")
    assert "1,653 purchases" in text
    assert "1,882 came" in text
    assert "2,357 customers" in text
    code, table, _ = run(capsys, cds, *words, "--csv")
    rows = list(csv.DictReader(io.StringIO(table)))
    (purchases,) = (row for row in rows if (row["part"], row["name"]) == ("held_out", "purchases"))
    assert float(purchases["value"]) == foretold["expected"]["value"]
    assert float(purchases["actual"]) == 1882
    january = [row for row in rows if row["name"] == "1997-01 360 days"]
    assert [float(row["actual"]) for row in january] == [report["observed"][0]["value"][-1]]


def test_first_day_leaves_out_who_came_before(cds: Path, capsys: Captured) -> None:
    answer = run_json(capsys, cds, "metric", "lifetime", "revenue", "--from", "1997-03-01")
    first = sample().first_days
    later = int((first >= date(1997, 3, 1).toordinal()).sum())
    assert answer["report"]["customers"] == later
    assert f"Customers who first bought before 1997-03-01 are left out ({2357 - later:,})." in answer["notes"]
    assert answer["report"]["observed"][0]["cohort"] == "1997-03-01"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("events",), "events is a count; customers' worth is read from amounts that add up."),
        (("revenu",), "There is no metric named 'revenu'."),
        (("revenue", "--horizon", "0"), "0 days cannot be looked ahead."),
        (("revenue", "--discount", "-0.1"), "The discount -0.1 a year does not lie between 0 and 1."),
        (("revenue", "--level", "95"), "The level 95 does not lie between 0 and 1."),
        (("revenue", "--split", "1996-01-01"), "The split on 1996-01-01 leaves no days on one of its sides."),
        (("revenue", "--to", "1990-01-01"), "The last day 1990-01-01 is not one of the whole days of the data."),
        (("revenue", "--from", "1998-06-30", "--to", "1998-06-29"), "Nobody has bought anything by 1998-06-29"),
    ],
)
def test_wrong_question_is_refused_with_what_is_wrong(
    cds: Path, capsys: Captured, words: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, cds, "metric", "lifetime", *words)
    assert (code, out) == (1, "")
    assert said in err


def test_data_that_carry_no_model_are_told_why(tmp_path: Path, capsys: Captured) -> None:
    rng = np.random.default_rng(2)
    days = [date(2024, 1, 1) + timedelta(days=int(day)) for day in rng.integers(0, 90, 80)]
    folder = workspace_of(tmp_path / "once", [bought("purchase", day, f"c{i}", 10.0) for i, day in enumerate(days)])
    report = run_json(capsys, folder, "metric", "lifetime", "revenue")["report"]
    assert report["buying"]["code"] == "no_repeats"
    assert report["spending"]["code"] == "too_few_customers"
    assert (report["total"], report["expected_purchases"], report["foretold"]["expected"]) == (None, None, None)
    code, text, _ = run(capsys, folder, "metric", "lifetime", "revenue")
    assert code == 0
    assert "BG/NBD: Of 80 customers 0 bought again; this model needs 10 who did." in text
    assert "No held-out test: " in text


def test_silence_after_the_shops_own_source_ended_is_no_farewell(tmp_path: Path, capsys: Captured) -> None:
    rng = np.random.default_rng(3)
    begun = date(2024, 1, 1)
    events = [
        bought("purchase", begun + timedelta(days=int(day)), f"c{i}", 10.0 + i)
        for i in range(90)
        for day in rng.integers(0, 120, 3)
    ]
    events += [bought("purchase", begun + timedelta(days=day), "daily", 7.0) for day in range(120)]
    folder = workspace_of(tmp_path / "ended", events)
    visits = [bought("visit", begun + timedelta(days=day), "c0", 1.0) for day in range(300)]
    with LocalWorkspace.open(folder, load_settings(folder, {})) as opened:
        opened.acting_as(LOCAL_OWNER).call(EVENTS_APPEND, EventsAppend("web", tuple(visits)))
    answer = run_json(capsys, folder, "metric", "lifetime", "revenue")
    assert answer["last"] == str(begun + timedelta(days=119))
