"""What the page of an output shows."""

import msgspec

from upshot.api.ledger import LEDGER, LedgerQuery, LedgerRow
from upshot.api.outputs import OUTPUT_SHOW, ExpectationView, OutputName, OutputView
from upshot.api.studies import STUDY_PLAN, PlanQuery, StudyPlan
from upshot.core.errors import UserError
from upshot.core.units import counted, format_change
from upshot.web.evidence import Tone, round_money, short_day, tone_of
from upshot.web.page import Page

__all__ = ["OutputPage", "Planned", "WayRow", "read_output"]


class WayRow(msgspec.Struct, frozen=True):
    """One way of launching, in words."""

    way: str
    grade: str
    detectable: str
    days: int
    enough: bool | None
    advised: bool
    sentence: str


class Planned(msgspec.Struct, frozen=True):
    """What could be detected of one expectation; ``problem`` says why nothing can be said."""

    expectation: ExpectationView
    ways: tuple[WayRow, ...]
    sentence: str
    problem: str


class OutputPage(msgspec.Struct, frozen=True):
    """The page. ``row`` is the ledger's."""

    output: OutputView
    row: LedgerRow | None
    launched: str
    word: str
    tone: Tone
    cost: str
    plans: tuple[Planned, ...]


def read_output(page: Page, name: str) -> OutputPage:
    """Ask for the output, and before it is launched for what each way of launching could detect."""
    output = page.ask(OUTPUT_SHOW, OutputName(name))
    row = next((r for r in page.ask(LEDGER, LedgerQuery()).rows if r.output.name == name), None)
    stated = [] if output.launches else [e for e in output.expectations if not e.withdrawn]
    cost = "–" if output.cost is None else round_money(output.cost, page.info.currency)
    return OutputPage(
        output=output,
        row=row,
        launched=short_day(row.launched_on) if row and row.launched_on else "",
        word=str(row.word) if row and row.word else "not shipped",
        tone=tone_of(row.word) if row else "plain",
        cost=cost if output.cost is not None or output.cost_days is None else counted(output.cost_days, "day"),
        plans=tuple(_planned(page, output, expectation) for expectation in stated),
    )


def _planned(page: Page, output: OutputView, expectation: ExpectationView) -> Planned:
    query = PlanQuery(
        metric=expectation.metric,
        output=output.name,
        expected=expectation.change if expectation.relative else None,
        within_days=expectation.within_days,
    )
    try:
        plan = page.ask(STUDY_PLAN, query)
    except UserError as error:
        return Planned(expectation, (), "", str(error))
    return Planned(expectation, _ways(plan), plan.sentence, "")


def _ways(plan: StudyPlan) -> tuple[WayRow, ...]:
    return tuple(
        WayRow(
            way=way.way,
            grade=way.grade,
            detectable="–" if way.detectable is None else f"±{format_change(abs(way.detectable))[1:]}",
            days=way.days,
            enough=way.enough,
            advised=way.way == plan.advised,
            sentence=way.sentence,
        )
        for way in plan.ways
    )
