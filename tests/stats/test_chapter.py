"""The chapter on statistics says what the code does: its example runs, its names exist, its figures are up to date."""

import contextlib
import importlib
import importlib.util
import inspect
import io
import pkgutil
import re
import sys

import pytest

import upshot.stats
from tests.conftest import ROOT
from upshot.stats.tabular import Table

CHAPTER = ROOT / "docs" / "statistics.md"
TEXT = CHAPTER.read_text(encoding="utf-8")
MODULES = [name for _, name, _ in pkgutil.iter_modules(upshot.stats.__path__)]


def test_chapter_example_prints_what_it_says() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block, str(CHAPTER), "exec"), {})
    said = re.findall(r"^# (.*)$", block, flags=re.MULTILINE)
    assert printed.getvalue().splitlines() == said


def test_chapter_names_only_what_exists() -> None:
    exported = {
        "effect.at()",
        *(f"found.{name}()" for name in vars(Table)),
        "found.summary",
        "upshot.stats",
        "upshot.stats.planning",
        "Estimate",
        "plan_risks(...).power_each",
    }
    for module in MODULES:
        exported |= set(importlib.import_module(f"upshot.stats.{module}").__all__)
    text = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
    named = {re.sub(r"\(.+\)$", "", name) if name[0].isupper() else name for name in re.findall(r"`([^`]+)`", text)}
    assert named - exported == set()


def test_chapter_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (CHAPTER.parent / target).is_file(), target


def test_every_public_name_has_an_example() -> None:
    lacking = []
    for module in MODULES:
        loaded = importlib.import_module(f"upshot.stats.{module}")
        for name in loaded.__all__:
            item = getattr(loaded, name)
            if inspect.isfunction(item) and ">>>" not in (item.__doc__ or ""):
                lacking.append(f"{module}.{name}")
    mine = ("bayes", "decisions", "health", "bootstrap", "exact", "scores", "sample_ratio")
    shared = {"bayes.posterior_of", "bayes.shaped_posterior", "bayes.checked_rope", "decisions.checked_alpha"}
    assert [name for name in lacking if name.startswith(mine) and name not in shared] == []


def test_figures_are_what_the_script_draws() -> None:
    spec = importlib.util.spec_from_file_location("figures", ROOT / "scripts" / "figures.py")
    assert spec is not None
    assert spec.loader is not None
    figures = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "figures", figures)
        spec.loader.exec_module(figures)
    for draw in (figures.sequential, figures.margins, figures.posterior, figures.scores, figures.skew):
        drawn = (ROOT / "docs" / "figures" / f"{draw.__name__}.svg").read_text(encoding="utf-8")
        assert draw().svg() == drawn
