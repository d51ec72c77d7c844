"""What the room offers at its door: all that is public, each with words and an example that runs."""

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import upshot
import upshot.stats

# Shared among the room's own modules: nothing to call from outside.
INNER_MODULES = {"arguments", "wald", "score", "bayes_laws", "group_sequential_recursion", "contrast", "merging"}
INNER_MODULES |= {"bootstrap_ends", "frame_rows", "randomness", "shown", "tabular"}
INNER_NAMES = {
    *(
        "arm_reasons",
        "baseline_reasons",
        "ALTERNATIVES",
        "NUMBERS",
        "BETTERS",
        "SCALES",
        "TOTALS",
        "checked_alpha",
        "checked_design",
        "checked_rope",
        "checked_weights",
        "CheckedDesign",
        "difference_and_error",
        "first_look",
        "mixture",
    ),
    *(
        "adjusted_by",
        "every",
        "first_reason",
        "group_reasons",
        "outcomes",
        "posterior_of",
        "reasons",
        "sequential_estimates",
    ),
    *("adjusted_by", "mixed_arms", "sequential_reasons", "shaped_posterior", "Tabular"),
}
MODULES = sorted({module.name for module in pkgutil.iter_modules(upshot.stats.__path__)} - INNER_MODULES)
DOCUMENTED = [
    name
    for name in upshot.stats.__all__
    if inspect.isclass(getattr(upshot.stats, name)) or inspect.isfunction(getattr(upshot.stats, name))
]


@pytest.mark.parametrize("module", MODULES)
def test_nothing_public_is_missing(module: str) -> None:
    loaded = importlib.import_module(f"upshot.stats.{module}")
    public = set(loaded.__all__) - INNER_NAMES
    assert public <= set(upshot.stats.__all__)
    for name in public:
        assert getattr(upshot.stats, name) is getattr(loaded, name)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_exported_name_has_an_example(name: str) -> None:
    item = getattr(upshot.stats, name)
    texts = [item.__doc__ or "", *(getattr(part, "__doc__", None) or "" for part in vars(item).values())]
    assert item.__doc__
    assert any(">>>" in text for text in texts)


def test_root_offers_what_it_names() -> None:
    assert all(getattr(upshot, name) is not None for name in upshot.__all__)
    assert set(upshot.__all__) <= set(dir(upshot))
    for package in (upshot, upshot.stats):
        with pytest.raises(AttributeError, match="no_such_name"):
            _ = package.no_such_name


def test_import_loads_no_numbers() -> None:
    probe = "import sys, upshot, upshot.stats; print(sorted({'numpy', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
