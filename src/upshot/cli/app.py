"""The tree of commands, and what becomes of errors.

Commands are named by import path, so that running one loads no other.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from cyclopts import App, CycloptsError, Parameter

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
_COMMANDS = {
    "apply": (
        "upshot.cli.declare:apply",
        "Declare what YAML files say: metrics, objectives, outputs, launches and all else. All of it, or nothing.",
    ),
    "decide": (
        "upshot.cli.ledger:decide",
        "Write down what was decided about a launch.",
    ),
    "demo": (
        "upshot.cli.demo:demo",
        "Open the books of Tempo, a simulated music service whose truth is known, and serve them.",
    ),
    "export": (
        "upshot.cli.declare:export",
        "Write what is declared as YAML that gives the same again when it is applied.",
    ),
    "init": (
        "upshot.cli.init:init",
        "Make a workspace: a folder with settings, an empty event store and an empty catalog.",
    ),
    "doctor": (
        "upshot.cli.doctor:doctor",
        "Say what is wrong with the workspace and what to do. The exit code is 1 when something is an error.",
    ),
    "ledger": (
        "upshot.cli.ledger:ledger",
        "List each output with its cost, expectation, effect, evidence, verdict and worth.",
    ),
    "plan": (
        "upshot.cli.declare:plan",
        "Show what applying YAML files would change, field by field. Nothing is changed.",
    ),
    "serve": (
        "upshot.cli.serve:serve",
        "Serve the workspace's pages and its API until Ctrl-C or SIGTERM. Commands then go through the server.",
    ),
    "ship": (
        "upshot.cli.outputs:ship",
        "Say that something reached users: it becomes an output, where there is none of its name, and a launch.",
    ),
    "settings": (
        "upshot.cli.settings:settings",
        "Show every setting, its value and where that comes from.",
    ),
    "verify": (
        "upshot.cli.studies:verify",
        "Conclude a verdict again from its own snapshot and compare every digit.",
    ),
    "version": (
        "upshot.cli.version:version",
        "Print the versions of Upshot, Python and the event store's engine.",
    ),
}
"""Commands by name: where each stands, and what it does, so that a list of all loads none."""
_GROUPS = {
    "import": (
        "Bring in what other systems recorded.",
        {"events": "upshot.cli.imports:events", "series": "upshot.cli.series_import:series"},
    ),
    "metric": (
        "Define metrics and ask them.",
        {
            "list": "upshot.cli.metrics:list_metrics",
            "show": "upshot.cli.metrics:show",
            "apply": "upshot.cli.metrics:apply",
            "query": "upshot.cli.query:query",
            "retention": "upshot.cli.query:retention",
        },
    ),
    "dashboard": (
        "Keep dashboards as code.",
        {
            "list": "upshot.cli.dashboards:list_dashboards",
            "apply": "upshot.cli.dashboards:apply",
            "export": "upshot.cli.dashboards:export",
            "delete": "upshot.cli.dashboards:delete",
            "restore": "upshot.cli.dashboards:restore",
        },
    ),
    "declaration": (
        "See what is declared, its versions, and undo changes.",
        {
            "list": "upshot.cli.declarations:list_declarations",
            "show": "upshot.cli.declarations:show",
            "history": "upshot.cli.declarations:history",
            "remove": "upshot.cli.declarations:remove",
            "restore": "upshot.cli.declarations:restore",
        },
    ),
    "objective": (
        "See whether we are on course.",
        {"list": "upshot.cli.objectives:list_objectives", "show": "upshot.cli.objectives:show"},
    ),
    "output": (
        "See what was shipped, and bring it in.",
        {"list": "upshot.cli.outputs:list_outputs"},
    ),
    "launch": ("See when it reached users.", {"list": "upshot.cli.outputs:list_launches"}),
    "data": (
        "See what the store holds.",
        {
            "events": "upshot.cli.data:events",
            "properties": "upshot.cli.data:properties",
            "rejects": "upshot.cli.data:rejects",
            "quarantine": "upshot.cli.quarantine:quarantine",
            "replay": "upshot.cli.quarantine:replay",
            "breakages": "upshot.cli.quarantine:breakages",
        },
    ),
    "survey": (
        "Bring in what users answered, and read the score.",
        {
            "list": "upshot.cli.surveys:list_surveys",
            "import": "upshot.cli.surveys:import_answers",
            "score": "upshot.cli.surveys:score",
        },
    ),
    "study": (
        "See what launches did, and what the next one could show.",
        {
            "list": "upshot.cli.studies:list_studies",
            "read": "upshot.cli.studies:read",
            "join": "upshot.cli.studies:join",
            "plan": "upshot.cli.studies:plan",
        },
    ),
    "experiment": (
        "Read experiments.",
        {
            "list": "upshot.cli.experiments:list_experiments",
            "show": "upshot.cli.experiments:show",
            "check": "upshot.cli.experiment_check:check",
            "analyse": "upshot.cli.experiment_analyse:analyse",
        },
    ),
    "facts": ("Keep unit-day facts fresh.", {"refresh": "upshot.cli.data:refresh"}),
    "access": (
        "Say who may come in.",
        {"add": "upshot.cli.access:add", "list": "upshot.cli.access:list_access", "revoke": "upshot.cli.access:revoke"},
    ),
    "key": (
        "Say which apps may send events.",
        {"add": "upshot.cli.keys:add", "list": "upshot.cli.keys:list_keys", "revoke": "upshot.cli.keys:revoke"},
    ),
}
_SUBGROUPS = {
    ("output", "import"): (
        "Read outputs and launches from where the team keeps them.",
        {"git": "upshot.cli.outputs:import_git", "csv": "upshot.cli.outputs:import_csv"},
    ),
}
for _name, (_path, _help) in _COMMANDS.items():
    app.command(_path, name=_name, help=_help)
for _name, (_help, _commands) in _GROUPS.items():
    _group = App(name=_name, help=_help)
    for _command, _path in _commands.items():
        _group.command(_path, name=_command)
    for (_above, _below), (_text, _inside) in _SUBGROUPS.items():
        if _above == _name:
            _subgroup = App(name=_below, help=_text)
            for _command, _path in _inside.items():
                _subgroup.command(_path, name=_command)
            _group.command(_subgroup)
    app.command(_group)


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
