"""Counterfactual estimators on series and panels: arrays in, estimates or named refusals out.

What people use is reached from here (``from upshot.causal import Series, Window, assess``) and loaded when it is first
asked for. The modules may be imported directly as well.
"""

from typing import TYPE_CHECKING

from upshot.core.lazy_names import homes_of, loader

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
_HOMES = homes_of(_NAMES)


if not TYPE_CHECKING:  # a type checker must still refuse a name that does not exist
    __getattr__ = loader(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
