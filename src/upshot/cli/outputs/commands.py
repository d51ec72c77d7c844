"""``upshot output``, ``upshot launch`` and ``upshot ship``: what was shipped."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from upshot.cli.common import Common, open_workspace
from upshot.cli.declarations.declare import tell_applied
from upshot.cli.output import json_or, line, print_json, table
from upshot.core.errors import InvalidInput
from upshot.core.units import counted, one_or_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from upshot.api.operation import Caller
    from upshot.api.outputs import LaunchView, OutputView
    from upshot.outputs.found import Found

__all__ = ["import_csv", "import_git", "list_launches", "list_outputs", "ship"]

_Kind = Literal["bet", "upkeep", "enabling", "compliance"]
_MOST_REMARKS = 20
_MOST_CHANGES = 20


def list_outputs(*, objective: str = "", team: str = "", common: Common | None = None) -> None:
    """List outputs: what was shipped, or will be, with its cost and its launch.

    Args:
        objective: Only those that serve this objective.
        team: Only those of this team.
        common: The options of every command.
    """
    import msgspec

    from upshot.api.outputs import LAUNCH_LIST, OUTPUT_LIST
    from upshot.api.state import Nothing
    from upshot.core.units import format_value

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(OUTPUT_LIST, Nothing())
        titles = {
            launch.name: launch.title or launch.name for launch in workspace.call(LAUNCH_LIST, Nothing()).launches
        }
    shown = tuple(o for o in answer.outputs if o.objective == (objective or o.objective) and o.team == (team or o.team))
    if json_or(common, msgspec.structs.replace(answer, outputs=shown)):
        return
    table(
        (
            ("name", "left"),
            ("title", "left"),
            ("kind", "left"),
            ("days", "right"),
            ("cost", "right"),
            ("launches", "left"),
        ),
        (
            (
                o.name,
                o.title,
                o.kind,
                _days(o),
                format_value(o.cost, "money", answer.currency),
                ", ".join(titles.get(name, name) for name in o.launches),
            )
            for o in shown
        ),
    )
    if any(output.cost_estimated for output in shown):
        line("~ estimated from activity.")


def list_launches(*, common: Common | None = None) -> None:
    """List launches and what else happened, oldest first."""
    from upshot.api.outputs import LAUNCH_LIST
    from upshot.api.state import Nothing

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(LAUNCH_LIST, Nothing())
    if json_or(common, answer):
        return
    rows = [(str(launch.day), launch.name, _how(launch), ", ".join(launch.output_titles)) for launch in answer.launches]
    rows += [(str(a.first_day), a.name, a.kind, a.title) for a in answer.annotations]
    table((("day", "left"), ("name", "left"), ("how", "left"), ("what", "left")), sorted(rows))


def import_git(
    repository: Path = Path(),
    /,
    *,
    name: str = "",
    tag: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    path: tuple[str, ...] = (),
    bot: tuple[str, ...] = (),
    merges: bool = False,
    prune: bool = False,
    dry_run: bool = False,
    common: Common | None = None,
) -> int:
    """Read what was shipped from a local git repository: tags are releases, with the days of work estimated.

    Lines in commit messages and tags say more, such as "Upshot: expects new_subscriptions +5% within 30d" or
    "Upshot: output=saved-songs; kind=upkeep; objective=grow". Importing again changes only what has changed.

    Args:
        repository: Its folder, a bare repository too. Default: where you stand.
        name: What to call it. Default: the folder's name.
        tag: Only tags like this are releases, such as "v*"; may be repeated.
        skip: Tags like this are none, such as "*rc*"; may be repeated. What came from them before is removed.
        path: Only what was changed in this folder or file counts, such as packages/web; may be repeated.
        bot: Whoever commits under a name or an address like this is no person, such as "ci@*"; may be repeated.
        merges: Each merge of the main line is an output; without tags, it is launched when it is merged.
        prune: Also remove what came from this repository before and does not any more.
        dry_run: Only say what would be imported.
        common: The options of every command.
    """
    from upshot.outputs.git import read_repository
    from upshot.outputs.releases import outputs_of

    common = common or Common()
    with _progress(quiet=common.json) as tell:
        read = read_repository(repository, tell, paths=path)
    found = outputs_of(read, name=name, tags=tag or ("*",), skip=skip, merges=merges, programs=bot)
    if not found.outputs:
        raise InvalidInput(
            f"In the repository {name or read.name} there is no release (commits: {len(read.commits):,}).",
            hint="Tag releases, name outputs in commits (Upshot: output=NAME), or try --merges.",
        )
    return _record(common, found, f"git {name or read.name}", prune=prune, dry_run=dry_run)


def import_csv(
    file: Path,
    /,
    *,
    column: tuple[str, ...] = (),
    source: str = "",
    prune: bool = False,
    dry_run: bool = False,
    common: Common | None = None,
) -> int:
    """Read what was shipped from a CSV file: a row for each output, and its launch where a column says when.

    Columns named name, title, kind, objective, team, owner, cost_days, cost_money, expects, at, ref, link and the like
    are recognised. Rows that cannot be used are named with the reason.

    Args:
        file: The file, compressed with gzip or not.
        column: A field and its column, such as title=Summary or title="{package} {tag}"; may be repeated.
        source: What to call where they come from. Default: the file's name.
        prune: Also remove what came from this source before and does not any more.
        dry_run: Only say what would be imported.
        common: The options of every command.
    """
    from upshot.api.state import WORKSPACE_INFO, Nothing
    from upshot.core.time import zone
    from upshot.outputs.table import read_table

    common = common or Common()
    columns = dict(_pair(each) for each in column)
    with open_workspace(common) as workspace:
        days_of = zone(workspace.call(WORKSPACE_INFO, Nothing()).time_zone)
    return _record(common, read_table(file, days_of, columns), source or file.name, prune=prune, dry_run=dry_run)


def ship(
    title: str,
    /,
    *,
    at: str = "",
    output: str = "",
    expects: tuple[str, ...] = (),
    objective: str = "",
    team: str = "",
    kind: _Kind = "bet",
    usage: str = "",
    days: float | None = None,
    audience: tuple[str, ...] = (),
    to: str = "everyone",
    ref: tuple[str, ...] = (),
    link: str = "",
    common: Common | None = None,
) -> int:
    """Say that something reached users: it becomes an output, where there is none of its name, and a launch.

    Args:
        title: What was shipped.
        at: When, such as 2026-03-01 or 2026-03-01T09:00:00+01:00. Default: now.
        output: Its name. Default: made from the title.
        expects: What it should change, such as "new_subscriptions +5% (1..9) within 30d"; may be repeated.
        objective: Which objective it serves.
        team: Which team made it.
        kind: Why it was made. Default: bet.
        usage: The metric that says how many people use it: a feature that next to nobody uses is waste.
        days: What it cost, in days of one person's work.
        audience: Who may have it, as a filter such as "person.plan = free"; may be repeated.
        to: everyone, or a share of the audience such as 25%.
        ref: A commit, ticket or pull request; may be repeated.
        link: Where people read more.
        common: The options of every command.
    """
    from upshot.api.outputs import SHIP, Ship

    common = common or Common()
    with open_workspace(common) as workspace:
        request = Ship(
            title=title,
            name=output,
            at=_instant(workspace, at) if at else None,
            kind=kind,
            objective=objective,
            team=team,
            expects=expects,
            usage=usage,
            cost_days=days,
            audience=audience,
            share=_share(to),
            refs=ref,
            link=link,
        )
        answer = workspace.call(SHIP, request)
    if not json_or(common, answer):
        tell_applied(answer, planned=False)
    return 1 if answer.refused else 0


def _record(common: Common, found: "Found", source: str, *, prune: bool, dry_run: bool) -> int:
    """Keep what was found; what was left out of it is told."""
    from upshot.api.declarations import DeclarationsApplied
    from upshot.api.outputs import OUTPUTS_RECORD, OutputsRecord
    from upshot.core.problems import Problem

    request = OutputsRecord(
        source=source,
        outputs=found.outputs,
        launches=found.launches,
        left_out=found.left_out,
        prune=prune,
        dry_run=dry_run,
    )
    with open_workspace(common) as workspace:
        answer = workspace.call(OUTPUTS_RECORD, request)
    remarks = [Problem(r.message, r.where, 0, r.suggestions, "warning") for r in found.remarks]
    whole = DeclarationsApplied(answer.changes, (*remarks, *answer.problems))
    if common.json:
        print_json(whole)
    else:
        shown = remarks[:_MOST_REMARKS]
        if len(remarks) > len(shown):
            more = len(remarks) - len(shown)
            there_are = f"There {one_or_many(more, 'is', 'are')} {counted(more, 'more such remark')} (--json)."
            shown.append(Problem(there_are, level="warning"))
        tell_applied(
            DeclarationsApplied(answer.changes, (*shown, *answer.problems)),
            planned=dry_run,
            fields_of_new=False,
            most=_MOST_CHANGES,
        )
    return 1 if whole.refused else 0


def _pair(text: str) -> tuple[str, str]:
    field, sign, column = text.partition("=")
    if not (sign and field and column):
        raise InvalidInput(f"{text!r} is not a field and its column.", hint="Write it as title=Summary.")
    return field, column


def _share(text: str) -> float:
    bare = text.removesuffix("%")
    if text in ("everyone", "all"):
        return 1.0
    if bare == text or not bare.replace(".", "", 1).isdigit():
        raise InvalidInput(f"{text!r} is not whom it reaches.", hint="Write everyone, or a share such as 25%.")
    return float(bare) / 100


def _instant(workspace: "Caller", text: str) -> "datetime":
    from upshot.api.state import WORKSPACE_INFO, Nothing
    from upshot.core.instants import read_instant
    from upshot.core.time import zone

    found = read_instant(text, zone(workspace.call(WORKSPACE_INFO, Nothing()).time_zone))
    if found is None:
        raise InvalidInput(f"{text!r} is not a time.", hint="Write it as 2026-03-01 or 2026-03-01T09:00:00+01:00.")
    return found


def _days(output: "OutputView") -> str:
    return "–" if output.cost_days is None else f"{'~' if output.cost_estimated else ''}{output.cost_days:,.4g}"


def _how(launch: "LaunchView") -> str:
    if launch.experiment:
        return f"experiment {launch.experiment}"
    if launch.randomised:
        return "randomised"
    if launch.ramp:
        return " → ".join(f"{share:.0%}" for _, share in launch.ramp)
    return "to everyone" if not launch.audience else "to an audience"


@contextmanager
def _progress(*, quiet: bool) -> "Iterator[Callable[[int, int], None] | None]":
    """A line that counts commits, where people look on."""
    if quiet or not sys.stderr.isatty():
        yield None
        return

    def tell(read: int, count: int) -> None:
        sys.stderr.write(f"\r{read:,} of {counted(count, 'commit')}")
        sys.stderr.flush()

    yield tell
    sys.stderr.write("\r\x1b[K")
