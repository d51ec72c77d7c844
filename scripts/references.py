"""Write docs/reference from the code: settings, commands, operations. With --check: fail where they are out of step."""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from cyclopts import App

from upshot.api.wire import OPERATIONS_PATH
from upshot.cli.app import app
from upshot.core.settings import setting_table
from upshot.workspace.operations import OPERATIONS

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"


def settings() -> str:
    """The settings' page."""
    rows = [
        "# Settings",
        "",
        "A setting comes from, in this order: its default, `upshot.toml` in the workspace, the environment, a flag;",
        "the later wins. Every variable has a twin that ends in `_FILE` and names a file with the value, for secrets.",
        "`upshot settings` shows each value and where it comes from.",
        "",
        "| key in `upshot.toml` | variable | what is allowed | default | what it does |",
        "|---|---|---|---|---|",
    ]
    for row in setting_table():
        secret = " Never shown." if row.secret else ""
        rows.append(f"| `{row.key}` | `{row.environment}` | {row.type} | `{row.default}` | {row.description}{secret} |")
    return "\n".join(rows) + "\n"


def commands() -> str:
    """The commands' page."""
    rows = [
        "# Commands",
        "",
        "Every command takes `--workspace DIR` (or `UPSHOT_WORKSPACE`; by default the folder it stands in) and",
        "`--json`. Exit codes: 0 done, 1 a user error (two lines: what happened, what to do), 2 wrong usage, 70 a",
        "defect of Upshot, 130 interrupted. With `--json` an error is JSON on the standard error.",
        "",
    ]
    for path, command in _leaves(app, ("upshot",)):
        rows += _command(path, command)
    return "\n".join(rows).rstrip() + "\n"


def api() -> str:
    """The operations' page."""
    rows = [
        "# API",
        "",
        f"`POST {OPERATIONS_PATH}/NAME` with the request as JSON and, where the workspace has access entries,",
        "`Authorization: Bearer TOKEN`. The answer is the response as JSON, or an error status with `code`, `message`",
        "and `hint`. Fields with a default may be left out. Instants are UTC.",
        "",
        "| operation | permission | what is asked | what is answered |",
        "|---|---|---|---|",
    ]
    shapes: dict[str, type[msgspec.Struct]] = {}
    for operation in OPERATIONS:
        request, response = operation.request, operation.response
        rows.append(
            f"| `{operation.name}` | {operation.permission} | [{request.__name__}](#{request.__name__.lower()}) "
            f"| [{response.__name__}](#{response.__name__.lower()}) |"
        )
        for shape in (request, response):
            _collect(shape, shapes)
    for name in sorted(shapes):
        rows += ["", f"## {name}", "", inspect.cleandoc(shapes[name].__doc__ or ""), ""]
        fields = msgspec.structs.fields(shapes[name])
        if fields:
            rows += ["| field | type | default |", "|---|---|---|"]
            hints = get_type_hints(shapes[name])
            rows += [f"| `{f.name}` | {_type(hints[f.name])} | {_default(f)} |" for f in fields]
    return "\n".join(rows) + "\n"


def _leaves(tree: App, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], App]]:
    for name in sorted(n for n in tree if not n.startswith("-")):
        command = tree[name]
        if any(not n.startswith("-") for n in command):
            yield from _leaves(command, (*path, name))
        else:
            yield (*path, name), command


def _command(path: tuple[str, ...], command: App) -> list[str]:
    function = command.default_command
    text, _, described = inspect.cleandoc(function.__doc__ or "").partition("\nArgs:\n")
    rows = [f"## {' '.join(path)}", "", text.strip(), ""]
    about = _described(described)
    listed = []
    for argument in command.assemble_argument_collection():
        if argument.name in ("--workspace", "--json") or not argument.show:
            continue
        names = ", ".join(f"`{n}`" for n in argument.names if not n.startswith("--no-"))
        listed.append(f"| {names} | {about.get(argument.field_info.name, '')} |")
    if listed:
        rows += ["| argument | what it is |", "|---|---|", *listed, ""]
    return rows


def _described(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if line.startswith("    ") and not line.startswith("     "):
            last, _, said = line.strip().partition(": ")
            found[last] = said
        elif last:
            found[last] += " " + line.strip()
    return found


def _collect(shape: Any, shapes: dict[str, type[msgspec.Struct]]) -> None:
    for part in get_args(shape):
        _collect(part, shapes)
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct) and shape.__name__ not in shapes:
        shapes[shape.__name__] = shape
        for hint in get_type_hints(shape).values():
            _collect(hint, shapes)


def _type(hint: Any) -> str:
    origin, parts = get_origin(hint), get_args(hint)
    if hint is type(None):
        return "null"
    if origin is None:
        known = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "Raw": "JSON object"}
        known |= {"date": "day", "datetime": "instant"}
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return f"[{hint.__name__}](#{hint.__name__.lower()})"
        if hasattr(hint, "__members__"):
            return "one of " + ", ".join(f"`{m.value}`" for m in hint)
        name = str(hint.__name__)
        return known.get(name, name)
    if origin is tuple:
        return f"list of {_type(parts[0])}"
    if origin is dict:
        return f"object of {_type(parts[1])}"
    if not isinstance(parts[0], type) and not get_args(parts[0]):
        return "one of " + ", ".join(f"`{p}`" for p in parts)
    return " or ".join(_type(p) for p in parts if p is not msgspec.UnsetType)


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return "absent" if value is msgspec.UNSET else f"`{msgspec.json.encode(value).decode()}`"


def main() -> int:
    """Write the pages, or compare them."""
    pages = {"settings.md": settings(), "cli.md": commands(), "api.md": api()}
    if "--check" in sys.argv[1:]:
        stale = [n for n, text in pages.items() if not (FOLDER / n).is_file() or (FOLDER / n).read_text() != text]
        for name in stale:
            print(f"docs/reference/{name} is out of step with the code: run scripts/references.py", file=sys.stderr)
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
