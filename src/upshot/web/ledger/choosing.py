"""Which rows of the ledger an address asks for, in which order, and which part of them it shows."""

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlencode

import msgspec

from upshot.api.ledger import LedgerRow
from upshot.catalog.verdict import Grade, VerdictWord
from upshot.core.errors import InvalidInput, NotFound
from upshot.ledger.buckets import Bucket
from upshot.web.page import Page

__all__ = ["FILTERS", "ROWS_A_PART", "Choice", "Facet", "Option", "facets_of", "read_choice", "word_of"]

ROWS_A_PART = 50
NOT_SHIPPED = "not shipped"
FILTERS = {"all": "All", "shipped": "Shipped", "decide": "Needs a decision", "waste": "Waste", "unknown": "Not known"}
SORTS: dict[str, Callable[[LedgerRow], float | None]] = {
    "launched": lambda row: None if row.launched_on is None else float(row.launched_on.toordinal()),
    "cost": lambda row: row.output.cost if row.output.cost is not None else row.output.cost_days,
    "effect": lambda row: None if row.effect is None else row.effect.value,
    "worth": lambda row: None if row.worth is None else row.worth.value,
}
_IN_BUCKET: Mapping[str, Bucket] = {"waste": "waste", "unknown": "not known"}


def word_of(row: LedgerRow) -> str:
    """The verdict's word; what is not launched has none."""
    return NOT_SHIPPED if row.word is None else str(row.word)


def quarter_of(row: LedgerRow) -> str:
    """The quarter of the launch as ``2024-Q1``; empty where there is none."""
    return "" if row.launched_on is None else f"{row.launched_on.year}-Q{(row.launched_on.month + 2) // 3}"


def _quarter_words(quarter: str) -> str:
    year, _, number = quarter.partition("-")
    return f"{number} {year}"


FACETS: Mapping[str, tuple[str, Callable[[LedgerRow], str], Callable[[str], str]]] = {
    "team": ("Team", lambda row: row.output.team, str),
    "verdict": ("Verdict", word_of, str.capitalize),
    "grade": ("Evidence", lambda row: str(row.grade), lambda grade: f"Grade {grade}"),
    "quarter": ("Quarter", quarter_of, _quarter_words),
}
"""What rows can be narrowed by: its name on the page, what a row has of it, and how a value is written."""


class Option(msgspec.Struct, frozen=True):
    """One value of a facet, and how many rows have it."""

    value: str
    words: str
    rows: int


class Facet(msgspec.Struct, frozen=True):
    """One thing that rows can be narrowed by; ``chosen`` is empty where all are shown."""

    name: str
    words: str
    options: tuple[Option, ...]
    chosen: str


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What the address says. ``part`` counts from 1; ``narrow`` holds the chosen value of each facet."""

    show: str = "all"
    sort: str = "launched"
    backwards: bool = False
    kind: str = ""
    objective: str = ""
    search: str = ""
    narrow: tuple[tuple[str, str], ...] = ()
    part: int = 1

    def pairs(self, **changes: str) -> dict[str, str]:
        """Names and values as they stand in an address; what is as usual is left out."""
        state = {
            "show": self.show if self.show != "all" else "",
            "sort": self.sort if self.sort != "launched" else "",
            "order": "up" if self.backwards else "",
            "kind": self.kind,
            "objective": self.objective,
            **dict(self.narrow),
            "search": self.search,
            "part": str(self.part) if self.part > 1 and not changes else "",
        }
        return {name: value for name, value in {**state, **changes}.items() if value}

    def url(self, **changes: str) -> str:
        """The address of the ledger with other choices; whatever changes, its first part is shown."""
        kept = self.pairs(**changes)
        return f"/ledger?{urlencode(kept)}" if kept else "/ledger"

    def sort_url(self, column: str) -> str:
        """The address with that column first; the same column again turns it round."""
        return self.url(sort=column, order="up" if self.sort == column and not self.backwards else "")

    def sorted_as(self, column: str) -> str:
        """For readers of the screen: how the column is sorted."""
        if self.sort != column:
            return "none"
        return "ascending" if self.backwards else "descending"

    def rows(self, rows: Iterable[LedgerRow]) -> list[LedgerRow]:
        """Those that are asked for, in order; rows without the value that is sorted by stand last."""
        value = SORTS[self.sort]

        def key(row: LedgerRow) -> tuple[bool, float]:
            found = value(row)
            return found is None, 0.0 if found is None else found if self.backwards else -found

        return sorted((row for row in rows if self._shows(row) and self._narrowed(row)), key=key)

    def _shows(self, row: LedgerRow) -> bool:
        match self.show:
            case "shipped":
                return bool(row.launch)
            case "decide":
                return row.needs_decision
            case "waste" | "unknown":
                return row.bucket == _IN_BUCKET[self.show]
            case _:
                return True

    def _narrowed(self, row: LedgerRow) -> bool:
        if any(FACETS[name][1](row) != value for name, value in self.narrow):
            return False
        return all(word in _text(row) for word in self.search.casefold().split())


def read_choice(page: Page) -> Choice:
    """The choice that the address of ``page`` says.

    Raises:
        NotFound: It names a filter, a column, a verdict or a grade that is none.
        InvalidInput: Its part is none.
    """
    show, sort = page.parameter("show", "all"), page.parameter("sort", "launched")
    _known("filter", show, FILTERS)
    _known("column", sort, SORTS)
    narrow = tuple((name, page.parameter(name)) for name in FACETS if page.parameter(name))
    for name, value in narrow:
        if name == "verdict":
            _known("verdict", value, (NOT_SHIPPED, *map(str, VerdictWord)))
        if name == "grade":
            _known("grade", value, tuple(map(str, Grade)))
    part = page.parameter("part", "1")
    if not (part.isascii() and part.isdigit() and 0 < int(part[:9]) == int(part)):
        raise InvalidInput(f"{part!r} is no part of the ledger.", hint="Parts are counted from 1.")
    return Choice(
        show=show,
        sort=sort,
        backwards=page.parameter("order") == "up",
        kind=page.parameter("kind"),
        objective=page.parameter("objective"),
        search=page.parameter("search").strip(),
        narrow=narrow,
        part=int(part),
    )


def facets_of(rows: Iterable[LedgerRow], choice: Choice) -> tuple[Facet, ...]:
    """What ``rows`` can be narrowed by: facets of more than one value, or that are chosen; the newest quarter first."""
    rows, chosen = tuple(rows), dict(choice.narrow)
    facets = []
    for name, (words, of, write) in FACETS.items():
        found: dict[str, int] = {}
        for row in rows:
            found[of(row)] = found.get(of(row), 0) + 1
        found.pop("", None)
        picked = chosen.get(name, "")
        if picked:
            found.setdefault(picked, 0)
        if len(found) > 1 or picked:
            ordered = sorted(found, reverse=name == "quarter")
            options = tuple(Option(value, write(value), found[value]) for value in ordered)
            facets.append(Facet(name, words, options, picked))
    return tuple(facets)


def _text(row: LedgerRow) -> str:
    output = row.output
    parts = (output.name, output.title, output.team, output.objective, row.metric_title, row.expectation, *output.refs)
    return " ".join(parts).casefold()


def _known(kind: str, name: str, known: Iterable[str]) -> None:
    names = tuple(known)
    if name not in names:
        raise NotFound(kind, name, names, hint=f"Use one of {', '.join(names)}.")
