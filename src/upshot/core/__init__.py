"""Ids, time windows and zones, units of measure, money, settings, errors."""
