"""``upshot plan``, ``apply`` and ``export``: everything that people declare, as YAML."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from upshot.cli.common import Common, open_workspace
from upshot.cli.metrics.commands import read_text, tell_problems
from upshot.cli.output import json_or, line, print_json
from upshot.core.errors import InvalidInput

if TYPE_CHECKING:
    from upshot.api.declarations import DeclarationChange, DeclarationFile, DeclarationsApplied

__all__ = ["apply", "export", "plan", "tell_applied"]

_FOLDER = "declarations"
_SUFFIXES = frozenset({".yaml", ".yml"})
_SIGNS = {"added": "+", "changed": "~", "removed": "-", "unchanged": " "}
_LONGEST = 100


def plan(*files: str, prune: bool = False, common: Common | None = None) -> int:
    """Show what applying YAML files would change, field by field. Nothing is changed.

    Args:
        files: Files, and folders of them. Default: the folder declarations of the workspace.
        prune: Also show what would be removed, as it came from code before and is in none of the files.
        common: The options of every command.
    """
    common = common or Common()
    return _show(common, _call(common, _read(common, files), prune=prune, dry_run=True), planned=True)


def apply(*files: str, prune: bool = False, yes: bool = False, common: Common | None = None) -> int:
    """Declare what YAML files say: metrics, objectives, outputs, launches and all else. All of it, or nothing.

    What is declared so is changed in its files from then on, and not by hand.

    Args:
        files: Files, and folders of them. Default: the folder declarations of the workspace.
        prune: Also remove what came from code before and is in none of the files.
        yes: Remove without asking.
        common: The options of every command.
    """
    common = common or Common()
    read = _read(common, files)
    if prune and not yes:
        foreseen = _call(common, read, prune=True, dry_run=True)
        if foreseen.refused:
            return _show(common, foreseen, planned=True)
        _ask([change for change in foreseen.changes if change.change == "removed"])
    return _show(common, _call(common, read, prune=prune, dry_run=False), planned=False)


def export(
    *names: str,
    kind: tuple[str, ...] = (),
    to: Annotated[Path | None, Parameter(negative="")] = None,
    common: Common | None = None,
) -> None:
    """Write what is declared as YAML that gives the same again when it is applied.

    Metrics that every workspace has from the start are left out.

    Args:
        names: Which declarations; by default all.
        kind: Only of this kind, such as objective or metric; may be repeated.
        to: A file to write, or a folder that gets a file for each kind. Default: the standard output.
        common: The options of every command.
    """
    from upshot.api.declarations import DECLARATIONS_EXPORT, DeclarationExport

    common = common or Common()
    with open_workspace(common) as workspace:
        if to is not None and (to.is_dir() or not to.suffix):
            from upshot.catalog.kinds import KINDS

            plurals = {"metric": "metrics", **{name: each.PLURAL for name, each in KINDS.items()}}
            asked = kind or tuple(plurals)
            texts = {
                f"{plurals.get(each, each)}.yaml": workspace.call(
                    DECLARATIONS_EXPORT, DeclarationExport((each,), names)
                ).yaml
                for each in asked
            }
            _write(to, texts)
            return
        answer = workspace.call(DECLARATIONS_EXPORT, DeclarationExport(kind, names))
    if to is not None:
        _write(to.parent, {to.name: answer.yaml})
    elif not json_or(common, answer):
        sys.stdout.write(answer.yaml)


def tell_applied(
    applied: "DeclarationsApplied", *, planned: bool, fields_of_new: bool = True, most: int | None = None
) -> None:
    """What changed or would change, for people: a line each, then its fields; then what is wrong.

    Args:
        applied: What was answered.
        planned: Whether it would change only.
        fields_of_new: Whether the fields of what is new are shown.
        most: How many changes are shown; all where None.
    """
    if applied.refused:
        tell_problems(applied.problems)
        line("Nothing is changed while one of these is an error.")
        return
    width = max((len(change.kind) for change in applied.changes), default=0)
    changes = [change for change in applied.changes if change.change != "unchanged"]
    for change in changes[:most]:
        line(f"{_SIGNS[change.change]} {change.kind.ljust(width)}  {change.name}")
        if change.change == "changed" or fields_of_new:
            for each in change.fields:
                before = f"{_shortened(each.before)} → " if change.change == "changed" else ""
                line(f"    {each.field}: {before}{_shortened(each.after)}")
    if most is not None and len(changes) > most:
        line(f"  and {len(changes) - most:,} more")
    tell_problems(applied.problems)
    line(_summary(applied.changes, planned=planned))


def _call(common: Common, files: "tuple[DeclarationFile, ...]", *, prune: bool, dry_run: bool) -> "DeclarationsApplied":
    from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationsApply

    with open_workspace(common) as workspace:
        return workspace.call(DECLARATIONS_APPLY, DeclarationsApply(files, prune, dry_run))


def _read(common: Common, named: Iterable[str]) -> "tuple[DeclarationFile, ...]":
    from upshot.api.declarations import DeclarationFile

    given = tuple(named) or (str(common.folder / _FOLDER),)
    found: list[DeclarationFile] = []
    for name in given:
        path = Path(name).expanduser()
        inside = sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES) if path.is_dir() else [path]
        if not inside:
            raise InvalidInput(f"There is no YAML file in {path}.", hint="Files end in .yaml or .yml.")
        found += [DeclarationFile(each.as_posix(), read_text(each)) for each in inside]
    return tuple(found)


def _show(common: Common, applied: "DeclarationsApplied", *, planned: bool) -> int:
    if common.json:
        print_json(applied)
    else:
        tell_applied(applied, planned=planned, fields_of_new=planned)
    return 1 if applied.refused else 0


def _ask(removed: "list[DeclarationChange]") -> None:
    if not removed:
        return
    names = ", ".join(f"{change.kind} {change.name}" for change in removed)
    what = f"This removes {len(removed)}: {names}."
    if not sys.stdin.isatty():
        raise InvalidInput(what, hint="Add --yes to remove without asking, or leave --prune out. Nothing was changed.")
    sys.stderr.write(f"{what}\nRemove? [y/N] ")
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        raise InvalidInput("Nothing was changed.", hint="Leave --prune out to keep what is no longer in the files.")


def _summary(changes: "Iterable[DeclarationChange]", *, planned: bool) -> str:
    counts = dict.fromkeys(_SIGNS, 0)
    for change in changes:
        counts[change.change] += 1
    words = {"added": "to add", "changed": "to change", "removed": "to remove"} if planned else {}
    return ", ".join(f"{count:,} {words.get(name, name)}" for name, count in counts.items()) + "."


def _shortened(text: str) -> str:
    if not text:
        return "(none)"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _write(folder: Path, texts: dict[str, str]) -> None:
    """Write the files; one that would be empty is written only where it is there already."""
    try:
        folder.expanduser().mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            file = folder.expanduser() / name
            if text or file.exists():
                file.write_text(text, encoding="utf-8")
                line(f"Written: {file}")
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be written: {error.strerror or error}.", hint="Name another.") from None
