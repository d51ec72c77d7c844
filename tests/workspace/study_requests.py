"""Requests of the operations on studies, experiments and the ledger, and what they need to be there."""

from collections.abc import Callable
from datetime import date

import msgspec

from upshot.api.declarations import DECLARATIONS_APPLY, DeclarationFile, DeclarationsApply
from upshot.api.ledger import LEDGER, LedgerQuery
from upshot.api.operation import Caller
from upshot.api.series import SERIES_IMPORT, SeriesImport, SeriesValue
from upshot.api.state import Nothing
from upshot.api.studies import (
    DECIDE,
    EXPERIMENT_ANALYSE,
    EXPERIMENT_LIST,
    EXPERIMENT_SHOW,
    EXPERIMENTS_CHECK,
    LAUNCH_REPORT,
    LAUNCHES_JOIN,
    STUDIES_RECORD,
    STUDY_LIST,
    STUDY_PLAN,
    VERDICT_VERIFY,
    Decide,
    ExperimentName,
    LaunchesJoin,
    LaunchName,
    PlanQuery,
    StudiesRecord,
    VerdictId,
)
from upshot.catalog.kinds import Choice
from upshot.studies.checked import CheckInputs, SummaryRow
from upshot.studies.inputs import ArmUnits, ArmValues
from upshot.studies.tabled import TableInputs

DECLARED = """
outputs:
- name: checkout
  expects: ["events +5% (1%..9%) within 7d"]
launches:
- name: checkout
  at: 2024-01-05T09:00:00+01:00
  outputs: [checkout]
- name: search
  at: 2024-02-05T09:00:00+01:00
experiments:
- name: buttons
  launch: search
  exposure: visit
  property: variant
  variants: [{name: old}, {name: new}]
  starts: 2024-01-02
studies:
- name: buttons
  launch: search
  primary: events
  readings: [2024-01-12]
"""


def study_requests(owner: Caller) -> dict[str, Callable[[], msgspec.Struct]]:
    """Requests by the operation's name; each finds what it asks about."""

    def declared(request: msgspec.Struct) -> msgspec.Struct:
        answer = owner.call(DECLARATIONS_APPLY, DeclarationsApply((DeclarationFile("a.yaml", DECLARED),)))
        assert not answer.refused, answer.problems
        return request

    def recorded() -> VerdictId:
        declared(Nothing())
        return VerdictId(owner.call(STUDIES_RECORD, StudiesRecord()).recorded[0].id)

    return {
        LAUNCH_REPORT.name: lambda: declared(LaunchName("checkout")),
        LAUNCHES_JOIN.name: lambda: declared(LaunchesJoin(dry_run=True)),
        SERIES_IMPORT.name: lambda: SeriesImport(name="snowfall", values=(SeriesValue(date(2024, 1, 2), 5.0),)),
        STUDIES_RECORD.name: lambda: declared(StudiesRecord()),
        STUDY_LIST.name: lambda: declared(Nothing()),
        STUDY_PLAN.name: lambda: declared(PlanQuery(metric="events", expected=0.05)),
        VERDICT_VERIFY.name: recorded,
        DECIDE.name: lambda: declared(Decide(launch="checkout", choice=Choice.KEEP, why="it sells")),
        EXPERIMENTS_CHECK.name: lambda: CheckInputs(rows=(SummaryRow("t", "a", 9, 1), SummaryRow("t", "b", 8, 2))),
        EXPERIMENT_ANALYSE.name: lambda: TableInputs(
            arms=tuple(ArmUnits(variant=name, weight=1.0, units=9, mature=9) for name in "ab"),
            values=tuple(
                ArmValues(metric="m", variant=name, shape="mean", horizon_days=0, n=9, mean_x=2.0, variance_x=1.0)
                for name in "ab"
            ),
        ),
        EXPERIMENT_LIST.name: lambda: declared(Nothing()),
        EXPERIMENT_SHOW.name: lambda: declared(ExperimentName("buttons")),
        LEDGER.name: lambda: declared(LedgerQuery()),
    }
