"""From what is declared and what came in to verdicts, proofs and decisions."""

import shutil
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.clocks import set_clock
from tests.workspace.study_world import EFFECT, LAUNCH_DAY, TODAY, make_shop, open_shop
from upshot.answers.background import Stopped
from upshot.answers.launch_book import LaunchBook
from upshot.answers.study_inputs import collect
from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationFile, DeclarationsApply
from upshot.api.metrics import METRIC_APPLY, MetricApply
from upshot.api.operation import LOCAL_OWNER, Caller
from upshot.api.outputs import SHIP, Ship
from upshot.api.series import SERIES_IMPORT, SeriesImport, SeriesValue
from upshot.api.state import Nothing
from upshot.api.studies import (
    DECIDE,
    EXPERIMENT_LIST,
    EXPERIMENT_SHOW,
    LAUNCH_REPORT,
    LAUNCHES_JOIN,
    STUDIES_RECORD,
    STUDY_LIST,
    STUDY_PLAN,
    VERDICT_VERIFY,
    Decide,
    ExperimentName,
    LaunchesJoin,
    LaunchName,
    PlanQuery,
    StudiesRecord,
    VerdictId,
)
from upshot.catalog.kinds import Choice
from upshot.catalog.verdict import Grade, StudyDesign, Verdict, VerdictWord
from upshot.core.errors import CorruptStore, InvalidInput, NotAllowed, NotFound
from upshot.studies.inputs import StudyInputs
from upshot.studies.worker import SINGLE_THREAD
from upshot.workspace.local import LocalWorkspace


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("studies") / "shop"
    make_shop(place)
    return place


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Iterator[LocalWorkspace]:
    with open_shop(Path(shutil.copytree(made, tmp_path / "shop"))) as opened:
        yield opened


@pytest.fixture
def anna(shop: LocalWorkspace) -> Caller:
    return shop.acting_as(LOCAL_OWNER)


def test_what_is_due_is_recorded_once(anna: Caller) -> None:
    done = anna.call(STUDIES_RECORD, StudiesRecord(seconds=600))
    by_launch = {record.verdict.launch: record.verdict for record in done.recorded}
    assert (done.failed, done.waiting) == ((), 0)
    checkout = by_launch["checkout"]
    assert (checkout.word, checkout.grade) == (VerdictWord.IMPROVED, Grade.C)
    effect = checkout.effects[0].relative
    assert effect is not None
    assert effect.low < EFFECT < effect.high
    assert checkout.smallest_effect == 0.05
    assert by_launch["buttons"].design is StudyDesign.EXPERIMENT
    assert anna.call(STUDIES_RECORD, StudiesRecord(seconds=600)).recorded == ()


def test_default_study_reads_every_thirty_days_and_at_the_end(anna: Caller) -> None:
    study = anna.call(LAUNCH_REPORT, LaunchName("checkout")).study
    assert study is not None
    assert not study.declared
    assert study.readings == (LAUNCH_DAY + timedelta(days=30), LAUNCH_DAY + timedelta(days=45))


def test_little_time_leaves_readings_waiting(anna: Caller) -> None:
    done = anna.call(STUDIES_RECORD, StudiesRecord(seconds=0.001))
    assert len(done.recorded) == 1
    assert done.waiting > 0


def test_report_has_path_decisions_and_the_late_seal(anna: Caller) -> None:
    anna.call(DECIDE, Decide(launch="checkout", choice=Choice.KEEP, why="it pays"))
    report = anna.call(LAUNCH_REPORT, LaunchName("checkout"))
    assert report.now is not None
    assert [d.choice for d in report.decisions] == [Choice.KEEP]
    assert any(point.without is not None for point in report.now.path)
    assert report.outputs[0].expectations[0].late
    assert any("stated after the launch" in reason for reason in report.now.reasons)


def test_verdict_is_concluded_again_to_the_last_digit(anna: Caller) -> None:
    for record in anna.call(STUDIES_RECORD, StudiesRecord(seconds=600)).recorded:
        proof = anna.call(VERDICT_VERIFY, VerdictId(record.id[:12]))
        assert (proof.holds, proof.identical, proof.differences, proof.drift) == (True, True, (), ())


def test_one_changed_digit_in_the_store_fails_the_proof(shop: LocalWorkspace, anna: Caller) -> None:
    (record, *_) = anna.call(STUDIES_RECORD, StudiesRecord(launch="checkout", seconds=600)).recorded
    file = shop.folder / "catalog.sqlite"
    with sqlite3.connect(file) as database:
        body = database.execute("SELECT body FROM verdicts WHERE id = ?", (record.id,)).fetchone()[0]
        effect = record.verdict.effects[0].relative
        assert effect is not None
        changed = body.replace(repr(effect.low), repr(effect.low)[:-1] + str((int(repr(effect.low)[-1]) + 1) % 10))
        assert changed != body
        database.execute("UPDATE verdicts SET body = ? WHERE id = ?", (changed, record.id))
    with pytest.raises(CorruptStore, match="not what was stored"):
        anna.call(VERDICT_VERIFY, VerdictId(record.id))


