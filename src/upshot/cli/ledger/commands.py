"""``upshot ledger`` and ``upshot decide``."""

import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from upshot.api.operation import who
from upshot.cli.common import Common, open_workspace
from upshot.cli.measuring import record_what_is_due
from upshot.cli.output import Column, json_or, line, lines, table
from upshot.core.units import counted, format_interval

if TYPE_CHECKING:
    from upshot.api.ledger import Ledger, LedgerRow
    from upshot.catalog.verdict import Interval

__all__ = ["decide", "ledger"]

_COLUMNS: tuple[Column, ...] = (
    ("output", "left"),
    ("launched", "left"),
    ("cost", "right"),
    ("expected", "left"),
    ("effect", "left"),
    ("grade", "left"),
    ("verdict", "left"),
    ("worth", "left"),
    ("decision", "left"),
)


def ledger(
    *,
    first: date | None = None,
    last: date | None = None,
    objective: str = "",
    team: str = "",
    kind: str = "",
    as_csv: Annotated[bool, Parameter(name="--csv", negative="")] = False,
    wait: bool = False,
    common: Common | None = None,
) -> None:
    """List each output with its cost, expectation, effect, evidence, verdict and worth.

    It shows what is recorded, and says how many readings are due and are not: a running server records them by itself.

    Args:
        first: Only launches from this day on.
        last: Only launches up to this day.
        objective: Only outputs that serve this objective.
        team: Only this team's.
        kind: Only bet, upkeep, enabling or compliance.
        as_csv: Print CSV.
        wait: Record what is due first; each reading takes about a second.
        common: The options of every command.
    """
    from upshot.api.ledger import LEDGER, LedgerQuery

    common = common or Common()
    query = LedgerQuery(first=first, last=last, objective=objective, team=team, kind=kind)
    with open_workspace(common) as workspace:
        failed = record_what_is_due(workspace, quiet=common.json or as_csv) if wait else ()
        found = workspace.call(LEDGER, query)
    if as_csv:
        from upshot.answers.csv_files import ledger_csv

        sys.stdout.write(ledger_csv(found))
    elif not json_or(common, found):
        _print(found)
        lines(f"Not read yet: {text}" for text in failed)


def decide(
    launch: str,
    choice: Literal["keep", "iterate", "roll back"],
    *,
    why: str = "",
    verdict: str = "",
    common: Common | None = None,
) -> None:
    """Write down what was decided about a launch: keep, iterate or "roll back".

    Args:
        launch: Which launch.
        choice: What is done with it.
        why: The reason, for those who ask later.
        verdict: The verdict that it rests on, by its id. Default: the newest.
        common: The options of every command.
    """
    from upshot.api.studies import DECIDE, Decide
    from upshot.catalog.kinds import Choice

    common = common or Common()
    with open_workspace(common) as workspace:
        done = workspace.call(DECIDE, Decide(launch=launch, choice=Choice(choice), why=why, verdict=verdict))
    if not json_or(common, done):
        found = done.decision
        on = f" on the verdict {found.verdict[:8]}" if found.verdict else ", without a verdict"
        line(f"{launch}: {found.choice}{on}, by {who(found.by)}, {found.at:%Y-%m-%d %H:%M} UTC.")


def _print(found: "Ledger") -> None:
    from upshot.ledger.buckets import BUCKETS

    table(_COLUMNS, (_shown(row, found.currency) for row in found.rows), title=counted(len(found.rows), "output"))
    totals = found.totals
    line("")
    cost = f"{_money(totals.cost, found.currency)} known of {totals.costed}"
    line(f"Launched: {totals.launched} of {counted(totals.outputs, 'output')}.")
    line(f"Cost: {cost}; {counted(totals.cost_days, 'day')}.")
    if totals.worth is not None:
        worth = _interval_money(totals.worth, found.currency)
        line(f"Worth over the measured days: {worth}, of {counted(totals.valued, 'launch')}.")
    if totals.expectations_scored:
        line(
            f"Expectations: {totals.expectations_met} of {counted(totals.expectations_scored, 'truth')} lay in the "
            "range that was stated before the launch (80% should)."
        )
    of = "known cost" if totals.costed else "days of work"
    for bucket in totals.buckets:
        if bucket.outputs:
            share = "" if bucket.percent is None else f", {bucket.percent}% of the {of}"
            made_of = ", ".join(f"{each.outputs} {each.reason}" for each in bucket.reasons)
            line(f"{BUCKETS[bucket.bucket].capitalize()}: {counted(bucket.outputs, 'output')}{share} ({made_of}).")
    lines(found.notes)


def _shown(row: "LedgerRow", currency: str) -> tuple[str, ...]:
    cost = row.output.cost
    days = row.output.cost_days
    spent = _money(cost, currency) if cost is not None else counted(days, "day") if days else "–"
    return (
        row.output.title + (f" (with {len(row.shared_with)} more)" if row.shared_with else ""),
        "–" if row.launched_on is None else str(row.launched_on),
        spent + ("~" if row.output.cost_estimated and spent != "–" else ""),
        row.expectation or "–",
        _share(row.effect),
        str(row.grade),
        "–" if row.word is None else str(row.word),
        "–" if row.worth is None else _interval_money(row.worth, currency),
        str(row.decision) if row.decision else "needed" if row.needs_decision else "–",
    )


def _share(effect: "Interval | None") -> str:
    if effect is None:
        return "–"
    return format_interval(effect.value, effect.low, effect.high)


def _money(amount: float | None, currency: str) -> str:
    from upshot.core.units import format_value

    return format_value(None if amount is None else float(round(amount)), "money", currency).removesuffix(".00")


def _interval_money(worth: "Interval", currency: str) -> str:
    value, low, high = (_money(number, currency) for number in (worth.value, worth.low, worth.high))
    return f"{value} ({low} to {high})"
