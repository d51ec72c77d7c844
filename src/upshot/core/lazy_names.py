"""Public names of a package that are loaded when they are first used: importing the package costs next to nothing."""

import importlib
import sys
from collections.abc import Callable, Mapping

__all__ = ["homes_of", "loader"]


def homes_of(names: Mapping[str, str]) -> dict[str, str]:
    """The module of each name.

    Args:
        names: The public names of each module, with spaces between them.

    >>> homes_of({"series": "Series Window"})
    {'Series': 'series', 'Window': 'series'}
    """
    return {name: module for module, those in names.items() for name in those.split()}


def loader(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """What a package has for ``__getattr__`` (PEP 562): it loads a name's module and keeps the name in the package.

    Raises:
        AttributeError: From the function that is returned: the package has no such name.
    """

    def load(name: str) -> object:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(importlib.import_module(f"{package}.{home}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return load
