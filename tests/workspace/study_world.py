"""A shop with a year of orders, a launch that raised them, and an experiment: in a folder of its own."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np

from tests.clocks import set_clock
from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationFile, DeclarationsApply
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.operation import LOCAL_OWNER, Caller
from upshot.api.series import SERIES_IMPORT, SeriesImport, SeriesValue
from upshot.core.settings import WorkspaceSettings, load_settings
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace

FIRST, LAUNCH_DAY, TODAY = date(2025, 7, 1), date(2026, 2, 2), date(2026, 4, 1)
EFFECT = 0.3
DECLARED = """
metrics:
- {name: clicks, title: Clicks, type: count, event: click}
- {name: karaoke, type: active, event: sing, window: day}
teams:
- {name: shop, cost_a_day: 500}
outcomes:
- {name: clicks, worth: 2}
outputs:
- name: checkout
  title: Faster checkout
  team: shop
  cost: {days: 10}
  expects: ["orders +25% (10%..45%) within 45d"]
- name: banner
  title: Banner
  team: shop
  cost: {days: 4}
- {name: upgrade, title: Upgrade, kind: upkeep, team: shop, cost: {days: 1}}
- {name: buttons, title: Green buttons, team: shop, cost: {days: 2}, expects: ["clicks +10% (5%..20%) within 30d"]}
- {name: karaoke, title: Karaoke, team: shop, cost: {days: 30}, usage: karaoke}
- {name: later, title: Later, expects: ["orders +5% (1%..9%) within 30d"]}
launches:
- {name: checkout, at: 2026-02-02T09:00:00+01:00, outputs: [checkout, banner]}
- {name: upgrade, at: 2026-02-04T09:00:00+01:00, outputs: [upgrade]}
- {name: karaoke, at: 2025-10-01T09:00:00+02:00, outputs: [karaoke]}
- {name: buttons, at: 2026-03-25T09:00:00+01:00, outputs: [buttons], randomised: true}
experiments:
- name: buttons
  launch: buttons
  exposure: met
  property: variant
  variants: [{name: grey}, {name: green}]
  starts: 2026-03-01
  ends: 2026-03-20
studies:
- name: buttons
  launch: buttons
  primary: clicks
  readings: [2026-03-28]
"""


def orders() -> tuple[SeriesValue, ...]:
    """Daily orders, raised by ``EFFECT`` from the launch's next day on."""
    rng = np.random.default_rng(3)
    days = (TODAY - FIRST).days
    week = np.array([0.05, 0.0, 0.02, 0.01, 0.04, -0.06, -0.06])[np.arange(days) % 7]
    log = 6.0 + week + 0.03 * rng.standard_normal(days)
    after = np.arange(days) > (LAUNCH_DAY - FIRST).days
    values = np.rint(np.exp(log + np.log1p(EFFECT) * after))
    return tuple(SeriesValue(FIRST + timedelta(days=i), float(v)) for i, v in enumerate(values))


def people() -> tuple[NewEvent, ...]:
    """Persons who met a variant, and what they clicked before and after."""
    rng = np.random.default_rng(4)
    events: list[NewEvent] = []

    def add(name: str, at: datetime, who: str, **properties: str) -> None:
        body = msgspec.Raw(msgspec.json.encode(properties))
        events.append(NewEvent(name, at, who, f"{name}{at}{who}", properties=body))

    for number in range(600):
        who, variant = f"p{number}", ("grey", "green")[int(rng.random() < 0.5)]
        met = datetime(2026, 3, 1, 8, tzinfo=UTC) + timedelta(days=int(rng.integers(18)), minutes=number % 600)
        add("met", met, who, variant=variant)
        for day in range(-10, 10):
            if rng.random() < 0.15 * (1.5 if variant == "green" and day >= 0 else 1.0):
                add("click", met + timedelta(days=day, minutes=5), who)
    for day in range(3):
        add("sing", datetime(2026, 3, 10 + day, 9, tzinfo=UTC), "p1")
    return tuple(events)


def open_shop(folder: Path) -> LocalWorkspace:
    """The shop, open on the morning of ``TODAY``."""
    opened = LocalWorkspace.open(folder, load_settings(folder, {}))
    set_clock(opened, datetime(TODAY.year, TODAY.month, TODAY.day, 8, tzinfo=UTC))
    return opened


def make_shop(folder: Path) -> None:
    """Fill ``folder``."""
    initialise(folder, WorkspaceSettings("Shop", "Europe/Berlin", "EUR"), load_settings(None, {}))
    with open_shop(folder) as opened:
        owner: Caller = opened.acting_as(LOCAL_OWNER)
        owner.call(SERIES_IMPORT, SeriesImport(name="orders", values=orders(), title="Orders", worth=5.0))
        owner.call(EVENTS_APPEND, EventsAppend("app", people()))
        answer = owner.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("a.yaml", DECLARED),)))
        assert not answer.refused, answer.problems
