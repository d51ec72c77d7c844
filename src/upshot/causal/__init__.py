"""Counterfactual estimators on series and panels: arrays in, estimates or named refusals out.

What people use is reached from here (``from upshot.causal import Series, Window, assess``) and loaded when it is first
asked for. The modules may be imported directly as well.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upshot.causal.assessment import Assessment, Path, Reading, assess
    from upshot.causal.calendar import Step
    from upshot.causal.checks import ControlCheck, FitCheck
    from upshot.causal.description import BeforeAfter, before_after
    from upshot.causal.drawing import drawn
    from upshot.causal.planning import Detectable, Split, Way, minimal_detectable_effect, ways_of_launching
    from upshot.causal.refusal import Refusal, RefusalCode
    from upshot.causal.series import Series, Window
    from upshot.causal.trajectory import Trajectory

__all__ = [
    "Assessment",
    "BeforeAfter",
    "ControlCheck",
    "Detectable",
    "FitCheck",
    "Path",
    "Reading",
    "Refusal",
    "RefusalCode",
    "Series",
    "Split",
    "Step",
    "Trajectory",
    "Way",
    "Window",
    "assess",
    "before_after",
    "drawn",
    "minimal_detectable_effect",
    "ways_of_launching",
]

_NAMES = {
    "assessment": "Assessment Path Reading assess",
    "calendar": "Step",
    "checks": "ControlCheck FitCheck",
    "description": "BeforeAfter before_after",
    "drawing": "drawn",
    "planning": "Detectable Split Way minimal_detectable_effect ways_of_launching",
    "refusal": "Refusal RefusalCode",
    "series": "Series Window",
    "trajectory": "Trajectory",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}


if not TYPE_CHECKING:  # a type checker must still refuse a name that does not exist

    def __getattr__(name: str) -> object:
        """Load a public name's module when the name is first used."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