def test_one_changed_digit_in_the_snapshot_fails_the_proof(shop: LocalWorkspace, anna: Caller) -> None:
    (record, *_) = anna.call(STUDIES_RECORD, StudiesRecord(launch="checkout", seconds=600)).recorded
    digest = record.verdict.snapshot
    with sqlite3.connect(shop.folder / "catalog.sqlite") as database:
        kept = database.execute("SELECT content FROM snapshots WHERE hash = ?", (digest,)).fetchone()[0]
        inputs = StudyInputs.from_bytes(zlib.decompress(kept))
        values = inputs.series[0].values
        content = zlib.decompress(kept).replace(repr(values[3]).encode(), repr((values[3] or 0.0) + 1.0).encode(), 1)
        database.execute("UPDATE snapshots SET content = ? WHERE hash = ?", (zlib.compress(content), digest))
    with pytest.raises(CorruptStore, match="its bytes give another hash"):
        anna.call(VERDICT_VERIFY, VerdictId(record.id))


def test_echo_of_a_forged_verdict_would_be_found(shop: LocalWorkspace, anna: Caller) -> None:
    (record, *_) = anna.call(STUDIES_RECORD, StudiesRecord(launch="checkout", seconds=600)).recorded
    body = msgspec.json.encode(record.verdict).replace(b'"improved"', b'"harmed"', 1)
    forged = shop.resources.catalog.conclusions.record(msgspec.json.decode(body, type=Verdict), by="mallory")
    proof = anna.call(VERDICT_VERIFY, VerdictId(forged.id))
    assert not proof.holds
    assert any(text.startswith("word: 'harmed', now 'improved'") for text in proof.differences)


def test_drift_of_the_data_is_told_and_changes_nothing(anna: Caller) -> None:
    (record, *_) = anna.call(STUDIES_RECORD, StudiesRecord(launch="checkout", seconds=600)).recorded
    late = SeriesValue(LAUNCH_DAY + timedelta(days=3), 1_000.0, {"shop": "late"})
    anna.call(SERIES_IMPORT, SeriesImport(name="orders", values=(late,)))
    proof = anna.call(VERDICT_VERIFY, VerdictId(record.id))
    assert proof.identical
    (told,) = proof.drift
    assert str(late.day) in told
    assert "differs on 1 day" in told


def test_definition_changed_after_the_seal_refuses_from_then_on(anna: Caller) -> None:
    anna.call(METRIC_APPLY, MetricApply("{name: orders, type: count, event: orders, format: number}"))
    changed = anna.call(LAUNCH_REPORT, LaunchName("checkout")).now
    assert changed is not None
    assert changed.word is VerdictWord.NOT_MEASURABLE
    assert "defined otherwise" in changed.sentence


def test_experiment_is_read_out_with_its_arms(anna: Caller) -> None:
    (listed,) = anna.call(EXPERIMENT_LIST, Nothing()).experiments
    assert (listed.state, listed.word) == ("ended", "")
    report = anna.call(EXPERIMENT_SHOW, ExperimentName("buttons"))
    assert report.final
    assert sum(arm.units for arm in report.arms) == 600
    assert report.verdict is not None
    assert report.verdict.word is VerdictWord.IMPROVED
    (effect,) = report.effects
    assert effect.control_mean is not None
    assert effect.variant_mean is not None
    assert effect.effect.variant == "green"
    assert report.hypothesis == ("clicks +10% (5%..20%) within 30d",)


def test_readout_after_the_reading_without_its_data_is_no_peek(shop: LocalWorkspace) -> None:
    later = TODAY + timedelta(days=60)
    set_clock(shop, datetime(later.year, later.month, later.day, 8, tzinfo=UTC))
    anna = shop.acting_as(LOCAL_OWNER)
    study = "studies: [{name: own, launch: buttons, primary: clicks, readings: [2026-05-01]}]"
    anna.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("b.yaml", study),)))
    report = anna.call(EXPERIMENT_SHOW, ExperimentName("buttons"))
    assert (report.final, report.experiment.state) == (False, "ended")
    assert report.note == (
        "Not read yet: the reading of 1 May 2026 is over, and the data reach to the end of 31 Mar 2026 only."
    )


def test_plan_offers_what_would_make_it_measurable(anna: Caller) -> None:
    plan = anna.call(STUDY_PLAN, PlanQuery(metric="", output="later"))
    ways = {way.way: way for way in plan.ways}
    assert set(ways) == {"everyone at once", "holdout", "half and half"}
    assert ways["everyone at once"].detectable is not None
    assert plan.advised in ways or plan.advised == ""
    small = anna.call(STUDY_PLAN, PlanQuery(metric="clicks", expected=0.25, within_days=10))
    half = next(way for way in small.ways if way.way == "half and half")
    assert half.detectable is not None
    assert half.detectable < (next(w for w in small.ways if w.way == "holdout").detectable or 0.0)


