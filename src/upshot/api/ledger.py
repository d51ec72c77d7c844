"""The ledger: what each output cost, was expected to do, did, and was worth."""

from datetime import date

import msgspec

from upshot.api.operation import Operation, Permission
from upshot.api.outputs import OutputView
from upshot.catalog.kinds import Choice
from upshot.catalog.verdict import Grade, Interval, VerdictWord
from upshot.ledger.buckets import Bucket, Reason

__all__ = [
    "LEDGER",
    "Ledger",
    "LedgerBucket",
    "LedgerQuery",
    "LedgerReason",
    "LedgerRow",
    "LedgerTotals",
]


class LedgerQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which launches: those whose local day lies in the window, and outputs that are not launched where it is open."""

    first: date | None = None
    last: date | None = None
    objective: str = ""
    team: str = ""
    kind: str = ""


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One output. What concerns its launch (from ``launch`` to ``worth``) is shared by ``shared_with``, other outputs.

    ``word`` is null where it is not launched; ``verdict`` is the id of the newest recorded verdict, empty where the
    word is not recorded yet. ``effect`` is relative. ``worth`` is the effect over the measured days times the outcome's
    worth a unit, with the interval carried along; null where there is none, and ``worth_note`` says why.
    ``expectation_met``: whether the effect fell into the range that was stated before the launch; null where nothing
    can be said. ``bucket`` is where its cost counts, ``reason`` and ``reason_note`` say why; null while it is not
    launched.
    """

    output: OutputView
    launch: str
    launched_on: date | None
    shared_with: tuple[str, ...]
    word: VerdictWord | None
    grade: Grade
    design: str
    metric: str
    metric_title: str
    effect: Interval | None
    sentence: str
    reading: date | None
    verdict: str
    worth: Interval | None
    worth_note: str
    expectation: str
    expectation_met: bool | None
    decision: Choice | None
    needs_decision: bool
    bucket: Bucket | None
    reason: Reason | None
    reason_note: str


class LedgerReason(msgspec.Struct, frozen=True):
    """How many outputs of a bucket lie there for one reason, and their known cost, in money and in days of work."""

    reason: Reason
    outputs: int
    cost: float
    cost_days: float


class LedgerBucket(msgspec.Struct, frozen=True):
    """One of the four buckets: launched outputs, the costs of ``costed`` of them, and their share of all buckets.

    ``share`` is of money where any cost is known, else of days of work; null where neither is known. ``percent`` is
    the share in whole per cent, so rounded that those of all buckets are 100.
    """

    bucket: Bucket
    outputs: int
    costed: int
    cost: float
    cost_days: float
    share: float | None
    percent: int | None
    reasons: tuple[LedgerReason, ...]


class LedgerTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums; each launch counts once. ``cost`` is of ``costed`` outputs, ``worth`` of ``valued`` launches (none: null).

    ``cost_days`` counts days of work where no rate is known too. ``buckets`` are all four; their costs add up to
    ``cost`` and their days to ``cost_days``.
    """

    outputs: int
    launched: int
    cost: float
    cost_days: float
    costed: int
    worth: Interval | None
    valued: int
    buckets: tuple[LedgerBucket, ...]
    expectations_scored: int
    expectations_met: int


class Ledger(msgspec.Struct, frozen=True):
    """All rows, the newest launch first, and their totals."""

    rows: tuple[LedgerRow, ...]
    totals: LedgerTotals
    currency: str
    notes: tuple[str, ...]


LEDGER = Operation("ledger.show", Permission.READ, LedgerQuery, Ledger)
