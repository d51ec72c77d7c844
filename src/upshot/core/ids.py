"""Ids: the idempotency key of an event, which ids are none, and names made from titles.

Events: UUIDv5 (RFC 9562, section 5.5) of the source and the client's own id, so that the same event sent twice, or by
two processes, gets the same key without asking the store.
"""

import hashlib
import re
import secrets
import unicodedata
import uuid
from collections.abc import Iterable

__all__ = [
    "EVENT_NAMESPACE",
    "IDS_OF_MANY",
    "IDS_OF_NOBODY",
    "event_id",
    "event_id_bytes",
    "event_name_bytes",
    "folded_title",
    "is_of_many",
    "named_id",
    "new_token",
    "slug",
]

EVENT_NAMESPACE = uuid.UUID("1766f947-0c08-5b69-a8f2-215da59e2b67")
_SEPARATOR = "\x1f"
_DIGEST_BYTES, _KEY_BYTES = 20, 16
_MARK_LETTERS = 8
_SPEAKING = ("L", "N", "So")  # letters, numbers, and signs that are no sign of arithmetic or money
_LATIN = str.maketrans({
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŋ": "ng",
})  # fmt: skip
_VERSION_5 = bytes(byte & 0x0F | 0x50 for byte in range(256))
_VARIANT = bytes(byte & 0x3F | 0x80 for byte in range(256))

_PLACEHOLDERS = (
    *("undefined", "null", "(null)", "<null>", "nil", "<nil>", "none", "nan", "n/a", "[object object]", "{}", "[]"),
    *(
        "true",
        "false",
        "anonymous",
        "guest",
        "unknown",
        "not_authenticated",
        "distinct_id",
        "distinctid",
        "id",
        "email",
    ),
    str(uuid.UUID(int=0)),
)
IDS_OF_NOBODY = frozenset({"", *(quoted for text in _PLACEHOLDERS for quoted in (text, f'"{text}"', f"'{text}'"))})
"""What programs send where they have no id, in lower case: the words for nothing of their languages, and names of
fields. PostHog joins nobody by these, Mixpanel refuses them."""
IDS_OF_MANY = IDS_OF_NOBODY | {"0", "-1", '"0"', "'0'"}
"""The same with numbers that stand for nothing as a rule, and here and there for the first row of a table."""


def named_id(text: str | None) -> str | None:
    """The id without space around it; None where it names nobody, whatever the case of its letters.

    >>> named_id(" u1 "), named_id("0"), named_id("Undefined"), named_id("'null'"), named_id("")
    ('u1', '0', None, None, None)
    """
    bare = (text or "").strip()
    return None if bare.lower() in IDS_OF_NOBODY else bare


def is_of_many(text: str) -> bool:
    """Whether nobody may be joined by this id, as programs send it for many.

    >>> is_of_many("NULL"), is_of_many("0"), is_of_many("nancy")
    (True, True, False)
    """
    return text.strip().lower() in IDS_OF_MANY


def event_name_bytes(source: str, client_id: str) -> bytes:
    """The name that is hashed below ``EVENT_NAMESPACE``: source, unit separator, client id, in UTF-8."""
    return f"{source}{_SEPARATOR}{client_id}".encode("utf-8", "surrogatepass")


def event_id(source: str, client_id: str) -> uuid.UUID:
    """The key of the event that ``source`` calls ``client_id``.

    >>> event_id("web", "a1") == event_id("web", "a1") != event_id("ios", "a1")
    True
    """
    digest = hashlib.sha1(EVENT_NAMESPACE.bytes + event_name_bytes(source, client_id), usedforsecurity=False).digest()
    return uuid.UUID(bytes=digest[:16], version=5)


def event_id_bytes(source: str, client_ids: Iterable[str | None]) -> list[bytes]:
    """The keys of many events of one source, as 16 bytes each; an event without an id gets a random key.

    >>> event_id_bytes("web", ["a1"]) == [event_id("web", "a1").bytes]
    True
    """
    prefix = hashlib.sha1(EVENT_NAMESPACE.bytes + event_name_bytes(source, ""), usedforsecurity=False)
    names = list(client_ids)
    digests = []
    for client_id in names:
        name = prefix.copy()
        name.update(client_id.encode("utf-8", "surrogatepass") if client_id else b"")
        digests.append(name.digest())
    keys = bytearray().join(digests)
    for byte, marked in ((6, _VERSION_5), (8, _VARIANT)):
        keys[byte::_DIGEST_BYTES] = keys[byte::_DIGEST_BYTES].translate(marked)
    packed = bytes(keys)
    found = [packed[start : start + _KEY_BYTES] for start in range(0, len(packed), _DIGEST_BYTES)]
    if not all(names):
        return [key if client_id else uuid.uuid4().bytes for key, client_id in zip(found, names, strict=True)]
    return found


def new_token() -> str:
    """A random secret of 256 bits, safe in addresses."""
    return secrets.token_urlsafe(32)


def folded_title(title: str) -> str:
    """A title without what people do not tell apart by: letter case, spaces, forms of the same letter.

    >>> folded_title(" Saved  Songs") == folded_title("saved songs")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


def slug(title: str, *, joint: str = "-", kept: str = "_.", most: int = 120) -> str:
    """A name made from a title: the same from the same, letter case and spaces aside.

    Names are ASCII letters and digits. Where a title says more than they can, because it is in another script, in signs
    such as emoji, or very long, the name ends in eight digits of the title's hash, so that it is its own.

    Args:
        title: What people call it.
        joint: What stands for all else between words.
        kept: Which other characters stay.
        most: How many characters the name has at most.

    >>> slug("Saved songs: écoute +1"), slug("Straße 東京"), slug("Поиск"), slug("")
    ('saved-songs-ecoute-1', 'strasse-940f0b83', 'id-d89cae10', 'unnamed')
    """
    said = folded_title(title)
    if not said:
        return "unnamed"
    broken_up = unicodedata.normalize("NFKD", said.translate(_LATIN))
    plain = broken_up.encode("ascii", "ignore").decode()
    edges = f"{joint}-."
    whole = re.sub(f"[^a-z0-9{re.escape(kept)}]+", joint, plain).strip(edges)
    lost = any(not sign.isascii() and unicodedata.category(sign).startswith(_SPEAKING) for sign in broken_up)
    if whole and not lost and len(whole) <= most:
        return whole
    mark = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK_LETTERS]
    return f"{whole[: most - _MARK_LETTERS - 1].strip(edges) or 'id'}{joint}{mark}"