def test_states_of_all_launches_are_listed(anna: Caller) -> None:
    states = {state.launch.name: state for state in anna.call(STUDY_LIST, Nothing()).studies}
    assert states["checkout"].due == (LAUNCH_DAY + timedelta(days=30), LAUNCH_DAY + timedelta(days=45))
    assert states["checkout"].late
    assert states["upgrade"].study is None
    assert "not exactly one outcome" in states["upgrade"].no_study


def test_near_launches_are_joined_and_measured_once(anna: Caller) -> None:
    for title, day in (("Search", 20), ("Filters", 22)):
        at = datetime(2026, 2, day, 9, tzinfo=UTC)
        anna.call(SHIP, Ship(title=title, at=at, expects=("orders +5% (1%..9%) within 30d",)))
    names = tuple(
        each.launch.name for each in anna.call(STUDY_LIST, Nothing()).studies if "Search" in each.launch.title
    ) + tuple(each.launch.name for each in anna.call(STUDY_LIST, Nothing()).studies if "Filters" in each.launch.title)
    joined = anna.call(LAUNCHES_JOIN, LaunchesJoin(names=names))
    (joint,) = joined.joint
    assert joint.of == names
    report = anna.call(LAUNCH_REPORT, LaunchName(joint.name))
    assert [output.title for output in report.outputs] == ["Search", "Filters"]
    assert report.now is not None
    assert report.now.word is not VerdictWord.NOT_MEASURABLE
    assert report.now.effects[0].first_day == date(2026, 2, 23)
    with pytest.raises(NotFound):
        anna.call(LAUNCH_REPORT, LaunchName(names[0]))


def test_launch_with_a_study_of_its_own_or_from_code_is_not_joined(anna: Caller) -> None:
    with pytest.raises(InvalidInput, match="declared study"):
        anna.call(LAUNCHES_JOIN, LaunchesJoin(names=("checkout", "buttons")))
    with pytest.raises(NotAllowed, match="managed from code"):
        anna.call(LAUNCHES_JOIN, LaunchesJoin(names=("checkout", "upgrade")))


def test_reading_waits_for_its_data(shop: LocalWorkspace) -> None:
    later = TODAY + timedelta(days=60)
    set_clock(shop, datetime(later.year, later.month, later.day, 8, tzinfo=UTC))
    anna = shop.acting_as(LOCAL_OWNER)
    study = "studies: [{name: own, launch: checkout, primary: orders, readings: [2026-05-01]}]"
    anna.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("b.yaml", study),)))
    done = anna.call(STUDIES_RECORD, StudiesRecord(launch="checkout", seconds=600))
    assert done.recorded == ()
    assert any("The data end before the end of 1 May 2026" in text for text in done.failed)


def test_unknown_names_and_times_are_refused(anna: Caller) -> None:
    with pytest.raises(NotFound, match="checkot"):
        anna.call(LAUNCH_REPORT, LaunchName("checkot"))
    with pytest.raises(InvalidInput, match="seconds"):
        anna.call(STUDIES_RECORD, StudiesRecord(seconds=0))
    with pytest.raises(InvalidInput, match="anew"):
        anna.call(STUDIES_RECORD, StudiesRecord(again=True))
    with pytest.raises(InvalidInput, match="expects nothing"):
        anna.call(STUDY_PLAN, PlanQuery(metric="", output="banner"))


def test_conclusions_run_on_one_thread_in_a_process_that_ends(shop: LocalWorkspace, anna: Caller) -> None:
    anna.call(LAUNCH_REPORT, LaunchName("checkout"))
    process = shop.resources.answering.worker._process
    assert process is not None
    environment = Path(f"/proc/{process.pid}/environ").read_bytes().decode()
    assert all(f"{name}={value}" in environment for name, value in SINGLE_THREAD.items())
    process.kill()
    process.wait()
    assert anna.call(LAUNCH_REPORT, LaunchName("buttons")).now is not None
    second = shop.resources.answering.worker._process
    shop.resources.answering.worker.close()
    assert second is not None
    assert second.poll() is not None


def test_closing_ends_a_conclusion_that_runs(shop: LocalWorkspace) -> None:
    book = LaunchBook.of(shop.resources.answering)
    launch = book.launch("checkout")
    inputs = collect(book, launch, book.measured(launch), LAUNCH_DAY + timedelta(days=45))
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            while True:
                shop.resources.answering.worker.conclude(inputs, afresh=True)
        except Stopped as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while shop.resources.answering.worker._process is None:
        time.sleep(0.01)
    shop.begin_closing()
    thread.join(60)
    assert not thread.is_alive()
    assert len(raised) == 1
