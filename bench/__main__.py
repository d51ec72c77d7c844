"""Run every benchmark, one after the other: ``python -m bench [NAME…]`` prints the tables, ``--write`` also files them.

Each benchmark is a module of its own process, so that none warms another. ``--write`` puts the tables into
``docs/benchmarks.md``, with the command that made them; a benchmark that was not run keeps its old table there.
"""

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


def run(name: str) -> tuple[int, str]:
    """Run one benchmark; what it prints is shown as it comes, and kept."""
    command = [sys.executable, "-m", f"bench.{name}"]
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


def main(words: list[str]) -> int:
    """Run what is named, or all; the exit code counts those that failed or missed a goal."""
    names = [word for word in words if not word.startswith("--")]
    chosen = names or sorted(path.stem for path in HERE.glob("bench_*.py"))
    results = {name: run(name) for name in chosen}
    if "--write" in words:
        write({name: text for name, (_, text) in results.items() if text})
    missed = [name for name, (code, _) in results.items() if code]
    if missed:
        print(f"missed a goal or failed: {', '.join(missed)}")
    return len(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
