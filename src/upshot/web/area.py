"""What an area of the pages gives to the whole: its routes, and where people find it."""

from dataclasses import dataclass

from litestar.types import ControllerRouterHandler

__all__ = ["Area", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """A page that the palette finds, and the navigation where it says so.

    Attributes:
        key: What the layout calls it: its icon, and the area that a page says it belongs to.
        path: Its address.
        name: What people call it.
        about: What is there, in a few words.
        in_navigation: Whether it stands there.
    """

    key: str
    path: str
    name: str
    about: str
    in_navigation: bool = True


@dataclass(frozen=True, slots=True)
class Area:
    """One area.

    Attributes:
        routes: What it answers; each declares its permission.
        places: Its pages that people look for by name.
    """

    routes: tuple[ControllerRouterHandler, ...]
    places: tuple[Place, ...] = ()
