"""For each operation on declarations, a request that an owner's call meets."""

from collections.abc import Callable

import msgspec

from upshot.api.declarations import (
    DECLARATION_HISTORY,
    DECLARATION_LIST,
    DECLARATION_PUT,
    DECLARATION_REMOVE,
    DECLARATION_RESTORE,
    DECLARATIONS_APPLY,
    DECLARATIONS_EXPORT,
    DeclarationExport,
    DeclarationFile,
    DeclarationKind,
    DeclarationPut,
    DeclarationRef,
    DeclarationsApply,
)
from upshot.api.objectives import OBJECTIVE_LIST, OBJECTIVE_SHOW, ObjectiveName
from upshot.api.operation import Caller
from upshot.api.outputs import (
    LAUNCH_LIST,
    OUTPUT_LIST,
    OUTPUT_SHOW,
    OUTPUTS_RECORD,
    SHIP,
    OutputName,
    OutputsRecord,
    Ship,
)
from upshot.api.state import Nothing

__all__ = ["declaration_requests"]


def declaration_requests(owner: Caller) -> dict[str, Callable[[], msgspec.Struct]]:
    """Requests by the operation's name; those about a declaration find it."""

    def put(title: str = "") -> DeclarationPut:
        return DeclarationPut("team", msgspec.Raw(msgspec.json.encode({"name": "growth", "title": title})))

    def there() -> DeclarationRef:
        owner.call(DECLARATION_PUT, put())
        return DeclarationRef("team", "growth")

    def changed() -> DeclarationRef:
        there()
        owner.call(DECLARATION_PUT, put("Growth"))
        return DeclarationRef("team", "growth")

    def shipped() -> OutputName:
        owner.call(SHIP, Ship(title="Saved songs"))
        return OutputName("saved-songs")

    def aimed() -> ObjectiveName:
        body = {"name": "grow", "metric": "events", "target": "+5%", "starts": "2024-01-08", "due": "2024-02-01"}
        owner.call(DECLARATION_PUT, DeclarationPut("objective", msgspec.Raw(msgspec.json.encode(body))))
        return ObjectiveName("grow")

    return {
        DECLARATIONS_APPLY.name: lambda: DeclarationsApply((DeclarationFile("a.yaml", "teams: [{name: growth}]"),)),
        DECLARATIONS_EXPORT.name: DeclarationExport,
        DECLARATION_LIST.name: lambda: DeclarationKind("team"),
        DECLARATION_HISTORY.name: there,
        DECLARATION_PUT.name: put,
        DECLARATION_REMOVE.name: there,
        DECLARATION_RESTORE.name: changed,
        OBJECTIVE_LIST.name: Nothing,
        OBJECTIVE_SHOW.name: aimed,
        OUTPUT_LIST.name: Nothing,
        OUTPUT_SHOW.name: shipped,
        LAUNCH_LIST.name: Nothing,
        SHIP.name: lambda: Ship(title="Saved songs"),
        OUTPUTS_RECORD.name: lambda: OutputsRecord(source="git tempo"),
    }
