"""``upshot declaration``: what is declared, one kind at a time; its versions; removing and undoing."""

import sys
from typing import TYPE_CHECKING

from upshot.cli.common import Common, open_workspace
from upshot.cli.declarations.declare import tell_applied
from upshot.cli.output import instant, json_or, table
from upshot.core.errors import NotFound

if TYPE_CHECKING:
    from upshot.api.declarations import DeclarationRef, DeclarationsApplied
    from upshot.api.operation import Operation

__all__ = ["history", "list_declarations", "remove", "restore", "show"]


def list_declarations(kind: str, /, *, common: Common | None = None) -> None:
    """List what is declared of one kind.

    Args:
        kind: Which, such as team, objective, output or launch.
        common: The options of every command.
    """
    from upshot.api.declarations import DECLARATION_LIST, DeclarationKind

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(DECLARATION_LIST, DeclarationKind(kind))
    if not json_or(common, answer):
        table(
            (
                ("name", "left"),
                ("version", "right"),
                ("managed", "left"),
                ("from", "left"),
                ("by", "left"),
                ("at", "left"),
            ),
            (
                (d.name, str(d.version), d.managed, d.source, d.created_by, instant(d.created_at))
                for d in answer.declarations
            ),
        )


def show(kind: str, name: str, /, *, common: Common | None = None) -> None:
    """Show one declaration as YAML.

    Args:
        kind: Of which kind, such as objective.
        name: Which.
        common: The options of every command.
    """
    from upshot.api.declarations import DECLARATION_HISTORY, DeclarationRef

    common = common or Common()
    with open_workspace(common) as workspace:
        newest = workspace.call(DECLARATION_HISTORY, DeclarationRef(kind, name)).declarations[-1]
    if newest.removed:
        raise NotFound(kind, name, hint=f"It was removed; `upshot declaration restore {kind} {name}` brings it back.")
    if not json_or(common, newest):
        sys.stdout.write(newest.yaml)


def history(kind: str, name: str, /, *, common: Common | None = None) -> None:
    """Show every version of one declaration, the oldest first.

    Args:
        kind: Of which kind, such as objective.
        name: Which.
        common: The options of every command.
    """
    from upshot.api.declarations import DECLARATION_HISTORY, DeclarationRef

    common = common or Common()
    with open_workspace(common) as workspace:
        answer = workspace.call(DECLARATION_HISTORY, DeclarationRef(kind, name))
    if not json_or(common, answer):
        table(
            (("version", "right"), ("at", "left"), ("by", "left"), ("managed", "left"), ("as", "left")),
            (
                (
                    str(d.version),
                    instant(d.created_at),
                    d.created_by,
                    d.managed,
                    "removed" if d.removed else d.yaml.rstrip(),
                )
                for d in answer.declarations
            ),
        )


def remove(kind: str, name: str, /, *, common: Common | None = None) -> int:
    """Remove one declaration that is not managed from code. Restore brings it back.

    Args:
        kind: Of which kind, such as objective.
        name: Which.
        common: The options of every command.
    """
    from upshot.api.declarations import DECLARATION_REMOVE

    return _change(common or Common(), DECLARATION_REMOVE, kind, name)


def restore(kind: str, name: str, /, *, common: Common | None = None) -> int:
    """Undo the last change of one declaration, or its removal.

    Args:
        kind: Of which kind, such as objective.
        name: Which.
        common: The options of every command.
    """
    from upshot.api.declarations import DECLARATION_RESTORE

    return _change(common or Common(), DECLARATION_RESTORE, kind, name)


def _change(common: Common, operation: "Operation[DeclarationRef, DeclarationsApplied]", kind: str, name: str) -> int:
    from upshot.api.declarations import DeclarationRef

    with open_workspace(common) as workspace:
        answer = workspace.call(operation, DeclarationRef(kind, name))
    if not json_or(common, answer):
        tell_applied(answer, planned=False)
    return 1 if answer.refused else 0
