"""``upshot data`` and ``upshot facts``."""

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import instant, json_or, line, table

__all__ = ["events", "properties", "refresh", "rejects"]

_SHOWN_RAW = 100


def events(*, common: Common | None = None) -> None:
    """List the event names that came in, most frequent first."""
    from upshot.api.data import DATA_EVENTS
    from upshot.api.state import Nothing

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(DATA_EVENTS, Nothing())
    if json_or(common, answer):
        return
    if not answer.events:
        line("No event has come in yet.")
        return
    table(
        (
            ("event", "left"),
            ("events", "right"),
            ("persons", "right"),
            ("without a person", "right"),
            ("first", "left"),
            ("last", "left"),
            ("last received", "left"),
        ),
        (
            (
                e.event,
                f"{e.count:,}",
                f"{e.units:,}",
                f"{e.without_unit:,}",
                instant(e.first_at),
                instant(e.last_at),
                instant(e.last_received_at),
            )
            for e in answer.events
        ),
    )


def properties(event: str = "", /, *, common: Common | None = None) -> None:
    """List the properties of events, with some values, from a sample of the newest.

    Args:
        event: Of this event only; of all when empty.
        common: The options of every command.
    """
    from upshot.api.data import DATA_PROPERTIES, EventName

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(DATA_PROPERTIES, EventName(event))
    if json_or(common, answer):
        return
    table(
        (("property", "left"), ("types", "left"), ("of events", "right"), ("values", "left")),
        ((p.name, ", ".join(p.types), f"{p.share:.1%}", ", ".join(p.examples)) for p in answer.properties),
        title=f"From the {answer.sampled:,} newest events",
    )


def rejects(*, limit: int = 20, common: Common | None = None) -> None:
    """List rows that could not become events, newest first, with the reason.

    Args:
        limit: How many to show. Default: 20.
        common: The options of every command.
    """
    from upshot.api.data import DATA_REJECTS, RejectsQuery

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(DATA_REJECTS, RejectsQuery(limit))
    if json_or(common, answer):
        return
    if not answer.total:
        line("No row was rejected.")
        return
    table(
        (("source", "left"), ("line", "right"), ("reason", "left"), ("row", "left")),
        ((r.source, str(r.line), r.reason, r.raw[:_SHOWN_RAW]) for r in answer.rejects),
        title=f"{answer.total:,} rejected, {len(answer.rejects):,} shown",
    )


def refresh(*, common: Common | None = None) -> None:
    """Rebuild the facts of days with new events. Answers are right without it, and faster after it."""
    from upshot.api.data import FACTS_REFRESH
    from upshot.api.state import Nothing

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(FACTS_REFRESH, Nothing())
    if not json_or(common, answer):
        line("All facts are fresh.")
