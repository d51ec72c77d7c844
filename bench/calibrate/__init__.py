"""Simulated size, coverage and power of every statistical method, with exact bounds: ``make calibrate`` writes them."""
