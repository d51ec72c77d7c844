"""``upshot data quarantine``, ``replay`` and ``breakages``."""

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import instant, json_or, line, table

__all__ = ["breakages", "quarantine", "replay"]

_SHOWN_RAW = 80


def quarantine(*, source: str = "", limit: int = 20, common: Common | None = None) -> None:
    """List messages of clients that could not become events, newest first, with the reason.

    Args:
        source: Only of this source.
        limit: How many to show. Default: 20.
        common: The options of every command.
    """
    from upshot.api.collect import QUARANTINE_LIST, QuarantineQuery

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(QUARANTINE_LIST, QuarantineQuery(limit, source))
    if json_or(common, answer):
        return
    if not answer.total:
        line("Every message became an event.")
        return
    table(
        (("id", "left"), ("received", "left"), ("source", "left"), ("reason", "left"), ("message", "left")),
        ((m.id, instant(m.received_at), m.source, m.reason, m.raw[:_SHOWN_RAW]) for m in answer.messages),
        title=f"{answer.total:,} in quarantine, {len(answer.messages):,} shown",
    )


def replay(*, source: str = "", id: str = "", common: Common | None = None) -> None:  # noqa: A002  # the option's name
    """Try messages of the quarantine again, after what refused them was put right. Each becomes an event once.

    Args:
        source: Only those of this source.
        id: Only this one.
        common: The options of every command.
    """
    from upshot.api.collect import QUARANTINE_REPLAY, QuarantineReplay

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(QUARANTINE_REPLAY, QuarantineReplay(id, source))
    if not json_or(common, answer):
        line(f"{answer.left:,} became events; {answer.stay:,} stay in quarantine.")


def breakages(*, common: Common | None = None) -> None:
    """List how events broke the tracking plan since the server started, by version of the SDK.

    Args:
        common: The options of every command.
    """
    from upshot.api.collect import TRACKING_BREAKAGES
    from upshot.api.state import Nothing

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(TRACKING_BREAKAGES, Nothing())
    if json_or(common, answer):
        return
    if not answer.breakages:
        line("Nothing broke the tracking plan.")
        return
    table(
        (("event", "left"), ("problem", "left"), ("sdk", "left"), ("source", "left"), ("times", "right")),
        ((b.event, b.problem, b.sdk or "not said", b.source, f"{b.count:,}") for b in answer.breakages),
    )
