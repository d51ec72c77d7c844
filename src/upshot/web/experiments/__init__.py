"""Experiments: what was randomised, whether it is healthy, and what it says."""
