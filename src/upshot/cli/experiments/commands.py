"""``upshot experiment``."""

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import json_or, line, table
from upshot.cli.studies.commands import print_verdict
from upshot.core.units import counted

__all__ = ["list_experiments", "show"]


def list_experiments(*, common: Common | None = None) -> None:
    """List the experiments, the newest first.

    Args:
        common: The options of every command.
    """
    from upshot.api.state import Nothing
    from upshot.api.studies import EXPERIMENT_LIST

    common = common or Common()
    with open_workspace(common) as workspace:
        found = workspace.call(EXPERIMENT_LIST, Nothing())
    if json_or(common, found):
        return
    table(
        (("experiment", "left"), ("launch", "left"), ("state", "left"), ("days", "left"), ("verdict", "left")),
        (
            (each.title, each.launch, each.state, f"{each.starts} to {each.ends or '…'}", each.sentence or "–")
            for each in found.experiments
        ),
        title=counted(len(found.experiments), "experiment"),
    )


def show(name: str, *, common: Common | None = None) -> None:
    """Show an experiment's readout: arms, checks, effects, and the verdict or a peek that decides nothing.

    Args:
        name: Which experiment.
        common: The options of every command.
    """
    from upshot.api.studies import EXPERIMENT_SHOW, ExperimentName

    common = common or Common()
    with open_workspace(common) as workspace:
        found = workspace.call(EXPERIMENT_SHOW, ExperimentName(name))
    if json_or(common, found):
        return
    line(f"{found.experiment.title} ({found.experiment.state}), {found.experiment.starts} to {found.experiment.ends}")
    for text in found.hypothesis:
        line(f"Expected: {text}")
    total = sum(arm.units for arm in found.arms)
    table(
        (("variant", "left"), ("units", "right"), ("share", "right"), ("planned", "right")),
        (
            (arm.name, f"{arm.units:,}", f"{arm.units / total:.1%}" if total else "–", f"{arm.expected_share:.1%}")
            for arm in found.arms
        ),
    )
    if found.note:
        line(found.note)
    if found.verdict is not None:
        print_verdict(found.verdict)
