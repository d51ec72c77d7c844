"""``upshot study`` and ``upshot verify``."""

from typing import TYPE_CHECKING

from upshot.api.operation import who
from upshot.cli.common import Common, open_workspace
from upshot.cli.measuring import record_what_is_due
from upshot.cli.output import instant, json_or, line, lines, table
from upshot.core.units import counted, format_interval, typographic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from upshot.api.studies import LaunchReport, StudyState
    from upshot.catalog.verdict import Check, Effect, Verdict

__all__ = ["join", "list_studies", "plan", "print_checks", "print_verdict", "read", "verify"]

_MARKS = {True: "passed", False: "failed", None: "noted"}


def list_studies(*, common: Common | None = None) -> None:
    """List launches with how they are measured, when the next verdict falls, and what the newest says.

    Args:
        common: The options of every command.
    """
    from upshot.api.state import Nothing
    from upshot.api.studies import STUDY_LIST

    common = common or Common()
    with open_workspace(common) as workspace:
        found = workspace.call(STUDY_LIST, Nothing())
    if json_or(common, found):
        return
    table(
        (
            ("launch", "left"),
            ("on", "left"),
            ("metric", "left"),
            ("next reading", "left"),
            ("verdict", "left"),
            ("", "left"),
        ),
        (_state(state) for state in found.studies),
        title=counted(len(found.studies), "launch"),
    )


def read(
    launch: str = "",
    *,
    again: bool = False,
    common: Common | None = None,
) -> None:
    """Record the verdicts that are due; of one launch, print what is known of its effect as well.

    Args:
        launch: Which launch. Default: all of them.
        again: Conclude anew what is recorded already, on today's data; the earlier record stays beside it.
        common: The options of every command.
    """
    from upshot.api.studies import LAUNCH_REPORT, LaunchName

    common = common or Common()
    with open_workspace(common) as workspace:
        failed = record_what_is_due(workspace, launch=launch, again=again, quiet=common.json)
        if not launch:
            lines(f"Not read yet: {text}" for text in failed)
            return
        report = workspace.call(LAUNCH_REPORT, LaunchName(launch))
    if not json_or(common, report):
        _print_report(report)
        lines(f"Not read yet: {text}" for text in failed)


def plan(
    metric: str = "",
    *,
    output: str = "",
    expect: str = "",
    within: int = 30,
    common: Common | None = None,
) -> None:
    """Say what effect each feasible way of launching could detect, before anything ships.

    Args:
        metric: Of which metric.
        output: A planned output, whose first expectation is taken.
        expect: The expected change, such as 5%.
        within: Days until the effect should be there.
        common: The options of every command.
    """
    from upshot.api.studies import STUDY_PLAN, PlanQuery

    common = common or Common()
    query = PlanQuery(metric=metric, output=output, expected=_share(expect), within_days=within)
    with open_workspace(common) as workspace:
        found = workspace.call(STUDY_PLAN, query)
    if json_or(common, found):
        return
    table(
        (("way", "left"), ("grade", "left"), ("finds", "right"), ("", "left")),
        (
            (way.way, way.grade, "–" if way.detectable is None else f"{way.detectable:.1%}", way.sentence)
            for way in found.ways
        ),
    )
    line(found.sentence)


def verify(verdict: str, *, common: Common | None = None) -> int:
    """Conclude a verdict again from its own snapshot, compare every digit, and say how today's data differ.

    The exit code is 1 when it cannot be had again.

    Args:
        verdict: Its id, or the beginning of it.
        common: The options of every command.
    """
    from upshot.api.studies import VERDICT_VERIFY, VerdictId

    common = common or Common()
    with open_workspace(common) as workspace:
        found = workspace.call(VERDICT_VERIFY, VerdictId(verdict))
    if not json_or(common, found):
        kept = found.verdict
        line(f"{kept.verdict.launch}, reading of {kept.verdict.reading}: {kept.verdict.sentence}")
        line(f"Recorded {instant(kept.created_at)} by {kept.created_by}; body {kept.hash[:16]}.")
        line(f"Snapshot {kept.verdict.snapshot[:16]}, {found.snapshot_bytes:,} bytes, as it was stored.")
        if found.identical:
            line(f"Concluded again in {found.elapsed_ms / 1000:.1f} s: the same to the last digit.")
        elif found.holds:
            line(f"Concluded again by other software ({found.software_now}): the same to 1e-9.")
        else:
            line(f"Concluded again by {found.software_now}: NOT the same.")
            if found.software_then != found.software_now:
                line(f"It was concluded by {found.software_then}, which calculates otherwise.")
            lines(found.differences[:20])
        line(
            "Today's data are those of the snapshot." if not found.drift else "Today's data differ; the verdict stays:"
        )
        lines(found.drift)
    return 0 if found.holds else 1


