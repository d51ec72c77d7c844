"""``upshot access``."""

from typing import Literal

from upshot.cli.common import Common, open_workspace
from upshot.cli.output import instant, json_or, line, lines, table

__all__ = ["add", "list_access", "revoke"]


def add(name: str, /, *, role: Literal["owner", "editor", "viewer"] = "viewer", common: Common | None = None) -> None:
    """Let a person or a program in, and print their token. It is shown this once and stored only as a hash.

    Args:
        name: Who.
        role: A viewer reads, an editor also writes, an owner also imports files and grants access.
            Default: viewer.
        common: The options of every command.
    """
    from upshot.api.access import ACCESS_ADD, AccessAdd

    common = common or Common()
    with open_workspace(common) as workspace:
        token = workspace.call(ACCESS_ADD, AccessAdd(name, role))
    if not json_or(common, token):
        lines((f"{token.name} has access as {token.role}. Their token, shown this once:", token.token))


def list_access(*, common: Common | None = None) -> None:
    """List who has access."""
    from upshot.api.access import ACCESS_LIST
    from upshot.api.state import Nothing

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(ACCESS_LIST, Nothing())
    if json_or(common, answer):
        return
    if not answer.entries:
        line("Nobody: the workspace is served on this machine only, to whoever uses it.")
        return
    table(
        (("name", "left"), ("role", "left"), ("since", "left"), ("last used", "left")),
        ((e.name, e.role, instant(e.created_at), instant(e.last_used_at)) for e in answer.entries),
    )


def revoke(name: str, /, *, common: Common | None = None) -> None:
    """Take access away, from the next request on.

    Args:
        name: Whose.
        common: The options of every command.
    """
    from upshot.api.access import ACCESS_REVOKE, AccessName

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(ACCESS_REVOKE, AccessName(name))
    if not json_or(common, answer):
        line(f"{name} has no access any more.")
