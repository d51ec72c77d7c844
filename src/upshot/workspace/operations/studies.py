"""What launches did: reports, readings, proofs, plans, decisions."""

import time
from datetime import timedelta

import msgspec

from upshot.answers.launch_book import LaunchBook, Measurement
from upshot.answers.standing import standing
from upshot.answers.study_inputs import collect
from upshot.answers.study_plans import plan_inputs
from upshot.answers.study_readings import Due, due_readings, read_now, recorded_readings
from upshot.api.operation import Principal
from upshot.api.state import Nothing
from upshot.api.studies import (
    DECIDE,
    LAUNCH_REPORT,
    STUDIES_RECORD,
    STUDY_LIST,
    STUDY_PLAN,
    VERDICT_VERIFY,
    Decide,
    Decided,
    DecisionView,
    LaunchName,
    LaunchReport,
    PlanQuery,
    PlanWay,
    StudiesRecord,
    StudiesRecorded,
    StudyList,
    StudyPlan,
    StudyState,
    StudyView,
    VerdictId,
    Verification,
)
from upshot.catalog.declarations import Put
from upshot.catalog.kinds import Decision
from upshot.core.errors import InvalidInput, NotFound
from upshot.studies.inputs import StudyInputs
from upshot.studies.verify import differences, drift
from upshot.workspace.binding import Binding
from upshot.workspace.recording import record_due
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "decide", "list_studies", "plan", "record", "report", "study_view", "verify"]

_LONGEST_SECONDS = 600.0


def report(resources: Resources, principal: Principal, request: LaunchName) -> LaunchReport:
    """All that is known of what a launch did, as of now."""
    del principal
    started = time.perf_counter()
    book = LaunchBook.of(resources.answering)
    launch = book.launch(request.name)
    measured = book.measured(launch)
    no_study, now = measured.why_not, None
    try:
        found = read_now(book, launch, measured)
        now = found[1] if found else None
    except NotFound as error:
        no_study = str(error)
    title, form = "", "number"
    if measured.study is not None and now is not None:
        metric, _ = resources.metrics.get(measured.study.primary)
        title, form = metric.title or metric.name, metric.format
    verdicts = resources.catalog.conclusions.verdicts(launch.name)
    stands = standing(book, measured, verdicts[-1].verdict if verdicts else None)
    return LaunchReport(
        launch=book.launch_view(launch.name),
        word=stands.word,
        grade=stands.grade,
        sentence=stands.sentence,
        outputs=tuple(book.output_view(name) for name in launch.outputs if name in book.outputs),
        study=study_view(book, measured),
        no_study=no_study,
        now=now,
        verdicts=verdicts,
        decisions=tuple(_decision(each.value) for each in book.decisions_of(launch.name)),
        metric_title=title,
        metric_format=form,
        currency=resources.loaded.settings.workspace.currency,
        elapsed_ms=(time.perf_counter() - started) * 1000,
    )


def record(resources: Resources, principal: Principal, request: StudiesRecord) -> StudiesRecorded:
    """Write down the verdicts that are due."""
    if request.again and not request.launch:
        raise InvalidInput("Everything cannot be concluded anew at once.", hint="Name the launch.")
    if not 0 < request.seconds <= _LONGEST_SECONDS:
        raise InvalidInput(
            f"{request.seconds:g} seconds cannot be given to recording.", hint=f"Give up to {_LONGEST_SECONDS:g}."
        )
    if request.launch:
        LaunchBook.of(resources.answering).launch(request.launch)
    done = record_due(resources, by=principal.name, launch=request.launch, seconds=request.seconds, again=request.again)
    return StudiesRecorded(done.records, done.failed, done.waiting)


def list_studies(resources: Resources, principal: Principal, request: Nothing) -> StudyList:
    """Where the measurement of each launch stands."""
    del principal, request
    book = LaunchBook.of(resources.answering)
    known = recorded_readings(resources.answering)
    due: dict[str, list[Due]] = {}
    for each in due_readings(book, known):
        due.setdefault(each.launch.name, []).append(each)
    newest = book.newest_verdicts()
    launches = sorted((d.value for d in book.launches.values()), key=lambda launch: (launch.at, launch.name))
    states = []
    for launch in reversed(launches):
        measured, last = book.measured(launch), newest.get(launch.name)
        states.append(
            StudyState(
                launch=book.launch_view(launch.name),
                study=study_view(book, measured),
                no_study=measured.why_not,
                expectation=measured.stated.expectation.text if measured.stated else "",
                late=measured.stated is not None and measured.stated.late(launch.at),
                due=tuple(each.reading for each in due.get(launch.name, [])),
                word=last.verdict.word if last else "",
                grade=last.verdict.grade if last else "",
                sentence=last.verdict.sentence if last else "",
                verdict=last.id if last else "",
            )
        )
    return StudyList(tuple(states))


