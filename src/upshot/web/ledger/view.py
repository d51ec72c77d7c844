"""What the ledger's page shows."""

from collections.abc import Mapping, Sequence

import msgspec

from upshot.api.ledger import LEDGER, Ledger, LedgerQuery, LedgerRow
from upshot.catalog.verdict import Interval
from upshot.core.errors import InvalidInput
from upshot.core.units import counted
from upshot.ledger.buckets import BUCKETS, Bucket
from upshot.web.evidence import (
    GRADES,
    IntervalBar,
    Tone,
    interval_bar,
    interval_words,
    reach_of,
    round_money,
    short_day,
    tone_of,
)
from upshot.web.ledger.choosing import ROWS_A_PART, Choice, Facet, facets_of, read_choice, word_of
from upshot.web.page import Page

__all__ = ["BucketShare", "Entry", "LedgerPage", "entries_of", "read_ledger"]


class Entry(msgspec.Struct, frozen=True):
    """One row in words."""

    row: LedgerRow
    launched: str
    cost: str
    cost_note: str
    effect: str
    bar: IntervalBar | None
    word: str
    tone: Tone
    grade_words: str
    worth: str
    worth_span: str
    expected: str


class BucketShare(msgspec.Struct, frozen=True):
    """One part of the bar of costs; ``start`` and ``width`` run from 0 to 100, ``percent`` is the width in words.

    ``made_of`` says why its outputs lie in it, where there is more than one reason.
    """

    name: str
    words: str
    start: float
    width: float
    percent: str
    cost: str
    outputs: int
    made_of: str


class LedgerPage(msgspec.Struct, frozen=True):
    """The page. ``hidden`` counts rows that the filter leaves out."""

    ledger: Ledger
    entries: tuple[Entry, ...]
    hidden: int
    cost: str
    cost_note: str
    worth: str
    worth_note: str
    paid_off: str
    not_known: str
    of: str
    foresight: str
    foresight_note: str
    wasted: str
    shares: tuple[BucketShare, ...]
    choice: Choice
    facets: tuple[Facet, ...]
    found: int
    parts: int

    @property
    def part_words(self) -> str:
        """Which rows of how many are shown."""
        first = (self.choice.part - 1) * ROWS_A_PART
        return f"{first + 1:,}–{first + len(self.entries):,} of {self.found:,}"


def read_ledger(page: Page) -> LedgerPage:
    """Ask for the ledger, and lay it out as the address says.

    Raises:
        NotFound: The address names a filter, a column or a verdict that is none.
        InvalidInput: It asks for a part that the rows do not fill.
    """
    choice = read_choice(page)
    ledger = page.ask(LEDGER, LedgerQuery(kind=choice.kind, objective=choice.objective))
    rows = choice.rows(ledger.rows)
    parts = max(-(-len(rows) // ROWS_A_PART), 1)
    if choice.part > parts:
        raise InvalidInput(
            f"There is no part {choice.part}: {counted(len(rows), 'row fills', 'rows fill')} {parts}.",
            hint=f"Look at {choice.url()}.",
        )
    first = (choice.part - 1) * ROWS_A_PART
    totals = ledger.totals
    scored = totals.expectations_scored
    return LedgerPage(
        ledger=ledger,
        entries=entries_of(page, ledger, rows[first : first + ROWS_A_PART]),
        hidden=len(ledger.rows) - len(rows),
        cost=_cost(totals.cost or None, totals.cost_days, ledger.currency),
        cost_note=f"of {totals.costed} of {counted(totals.outputs, 'output')}, "
        f"{counted(round(totals.cost_days), 'day')} of work",
        worth=round_money(totals.worth.value, ledger.currency) if totals.worth else "–",
        worth_note=_worth_note(ledger),
        paid_off=_percent(ledger, "paid off"),
        not_known=_percent(ledger, "not known"),
        of="of the known cost" if totals.costed else "of the days of work",
        foresight=f"{totals.expectations_met} of {scored}" if scored else "–",
        foresight_note="effects fell into the range stated beforehand"
        if scored
        else "of no sealed expectation can it be said yet",
        wasted=_percent(ledger, "waste"),
        shares=_shares(ledger),
        choice=choice,
        facets=facets_of(ledger.rows, choice),
        found=len(rows),
        parts=parts,
    )


def entries_of(page: Page, ledger: Ledger, rows: Sequence[LedgerRow]) -> tuple[Entry, ...]:
    """Rows in words, with the bars of their effects on one scale."""
    reach = reach_of(row.effect for row in rows)
    directions = {metric.name: metric.direction for metric in page.metrics}
    return tuple(_entry(row, ledger.currency, reach, directions) for row in rows)


def _entry(row: LedgerRow, currency: str, reach: float, directions: Mapping[str, str]) -> Entry:
    output = row.output
    return Entry(
        row=row,
        launched=short_day(row.launched_on) if row.launched_on else "not shipped",
        cost=_cost(output.cost, output.cost_days, currency),
        cost_note="estimated" if output.cost_estimated else "",
        effect=interval_words(row.effect),
        bar=interval_bar(row.effect, reach, directions.get(row.metric, "up")),
        word=word_of(row),
        tone=tone_of(row.word),
        grade_words=GRADES[row.grade],
        worth="–" if row.worth is None else round_money(row.worth.value, currency),
        worth_span=_span(row.worth, currency),
        expected=row.expectation,
    )


def _cost(money: float | None, days: float | None, currency: str) -> str:
    if money is not None:
        return round_money(money, currency)
    return "–" if days is None else f"{days:,.0f} d"


def _span(worth: Interval | None, currency: str) -> str:
    return "" if worth is None else f"{round_money(worth.low, currency)} to {round_money(worth.high, currency)}"


def _worth_note(ledger: Ledger) -> str:
    worth, totals = ledger.totals.worth, ledger.totals
    if worth is None:
        return "no measured effect has a worth in money yet"
    span = _span(worth, ledger.currency)
    return f"{span}, {counted(totals.valued, 'launch')} over the measured days"


def _percent(ledger: Ledger, bucket: Bucket) -> str:
    found = next(each for each in ledger.totals.buckets if each.bucket == bucket)
    return "–" if found.percent is None else f"{found.percent}%"


def _shares(ledger: Ledger) -> tuple[BucketShare, ...]:
    """Parts of the bar: the buckets in which an output lies."""
    shares, start = [], 0.0
    in_money = ledger.totals.costed > 0
    for bucket in ledger.totals.buckets:
        if bucket.share is None or not bucket.outputs:
            continue
        made_of = ", ".join(f"{each.outputs} {each.reason}" for each in bucket.reasons)
        shares.append(
            BucketShare(
                name=bucket.bucket.replace(" ", "-"),
                words=BUCKETS[bucket.bucket],
                start=start,
                width=100 * bucket.share,
                percent=f"{bucket.percent}%",
                cost=_cost(bucket.cost if in_money else None, bucket.cost_days, ledger.currency),
                outputs=bucket.outputs,
                made_of=made_of if len(bucket.reasons) > 1 or bucket.bucket in ("waste", "not known") else "",
            )
        )
        start += 100 * bucket.share
    return tuple(shares)
