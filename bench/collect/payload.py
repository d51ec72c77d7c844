"""Requests that a busy app would send, made before the clock runs: each event has an id of its own."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PEOPLE", "event_line", "requests", "stored_form"]

PEOPLE = 20_000
NAMES = ("app opened", "song played", "song saved", "search done", "page seen", "plan seen")
COUNTRIES = ("FR", "DE", "ES", "IT", "PL", "SE", "NL", "PT")
_numbers = itertools.count()


def properties(number: int) -> dict[str, object]:
    """About 230 bytes as JSON: texts, numbers, a truth value."""
    return {
        "country": COUNTRIES[number % 8],
        "plan": "pro" if number % 5 == 0 else "free",
        "path": f"/library/{number % 400}/songs",
        "title": "Some title of a song that is not too short",
        "minutes": number % 90 / 10,
        "position": number % 50,
        "shuffled": number % 3 == 0,
        "app_version": f"4.{number % 30}.1",
        "campaign": f"autumn-{number % 12}",
    }


def event(number: int, at: datetime) -> dict[str, object]:
    """One event of the native API."""
    person = number * 7919 % PEOPLE
    return {
        "event": NAMES[number % len(NAMES)],
        "id": f"bench-{number}",
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "distinct_id": f"person-{person}",
        "session_id": f"session-{person}-{number // 200_000}",
        "properties": properties(number),
    }


def event_line(number: int) -> bytes:
    """One event as bytes, of now."""
    return json.dumps(event(number, datetime.now(UTC))).encode()


def requests(count: int, size: int) -> list[bytes]:
    """``count`` whole requests of ``size`` events each, of now."""
    return list(_requests(count, size, datetime.now(UTC)))


def _requests(count: int, size: int, at: datetime) -> Iterator[bytes]:
    for _ in range(count):
        events = [event(next(_numbers), at) for _ in range(size)]
        body = json.dumps(events[0] if size == 1 else events).encode()
        head = (
            "POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer bench\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


def stored_form(count: int) -> dict[str, list[object]]:
    """Columns of ``count`` events as a store keeps them, for the limits."""
    now = datetime.now(UTC).replace(tzinfo=None)
    numbers = [next(_numbers) for _ in range(count)]
    return {
        "event_id": [number.to_bytes(16, "big") for number in numbers],
        "event": [NAMES[number % len(NAMES)] for number in numbers],
        "occurred_at": [now] * count,
        "received_at": [now] * count,
        "distinct_id": [f"person-{number * 7919 % PEOPLE}" for number in numbers],
        "session_id": [f"session-{number * 7919 % PEOPLE}-0" for number in numbers],
        "source": ["bench"] * count,
        "client_id": [f"bench-{number}" for number in numbers],
        "properties": [json.dumps(properties(number)) for number in numbers],
    }
