"""``upshot dashboard list``, ``apply``, ``export``, ``delete`` and ``restore``."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from upshot.cli.common import Common, open_workspace
from upshot.cli.metrics.commands import read_text, tell_problems
from upshot.cli.output import instant, json_or, line, print_json, table
from upshot.core.errors import InvalidInput

__all__ = ["apply", "delete", "export", "list_dashboards", "restore"]


def list_dashboards(*, common: Common | None = None) -> None:
    """List all dashboards."""
    from upshot.api.dashboards import DASHBOARD_LIST
    from upshot.api.state import Nothing

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(DASHBOARD_LIST, Nothing())
    if json_or(common, answer):
        return
    if not answer.dashboards:
        line("There is no dashboard yet. Make one on the page Dashboards, or apply a YAML file.")
        return
    table(
        (
            ("name", "left"),
            ("title", "left"),
            ("tiles", "right"),
            ("version", "right"),
            ("managed from", "left"),
            ("changed", "left"),
        ),
        (
            (
                d.dashboard.name,
                d.dashboard.title,
                str(len(d.dashboard.tiles)),
                str(d.version),
                (d.source or "code") if d.managed else "",
                instant(d.changed_at),
            )
            for d in answer.dashboards
        ),
    )


def apply(*files: Path, dry_run: bool = False, common: Common | None = None) -> int:
    """Add or change dashboards from YAML files. Where one is wrong, its file changes nothing.

    What is applied is managed from code: the pages show it and leave it as it is.

    Args:
        files: The files; by default dashboards/*.yaml in the workspace.
        dry_run: Only say what would change.
        common: The options of every command.
    """
    from upshot.api.dashboards import DASHBOARD_APPLY, DashboardApply, DashboardsApplied

    common = common or Common()
    chosen = files or tuple(sorted((common.folder / "dashboards").glob("*.yaml")))
    if not chosen:
        raise InvalidInput(f"There is no file in {common.folder / 'dashboards'}.", hint="Name the files to apply.")
    texts = [(read_text(file), file.name) for file in chosen]
    with open_workspace(common) as workspace:
        answers = [workspace.call(DASHBOARD_APPLY, DashboardApply(text, name, dry_run)) for text, name in texts]
    whole = DashboardsApplied(
        tuple(c for a in answers for c in a.changes), tuple(p for a in answers for p in a.problems)
    )
    if common.json:
        print_json(whole)
    else:
        for change in whole.changes:
            line(f"{'would be ' if dry_run and change.change != 'unchanged' else ''}{change.change}  {change.name}")
        tell_problems(whole.problems)
    return 1 if any(problem.level == "error" for problem in whole.problems) else 0


def export(
    *names: str,
    out: Annotated[Path | None, Parameter(negative="")] = None,
    common: Common | None = None,
) -> None:
    """Write dashboards as YAML, which apply reads back without loss.

    Args:
        names: Which; by default all.
        out: The file to write; by default the standard output.
        common: The options of every command.
    """
    from upshot.api.dashboards import DASHBOARD_LIST, DASHBOARD_SHOW, DashboardList, DashboardName
    from upshot.api.state import Nothing
    from upshot.workspace.dashboard_text import dashboards_to_yaml

    common = common or Common()
    with open_workspace(common) as workspace:
        if names:
            answer = DashboardList(tuple(workspace.call(DASHBOARD_SHOW, DashboardName(name)) for name in names))
        else:
            answer = workspace.call(DASHBOARD_LIST, Nothing())
    text = dashboards_to_yaml(view.dashboard for view in answer.dashboards)
    if out is not None:
        try:
            out.expanduser().write_text(text, encoding="utf-8")
        except OSError as error:
            raise InvalidInput(
                f"{out} cannot be written: {error.strerror or error}.", hint="Name another file."
            ) from None
    if not json_or(common, answer) and out is None:
        sys.stdout.write(text)


def delete(name: str, /, *, common: Common | None = None) -> None:
    """Delete a dashboard, also one that is managed from code. Restore brings it back.

    Args:
        name: Which.
        common: The options of every command.
    """
    from upshot.api.dashboards import DASHBOARD_DELETE, DashboardDelete

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(DASHBOARD_DELETE, DashboardDelete(name, even_if_managed=True))
    if not json_or(common, answer):
        line(f"Deleted {name}. To bring it back: upshot dashboard restore {name}")


def restore(name: str, /, *, version: int = 0, common: Common | None = None) -> None:
    """Undo the last change of a dashboard, or its deletion.

    Args:
        name: Which.
        version: Put it back as it was at this version instead.
        common: The options of every command.
    """
    from upshot.api.dashboards import DASHBOARD_RESTORE, DashboardRestore

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(DASHBOARD_RESTORE, DashboardRestore(name, version))
    if not json_or(common, answer):
        line(f"{name} is back, as version {answer.version}.")
