"""From the bytes of a request to the JSON text in it: content encodings, forms, base64; never more than allowed."""

import base64
import binascii
import zlib
from urllib.parse import parse_qs, unquote_to_bytes

from upshot.collect.delivery import Envelope, Malformed, TooLarge

__all__ = ["decompressed", "inflate", "posted_text"]

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS
_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS
_FORM = "application/x-www-form-urlencoded"
_GZIP_NAMES = frozenset({"gzip", "gzip-js", "x-gzip"})
_BASE64_NAMES = frozenset({"base64", "b64"})


def inflate(packed: bytes, window_bits: int, limit: int) -> bytes:
    """The content of a gzip or zlib stream, at most ``limit`` bytes of it.

    Raises:
        TooLarge: It unpacks to more.
        Malformed: It is no such stream, or it was cut short.
    """
    pieces = []
    room = limit
    rest = packed
    try:
        while rest:  # a gzip file may have several members
            unpacker = zlib.decompressobj(window_bits)
            piece = unpacker.decompress(rest, room + 1)
            room -= len(piece)
            if room < 0:
                raise TooLarge(f"The body unpacks to more than {limit} bytes.", hint="Send smaller batches.")
            if not unpacker.eof:
                raise Malformed("The compressed body was cut short.", hint="Send it again, whole.")
            pieces.append(piece)
            rest = unpacker.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise Malformed(f"The body is not the compressed stream that it says it is: {error}.") from None
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def decompressed(envelope: Envelope, limit: int) -> bytes:
    """The body without its content encoding.

    Raises:
        TooLarge: It unpacks to more than ``limit`` bytes.
        Malformed: It is not what its header says, or its encoding is not supported.
    """
    match envelope.content_encoding:
        case "" | "identity":
            body = envelope.body
        case "gzip" | "x-gzip":
            body = inflate(envelope.body, _GZIP, limit)
        case "deflate":
            body = inflate(envelope.body, _ZLIB_OR_GZIP, limit)
        case other:
            raise Malformed(f"The content encoding {other!r} is not read.", hint="Send gzip, deflate or none.")
    if len(body) > limit:
        raise TooLarge(f"The body has more than {limit} bytes.", hint="Send smaller batches.")
    return body


def posted_text(envelope: Envelope, limit: int) -> tuple[bytes, dict[str, str]]:
    """The JSON text of a request that may be packed as browsers pack it, and the other fields of its form.

    A body may be plain, gzip (by header, by ``compression=`` or by its first bytes), base64, or a form whose field
    ``data`` is any of these; a GET request has the field in its address.

    Raises:
        TooLarge: It unpacks to more than ``limit`` bytes.
        Malformed: It is not what it says it is.
    """
    fields = dict(envelope.query)
    body = decompressed(envelope, limit)
    data = fields.pop("data", "")
    if data and not body:
        body = data.encode("utf-8", "surrogateescape")
    elif body[:5] == b"data=" or (envelope.content_type == _FORM and body.lstrip()[:1] not in (b"{", b"[")):
        body = _from_form(body, fields)
    compression = fields.get("compression", "").lower()
    if body[:2] == _GZIP_MAGIC:
        return inflate(body, _GZIP, limit), fields
    if compression in _BASE64_NAMES or _looks_packed(body):
        body = _from_base64(body)
        if body[:2] == _GZIP_MAGIC:
            body = inflate(body, _GZIP, limit)
    elif compression in _GZIP_NAMES and body[:1] not in (b"{", b"["):
        raise Malformed("The body is said to be gzip, and is not.")
    elif compression in ("lz64", "lz-string"):
        raise Malformed("The compression lz64 is not read.", hint="Upgrade the client: it has sent gzip since 2021.")
    return body, fields


def _from_form(body: bytes, fields: dict[str, str]) -> bytes:
    """The field ``data``; the other fields are added to ``fields``."""
    data = b""
    for pair in body.split(b"&"):
        name, _, value = pair.partition(b"=")
        if name == b"data":
            # + is a letter of base64, which not every client escapes; a space is none, and in JSON either will do
            data = unquote_to_bytes(value if _is_base64(value) else value.replace(b"+", b" "))
        else:
            for key, values in parse_qs(pair.decode("utf-8", "replace")).items():
                fields.setdefault(key, values[-1])
    if not data:
        raise Malformed("The form has no field named data.", hint="Put the JSON text, or its base64, there.")
    return data


def _is_base64(text: bytes) -> bool:
    plain = text.replace(b"%2B", b"+").replace(b"%2F", b"/").replace(b"%3D", b"=")
    return not plain.strip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n")


def _looks_packed(body: bytes) -> bool:
    """Whether it may be base64: JSON begins with a bracket, which is no letter of it."""
    start = body[:64].lstrip()
    return bool(start) and start[:1] not in (b"{", b"[") and _is_base64(start)


def _from_base64(body: bytes) -> bytes:
    try:
        return base64.b64decode(body.replace(b" ", b"+"), validate=False)
    except binascii.Error as error:
        raise Malformed(f"The body is not base64: {error}.") from None
