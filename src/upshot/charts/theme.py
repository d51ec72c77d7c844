"""The colours of charts that are drawn without a page; pages take theirs from the style sheet's tokens.

``frontend/src/styles/tokens.css`` holds the same values; a test compares them.
"""

from typing import TypeAlias

__all__ = ["DARK", "LIGHT", "SERIES", "Palette"]

Palette: TypeAlias = dict[str, str]

SERIES = 8
"""How many colours there are for the lines of one chart: ``$series-1`` to ``$series-8``."""

LIGHT: Palette = {
    "accent": "#5646dc",
    "accent-soft": "#eeebff",
    "bad": "#b3261e",
    "border": "#e3e5ea",
    "faint": "#6d7382",
    "good": "#0b7a4b",
    "muted": "#575d6c",
    "on-accent": "#ffffff",
    "sunken": "#eff0f4",
    "surface": "#ffffff",
    "text": "#14161b",
    "series-1": "#5646dc",
    "series-2": "#d76e07",
    "series-3": "#499d76",
    "series-4": "#ac6cbe",
    "series-5": "#172ca2",
    "series-6": "#586203",
    "series-7": "#88416c",
    "series-8": "#4a3b2c",
}
DARK: Palette = {
    "accent": "#8f83ff",
    "accent-soft": "#262340",
    "bad": "#ff8a80",
    "border": "#272a32",
    "faint": "#8d93a1",
    "good": "#45d08d",
    "muted": "#a6abb8",
    "on-accent": "#0f0d1f",
    "sunken": "#1f2127",
    "surface": "#16181c",
    "text": "#f1f2f4",
    "series-1": "#8f83ff",
    "series-2": "#b09706",
    "series-3": "#12bdd7",
    "series-4": "#fc7d96",
    "series-5": "#91e7fe",
    "series-6": "#fec848",
    "series-7": "#ac4aab",
    "series-8": "#73785b",
}
