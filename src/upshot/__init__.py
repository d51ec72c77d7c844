"""Upshot: outcomes, not output.

What a program needs is reached from here and loaded when it is first asked for: ``upshot.stats`` and the exceptions.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import upshot.stats as stats
    from upshot.core.errors import InternalError, InvalidInput, NotAllowed, NotFound, UpshotError, UserError

    __version__: str

__all__ = [
    "InternalError",
    "InvalidInput",
    "NotAllowed",
    "NotFound",
    "UpshotError",
    "UserError",
    "__version__",
    "stats",
]


if not TYPE_CHECKING:  # a type checker must still refuse a name that does not exist

    def __getattr__(name: str) -> object:
        if name == "__version__":
            return importlib.import_module("importlib.metadata").version("upshot")
        if name == "stats":
            return importlib.import_module("upshot.stats")
        if name in __all__:
            value: object = getattr(importlib.import_module("upshot.core.errors"), name)
            return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
