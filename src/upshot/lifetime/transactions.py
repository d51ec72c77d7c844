"""Purchases as they come, and what the models read of them: how often, how lately, how long, how much."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray

from upshot.core.errors import InvalidInput
from upshot.stats.arguments import floats, labels_of, number, row

__all__ = ["Customers", "Transactions"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Customers:
    """One row for each customer, as Fader, Hardie and Lee (2005) write them.

    Attributes:
        frequency: x, purchases after the first; whole numbers of 0 or more, shape (customers,).
        recency: t_x, time of the last purchase, counted from the first; 0 where there is no other.
        age: T, time from the first purchase to the end of the data; ``recency`` or more.
        spend: Mean amount of the purchases after the first, in money; NaN where there is none.

    Raises:
        InvalidInput: Lengths differ, a number is negative, or a last purchase lies before the first or after the end.

    Examples:
        >>> Customers.of([2, 0], [30.43, 0.0], [38.86, 38.86]).repeaters
        1
    """

    frequency: Floats
    recency: Floats
    age: Floats
    spend: Floats | None = None

    def __post_init__(self) -> None:
        names = ("frequency", "recency", "age")
        x, t_x, age = (floats(name, row(name, getattr(self, name)), least=0.0) for name in names)
        spend = np.full(len(x), np.nan) if self.spend is None else row("spend", self.spend)
        if len({len(x), len(t_x), len(age), len(spend)}) > 1:
            raise InvalidInput(
                f"frequency, recency, age and spend have {len(x)}, {len(t_x)}, {len(age)} and {len(spend)} values.",
                hint="Give one value of each for each customer.",
            )
        if not (np.isfinite(x).all() and np.isfinite(t_x).all() and np.isfinite(age).all()):
            raise InvalidInput("frequency, recency or age holds a value that is no finite number.")
        wrong = (x != np.floor(x)) | (t_x > age) | ((x == 0) & (t_x != 0)) | ((x > 0) & (t_x == 0))
        if wrong.any():
            at = int(np.argmax(wrong))
            raise InvalidInput(
                f"Customer {at} has frequency {x[at]:g}, recency {t_x[at]:g} and age {age[at]:g}.",
                hint="A frequency is a whole number; a recency is 0 with frequency 0 only, and never above the age.",
            )
        for name, values in zip((*names, "spend"), (x, t_x, age, spend), strict=True):
            object.__setattr__(self, name, values)

    @classmethod
    def of(
        cls, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, spend: ArrayLike | None = None
    ) -> "Customers":
        """Customers of columns as a notebook has them; see the class.

        Raises:
            InvalidInput: As the class.
        """
        own = None if spend is None else row("spend", spend)
        return cls(row("frequency", frequency), row("recency", recency), row("age", age), own)

    def __len__(self) -> int:
        return len(self.frequency)

    @property
    def repeaters(self) -> int:
        """How many bought again."""
        return int((self.frequency > 0).sum())

    @property
    def spends(self) -> Floats:
        """``spend``, NaN where it is not known; shape (customers,)."""
        return np.full(len(self), np.nan) if self.spend is None else self.spend


@dataclass(frozen=True, slots=True)
class Transactions:
    """Purchases, those of one customer on one day as one; in the order of customers and days.

    Attributes:
        customer: Whose, numbers from 0, shape (purchases,).
        day: When, in days from any origin (a proleptic ordinal where dates were given), shape (purchases,).
        amount: Money, shape (purchases,).
        names: The customers' ids in the order of their numbers, shape (customers,).
    """

    customer: Ints
    day: Floats
    amount: Floats
    names: NDArray[np.generic]

    @classmethod
    def of(cls, customer: ArrayLike, day: ArrayLike, amount: ArrayLike) -> "Transactions":
        """Purchases of one customer on one day are added to one.

        Args:
            customer: Ids, of any kind that can be sorted; shape (rows,).
            day: Dates, or numbers of days; parts of a day are cut off.
            amount: Money; finite. What was given back is no purchase: leave it out.

        Raises:
            InvalidInput: Lengths differ, a day or an amount is none, or ids are of kinds that do not sort together.

        Examples:
            >>> log = Transactions.of(["a", "a", "b"], [1, 1, 5], [2.0, 3.0, 4.0])
            >>> log.customer.tolist(), log.day.tolist(), log.amount.tolist()
            ([0, 1], [1.0, 5.0], [5.0, 4.0])
        """
        money = row("amount", amount)
        days = np.floor(_days(day))
        ids = labels_of("customer", customer)
        if ids.ndim != 1:
            raise InvalidInput(f"customer has shape {ids.shape}.", hint="Give one row: a list or a column.")
        names, whose = np.unique(ids, return_inverse=True)
        if not len(money) == len(days) == len(whose):
            raise InvalidInput(
                f"There are {len(whose)} customers, {len(days)} days and {len(money)} amounts.",
                hint="Give one of each for each purchase.",
            )
        if not (np.isfinite(money).all() and np.isfinite(days).all()):
            raise InvalidInput("A day or an amount is no finite number.", hint="Leave such rows out.")
        keys = np.stack([whose.astype(np.float64), days], axis=1)
        rows, place = np.unique(keys, axis=0, return_inverse=True)
        sums = _sums(place.ravel(), money, len(rows))
        return cls(rows[:, 0].astype(np.int64), rows[:, 1], sums, names)

    def __len__(self) -> int:
        return len(self.day)

    @property
    def first_days(self) -> Floats:
        """Each customer's first day, shape (customers,)."""
        first = np.full(len(self.names), np.inf)
        np.minimum.at(first, self.customer, self.day)
        return first

    def customers(self, until: float, *, unit_days: float = 7.0) -> Customers:
        """What is known at the end of a day of those who had bought by then, in the order of ``names``.

        Args:
            until: The last day that counts.
            unit_days: In what time is counted; 7 for weeks, as in the papers.
        """
        until = number("until", until)
        unit = number("unit_days", unit_days, above=0.0)
        size = len(self.names)
        seen = self.day <= until
        whose, day, money = self.customer[seen], self.day[seen], self.amount[seen]
        first = np.full(size, np.inf)
        np.minimum.at(first, whose, day)
        last = np.full(size, -np.inf)
        np.maximum.at(last, whose, day)
        known = np.isfinite(first)
        x = np.bincount(whose, minlength=size) - 1.0
        again = day > first[whose]
        spent = _sums(whose[again], money[again], size)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(x > 0, spent / x, np.nan)
        return Customers(x[known], (last[known] - first[known]) / unit, (until - first[known]) / unit, mean[known])

    def bought(self, after: float, until: float) -> tuple[Floats, Floats]:
        """Purchases and money after one day, up to and with another, of those who had bought by the first.

        Returns:
            Two arrays of shape (customers,), in the order of ``customers(after)``.

        Raises:
            InvalidInput: A day is no number.
        """
        after, until, size = number("after", after), number("until", until), len(self.names)
        inside = (self.day > after) & (self.day <= until)
        count = np.bincount(self.customer[inside], minlength=size).astype(np.float64)
        money = _sums(self.customer[inside], self.amount[inside], size)
        known = self.first_days <= after
        return count[known], money[known]


def _sums(place: NDArray[np.integer], weights: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(place, weights=weights, minlength=size), np.float64)


def _days(day: ArrayLike) -> Floats:
    values = np.asarray(day)
    if values.dtype == object and values.size and isinstance(values.ravel()[0], date):
        values = values.astype("datetime64[D]")
    if np.issubdtype(values.dtype, np.datetime64):
        origin = np.datetime64("0001-01-01", "D")
        days = (values.astype("datetime64[D]") - origin).astype(np.float64) + 1.0
        return np.where(np.isnat(values), np.nan, days)
    return row("day", day)
