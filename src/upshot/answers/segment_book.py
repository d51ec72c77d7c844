"""The segments of a workspace: conditions in the catalog, parsed once each."""

import threading

from upshot.catalog.catalog import Catalog
from upshot.catalog.kinds import Segment
from upshot.core.errors import InternalError
from upshot.core.problems import Problem
from upshot.metrics.definition import Filter
from upshot.metrics.segments import parse_segment

__all__ = ["SegmentBook"]


class SegmentBook:
    """Segments by name, at their newest version."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._parsed: dict[tuple[str, ...], tuple[Filter, ...]] = {}
        self._lock = threading.Lock()

    def all(self) -> dict[str, tuple[Filter, ...]]:
        """The conditions of every segment, in the order of declaration."""
        current = self._catalog.declarations.current(Segment)
        return {name: self._conditions(found.value) for name, found in current.items()}

    def _conditions(self, segment: Segment) -> tuple[Filter, ...]:
        with self._lock:
            found = self._parsed.get(segment.where)
            if found is None:
                parsed = parse_segment(segment.where)
                if isinstance(parsed, Problem):
                    raise InternalError(f"The stored segment {segment.name} cannot be read: {parsed.message}")
                found = self._parsed[segment.where] = parsed
        return found
