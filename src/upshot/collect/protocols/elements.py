"""Taking a JSON text apart without believing it: a batch whose one event is broken is still a batch.

The decoder refuses a text as a whole. Here only strings, brackets and commas are looked at, so that the events beside a
broken one can be decoded on their own; how deep the brackets are nested does not matter.
"""

import re

__all__ = ["elements", "members", "mended", "message_texts"]

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)")
_HALF_PAIR_LENGTH = len(b"\\udead")
_KEY = re.compile(rb'\s*"((?:[^"\\]|\\.)*)"\s*:', re.DOTALL)


def elements(text: bytes) -> list[bytes] | None:
    """The elements of an array, or the members of an object, as they stand; None where the text is neither.

    >>> elements(b' [{"a": [1, 2]}, NaN, "x,y"] ')
    [b'{"a": [1, 2]}', b'NaN', b'"x,y"']
    """
    text = text.strip()
    if text[:1] + text[-1:] not in (b"[]", b"{}"):
        return None
    found = []
    depth, start = 0, 1
    for token in _TOKEN.finditer(text):
        match token.group()[:1]:
            case b"[" | b"{":
                depth += 1
            case b"]" | b"}":
                depth -= 1
            case b"," if depth == 1:
                found.append(text[start : token.start()].strip())
                start = token.end()
            case _:
                pass
        if depth == 0 and token.end() != len(text):
            return None
    if depth:
        return None
    last = text[start:-1].strip()
    return [*found, last] if last or found else found


def members(text: bytes) -> dict[str, bytes]:
    """The members of an object by name; of two with one name, the last. Nothing where the text is no object.

    >>> members(b'{"a": [1, NaN], "b": 2}')
    {'a': b'[1, NaN]', 'b': b'2'}
    """
    found = {}
    for piece in (elements(text) or []) if text.lstrip()[:1] == b"{" else []:
        key = _KEY.match(piece)
        if key:
            found[key.group(1).decode("utf-8", "replace")] = piece[key.end() :].strip()
    return found


def message_texts(body: bytes) -> list[bytes]:
    """The texts of the messages of a request, in their order, whatever protocol it speaks.

    >>> message_texts(b'{"batch": [{"a": 1}, {"b": 2}]}'), message_texts(b'{"a": 1}')
    ([b'{"a": 1}', b'{"b": 2}'], [b'{"a": 1}'])
    """
    found = elements(body)
    if found is None:
        return [line for line in body.split(b"\n") if line.strip()]
    if body.lstrip()[:1] == b"[":
        return found
    fields = members(body)
    for name in ("batch", "events"):
        if fields.get(name, b"")[:1] == b"[":
            return elements(fields[name]) or []
    return [body]


def mended(text: bytes) -> bytes:
    r"""``text`` with halves of surrogate pairs, which are no letters, replaced by the replacement character.

    Clients make them when they cut a text in the middle of an emoji.

    >>> mended(rb'"\ud83d\ude00 \ud83d \\ud83d"')
    b'"\\ud83d\\ude00 \\ufffd \\\\ud83d"'
    """

    def whole(escape: re.Match[bytes]) -> bytes:
        found = escape.group()
        lone = len(found) == _HALF_PAIR_LENGTH and found[1:2] == b"u"
        return rb"\ufffd" if lone else found

    return _ESCAPE.sub(whole, text)
