"""Which code it is that calculates, as a version's number does not change with every change."""

import hashlib
from collections.abc import Iterable, Iterator
from importlib.resources.abc import Traversable

__all__ = ["code_digest"]


def code_digest(rooms: Iterable[Traversable]) -> str:
    """SHA-256 over every module of the rooms, those in their folders too, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for room in rooms:
        for name, source in sorted(_sources(room, room.name)):
            digest.update(name.encode() + b"\x1f" + source + b"\x1e")
    return digest.hexdigest()


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for found in folder.iterdir():
        name = f"{path}/{found.name}"
        if found.is_dir():
            yield from _sources(found, name)
        elif name.endswith(".py"):
            yield name, found.read_bytes()
