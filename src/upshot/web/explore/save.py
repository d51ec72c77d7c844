"""A question becomes a metric: its YAML is applied as any other."""

import msgspec

from upshot.api.metrics import METRIC_APPLY, METRIC_LIST, MetricApply
from upshot.api.state import Nothing
from upshot.core.errors import InvalidInput
from upshot.core.suggest import did_you_mean
from upshot.metrics.text import metric_to_yaml
from upshot.web.explore.answers import definition_of
from upshot.web.explore.state import Question
from upshot.web.page import Page

__all__ = ["saved"]

_SOURCE = "explore"


def saved(page: Page, question: Question, name: str, title: str) -> str:
    """Save the question under ``name``; returns it.

    Raises:
        InvalidInput: There is no question to save, the name is taken, or it cannot be a name.
    """
    made = definition_of(question, title)
    if made is None:
        raise InvalidInput(
            "There is nothing to save: a metric is one measure of one event, or a retention.",
            hint="Show one thing that is not a metric yet, then save it.",
        )
    name = name or made.name
    if any(metric.name == name for metric in page.caller.call(METRIC_LIST, Nothing()).metrics):
        raise InvalidInput(f"There is a metric named {name!r} already.", hint="Choose another name.")
    definition = metric_to_yaml(msgspec.structs.replace(made, name=name))
    applied = page.caller.call(METRIC_APPLY, MetricApply(definition, source=_SOURCE))
    errors = [problem for problem in applied.problems if problem.level == "error"]
    if errors:
        raise InvalidInput(errors[0].message, hint=did_you_mean(errors[0].suggestions) or "Nothing was saved.")
    return name
