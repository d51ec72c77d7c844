"""JSON objects as text: put together without being taken apart, as most of what clients send is only kept."""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import msgspec

from upshot.collect.delivery import Arrivals, Delivery, Refusal, TraitValue
from upshot.collect.protocols.elements import mended

__all__ = [
    "DECODE_ERRORS",
    "EMPTY",
    "OBJECT",
    "RAW_OBJECT",
    "Extras",
    "Id",
    "MessageDecoder",
    "Time",
    "clean_text",
    "id_text",
    "is_absent",
    "joined",
    "scalar",
    "take",
    "trait_values",
]

Id = str | int | float | bool | None
"""An id as clients send it, although it should be text."""
Time = str | int | float | None
"""An instant as clients send it: text, or a number since 1970."""
Extras = tuple[tuple[str, bytes], ...]
"""Fields of a message that its protocol does not know, as JSON."""
Message = TypeVar("Message", bound=msgspec.Struct)
Read = Callable[[Message, Extras, int, Arrivals], str]
"""Puts what a message with its extras says at its position among the others, or tells why it says nothing."""

DECODE_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises on what is not as it should be."""
EMPTY = b"{}"
OBJECT = msgspec.json.Decoder(dict[str, object])
RAW_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_EXACT = 2**53
_ENCODER = msgspec.json.Encoder()
_SCALAR = msgspec.json.Decoder(str | int | float | None)


def clean_text(body: bytes) -> tuple[bytes, bool]:
    """The text without halves of letters, and whether all in it can be kept: UTF-8, and no NUL."""
    if b"\\" in body and b"\\u" in body:  # one byte is looked for many times as fast as two
        lower = body.lower()
        if b"\\ud" in lower:
            body = mended(body)
        if b"\\u0000" in lower:
            return body, False
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            return body, False
    return body, True


class MessageDecoder(Generic[Message]):
    """How a message is decoded.

    Args:
        strict: The fields that the protocol has, and no others.
        loose: The same with any others beside them.
    """

    def __init__(self, strict: type[Message], loose: type[Message]) -> None:
        self._strict, self._loose = msgspec.json.Decoder(strict), msgspec.json.Decoder(loose)
        self._known = frozenset(field.encode_name for field in msgspec.structs.fields(strict))

    def strict(self, raw: bytes) -> Message:
        """A message that has the fields of its protocol, and no others.

        Raises:
            msgspec.DecodeError: It has others, or is none.
        """
        return self._strict.decode(raw)

    def alone(self, raw: bytes) -> tuple[Message, Extras]:
        """A message, and the fields that nobody knows, which are kept as they are."""
        try:
            return self._strict.decode(raw), ()
        except msgspec.ValidationError:
            message = self._loose.decode(raw)
        fields = RAW_OBJECT.decode(raw).items()
        return message, tuple((name, bytes(value)) for name, value in fields if name not in self._known)


def take(
    delivery: Delivery,
    decoder: MessageDecoder[Message],
    messages: Sequence[Message],
    pieces: Callable[[], Sequence[bytes]],
    read: Read[Message],
) -> None:
    """Add what the messages say.

    Args:
        delivery: To this.
        decoder: Of their messages.
        messages: All of them where every one is as it should be; else none.
        pieces: Their texts, where they must be decoded one by one so that those that say nothing are refused alone.
        read: Puts what a message says.
    """
    if messages:
        found = _at_once(messages, read)
        if found:
            delivery.arrivals = found
            return
    for position, raw in enumerate(pieces(), start=1):
        try:
            message, extras = decoder.alone(raw)
            problem = read(message, extras, position, delivery.arrivals)
        except DECODE_ERRORS as error:
            problem = _refusable(error)
        if problem:
            delivery.refusals.append(Refusal(position, problem, raw))


def _at_once(messages: Sequence[Message], read: Read[Message]) -> Arrivals:
    """What all of them say; none where one of them says nothing."""
    found = Arrivals()
    try:
        for position, message in enumerate(messages, start=1):
            if read(message, (), position, found):
                return Arrivals()
    except DECODE_ERRORS:
        return Arrivals()
    return found


def scalar(raw: bytes | None) -> Time:
    """A text or number that stands alone; None where it is neither."""
    try:
        return _SCALAR.decode(raw) if raw else None
    except DECODE_ERRORS:
        return None


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

    >>> trait_values(b'{"plan": "pro", "seats": 3.0, "tags": ["a"], "": 1}')
    {'plan': 'pro', 'seats': 3, 'tags': '["a"]'}
    """
    return {name: _flat(value) for name, value in OBJECT.decode(raw).items() if name}


def _flat(value: object) -> TraitValue:
    match value:
        case float() if value.is_integer() and abs(value) < _EXACT:
            return int(value)
        case None | bool() | str() | int() | float():
            return value
        case _:
            return _ENCODER.encode(value).decode()


def id_text(value: Id) -> str:
    """An id as text, empty for none; whole numbers lose their fraction.

    >>> id_text(" u1 "), id_text(7.0), id_text(True), id_text(None)
    ('u1', '7', 'true', '')
    """
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value == int(value):
            return str(int(value))
        case _:
            return str(value)


def _refusable(error: Exception) -> str:
    """Why a message was not decoded, in words for the quarantine."""
    if isinstance(error, RecursionError):
        return "It is nested too deep."
    return f"It is not what the protocol describes: {error}."
