"""What the listeners of a small music service did, drawn at random but the same for the same seed and last day.

People sign up over the whole period, listen on most days at first and on fewer later, search and save songs, and some
subscribe and pay each month. It shares no code with what measures it.
"""

import csv
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

__all__ = ["COLUMNS", "Service", "write"]

COLUMNS = ("id", "at", "listener", "event", "country", "platform", "plan", "minutes", "amount")
_COUNTRIES = (("DE", 0.4), ("FR", 0.25), ("BR", 0.2), ("JP", 0.15))
_PRICE_BY_COUNTRY = {"DE": 9.99, "FR": 9.99, "BR": 4.99, "JP": 8.99}
_WEEKDAY_PULL = (0.92, 0.92, 0.94, 1.0, 1.14, 1.12, 0.98)
_HOURS = np.array([2, 1, 1, 1, 1, 2, 5, 8, 8, 6, 5, 6, 7, 6, 5, 6, 8, 10, 11, 11, 10, 9, 7, 4], dtype=float)
_HOURS_UNTIL = np.cumsum(_HOURS)[:-1] / _HOURS.sum()


@dataclass(frozen=True, slots=True)
class Service:
    """What is drawn.

    Attributes:
        last_day: The last local day with events.
        days: How many days there are.
        listeners: How many people sign up in that time.
        seed: Of the random draws.
        zone: The zone in which people's days begin.
    """

    last_day: date
    days: int = 182
    listeners: int = 1_200
    seed: int = 7
    zone: str = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class _Listener:
    name: str
    country: str
    platform: str
    first_day: int
    habit: float
    fade_days: float
    subscribes_after: int


_Row = tuple[str, ...]


def _listeners(service: Service, draw: np.random.Generator) -> Iterator[_Listener]:
    names = [name for name, _ in _COUNTRIES]
    weights = [weight for _, weight in _COUNTRIES]
    for number in range(service.listeners):
        first_day = int(service.days * draw.beta(1.0, 0.85))
        yield _Listener(
            name=f"listener-{number:05d}",
            country=str(draw.choice(names, p=weights)),
            platform="ios" if draw.random() < 0.45 else "android",
            first_day=min(first_day, service.days - 1),
            habit=float(draw.beta(2.0, 2.6)),
            fade_days=float(draw.lognormal(4.3, 1.1)),
            subscribes_after=int(draw.geometric(0.03)) if draw.random() < 0.22 else 10**6,
        )


def _instants(day: date, count: int, zone: ZoneInfo, draw: np.random.Generator) -> list[datetime]:
    hours = _HOURS_UNTIL.searchsorted(draw.random(count), side="right")
    seconds = draw.integers(0, 3600, size=count)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    local = sorted(midnight + timedelta(hours=int(h), seconds=int(s)) for h, s in zip(hours, seconds, strict=True))
    return [instant.astimezone(UTC) for instant in local]


def _day_of(listener: _Listener, age: int, day: date, zone: ZoneInfo, draw: np.random.Generator) -> Iterator[_Row]:
    subscribed = age >= listener.subscribes_after
    chance = (0.25 + 0.75 * listener.habit) * np.exp(-age / listener.fade_days) * _WEEKDAY_PULL[day.weekday()]
    listens = age == 0 or draw.random() < chance * (1.25 if subscribed else 1.0)
    todo: list[tuple[str, str, str]] = []
    if age == 0:
        todo.append(("signed up", "", ""))
    if listens:
        todo.append(("app opened", "", ""))
        plays = draw.gamma(2.2, 1.6, size=1 + draw.poisson(3.0 * listener.habit))
        todo.extend(("song played", f"{minutes:.2f}", "") for minutes in plays)
        if draw.random() < 0.35:
            todo.append(("searched", "", ""))
        if draw.random() < 0.10:
            todo.append(("song saved", "", ""))
    price = f"{_PRICE_BY_COUNTRY[listener.country]:.2f}"
    if age == listener.subscribes_after:
        todo.append(("subscription started", "", ""))
    if subscribed and (age - listener.subscribes_after) % 30 == 0:
        todo.append(("payment", "", price))
        if draw.random() < 0.02:
            todo.append(("refund", "", f"-{price}"))
    plan = "paid" if subscribed else "free"
    for (event, minutes, amount), at in zip(todo, _instants(day, len(todo), zone, draw), strict=True):
        yield (at.isoformat(), listener.name, event, listener.country, listener.platform, plan, minutes, amount)


def _rows(service: Service) -> Iterator[_Row]:
    draw = np.random.default_rng(service.seed)
    zone = ZoneInfo(service.zone)
    first_day = service.last_day - timedelta(days=service.days - 1)
    for listener in _listeners(service, draw):
        for offset in range(listener.first_day, service.days):
            day = first_day + timedelta(days=offset)
            yield from _day_of(listener, offset - listener.first_day, day, zone, draw)


def write(service: Service, path: Path) -> int:
    """Write the service's events as gzipped CSV with the columns ``COLUMNS``, in order of time.

    Args:
        service: What to draw.
        path: The file to make, usually ending in ``.csv.gz``.

    Returns:
        How many events it holds.
    """
    rows = sorted(_rows(service))
    with gzip.open(path, "wt", encoding="utf-8", newline="", compresslevel=4) as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        for number, row in enumerate(rows):
            identity = hashlib.blake2b(f"{service.seed}:{number}:{row[0]}".encode(), digest_size=10).hexdigest()
            out.writerow((identity, *row))
    return len(rows)
