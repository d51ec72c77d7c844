"""What may be kept of what clients send: the tracking plans, properties that are dropped or hashed, addresses."""

import hashlib
import hmac
import ipaddress
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from upshot.catalog.kinds.tracking import PlannedEvent, PropertyType, TrackingPlan
from upshot.collect.clock import instant_of
from upshot.collect.delivery import TraitValue

__all__ = ["Breakage", "Breakages", "Policy", "SourcePolicy"]

_OBJECT = msgspec.json.Decoder(dict[str, object])
_ANY = msgspec.json.Decoder(object)
_ADDRESS_NAMES = frozenset({"$ip", "ip"})
_ADDRESS_SIGN = b'ip"'
_ESCAPED_LETTERS = (rb"\u0069", rb"\u0070")
_HASH_DIGITS = 32
_WITHHELD = b'"It is no JSON, so that nobody can tell what in it must not be kept: it was not kept."'
_V4_KEPT, _V6_KEPT = 24, 48
_MOST_BREAKAGES = 1000
Addresses = Literal["keep", "truncate", "drop"]


class Breakage(msgspec.Struct):
    """How often events of one client library broke a plan in one way, since the server started."""

    source: str
    sdk: str
    event: str
    problem: str
    count: int
    first_at: datetime
    last_at: datetime


