"""The built assets: hashed names, so that browsers keep them for good, in the smallest encoding a browser takes."""

from functools import cache
from pathlib import Path

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from upshot.core.errors import InternalError, NotFound
from upshot.web.area import Area
from upshot.web.permit import Open

__all__ = ["AREA", "DIST", "Entry", "asset", "entry", "packed", "static_url"]

DIST = Path(__file__).parent / "static" / "dist"
_ROOT = "/static/"
_FOR_GOOD = "public, max-age=31536000, immutable"
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"), ("identity", ""))


class _Chunk(msgspec.Struct, frozen=True):
    """One entry of Vite's manifest."""

    file: str
    css: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True):
    """What a page's head names: addresses of the script, the style sheets and the font that text is shown in."""

    script: str
    styles: tuple[str, ...]
    font: str


@cache
def _manifest() -> dict[str, _Chunk]:
    path = DIST / "manifest.json"
    if not path.is_file():
        raise InternalError(f"{path} is missing: the pages' assets were not built (python hatch_build.py).")
    return msgspec.json.decode(path.read_bytes(), type=dict[str, _Chunk])


def static_url(source: str) -> str:
    """The address of the asset that was built from ``source``, a path inside ``frontend``."""
    return _ROOT + _manifest()[source].file


@cache
def entry() -> Entry:
    """The pages' one entry.

    Raises:
        InternalError: The assets were not built.
    """
    main = _manifest()["src/main.ts"]
    fonts = [name for name in main.assets if "inter-latin-wght" in name]
    return Entry(_ROOT + main.file, tuple(_ROOT + name for name in main.css), _ROOT + fonts[0])


@cache
def _files() -> dict[str, Path]:
    return {path.name: path for path in (DIST / "assets").iterdir() if path.suffix in _TYPES}


@cache
def _bytes(path: Path) -> bytes:
    return path.read_bytes()


@get("/static/assets/{name:str}", permission=Open.PUBLIC, sync_to_thread=True)
def asset(request: Request[None, None, State], name: FromPath[str]) -> Response[bytes]:
    """One file, precompressed where the browser takes it."""
    path = _files().get(name)
    if path is None:
        raise NotFound("asset", name)
    return packed(request, path, {"Cache-Control": _FOR_GOOD})


def packed(request: Request[None, None, State], path: Path, headers: dict[str, str]) -> Response[bytes]:
    """A built file in the smallest encoding that the browser takes, with these headers besides.

    Raises:
        NotFound: The file is gone; the assets have been built anew since this server started.
    """
    accepted = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    for encoding, suffix in _ENCODINGS:
        if suffix and encoding not in accepted:
            continue
        try:
            body = _bytes(path.with_name(path.name + suffix))
        except FileNotFoundError:
            continue
        encoded = {"Content-Encoding": encoding} if suffix else {}
        return Response(body, media_type=_TYPES[path.suffix], headers={**headers, "Vary": "Accept-Encoding", **encoded})
    raise NotFound("asset", path.name, hint="Reload the page; if that does not mend it, restart the server.")


AREA = Area(
    routes=(asset,),
)
