"""Upshot: outcomes, not output."""
