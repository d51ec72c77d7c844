"""In which encoding a file writes its characters: said, or UTF-8; where it cannot be UTF-8, a question is put."""

from __future__ import annotations

import re

from upshot.core.errors import InvalidInput
from upshot.core.suggest import did_you_mean, nearest

__all__ = ["ENCODINGS", "check_characters", "check_encoding"]

ENCODINGS = {"utf-8": "", "latin-1": "cp1252", "windows-1252": "cp1252"}
"""What may be said, and the codec that reads it; none for UTF-8.

Latin-1 is read as Windows-1252, which has characters where Latin-1 has none; so does the WHATWG Encoding Standard.
"""

_UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_NO_LATIN = re.compile(rb"[\x00-\x08\x0e-\x1f\x81\x8d\x8f\x90\x9d]")
_LONGEST_RUN = 2.0
"""Bytes beyond ASCII that stand together, on average: few in the languages of western Europe."""


def check_encoding(name: str) -> None:
    """Refuse an encoding that is not known.

    Raises:
        InvalidInput: It is none of ``ENCODINGS``.
    """
    if name and name not in ENCODINGS:
        close = nearest(name, ENCODINGS)
        raise InvalidInput(
            f"There is no encoding named {name!r} here.",
            hint=did_you_mean(close[:1]) or f"There are {', '.join(ENCODINGS)}; convert to UTF-8 else.",
        )


def check_characters(name: str, text: bytes, encoding: str) -> None:
    """Refuse text that is not UTF-8 where nobody said what it is, and names of columns that cannot be read.

    A text in which more characters are UTF-8 than are not has damaged rows; the import rejects those one by one.

    Args:
        name: The file's.
        text: Its first lines, whole, as they were decoded.
        encoding: What was said; empty when nothing was.

    Raises:
        InvalidInput: It is so.
    """
    header, *_ = text.lstrip().split(b"\n", 1)
    broken = _undecodable(text)
    if not broken or (encoding and not _undecodable(header)):
        return
    if encoding:
        raise InvalidInput(
            f"The first line of {name} is not {encoding}: {_place(header)}.", hint=f"Say another: {_others(encoding)}."
        )
    if len(_UTF8_CHARACTER.findall(text)) >= broken and not _undecodable(header):
        return
    if not _looks_western(text):
        raise InvalidInput(
            f"{name} is not UTF-8: {_place(text)}.",
            hint="Save it as UTF-8, or convert it (iconv -f ENCODING -t UTF-8), and import it again.",
        )
    raise InvalidInput(
        f"{name} is not UTF-8 but looks like Latin-1/Windows-1252: {_place(text)}.",
        hint="Import it with --encoding latin-1, or convert it to UTF-8; --encoding utf-8 rejects the rows at fault.",
    )


def _undecodable(text: bytes) -> int:
    """How many bytes beyond ASCII are part of no UTF-8 character."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return sum(map(len, _BEYOND_ASCII.findall(_UTF8_CHARACTER.sub(b"", text)))) or 1
    return 0


def _looks_western(text: bytes) -> bool:
    runs = _BEYOND_ASCII.findall(text)
    return not _NO_LATIN.search(text) and sum(map(len, runs)) <= _LONGEST_RUN * len(runs)


def _place(text: bytes) -> str:
    """The first byte at fault, its line, and how it reads as Windows-1252."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        octet = text[error.start : error.start + 1]
        character = octet.decode("cp1252", "replace")
        line = text.count(b"\n", 0, error.start) + 1
        return f"byte 0x{octet.hex()} ({character!r} in Windows-1252) in line {line}"
    return ""


def _others(encoding: str) -> str:
    return " or ".join(f"--encoding {name}" for name in ENCODINGS if name != encoding)
