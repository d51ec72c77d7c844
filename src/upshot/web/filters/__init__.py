"""Filters that are built with the keyboard or the mouse, and the suggestions that fields show while one types."""
