"""What people declare: as YAML files, or one at a time."""

from datetime import datetime
from typing import Literal

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.core.problems import Problem

__all__ = [
    "DECLARATIONS_APPLY",
    "DECLARATIONS_EXPORT",
    "DECLARATION_HISTORY",
    "DECLARATION_LIST",
    "DECLARATION_PUT",
    "DECLARATION_REMOVE",
    "DECLARATION_RESTORE",
    "DeclarationChange",
    "DeclarationExport",
    "DeclarationFile",
    "DeclarationKind",
    "DeclarationPut",
    "DeclarationRef",
    "DeclarationText",
    "DeclarationView",
    "DeclarationViews",
    "DeclarationsApplied",
    "DeclarationsApply",
    "FieldChange",
]


class DeclarationFile(msgspec.Struct, frozen=True):
    """One YAML file; ``path`` is its name in messages and what its declarations are managed from."""

    path: str
    text: str


class DeclarationsApply(msgspec.Struct, frozen=True):
    """Declarations and metrics as YAML.

    ``prune`` also removes what came from code before and is no longer in the files. ``dry_run`` only says what would
    change.
    """

    files: tuple[DeclarationFile, ...]
    prune: bool = False
    dry_run: bool = False


class FieldChange(msgspec.Struct, frozen=True):
    """One field, as YAML before and after; empty where it was or is not there."""

    field: str
    before: str
    after: str


class DeclarationChange(msgspec.Struct, frozen=True):
    """What applying did, or would do, to one declaration."""

    kind: str
    name: str
    change: Literal["added", "changed", "removed", "unchanged"]
    fields: tuple[FieldChange, ...] = ()


class DeclarationsApplied(msgspec.Struct, frozen=True):
    """Changes and problems; nothing is changed while one of them is an error, and warnings hinder nothing."""

    changes: tuple[DeclarationChange, ...]
    problems: tuple[Problem, ...]

    @property
    def refused(self) -> bool:
        """Whether nothing was changed because something is wrong."""
        return any(problem.level == "error" for problem in self.problems)


class DeclarationExport(msgspec.Struct, frozen=True):
    """Which kinds to write (none: all), and of them which names (none: all). The kind ``metric`` is one too."""

    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class DeclarationText(msgspec.Struct, frozen=True):
    """YAML that gives the same declarations when it is applied."""

    yaml: str


class DeclarationKind(msgspec.Struct, frozen=True):
    """One kind, such as ``objective``."""

    kind: str


class DeclarationRef(msgspec.Struct, frozen=True):
    """One declaration. ``after`` is the version that the caller has seen; None: whatever is there."""

    kind: str
    name: str
    after: int | None = None


class DeclarationPut(msgspec.Struct, frozen=True):
    """Add or change one declaration by hand. ``body`` holds its fields as JSON, its name too.

    ``after`` is the version that it was made from; 0: there was none; None: whatever is there.
    """

    kind: str
    body: msgspec.Raw
    after: int | None = None


class DeclarationView(msgspec.Struct, frozen=True):
    """A declaration at one version; ``yaml`` is its fields as YAML, ``body`` as JSON."""

    kind: str
    name: str
    version: int
    hash: str
    removed: bool
    managed: Literal["hand", "code", "import"]
    source: str
    created_at: datetime
    created_by: str
    yaml: str
    body: msgspec.Raw


class DeclarationViews(msgspec.Struct, frozen=True):
    """Several of them, or several versions of one, oldest first."""

    declarations: tuple[DeclarationView, ...]


_R, _W = Permission.READ, Permission.WRITE

DECLARATIONS_APPLY = Operation("declarations.apply", _W, DeclarationsApply, DeclarationsApplied, changes=True)
DECLARATIONS_EXPORT = Operation("declarations.export", _R, DeclarationExport, DeclarationText)
DECLARATION_LIST = Operation("declaration.list", _R, DeclarationKind, DeclarationViews)
DECLARATION_HISTORY = Operation("declaration.history", _R, DeclarationRef, DeclarationViews)
DECLARATION_PUT = Operation("declaration.put", _W, DeclarationPut, DeclarationsApplied, changes=True)
DECLARATION_REMOVE = Operation("declaration.remove", _W, DeclarationRef, DeclarationsApplied, changes=True)
DECLARATION_RESTORE = Operation("declaration.restore", _W, DeclarationRef, DeclarationsApplied, changes=True)
