"""Where objectives stand; kept for a while, as lists ask for all of them."""

from datetime import timedelta

from upshot.answers.answering import Answering, KeptStanding
from upshot.answers.objective_series import collect
from upshot.catalog.declarations import Declared
from upshot.catalog.kinds import Objective
from upshot.core.errors import UserError
from upshot.objectives.measure import Standing, no_standing, standing, windows_of

__all__ = ["standing_of"]

_FRESH = timedelta(seconds=60)


def standing_of(resources: Answering, declared: Declared[Objective]) -> Standing:
    """Where an objective stands; what was measured in the last minute, or since the last event, serves again.

    Raises:
        NotFound: Its metric is not there any more.
    """
    objective = declared.value
    metric, version = resources.metrics.get(objective.metric)
    today = resources.today()
    key = (declared.hash, version.hash, today)
    revision, now = resources.store.revision, resources.clock()
    kept = resources.standings.get(key)
    if kept is not None and (kept.revision == revision or now - kept.at < _FRESH):
        return kept.standing
    try:
        collected = collect(resources, objective, metric, windows_of(objective))
    except UserError as error:
        found = no_standing(objective, today, f"The metric cannot be asked: {error}", None)
    else:
        found = standing(objective, metric, collected, today, resources.currency)
    resources.standings.put(key, KeptStanding(revision, now, found))
    return found
