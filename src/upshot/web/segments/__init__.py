"""Segments: named groups of units, made and changed as filters are."""
