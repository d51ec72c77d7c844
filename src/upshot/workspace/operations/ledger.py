"""The ledger: each output with what it cost, was expected to do, did and was worth."""

from dataclasses import dataclass
from datetime import date, timedelta

import msgspec

from upshot.answers.extent import extent_of
from upshot.answers.launch_book import LaunchBook, Measurement
from upshot.answers.standing import standing
from upshot.answers.study_inputs import daily_series
from upshot.api.ledger import LEDGER, Ledger, LedgerBucket, LedgerQuery, LedgerRow, LedgerTotals
from upshot.api.operation import Principal
from upshot.api.outputs import OutputView
from upshot.catalog.kinds import Choice, Launch, Output, OutputKind
from upshot.catalog.verdict import Effect, Grade, VerdictRecord, VerdictWord
from upshot.core.errors import NotFound
from upshot.core.time import DayRange
from upshot.core.units import counted
from upshot.ledger.buckets import bucket_of
from upshot.ledger.effects import main_effect, strongest, unit_worth, went_bad, worth_of_verdict
from upshot.ledger.score import expectation_met
from upshot.ledger.standing import Standing
from upshot.ledger.totals import Entry, total
from upshot.ledger.worth import Worth
from upshot.studies.default import chosen_expectation
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "show"]

_USE_DAYS = 28
_ACTIVE = "active_persons_daily"


