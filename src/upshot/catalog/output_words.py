"""Metrics that count what a team ships. An objective on one of them would reward shipping, so it is refused.

Only names that say nothing else are taken for such: ``features_shipped`` and ``releases`` are, ``feature_users`` and
``support_tickets`` are not.
"""

import re
from itertools import pairwise

from upshot.metrics.definition import Metric

__all__ = ["counts_outputs"]

_SHIPPED = frozenset(
    {
        "output",
        "outputs",
        "feature",
        "features",
        "epic",
        "epics",
        "release",
        "releases",
        "deploy",
        "deploys",
        "deployment",
        "deployments",
        "deliverable",
        "deliverables",
        "velocity",
        "milestone",
        "milestones",
        "prs",
        "pr",
    }
)
"""Words that by themselves mean what a team ships."""
_SHIPPED_PAIRS = (("story", "points"), ("pull", "requests"), ("merge", "requests"), ("roadmap", "items"))
_WORK = frozenset(
    {
        "ticket",
        "tickets",
        "issue",
        "issues",
        "task",
        "tasks",
        "story",
        "stories",
        "commit",
        "commits",
        "bug",
        "bugs",
        "launch",
        "launches",
    }
)
"""Words that mean it together with a word for being done."""
_DONE = frozenset(
    {
        "shipped",
        "released",
        "delivered",
        "done",
        "closed",
        "completed",
        "finished",
        "merged",
        "deployed",
        "launched",
        "resolved",
        "fixed",
        "solved",
    }
)
_FILLING = frozenset(
    {
        "number",
        "no",
        "num",
        "of",
        "count",
        "total",
        "the",
        "new",
        "our",
        "all",
        "per",
        "a",
        "each",
        "week",
        "month",
        "quarter",
        "sprint",
        "weekly",
        "monthly",
        "quarterly",
    }
)


def counts_outputs(name: str, metric: Metric | None) -> bool:
    """Whether a metric of that name counts what is shipped.

    Args:
        name: Its name.
        metric: Its definition, where there is one: what counts people is an outcome whatever its name.

    >>> counts_outputs("features_shipped", None), counts_outputs("feature_users", None)
    (True, False)
    """
    if metric is not None and (metric.fractional or metric.is_a.people):
        return False
    words = [word for word in re.split(r"[^a-z]+", name.casefold()) if word and word not in _FILLING]
    for pair in _SHIPPED_PAIRS:
        if pair in pairwise(words):
            words = [word for word in words if word not in pair] + ["outputs"]
    rest = set(words) - _DONE
    if not rest:
        return False
    return rest <= _SHIPPED or (rest <= _SHIPPED | _WORK and bool(set(words) & _DONE))
