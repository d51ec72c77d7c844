"""JSON objects as text: put together without being taken apart, as most of what clients send is only kept."""

from collections.abc import Iterable

import msgspec

from upshot.collect.delivery import TraitValue

__all__ = ["EMPTY", "OBJECT", "RAW_OBJECT", "is_absent", "joined", "refusable", "trait_values"]

EMPTY = b"{}"
OBJECT = msgspec.json.Decoder(dict[str, object])
RAW_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER = msgspec.json.Encoder()


def is_absent(raw: msgspec.Raw) -> bool:
    """Whether a field was not sent, or is null."""
    return not raw or bytes(raw) == b"null"


def joined(first: bytes, more: Iterable[tuple[str, bytes]]) -> bytes:
    """The object ``first`` with the fields ``more`` added; what ``first`` has already stays as it is.

    >>> joined(b'{"a": 1}', [("b", b"[2]"), ("a", b"3")])
    b'{"a": 1,"b":[2]}'
    """
    inner = first.strip()[1:-1].strip()
    parts = [inner] if inner else []
    known: dict[str, msgspec.Raw] | None = None
    for name, value in more:
        key = _ENCODER.encode(name)
        if key in inner:  # it may be the name of a field, or a text inside
            if known is None:
                known = RAW_OBJECT.decode(first)
            if name in known:
                continue
        parts.append(key + b":" + value)
    return b"{" + b",".join(parts) + b"}"


def trait_values(raw: bytes) -> dict[str, TraitValue]:
    """An object's fields as traits; what is nested becomes JSON text, fields without a name are left out.

    >>> trait_values(b'{"plan": "pro", "seats": 3, "tags": ["a"], "": 1}')
    {'plan': 'pro', 'seats': 3, 'tags': '["a"]'}
    """
    return {name: _flat(value) for name, value in OBJECT.decode(raw).items() if name}


def _flat(value: object) -> TraitValue:
    match value:
        case None | bool() | str() | int() | float():
            return value
        case _:
            return _ENCODER.encode(value).decode()


def refusable(error: Exception) -> str:
    """Why a message was not decoded, in words for the quarantine."""
    if isinstance(error, RecursionError):
        return "It is nested too deep."
    return f"It is not what the protocol describes: {error}."