def show(resources: Resources, principal: Principal, request: LedgerQuery) -> Ledger:
    """Rows, the newest launch first, and their totals; from what is recorded, nothing is measured anew."""
    del principal
    book = LaunchBook.of(resources.answering)
    newest = book.newest_verdicts()
    told = {name: _launch_told(book, declared.value, newest.get(name)) for name, declared in book.launches.items()}
    grades = {name: each.standing.grade for name, each in told.items()}
    entries = []
    for name, declared in book.outputs.items():
        output = declared.value
        launches = book.launches_of(name)
        launch = strongest(launches, grades)
        if _asked_for(book, output, launch, request):
            entries.append((output, launch, told[launch.name] if launch else None))
    entries.sort(key=lambda entry: (entry[1] is not None, entry[1].at.timestamp() if entry[1] else 0.0), reverse=True)
    rows = tuple(_row(book, *entry) for entry in entries)
    kept = {entry[1].name: entry[2] for entry in entries if entry[1] is not None and entry[2] is not None}
    return Ledger(
        rows=rows,
        totals=_totals(rows, kept),
        currency=resources.loaded.settings.workspace.currency,
        notes=_notes(rows, kept),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of one launch, shared by its outputs."""

    standing: Standing
    design: str
    metric: str
    metric_title: str
    effect: Effect | None
    reading: date | None
    verdict: str
    worth: Worth | None
    worth_note: str
    decision: Choice | None
    needs_decision: bool
    measured: Measurement


def _launch_told(book: LaunchBook, launch: Launch, record: VerdictRecord | None) -> _Told:
    measured = book.measured(launch)
    decisions = book.decisions_of(launch.name)
    verdict = record.verdict if record else None
    metric = measured.study.primary if measured.study else ""
    effect = main_effect(verdict)
    stands = standing(book, measured, verdict)
    worth, note = worth_of_verdict(verdict, effect, lambda name: _unit_worth(book, name), book.metric_title)
    over = verdict is not None and stands.word not in (VerdictWord.TOO_EARLY, VerdictWord.NOT_MEASURABLE)
    return _Told(
        standing=stands,
        design=verdict.design if verdict else "none",
        metric=metric,
        metric_title=book.metric_title(metric),
        effect=effect,
        reading=verdict.reading if verdict else None,
        verdict=record.id if record else "",
        worth=worth,
        worth_note=note,
        decision=decisions[-1].value.choice if decisions else None,
        needs_decision=over and not decisions and not book.quiet(launch),
        measured=measured,
    )


def _unit_worth(book: LaunchBook, metric: str) -> float | None:
    outcome = book.outcomes.get(metric)
    return unit_worth(
        outcome.value if outcome else None, book.metrics[metric][0].format if metric in book.metrics else ""
    )


def _asked_for(book: LaunchBook, output: Output, launch: Launch | None, request: LedgerQuery) -> bool:
    day = book.day_of(launch) if launch else None
    if request.first is not None and day is not None and day < request.first:
        return False
    if request.last is not None and (day is None or day > request.last):
        return False
    return (
        request.objective in ("", output.objective)
        and request.team in ("", output.team)
        and request.kind in ("", output.kind.value)
    )


def _row(book: LaunchBook, output: Output, launch: Launch | None, told: _Told | None) -> LedgerRow:
    view = book.output_view(output.name)
    if launch is None or told is None:
        return _unlaunched(view, output)
    own = [each for each in book.stated(launch) if each.output == output.name]
    stated = chosen_expectation(own, launch.at, told.metric) or chosen_expectation(own, launch.at)
    foretold = stated is not None and not stated.late(launch.at)
    used = _used_share(book, output, launch)
    placed = bucket_of(told.standing.word, told.standing.grade, output.kind, used, worse=went_bad(told.effect))
    return LedgerRow(
        output=view,
        launch=launch.name,
        launched_on=book.day_of(launch),
        shared_with=tuple(name for name in launch.outputs if name != output.name),
        word=told.standing.word,
        grade=told.standing.grade,
        design=told.design,
        metric=told.metric,
        metric_title=told.metric_title,
        effect=told.effect.relative if told.effect else None,
        sentence=told.standing.sentence,
        reading=told.reading,
        verdict=told.verdict,
        worth=told.worth.amount if told.worth else None,
        worth_note=told.worth_note,
        expectation=stated.expectation.text if stated else "",
        expectation_met=expectation_met(told.effect, stated.expectation) if foretold and stated else None,
        decision=told.decision,
        needs_decision=told.needs_decision and output.kind is OutputKind.BET,
        bucket=placed.bucket,
        reason=placed.reason,
        reason_note=placed.note,
    )


def _unlaunched(view: OutputView, output: Output) -> LedgerRow:
    return LedgerRow(
        output=view,
        launch="",
        launched_on=None,
        shared_with=(),
        word=None,
        grade=Grade.U,
        design="none",
        metric=output.expectations[0].metric if output.expectations else "",
        metric_title="",
        effect=None,
        sentence="Not launched.",
        reading=None,
        verdict="",
        worth=None,
        worth_note="It is not launched.",
        expectation=output.expectations[0].text if output.expectations else "",
        expectation_met=None,
        decision=None,
        needs_decision=False,
        bucket=None,
        reason=None,
        reason_note="",
    )


def _used_share(book: LaunchBook, output: Output, launch: Launch) -> float | None:
    """The mean day's users of a feature among that day's active people, over the last four weeks since its launch.

    A metric that never had a value since then says nothing: perhaps nothing is sent.
    """
    if not output.usage:
        return None
    resources = book.resources
    begin = book.day_of(launch) + timedelta(days=1)
    try:
        metrics = [resources.metrics.get(name)[0] for name in (output.usage, _ACTIVE)]
    except NotFound:
        return None
    ends = [last for metric in metrics if (last := extent_of(resources, metric).last) is not None]
    if not ends:
        return None
    end = min(resources.today(), min(ends) + timedelta(days=1))
    days = DayRange(max(begin, end - timedelta(days=_USE_DAYS)), end) if end > begin else None
    if days is None or days.days < _USE_DAYS // 2:
        return None
    users, active = (daily_series(resources, name, days) for name in (output.usage, _ACTIVE))
    everybody = sum(value or 0.0 for value in active.values) if active else 0.0
    if not everybody:
        return None
    if users is None:
        return None if daily_series(resources, output.usage, DayRange(begin, end)) is None else 0.0
    return sum(value or 0.0 for value in users.values) / everybody


def _totals(rows: tuple[LedgerRow, ...], told: dict[str, _Told]) -> LedgerTotals:
    entries = (
        Entry(
            row.launch,
            row.output.cost,
            row.output.cost_days,
            row.reason,
            row.expectation_met,
        )
        for row in rows
    )
    found = total(entries, (each.worth for each in told.values() if each.worth is not None))
    return LedgerTotals(
        outputs=found.outputs,
        launched=found.launched,
        cost=found.cost,
        cost_days=found.cost_days,
        costed=found.costed,
        worth=found.worth,
        valued=found.valued,
        buckets=msgspec.convert(found.buckets, tuple[LedgerBucket, ...], from_attributes=True),
        expectations_scored=found.scored,
        expectations_met=found.met,
    )


def _notes(rows: tuple[LedgerRow, ...], told: dict[str, _Told]) -> tuple[str, ...]:
    notes = []
    shared = [row for row in rows if row.shared_with]
    if shared:
        notes.append(
            f"{counted(len(shared), 'output shares', 'outputs share')} a launch with others: its effect and worth "
            "stand in each of their rows and count once in the totals."
        )
    due = sum(1 for each in told.values() if each.standing.due)
    if due:
        notes.append(
            f"{counted(due, 'reading has come and is', 'readings have come and are')} not recorded: "
            "`upshot study read` records them."
        )
    launched = [row for row in rows if row.launch]
    without = sum(1 for row in launched if row.output.cost is None)
    if without == len(launched) and any(row.output.cost_days for row in launched):
        notes.append("What a day of work costs is not known (a team's cost_a_day), so shares are of days of work.")
    elif without:
        notes.append(f"Of {without} launched outputs the cost is not known; shares of cost leave them out.")
    return tuple(notes)


BINDINGS = (Binding(LEDGER, show),)
