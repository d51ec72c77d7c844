"""A chart with its size and words: saved as a file, or shown in a notebook."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from upshot.charts.option import Option
from upshot.charts.theme import LIGHT, Palette
from upshot.core.errors import InvalidInput

__all__ = ["ENDINGS", "Chart"]

ENDINGS = (".svg", ".png", ".pdf")
"""How the name of a chart's file may end."""


class Chart(msgspec.Struct, frozen=True):
    """An option to draw, ``width`` by ``height`` pixels; ``title`` says what it shows to those who cannot see it."""

    option: Option
    title: str = ""
    width: int = 960
    height: int = 420

    def svg(self, palette: Palette = LIGHT) -> str:
        """As an SVG document."""
        from upshot.charts.render import to_svg

        return to_svg(self.option, width=self.width, height=self.height, palette=palette)

    def png(self, palette: Palette = LIGHT) -> bytes:
        """As PNG, with two pixels for each one of the chart's."""
        from upshot.charts.render import to_png

        return to_png(self.option, width=self.width, height=self.height, palette=palette)

    def pdf(self, palette: Palette = LIGHT) -> bytes:
        """As a PDF of one page."""
        from upshot.charts.render_pdf import to_pdf

        return to_pdf(self.option, width=self.width, height=self.height, palette=palette)

    def save(self, path: Path | str, palette: Palette = LIGHT) -> None:
        """Write the chart to ``path``; the name's ending says as what.

        Raises:
            InvalidInput: The ending is not one of ``ENDINGS``, or the file cannot be written.
        """
        target = Path(path)
        draw = self._drawing(target)
        drawn = draw(palette)
        try:
            target.write_bytes(drawn)
        except OSError as error:
            raise InvalidInput(
                f"{path} cannot be written: {error.strerror or error}.", hint="Name a file in a folder that exists."
            ) from error

    @staticmethod
    def check_name(path: Path) -> None:
        """See that ``path`` ends in a way that says what to draw, before anything is asked.

        Raises:
            InvalidInput: It does not.
        """
        if path.suffix.lower() not in ENDINGS:
            raise InvalidInput(
                f"{path.name!r} does not say what to draw.", hint=f"End the name in {', '.join(ENDINGS)}."
            )

    def _drawing(self, path: Path) -> Callable[[Palette], bytes]:
        self.check_name(path)
        ways: Mapping[str, Callable[[Palette], bytes]] = {
            ".svg": lambda palette: self.svg(palette).encode(),
            ".png": self.png,
            ".pdf": self.pdf,
        }
        return ways[path.suffix.lower()]

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        return self.svg()
