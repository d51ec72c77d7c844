"""Inference on sufficient statistics: pure, vectorised, no clock, no database, no global random state."""
