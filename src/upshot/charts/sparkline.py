"""The shape of a series in the size of a word, as SVG paths: no script draws it, so it is there with the page."""

import itertools
from collections.abc import Sequence

import msgspec

from upshot.charts.option import ChartPoint

__all__ = ["Sparkline", "sparkline"]

_WIDTH, _HEIGHT, _MARGIN = 100.0, 30.0, 2.0


class Sparkline(msgspec.Struct, frozen=True):
    """Two SVG path data in a box of ``width`` by ``height``: ``line`` over complete periods, ``open`` over others."""

    line: str
    open: str
    width: float = _WIDTH
    height: float = _HEIGHT


def sparkline(points: Sequence[ChartPoint]) -> Sparkline:
    """The line through ``points``, from the lowest value to the highest; gaps stay gaps.

    A series that does not move is a line in the middle. Both paths are empty when fewer than two points have values.
    """
    values = [p.value for p in points if p.value is not None]
    if len(values) < 2:
        return Sparkline("", "")
    low, span = min(values), max(values) - min(values)
    step = _WIDTH / (len(points) - 1)

    def place(at: int, value: float) -> str:
        share = (value - low) / span if span else 0.5
        return f"{at * step:.1f} {_HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN):.1f}"

    line: list[str] = []
    dashes: list[str] = []
    for at, (here, after) in enumerate(itertools.pairwise(points)):
        if here.value is None or after.value is None:
            continue
        path = line if here.complete and after.complete else dashes
        start, end = place(at, here.value), place(at + 1, after.value)
        path.append(f"L{end}" if path and path[-1].endswith(start) else f"M{start}L{end}")
    return Sparkline("".join(line), "".join(dashes))
