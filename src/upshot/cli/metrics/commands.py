"""``upshot metric list``, ``show`` and ``apply``."""

from pathlib import Path
from typing import TYPE_CHECKING

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import json_or, line, lines, print_json, table
from upshot.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from upshot.api.metrics import MetricApplied
    from upshot.core.problems import Problem

__all__ = ["apply", "list_metrics", "read_text", "show", "tell_problems"]


def list_metrics(*, common: Common | None = None) -> None:
    """List all metrics."""
    from upshot.api.metrics import METRIC_LIST
    from upshot.api.state import Nothing

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(METRIC_LIST, Nothing())
    if not json_or(common, answer):
        table(
            (("name", "left"), ("type", "left"), ("unit", "left"), ("version", "right"), ("title", "left")),
            ((m.name, m.type, m.unit, str(m.version), m.title) for m in answer.metrics),
        )


def show(name: str, /, *, common: Common | None = None) -> None:
    """Show one metric's definition.

    Args:
        name: Which.
        common: The options of every command.
    """
    from upshot.api.metrics import METRIC_SHOW, MetricName

    common = common or Common()
    with open_workspace(common) as workspace:
        metric = workspace.call(METRIC_SHOW, MetricName(name))
    if not json_or(common, metric):
        lines((f"# {metric.title}, version {metric.version}, {metric.hash[:12]}", metric.definition.rstrip()))


def apply(*files: Path, dry_run: bool = False, common: Common | None = None) -> int:
    """Add or change metrics from YAML files. Where one definition is wrong, its file changes nothing.

    Args:
        files: The files; by default metrics/*.yaml in the workspace.
        dry_run: Only say what would change.
        common: The options of every command.
    """
    from upshot.api.metrics import METRIC_APPLY, MetricApplied, MetricApply

    common = common or Common()
    chosen = files or tuple(sorted((common.folder / "metrics").glob("*.yaml")))
    if not chosen:
        raise InvalidInput(f"There is no file in {common.folder / 'metrics'}.", hint="Name the files to apply.")
    texts = [(read_text(file), file.name) for file in chosen]
    with open_workspace(common) as workspace:
        answers = [workspace.call(METRIC_APPLY, MetricApply(text, name, dry_run)) for text, name in texts]
    whole = MetricApplied(tuple(c for a in answers for c in a.changes), tuple(p for a in answers for p in a.problems))
    if common.json:
        print_json(whole)
    else:
        _tell(whole, dry_run=dry_run)
    return 1 if any(problem.level == "error" for problem in whole.problems) else 0


def read_text(file: Path) -> str:
    """The text of a file of definitions.

    Raises:
        InvalidInput: It cannot be read.
    """
    try:
        return file.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}.", hint="Name a YAML file in UTF-8.") from None


def _tell(applied: "MetricApplied", *, dry_run: bool) -> None:
    for change in applied.changes:
        line(f"{'would be ' if dry_run and change.change != 'unchanged' else ''}{change.change}  {change.name}")
    tell_problems(applied.problems)


def tell_problems(problems: "Iterable[Problem]") -> None:
    """One line for each problem: where, what, and the nearest right words."""
    for problem in problems:
        line(str(problem))
