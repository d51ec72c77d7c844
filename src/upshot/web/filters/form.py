"""The filter that a form adds to an address."""

import msgspec

from upshot.core.errors import InvalidInput
from upshot.core.problems import Problem
from upshot.core.suggest import did_you_mean
from upshot.metrics.filters import parse_filter
from upshot.web.filters.chips import filter_of
from upshot.web.page import Page
from upshot.web.window import View

__all__ = ["added"]


def added(page: Page, view: View) -> View | None:
    """The state with the filter that a form adds, or puts in the place of another; None where no form was sent.

    Raises:
        InvalidInput: What was written is no filter.
    """
    text, field = page.parameter("add_text").strip(), page.parameter("add_field").strip()
    if not text and not field:
        return None
    said = text or filter_of(field, page.parameter("add_comparison", "="), page.parameter("add_value"))
    found = parse_filter(said)
    if isinstance(found, Problem):
        raise InvalidInput(
            found.message, hint=did_you_mean(found.suggestions) or "Write it as Country = France or amount > 10."
        )
    replaced = page.parameter("replace")
    kept = [said if old == replaced else old for old in view.where]
    where = tuple(dict.fromkeys(kept if replaced in view.where else [*kept, said]))
    return msgspec.structs.replace(view, where=where)
