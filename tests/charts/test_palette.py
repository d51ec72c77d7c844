"""The lines of a chart can be told apart by everybody, and from the card behind them: by calculation.

How colours look to people without red, green or blue cones: Machado, Oliveira and Fernandes, "A physiologically-based
model for simulation of color vision deficiency", IEEE TVCG 15 (2009), severity 1. How far two colours are apart: the
Euclidean distance in OKLab (Ottosson, 2020), in which 0.02 is just noticeable side by side. Contrast: WCAG 2.2, which
asks for 3 to 1 between graphics and what is beside them (success criterion 1.4.11).
"""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from upshot.charts import DARK, LIGHT, Palette
from upshot.charts.theme import SERIES

Array = NDArray[np.float64]
VISION = {
    "all cones": np.eye(3),
    "no red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no blue": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
FAR_APART = 0.10
ENOUGH_CONTRAST = 3.0


def linear(colour: str) -> Array:
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def oklab(light: Array) -> Array:
    return np.asarray(LAB @ np.cbrt(CONES @ np.clip(light, 0, 1)), np.float64)


def contrast(one: str, other: str) -> float:
    dark, bright = sorted(float(LUMINANCE @ linear(colour)) for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


def test_distance_and_contrast_are_those_of_the_books() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert oklab(linear("#ffffff")) == pytest.approx([1.0, 0.0, 0.0], abs=1e-4)
    # Ottosson's table: pure red
    assert oklab(linear("#ff0000")) == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)
    grey = VISION["no green"] @ linear("#808080")
    assert grey == pytest.approx(linear("#808080"), abs=1e-5)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_lines_can_be_told_apart(palette: Palette, vision: str) -> None:
    seen = {name: oklab(VISION[vision] @ linear(palette[name])) for name in series(palette)}
    apart = {pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in combinations(seen, 2)}
    closest = min(apart, key=lambda pair: apart[pair])
    assert apart[closest] > FAR_APART, (closest, apart[closest])


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_lines_stand_out_from_their_card(palette: Palette) -> None:
    ratios = {name: contrast(palette[name], palette["surface"]) for name in series(palette)}
    assert min(ratios.values()) >= ENOUGH_CONTRAST, ratios


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read(palette: Palette) -> None:
    assert contrast(palette["muted"], palette["surface"]) >= 4.5
    assert contrast(palette["faint"], palette["surface"]) >= 4.5
    assert contrast(palette["text"], palette["surface"]) >= 7
    assert contrast(palette["on-accent"], palette["accent"]) >= 4.5


def series(palette: Palette) -> list[str]:
    names = [name for name in palette if name.startswith("series-")]
    assert len(names) == SERIES
    return names
