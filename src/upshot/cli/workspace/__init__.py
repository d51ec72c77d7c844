"""The workspace itself: making, serving and looking after it."""

from upshot.cli.area import Area, Command

__all__ = ["AREA"]

AREA = Area(
    commands=(
        Command(
            "demo",
            "upshot.cli.workspace.demo:demo",
            "Open the books of Tempo, a simulated music service whose truth is known, and serve them.",
        ),
        Command(
            "init",
            "upshot.cli.workspace.init:init",
            "Make a workspace: a folder with settings, an empty event store and an empty catalog.",
        ),
        Command(
            "doctor",
            "upshot.cli.workspace.doctor:doctor",
            "Say what is wrong with the workspace and what to do. The exit code is 1 when something is an error.",
        ),
        Command(
            "serve",
            "upshot.cli.workspace.serve:serve",
            "Serve the workspace's pages and its API until Ctrl-C or SIGTERM. Commands then go through the server.",
        ),
        Command(
            "settings",
            "upshot.cli.workspace.settings:settings",
            "Show every setting, its value and where that comes from.",
        ),
        Command(
            "version",
            "upshot.cli.workspace.version:version",
            "Print the versions of Upshot, Python and the event store's engine.",
        ),
    ),
)
