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
    "series-2": "#b85c00",
    "series-3": "#00806f",
    "series-4": "#c2367f",
    "series-5": "#2f76c4",
    "series-6": "#7a7000",
    "series-7": "#8a4f9e",
    "series-8": "#5f6675",
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
    "series-2": "#f0a04b",
    "series-3": "#3cc7b0",
    "series-4": "#f07fb6",
    "series-5": "#6cb0f5",
    "series-6": "#cfc24a",
    "series-7": "#cb96dd",
    "series-8": "#9aa1b0",
}
