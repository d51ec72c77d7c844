"""``upshot key``."""

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import instant, json_or, line, lines, table

__all__ = ["add", "list_keys", "revoke"]


def add(
    name: str,
    /,
    *,
    key: str = "",
    events_a_second: int = 0,
    events_a_day: int = 0,
    common: Common | None = None,
) -> None:
    """Make a write key for an app that sends events. It opens nothing else, so it may stand in a page.

    Args:
        name: What sends with it; the source of its events.
        key: A key that the app in the field has already. Default: a new one.
        events_a_second: How many events it may bring each second on average. Default: no limit.
        events_a_day: How many events it may bring each day of UTC. Default: no limit.
        common: The options of every command.
    """
    from upshot.api.keys import WRITE_KEY_ADD, WriteKeyAdd

    common = common or Common()
    with open_workspace(common) as workspace:
        made = workspace.call(WRITE_KEY_ADD, WriteKeyAdd(name, key, events_a_second, events_a_day))
    if not json_or(common, made):
        lines((f"The write key of {made.name}:", made.key))


def list_keys(*, common: Common | None = None) -> None:
    """List the write keys."""
    from upshot.api.keys import WRITE_KEY_LIST
    from upshot.api.state import Nothing

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(WRITE_KEY_LIST, Nothing())
    if json_or(common, answer):
        return
    if not answer.keys:
        line("None: programs and pages of this machine send without a key.")
        return
    table(
        (
            ("name", "left"),
            ("key", "left"),
            ("events a second", "right"),
            ("events a day", "right"),
            ("since", "left"),
            ("revoked", "left"),
        ),
        (
            (
                k.name,
                k.key,
                f"{k.events_a_second:,}" if k.events_a_second else "no limit",
                f"{k.events_a_day:,}" if k.events_a_day else "no limit",
                instant(k.created_at),
                instant(k.revoked_at) if k.revoked_at else "",
            )
            for k in answer.keys
        ),
    )


def revoke(name: str, /, *, common: Common | None = None) -> None:
    """Refuse a write key from now on.

    Args:
        name: Whose.
        common: The options of every command.
    """
    from upshot.api.keys import WRITE_KEY_REVOKE, WriteKeyName

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(WRITE_KEY_REVOKE, WriteKeyName(name))
    if not json_or(common, answer):
        line(f"Events with the key of {name} are refused from now on.")
