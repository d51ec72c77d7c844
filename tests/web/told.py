"""A workspace whose people have declared something: objectives, outputs, launches, an experiment; and answers."""

import math
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from tests.web.conftest import NOW, made
from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationFile, DeclarationsApply
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.feedback import ANSWERS_ADD, AnswersAdd, NewAnswer
from upshot.api.operation import LOCAL_OWNER
from upshot.api.studies import STUDIES_RECORD, StudiesRecord
from upshot.core.settings import load_settings
from upshot.workspace.local import LocalWorkspace

__all__ = ["DECLARED", "tell"]

DECLARED = """
teams:
  - {name: shop, title: Shop, cost_a_day: 500}
outcomes:
  - {name: revenue, owner: shop, team: shop, worth: 1}
objectives:
  - name: sell-more
    title: Sell more
    metric: revenue
    target: +20%
    starts: 2024-02-01
    due: 2024-06-30
    owner: shop
outputs:
  - name: gift-cards
    title: Gift cards
    team: shop
    objective: sell-more
    cost: {days: 12}
    expects: ["revenue +10% (4%..16%) within 20d"]
  - name: big-button
    title: "A big <b>button</b>"
    team: shop
    objective: sell-more
    cost: {days: 3}
    expects: ["buyers +5% (1%..9%) within 14d"]
  - name: planned
    title: Free shipping
    objective: sell-more
    expects: ["revenue +15% (5%..25%) within 21d"]
  - {name: idea, title: An idea, kind: enabling}
launches:
  - {name: gift-cards, title: Gift cards, at: 2024-02-10T09:00:00+01:00, outputs: [gift-cards]}
  - {name: big-button, title: Big button, at: 2024-02-01T09:00:00+01:00, outputs: [big-button], randomised: true}
experiments:
  - name: big-button
    title: Big button
    launch: big-button
    exposure: button seen
    property: variant
    variants: [{name: small}, {name: big}]
    starts: 2024-02-01
    ends: 2024-02-15
studies:
  - name: big-button
    launch: big-button
    primary: revenue
    readings: [2024-02-25]
    horizon_days: 7
"""
_PEOPLE = 240


def tell(place: Path) -> Path:
    """Make the workspace and write all of it down; verdicts that are due on 10 March 2024 are recorded."""
    made(place)
    settings = load_settings(place, {})
    with LocalWorkspace.open(place, settings, clock=lambda: NOW) as workspace:
        owner = workspace.acting_as(LOCAL_OWNER)
        owner.call(EVENTS_APPEND, EventsAppend("web", tuple(_experiment())))
        applied = owner.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("shop.yaml", DECLARED),)))
        assert not applied.refused, applied.problems
        owner.call(ANSWERS_ADD, AnswersAdd("app", tuple(_answers())))
        recorded = owner.call(STUDIES_RECORD, StudiesRecord(seconds=300.0))
        assert not recorded.failed
        assert recorded.recorded
    return place


def _experiment() -> list[NewEvent]:
    """Half of the people meet the big button; each buys for a sum of their own, and a fifth more with the big one."""
    events = []
    for number in range(_PEOPLE):
        seen = datetime(2024, 2, 1 + number % 14, 10, tzinfo=NOW.tzinfo)
        variant = ("small", "big")[number % 2]
        events.append(_event("button seen", seen, number, variant=variant))
        amount = (20.0 + 12.0 * math.sin(number * 1.7)) * (1.2 if variant == "big" else 1.0)
        events.append(_event("purchase", seen + timedelta(days=2), number, amount=round(amount, 2), country="FR"))
    return events


def _event(name: str, at: datetime, number: int, **properties: str | float) -> NewEvent:
    raw = msgspec.Raw(msgspec.json.encode(properties))
    return NewEvent(name, at, f"visitor-{number}", f"{name}-{number}", properties=raw)


def _answers() -> list[NewAnswer]:
    words = {10: "Lovely gift cards", 9: "", 7: "Fine", 3: "The <i>button</i> moves"}
    return [
        NewAnswer(survey="nps", at=NOW - timedelta(days=day), score=score, comment=text, id=f"{day}-{score}")
        for day in range(1, 50, 4)
        for score, text in words.items()
    ]