class Breakages:
    """Counts of what broke plans."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, str], Breakage] = {}
        self._lock = threading.Lock()

    def note(self, source: str, sdk: str, event: str, problem: str, at: datetime) -> None:
        """Count one; ways to break a plan that are new are not noted when there are very many already."""
        key = (source, sdk, event, problem)
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                found.count += 1
                found.last_at = at
            elif len(self._found) < _MOST_BREAKAGES:
                self._found[key] = Breakage(source, sdk, event, problem, 1, at, at)

    def all(self) -> tuple[Breakage, ...]:
        """Every one, most frequent first."""
        with self._lock:
            return tuple(sorted(self._found.values(), key=lambda b: (-b.count, b.source, b.event, b.problem)))


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """What holds for one source.

    Attributes:
        mode: How its events are compared with ``planned``.
        planned: The events that may come, by name.
        drop: Properties that are never kept.
        hash: Properties that are kept only as a hash.
        addresses: What becomes of addresses of the internet.
        salt: What hashes are keyed with.
    """

    mode: Literal["off", "warn", "enforce"]
    planned: Mapping[str, PlannedEvent]
    drop: frozenset[str]
    hash: frozenset[str]
    addresses: Addresses
    salt: bytes

    def concerns(self, body: bytes) -> bool:
        """Whether anything of a request with that text must be compared or changed."""
        return self.mode != "off" or bool(self.drop or self.hash) or (self.addresses != "keep" and _may_hold_ip(body))

    def problems(self, event: str, properties: bytes) -> tuple[str, ...]:
        """How an event breaks the plan."""
        if self.mode == "off" or event.startswith("$"):
            return ()
        plan = self.planned.get(event)
        if plan is None:
            return ("The event is not in the tracking plan.",)
        values = _OBJECT.decode(properties)
        found = []
        for each in plan.properties:
            value = values.get(each.name)
            if value is None:
                if each.required:
                    found.append(f"It lacks the property {each.name!r}.")
            elif not _is_a(value, each.type):
                found.append(f"Its property {each.name!r} is {_kind(value)}; the plan says {each.type}.")
        if not plan.others:
            unknown = values.keys() - {each.name for each in plan.properties}
            found += [f"Its property {n!r} is not in the tracking plan." for n in sorted(unknown) if n[:1] != "$"]
        return tuple(found)

    def cleaned(self, text: bytes) -> bytes:
        """JSON with what must not be kept dropped, hashed or cut, at any depth; unchanged where there is nothing."""
        value = _ANY.decode(text)
        changed, clean = self._clean(value)
        return msgspec.json.encode(clean) if changed else text

    def cleaned_traits(self, traits: Mapping[str, TraitValue]) -> dict[str, TraitValue]:
        """The same for traits."""
        return msgspec.convert(self._clean(dict(traits))[1], dict[str, TraitValue])

    def redacted(self, raw: bytes) -> bytes:
        """A message as it may be shown; where that cannot be told, as it is no JSON, nothing of it."""
        if not (self.drop or self.hash or (self.addresses != "keep" and _may_hold_ip(raw))):
            return raw
        try:
            return self.cleaned(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _WITHHELD if self.drop or self.hash else raw

    def _clean(self, value: object) -> tuple[bool, object]:
        match value:
            case dict():
                return self._clean_object(value)
            case list():
                pairs = [self._clean(inner) for inner in value]
                return any(changed for changed, _ in pairs), [clean for _, clean in pairs]
            case _:
                return False, value

    def _clean_object(self, fields: dict[str, object]) -> tuple[bool, object]:
        kept: dict[str, object] = {}
        changed = False
        for name, value in fields.items():
            if name in self.drop:
                changed = True
            elif name in self.hash:
                kept[name] = None if value is None else self._hashed(value)
                changed = changed or value is not None
            elif name in _ADDRESS_NAMES and self.addresses != "keep" and (cut := _cut(value)) is not None:
                changed = True
                if self.addresses == "truncate":
                    kept[name] = cut
            else:
                inner_changed, kept[name] = self._clean(value)
                changed = changed or inner_changed
        return changed, kept

    def _hashed(self, value: object) -> str:
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        return hmac.new(self.salt, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:_HASH_DIGITS]


class Policy:
    """All plans of a workspace.

    Args:
        plans: The plans in force.
        addresses: What becomes of addresses of the internet.
        salt: What hashes are keyed with: the same value gives the same hash in this workspace, and in no other.
    """

    def __init__(self, plans: Iterable[TrackingPlan], *, addresses: Addresses, salt: bytes) -> None:
        self._plans = tuple(plans)
        self._addresses: Addresses = addresses
        self._salt = salt
        self._sources: dict[str, SourcePolicy] = {}

    def of(self, source: str) -> SourcePolicy:
        """What holds for a source: of several plans, the strictest mode, and all of their events and rules."""
        known = self._sources.get(source)
        if known is None:
            known = self._sources[source] = self._made(source)
        return known

    def _made(self, source: str) -> SourcePolicy:
        plans = [plan for plan in self._plans if not plan.sources or source in plan.sources]
        modes = {plan.mode for plan in plans if plan.events}
        drop = {name for plan in plans for name in plan.drop}
        hashed = {name for plan in plans for name in plan.hash}
        for plan in plans:
            private = {each.name for event in plan.events for each in event.properties if each.pii}
            drop |= private if plan.pii == "drop" else set()
            hashed |= private if plan.pii == "hash" else set()
        return SourcePolicy(
            mode="enforce" if "enforce" in modes else "warn" if "warn" in modes else "off",
            planned={event.event: event for plan in plans if plan.mode != "off" for event in plan.events},
            drop=frozenset(drop),
            hash=frozenset(hashed),
            addresses=self._addresses,
            salt=self._salt,
        )


def _may_hold_ip(text: bytes) -> bool:
    """Whether a name in it may end in ``ip``, also where one of its letters is an escape.

    From the end, as a search forward stops at every quotation mark.
    """
    return text.rfind(_ADDRESS_SIGN) >= 0 or (b"\\" in text and any(letter in text for letter in _ESCAPED_LETTERS))


def _cut(value: object) -> str | None:
    """An address without its last part; None where it is no address."""
    if not isinstance(value, str):
        return None
    try:
        address = ipaddress.ip_address(value.strip())
    except ValueError:
        return None
    kept = _V4_KEPT if address.version == 4 else _V6_KEPT
    return str(ipaddress.ip_network(f"{address}/{kept}", strict=False).network_address)


def _is_a(value: object, wanted: PropertyType) -> bool:
    match wanted:
        case "any":
            return True
        case "text":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "integer":
            return (isinstance(value, int) and not isinstance(value, bool)) or (
                isinstance(value, float) and value.is_integer()
            )
        case "boolean":
            return isinstance(value, bool)
        case "list":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case "instant":
            return isinstance(value, str) and instant_of(value) is not None


def _kind(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
