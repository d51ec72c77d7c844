"""Run every benchmark, one after the other: ``python -m bench [NAME…]`` prints the tables, ``--write`` also files them.

``--toy`` runs each at so small a size that all take a minute or two: their figures mean nothing, no goal is judged and
nothing is filed, but a benchmark that no longer runs, or whose two sides no longer agree, fails.

Each benchmark is a module of its own process, so that none warms another. ``--write`` puts the tables into
``docs/benchmarks.md``, with the command that made them; a benchmark that was not run keeps its old table there.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
HEAD = """# Speed

Ratios, side by side in one run on one machine; absolute times are there for orientation. Written by
`python -m bench --write [NAME…]`.
"""
SECTION = re.compile(r"^## `python -m bench\.(\w+)`\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def run(name: str, *, toy: bool) -> tuple[int, str]:
    """Run one benchmark; what it prints is shown as it comes, and kept."""
    command = [sys.executable, "-m", f"bench.{name}", *(["--toy"] if toy else [])]
    lines = []
    with subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            lines.append(line)
    return process.returncode, "".join(lines)


def write(tables: dict[str, str]) -> None:
    """Put the tables into the page, beside those that were not made anew."""
    old = dict(SECTION.findall(PAGE.read_text(encoding="utf-8"))) if PAGE.exists() else {}
    sections = {**old, **tables}
    body = "".join(f"\n## `python -m bench.{name}`\n\n{sections[name].strip()}\n" for name in sorted(sections))
    PAGE.write_text(HEAD + body, encoding="utf-8")


def names() -> list[str]:
    """Every benchmark there is."""
    return sorted(path.stem for path in HERE.glob("bench_*.py"))


def main() -> int:
    """Run what is named, or all; the exit code counts those that failed or missed a goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}; without one, all")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--write", action="store_true", help="file the tables in docs/benchmarks.md")
    one.add_argument("--toy", action="store_true", help="only show that each still runs")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - set(names())):
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(names())}")
    results = {name: run(name, toy=asked.toy) for name in asked.names or names()}
    if asked.write:
        write({name: text for name, (_, text) in results.items() if text})
    missed = [name for name, (code, _) in results.items() if code]
    if missed:
        print(f"{'failed' if asked.toy else 'missed a goal or failed'}: {', '.join(missed)}")
    return len(missed)


if __name__ == "__main__":
    sys.exit(main())
