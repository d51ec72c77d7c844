"""Each metric of an experiment is read to its own end: what a source no longer tells is no zero of a unit."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.cli.test_commands import run, run_json
from tests.shop import WANTED
from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationFile, DeclarationsApply
from upshot.api.events import EVENTS_APPEND, EventsAppend, NewEvent
from upshot.api.operation import LOCAL_OWNER
from upshot.core.settings import load_settings
from upshot.workspace.initialise import initialise
from upshot.workspace.local import LocalWorkspace

Captured = pytest.CaptureFixture[str]
DAY = timedelta(days=1)
FIRST, STARTS, READING, LAST = (date(2024, month, day) for month, day in ((1, 15), (3, 1), (3, 28), (3, 31)))
HORIZON = timedelta(days=7)
PLANS = {"click": 0.5, "ticket": 0.3, "call": 0.3}
DECLARED = """
metrics:
- {name: clicks, title: Clicks, type: count, event: click}
- {name: tickets, title: Tickets, type: count, event: ticket, direction: down}
- {name: calls, title: Calls, type: count, event: call, direction: down}
outputs: [{name: buttons, title: Green buttons}]
launches: [{name: buttons, at: 2024-03-20T09:00:00Z, outputs: [buttons], randomised: true}]
experiments:
- name: buttons
  launch: buttons
  exposure: met
  property: variant
  variants: [{name: grey}, {name: green}]
  starts: 2024-03-01
  ends: 2024-03-14
studies:
- {name: own, launch: buttons, primary: clicks, guardrails: [tickets, calls], readings: [2024-03-28], horizon_days: 7}
"""


@dataclass
class Person:
    """When somebody met which variant, and when what happened to them."""

    variant: str
    met: datetime
    did: dict[str, list[datetime]] = field(default_factory=lambda: {name: [] for name in PLANS})

    def after(self, name: str) -> int:
        return sum(self.met <= at < self.met + HORIZON for at in self.did[name])


@cache
def people() -> tuple[Person, ...]:
    """400 persons who met a variant in two weeks; the green one doubles tickets."""
    rng = np.random.default_rng(11)
    found = []
    for _ in range(400):
        met = datetime(2024, 3, 1, 6, tzinfo=UTC) + timedelta(minutes=int(rng.integers(14 * 24 * 60 - 600)))
        person = Person(("grey", "green")[int(rng.random() < 0.5)], met)
        for name, rate in PLANS.items():
            for n in range((LAST - FIRST).days):
                at = datetime(2024, 1, 15, 8, tzinfo=UTC) + DAY * n + timedelta(minutes=int(rng.integers(840)))
                doubled = name == "ticket" and person.variant == "green" and at >= met
                if rng.random() < rate * (1 + doubled) / 2:
                    person.did[name].append(at)
        found.append(person)
    return tuple(found)


def make(place: Path, *, begins: dict[str, date] | None = None, ends: dict[str, date] | None = None) -> None:
    """A workspace in which each kind of event has a source of its own, which may begin later and end earlier."""
    initialise(place, WANTED, load_settings(None, {}))

    def bring(name: str, events: list[NewEvent]) -> None:
        owner.call(EVENTS_APPEND, EventsAppend(f"from {name}", tuple(events)))

    with LocalWorkspace.open(place, load_settings(place, {})) as opened:
        owner = opened.acting_as(LOCAL_OWNER)
        for name in PLANS:
            days = ((begins or {}).get(name, FIRST), (ends or {}).get(name, LAST))
            rows = ((f"p{n}", at) for n, person in enumerate(people()) for at in person.did[name])
            kept = ((who, at) for who, at in rows if days[0] <= at.astimezone(opened.resources.answering.zone).date())
            last = ((who, at) for who, at in kept if at.astimezone(opened.resources.answering.zone).date() <= days[1])
            bring(name, [NewEvent(name, at, who, f"{who}{at}") for who, at in last])
        met = [
            NewEvent("met", p.met, f"p{n}", f"{n}", properties=msgspec.Raw(msgspec.json.encode({"variant": p.variant})))
            for n, p in enumerate(people())
        ]
        bring("met", met)
        answer = owner.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("a.yaml", DECLARED),)))
        assert not answer.refused, answer.problems


# JSON of any shape
def effect_of(report: Any, metric: str) -> Any:
    (found,) = [each for each in report["effects"] if each["effect"]["metric"] == metric]
    return found


def expected(name: str, *, first: date = STARTS, last: date = READING) -> dict[str, tuple[int, float]]:
    """By variant how many persons count whose time lies in these days, and the mean of what they did."""
    begin, end = (datetime(d.year, d.month, d.day, tzinfo=UTC) - timedelta(hours=1) for d in (first, last + DAY))
    found = {}
    for variant in ("grey", "green"):
        values = [p.after(name) for p in people() if p.variant == variant and begin <= p.met and p.met + HORIZON <= end]
        found[variant] = (len(values), mean(values))
    return found


def check(report: Any, metric: str, event: str, *, first: date = STARTS, last: date = READING) -> None:
    found, wanted = effect_of(report, metric), expected(event, first=first, last=last)
    assert found["control_mean"] == pytest.approx(wanted["grey"][1])
    assert found["variant_mean"] == pytest.approx(wanted["green"][1])
    assert found["effect"]["n"] == sum(n for n, _ in wanted.values())


def test_guardrail_whose_source_ended_earlier_counts_no_zeros(tmp_path: Path, capsys: Captured) -> None:
    make(tmp_path / "shop", ends={"ticket": date(2024, 3, 13)})
    report = run_json(capsys, tmp_path / "shop", "experiment", "show", "buttons")
    check(report, "clicks", "click")
    check(report, "calls", "call")
    check(report, "tickets", "ticket", last=date(2024, 3, 13))
    _, out, _ = run(capsys, tmp_path / "shop", "experiment", "show", "buttons")
    assert "Tickets is known on 15 Jan – 13 Mar 2024 only" in " ".join(out.split())


def test_guardrail_that_ended_before_anybody_had_all_their_days_has_no_number(tmp_path: Path, capsys: Captured) -> None:
    make(tmp_path / "shop", ends={"ticket": date(2024, 3, 4)})
    report = run_json(capsys, tmp_path / "shop", "experiment", "show", "buttons")
    effect = effect_of(report, "tickets")["effect"]
    assert effect["absolute"] is None
    assert effect["why_not"] == (
        "Tickets is known on 15 Jan – 4 Mar 2024 only, and not in every variant had a unit all its days by then."
    )
    check(report, "clicks", "click")


def test_metric_whose_source_began_during_the_experiment_counts_no_zeros(tmp_path: Path, capsys: Captured) -> None:
    make(tmp_path / "shop", begins={"ticket": date(2024, 3, 5)})
    report = run_json(capsys, tmp_path / "shop", "experiment", "show", "buttons")
    check(report, "clicks", "click")
    check(report, "tickets", "ticket", first=date(2024, 3, 5))
