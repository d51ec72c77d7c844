"""Charts as SVG and PNG without a browser: ECharts in V8 (mini-racer) draws SVG, resvg makes pixels of it.

Both are loaded when the first chart is drawn. V8 starts in about 80 ms and then draws a chart in about 10 ms.
"""

import hashlib
import json
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from upshot.charts.option import Option
from upshot.charts.theme import LIGHT, Palette
from upshot.core.errors import InternalError

if TYPE_CHECKING:
    from py_mini_racer import MiniRacer

__all__ = ["png_of", "to_png", "to_svg"]

_BUILT = Path(__file__).resolve().parents[1] / "web" / "static" / "dist" / "render"
_LOCK = threading.Lock()
_TIMEOUT_SECONDS = 20
_HOVER = re.compile(r' class="zr\d+-cls-\d+"|<style\b.*?</style>', re.DOTALL)
_RUNNING_ID = re.compile(r"\bzr\d+-")
_engine: "MiniRacer | None" = None


def to_svg(option: Option, *, width: int = 960, height: int = 420, palette: Palette = LIGHT) -> str:
    """The chart as an SVG document of ``width`` by ``height`` pixels; the same chart is the same text.

    Raises:
        InternalError: The drawing script was not built, or the option cannot be drawn.
    """
    from py_mini_racer import JSEvalException

    described = json.dumps(option)
    with _LOCK:
        try:
            drawn = _loaded().call(
                "upshotRender", described, json.dumps(palette), width, height, timeout_sec=_TIMEOUT_SECONDS
            )
        except JSEvalException as error:
            raise InternalError(f"The chart could not be drawn: {error}") from error
    return _reproducible(str(drawn), described)


def to_png(option: Option, *, width: int = 960, height: int = 420, palette: Palette = LIGHT, zoom: int = 2) -> bytes:
    """The chart as PNG of ``zoom`` times ``width`` by ``height`` pixels.

    Raises:
        InternalError: As for ``to_svg``.
    """
    return png_of(to_svg(option, width=width, height=height, palette=palette), zoom=zoom)


def png_of(svg: str, *, zoom: int = 2) -> bytes:
    """An SVG document as PNG of ``zoom`` pixels for each of its own, its words in the font that comes along."""
    import resvg_py

    font = _built("inter.ttf")
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, zoom=zoom, font_files=[str(font)], font_family="Inter", sans_serif_family="Inter"
        )
    )


def _reproducible(svg: str, described: str) -> str:
    """Without what only matters under a mouse, and with ids that come from the chart instead of a running number."""
    still = _HOVER.sub("", svg)
    return _RUNNING_ID.sub(f"c{hashlib.sha256(described.encode()).hexdigest()[:8]}-", still)


def _built(name: str) -> Path:
    path = _BUILT / name
    if not path.is_file():
        raise InternalError(f"{path} is missing: the pages' assets were not built (python hatch_build.py).")
    return path


def _loaded() -> "MiniRacer":
    """V8 with the drawing script in it; the lock is held."""
    global _engine  # one V8 for the process: each costs tens of megabytes
    if _engine is None:
        from py_mini_racer import MiniRacer

        engine = MiniRacer()
        engine.eval(_built("charts.js").read_text(encoding="utf-8"))
        _engine = engine
    return _engine
