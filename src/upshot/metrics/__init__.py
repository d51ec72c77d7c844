"""Definitions of metrics, and the Ibis expressions that they become."""