def _share(text: str) -> float | None:
    from upshot.core.errors import InvalidInput

    if not text:
        return None
    try:
        return float(text.strip().rstrip("%").replace("−", "-")) / 100.0
    except ValueError:
        raise InvalidInput(f"{text!r} is not a share.", hint="Write it as 5%.") from None


def _state(state: "StudyState") -> tuple[str, ...]:
    study = state.study
    following = f"{state.due[0]} (due)" if state.due else str(study.next_reading or "–") if study else "–"
    return (
        state.launch.name,
        str(state.launch.day),
        study.primary if study else "–",
        following,
        f"{state.word} ({state.grade})" if state.word else "–",
        state.sentence or state.no_study,
    )


def _print_report(report: "LaunchReport") -> None:
    name = "" if report.launch.title == report.launch.name else f" ({report.launch.name})"
    line(f"{report.launch.title}{name}, launched on {report.launch.day}")
    for output in report.outputs:
        for stated in output.expectations:
            late = ", late" if stated.late else ""
            line(f"Expected of {output.title}: {stated.text} (sealed {instant(stated.sealed_at)}{late})")
    if report.study is None or report.now is None:
        line(report.no_study)
        return
    days = ", ".join(str(day) for day in report.study.readings)
    line(f"Study: {report.study.primary}, readings on {days}, smallest effect {report.study.smallest_effect:.1%}")
    line("")
    print_verdict(report.now)
    if report.verdicts:
        line("")
        line("Recorded verdicts:")
        lines(
            f"  {record.verdict.reading}  {record.id[:8]}  {record.verdict.word} ({record.verdict.grade})  "
            f"{record.verdict.sentence}"
            for record in report.verdicts
        )
    for decision in report.decisions:
        why = f": {decision.why}" if decision.why else ""
        line(f"Decided {instant(decision.at)} by {who(decision.by)}: {decision.choice}{why}")


def print_verdict(verdict: "Verdict") -> None:
    """A verdict for people: word, effects, checks, reasons."""
    line(f"As of {verdict.reading}, grade {verdict.grade}, {verdict.design}: {verdict.sentence}")
    line(verdict.estimand)
    if verdict.effects:
        line("")
        table(
            (("metric", "left"), ("role", "left"), ("variant", "left"), ("effect", "right"), ("method", "left")),
            ((e.metric, str(e.role), e.variant, _effect(e), e.method) for e in verdict.effects),
        )
    if verdict.checks:
        print_checks(verdict.checks)
    lines(verdict.reasons)


def print_checks(checks: "Sequence[Check]") -> None:
    """What a comparison rests on, after an empty line."""
    line("")
    table(
        (("check", "left"), ("", "left"), ("found", "left")),
        ((check.name, _MARKS[check.passed], check.sentence) for check in checks),
    )


def _effect(effect: "Effect") -> str:
    if effect.relative is not None:
        found = effect.relative
        return format_interval(found.value, found.low, found.high)
    if effect.absolute is not None:
        found = effect.absolute
        numbers = f"{found.value:+,.4g} ({found.low:+,.4g} to {found.high:+,.4g})"
        return f"{typographic(numbers)} a {effect.per}"
    return "–"


def join(
    *launches: str,
    near: int = 14,
    dry_run: bool = False,
    common: Common | None = None,
) -> None:
    """Make one launch of several that lie too close to be told apart, so that they are measured together.

    Args:
        launches: Which; at least two. Default: all that follow each other within --near days.
        near: So many days apart is near.
        dry_run: Only say what would be joined.
        common: The options of every command.
    """
    from upshot.api.studies import LAUNCHES_JOIN, LaunchesJoin

    common = common or Common()
    request = LaunchesJoin(names=launches, near_days=near, dry_run=dry_run)
    with open_workspace(common) as workspace:
        done = workspace.call(LAUNCHES_JOIN, request)
    if json_or(common, done):
        return
    for each in done.joint:
        line(f"{each.name}: {counted(len(each.of), 'launch')} from {each.first} to {each.last}: {', '.join(each.of)}")
    if not done.joint:
        line(f"No two launches follow each other within {counted(near, 'day')}.")
