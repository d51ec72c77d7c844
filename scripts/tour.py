"""Take the README's tour: run its commands, in order, in an empty folder, with the first ``upshot`` on the path."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
TOUR = re.compile(r"<!-- tour -->\s*```sh\n(.*?)```", re.DOTALL)


def main() -> int:
    """Run every block that the README marks as part of the tour; stop at the first command that fails."""
    blocks = TOUR.findall(README.read_text(encoding="utf-8"))
    if not blocks:
        sys.exit("The README marks no block with <!-- tour -->.")
    with tempfile.TemporaryDirectory(prefix="upshot-tour-") as folder:
        done = subprocess.run(["bash", "-euo", "pipefail", "-v", "-c", "\n".join(blocks)], cwd=folder, check=False)
    print(f"tour: {len(blocks)} blocks, exit code {done.returncode}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
