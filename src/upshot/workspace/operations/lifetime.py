"""What customers are worth."""

from upshot.answers import lifetime as answers
from upshot.api.lifetime import METRIC_LIFETIME, CustomerLifetime, LifetimeQuery
from upshot.api.operation import Principal
from upshot.workspace.binding import Binding
from upshot.workspace.resources import Resources

__all__ = ["BINDINGS", "lifetime"]


def lifetime(resources: Resources, principal: Principal, request: LifetimeQuery) -> CustomerLifetime:
    """What the customers behind a sum of money are worth."""
    del principal
    return answers.lifetime(resources.answering, request)


BINDINGS = (Binding(METRIC_LIFETIME, lifetime),)