def plan(resources: Resources, principal: Principal, request: PlanQuery) -> StudyPlan:
    """What each way of launching could detect."""
    del principal
    inputs = plan_inputs(resources.answering, request)
    found = resources.answering.worker.plan(inputs)
    return StudyPlan(
        ways=tuple(
            msgspec.convert({**msgspec.to_builtins(way), "days": inputs.within_days}, PlanWay) for way in found.ways
        ),
        advised=found.advised,
        sentence=found.sentence,
    )


def verify(resources: Resources, principal: Principal, request: VerdictId) -> Verification:
    """Conclude again from the snapshot, and look what today's data say.

    Raises:
        CorruptStore: A digit of the verdict or of its snapshot was changed.
    """
    del principal
    started = time.perf_counter()
    kept = resources.catalog.conclusions.verdict(request.id)
    content = resources.catalog.conclusions.snapshot_content(kept.verdict.snapshot)
    inputs = StudyInputs.from_bytes(content)
    again = resources.answering.worker.conclude(inputs, afresh=True)
    found, close = differences(kept.verdict, again)
    return Verification(
        verdict=kept,
        snapshot_bytes=len(content),
        identical=not found,
        close=close,
        differences=found,
        drift=_drift(resources, inputs),
        software_then=kept.verdict.software,
        software_now=again.software,
        elapsed_ms=(time.perf_counter() - started) * 1000,
    )


def decide(resources: Resources, principal: Principal, request: Decide) -> Decided:
    """Write down what people decided about a launch."""
    book = LaunchBook.of(resources.answering)
    book.launch(request.launch)
    verdict = _meant(resources, request, book)
    now = resources.clock()
    decision = Decision(
        name=f"{request.launch[:150]}-{now:%Y%m%dT%H%M%S%f}",
        launch=request.launch,
        choice=request.choice,
        by=principal.name,
        at=now,
        why=request.why,
        verdict=verdict,
    )
    resources.catalog.declarations.change([Put(decision, after=0)], by=principal.name, source="", managed="hand")
    return Decided(_decision(decision))


def study_view(book: LaunchBook, measured: Measurement) -> StudyView | None:
    """How a launch is measured, as people see it."""
    study = measured.study
    if study is None:
        return None
    yesterday = book.resources.today() - timedelta(days=1)
    return StudyView(
        name=study.name,
        launch=study.launch,
        design=study.design,
        primary=study.primary,
        secondary=study.secondary,
        guardrails=study.guardrails,
        controls=study.controls,
        readings=study.readings,
        next_reading=next((day for day in study.readings if day > yesterday), None),
        smallest_effect=study.smallest_effect,
        estimand=study.estimand,
        level=study.level,
        declared=measured.declared,
    )


def _decision(decision: Decision) -> DecisionView:
    return DecisionView(
        decision.name, decision.launch, decision.choice, decision.by, decision.at, decision.why, decision.verdict
    )


def _meant(resources: Resources, request: Decide, book: LaunchBook) -> str:
    """The verdict that a decision rests on: the one named, else the newest of the launch; none where there is none."""
    if not request.verdict:
        newest = book.newest_verdicts(request.launch).get(request.launch)
        return newest.id if newest else ""
    found = resources.catalog.conclusions.verdict(request.verdict)
    if found.verdict.launch != request.launch:
        raise InvalidInput(
            f"The verdict {request.verdict!r} is on {found.verdict.launch!r}, not on {request.launch!r}.",
            hint="Leave the verdict out to decide on the newest one.",
        )
    return found.id


def _drift(resources: Resources, inputs: StudyInputs) -> tuple[str, ...]:
    """The same study on today's data."""
    book = LaunchBook.of(resources.answering)
    if inputs.launch.name not in book.launches:
        return (f"The launch {inputs.launch.name!r} is not declared any more.",)
    stated = book.measured(inputs.launch).stated
    measured = Measurement(inputs.study, declared=inputs.declared, declared_at=None, stated=stated)
    try:
        return drift(inputs, collect(book, inputs.launch, measured, inputs.reading))
    except NotFound as error:
        return (str(error),)


BINDINGS = (
    Binding(LAUNCH_REPORT, report),
    Binding(STUDIES_RECORD, record),
    Binding(STUDY_LIST, list_studies),
    Binding(STUDY_PLAN, plan),
    Binding(VERDICT_VERIFY, verify),
    Binding(DECIDE, decide),
)
