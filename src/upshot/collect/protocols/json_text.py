"""JSON objects as text: put together without being taken apart, as most of what clients send is only kept."""

from collections.abc import Iterable

import msgspec

from upshot.collect.delivery import TraitValue

__all__ = [
    "DECODE_ERRORS",
    "EMPTY",
    "OBJECT",
    "RAW_OBJECT",
    "Id",
    "Time",
    "id_text",
    "is_absent",
    "joined",
    "refusable",
    "trait_values",
]

Id = str | int | float | bool | None
"""An id as clients send it, although it should be text."""
Time = str | int | float | None
"""An instant as clients send it: text, or a number since 1970."""

DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises on what is not as it should be."""
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


def id_text(value: Id) -> str:
    """An id as text, empty for none; whole numbers lose their fraction.

    >>> id_text(" u1 "), id_text(7.0), id_text(True), id_text(None)
    ('u1', '7', 'true', '')
    """
    match value:
        case str():
            return value.strip()
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value == int(value):
            return str(int(value))
        case _:
            return str(value)


def refusable(error: Exception) -> str:
    """Why a message was not decoded, in words for the quarantine."""
    if isinstance(error, RecursionError):
        return "It is nested too deep."
    return f"It is not what the protocol describes: {error}."
