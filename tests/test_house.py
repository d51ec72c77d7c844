"""Rules of the house that no other check knows."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src" / "upshot").rglob("*.py"))
MODULES = [
    path for path in SOURCES if path.name not in {"__init__.py", "__main__.py"} and "migrations" not in path.parts
]


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_room_never_imports_the_package_root(path: Path) -> None:
    assert "upshot" not in imported(path)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_declares_what_it_exports(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    targets = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    assert "__all__" in targets


def test_names_in_docstrings_and_pages_are_there() -> None:
    named = re.compile(r"``?(upshot(?:\.[A-Za-z_]\w*)+)`")
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    files = {"upshot.toml", "upshot.track"}  # a file, and the name of the tracker's function in the browser
    found = {name for path in (*SOURCES, *pages) for name in named.findall(path.read_text(encoding="utf-8"))}
    assert {name for name in found - files if not _there(name)} == set()


def _there(name: str) -> bool:
    parts = name.split(".")
    for until in range(len(parts), 0, -1):
        try:
            item: object = importlib.import_module(".".join(parts[:until]))
        except ModuleNotFoundError:
            continue
        for part in parts[until:]:
            item = getattr(item, part, None)
        return item is not None
    return False


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_is_short_enough_to_hold_in_one_head(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


def test_engine_drivers_stay_in_engines() -> None:
    homes = {"duckdb", "clickhouse_connect", "pyspark", "chdb"}
    strangers = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if "engines" not in path.relative_to(ROOT / "src" / "upshot").parts[:1]
        and {name.split(".")[0] for name in imported(path)} & homes
    }
    assert strangers == set()


def test_csv_for_people_has_one_writer() -> None:
    # an import writes fields of a file anew for the engine alone
    homes = {"src/upshot/core/csv_text.py", "src/upshot/collect/imports/examine.py"}
    writers = {str(path.relative_to(ROOT)) for path in SOURCES if "csv.writer(" in path.read_text(encoding="utf-8")}
    assert writers == homes


@pytest.mark.parametrize(
    ("sign", "home"),
    [
        ("Did you mean {", "core/suggest.py"),
        ("rapidfuzz", "core/suggest.py"),
        ("import difflib", ""),
        ("OrderedDict[", "core/lru.py"),
    ],
)
def test_what_many_need_is_written_once(sign: str, home: str) -> None:
    homes = {str(path.relative_to(ROOT)) for path in SOURCES if sign in path.read_text(encoding="utf-8")}
    assert homes == ({f"src/upshot/{home}"} if home else set())


def test_kinds_of_metrics_are_named_only_where_a_new_one_is_added() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("\n## A new kind of metric\n")[2].partition("\n## ")[0]
    places = set(re.findall(r"`(src/upshot/[\w/]+\.py)`", section))
    named = {str(path.relative_to(ROOT)) for path in SOURCES if _names_a_kind(path)}
    assert named == places


def _names_a_kind(path: Path) -> bool:
    """Whether the code, and not an example in it, says one of the members, or compares a metric's type with a word."""
    kinds = importlib.import_module("upshot.metrics.kinds")
    members, words = set(kinds.MetricType.__members__), set(kinds.WORDS)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "MetricType":
            if node.attr in members:
                return True
        elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr == "type":
            said = {
                item.value for other in node.comparators for item in ast.walk(other) if isinstance(item, ast.Constant)
            }
            if said & words:
                return True
    return False


def test_committed_files_name_no_package_host() -> None:
    host = re.compile(r'"resolved": *"https?:|https?://[^ ")]+\.(whl|tar\.gz|tgz)\b|(index-url|registry) *= *"?https?:')
    guilty = [
        path.name
        for path in tracked()
        if path.suffix in {".json", ".toml", ".txt", ".lock", ".cfg", ".npmrc", ".md", ".yaml", ".yml"}
        and host.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert guilty == []


def test_light_import_of_the_command_line_pulls_in_nothing_heavy() -> None:
    program = (
        "import sys, upshot.cli; "
        "print(sorted({'ibis','pyarrow','pandas','scipy','numpy','duckdb','sqlalchemy','litestar'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
