"""The write key in the header that names who asks."""

import base64
import binascii

__all__ = ["basic_user", "bearer_token"]


def basic_user(authorization: str) -> str:
    """The user name of a basic authorization; empty when there is none.

    >>> basic_user("Basic " + base64.b64encode(b"key:").decode())
    'key'
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(token.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


def bearer_token(authorization: str) -> str:
    """The token of a bearer authorization; empty when there is none.

    >>> bearer_token("bearer key")
    'key'
    """
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
