"""Run every benchmark, one after the other, and print their tables: ``python -m bench [NAME…]``."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(names: list[str]) -> int:
    """Each benchmark is a module of its own process, so that none warms another."""
    chosen = names or sorted(path.stem for path in HERE.glob("bench_*.py"))
    failed = [
        name for name in chosen if subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    ]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
