"""The tree of commands, and what becomes of errors.

Each area names its commands by import path, so that running one loads no other.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from cyclopts import App, CycloptsError, Parameter

from upshot.cli import (
    access,
    dashboards,
    data,
    declarations,
    experiments,
    imports,
    keys,
    ledger,
    metrics,
    objectives,
    outputs,
    studies,
    surveys,
    workspace,
)
from upshot.cli.area import Group
from upshot.core.errors import UserError

__all__ = ["EXIT_INTERNAL", "EXIT_INTERRUPTED", "EXIT_USAGE", "EXIT_USER", "Interrupted", "app", "main"]

EXIT_USER = 1
EXIT_USAGE = 2
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with a word about what to do next."""


def _version() -> str:
    from importlib.metadata import version

    return version("upshot")


app = App(
    name="upshot",
    help="Outcomes, not output: what users do, and what each shipped thing changed.",
    version=_version,
    suppress_keyboard_interrupt=False,
    help_format="markdown",
    default_parameter=Parameter(show_default=False, negative=""),
)
_AREAS = (
    access,
    dashboards,
    data,
    declarations,
    experiments,
    imports,
    keys,
    ledger,
    metrics,
    objectives,
    outputs,
    studies,
    surveys,
    workspace,
)


def _group(group: Group) -> App:
    made = App(name=group.name, help=group.help)
    for name, path in group.commands.items():
        made.command(path, name=name)
    for inside in group.groups:
        made.command(_group(inside))
    return made


for _area in _AREAS:
    for _command in _area.AREA.commands:
        app.command(_command.path, name=_command.name, help=_command.help)
    for _one in _area.AREA.groups:
        app.command(_group(_one))


def main(tokens: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        tokens: Its words; those of the process when None.

    Returns:
        The exit code: 0 done, 1 a user error, 2 wrong usage, 70 a defect of Upshot, 130 interrupted.
    """
    words = list(sys.argv[1:] if tokens is None else tokens)
    try:
        result = app(words, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError as error:
        _say(words, "usage", _sentence(str(error)), f"`{_help_command(words)}` shows what is allowed.")
        return EXIT_USAGE
    except UserError as error:
        _say(words, error.code, error.message, error.hint)
        return EXIT_USER
    except KeyboardInterrupt as error:
        _say(words, "interrupted", "Interrupted.", str(error))
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _close_stdout()
        return EXIT_USER
    except Exception as error:
        _say_internal(words, error)
        return EXIT_INTERNAL
    return result if isinstance(result, int) else 0


def exit_with_main() -> NoReturn:
    """Run the process's command and end the process."""
    sys.exit(main())


def _help_command(words: Sequence[str]) -> str:
    command: list[str] = []
    tree = app
    for word in words:
        if word.startswith("-") or word not in tree:
            break
        command.append(word)
        tree = tree[word]
    return " ".join(["upshot", *command, "--help"])


def _sentence(text: str) -> str:
    line = " ".join(text.split())
    return line if line.endswith((".", "?", "!")) else f"{line}."


def _say(words: Sequence[str], code: str, message: str, hint: str) -> None:
    if "--json" in words:
        import msgspec

        error = {"error": {"code": code, "message": message, "hint": hint}}
        sys.stderr.write(msgspec.json.encode(error).decode() + "\n")
        return
    sys.stderr.write(f"{message}\n")
    if hint:
        sys.stderr.write(f"{hint}\n")


def _say_internal(words: Sequence[str], error: Exception) -> None:
    if "--json" not in words or os.environ.get("UPSHOT_DEBUG"):
        traceback.print_exception(error, file=sys.stderr)
    _say(
        words,
        "internal",
        f"Upshot failed: {type(error).__name__}: {' '.join(str(error).split())}",
        "This is a defect; please report the lines above.",
    )


def _close_stdout() -> None:
    """Nobody reads any more: keep the interpreter from failing once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
