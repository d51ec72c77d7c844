"""Who does what nobody asked for."""

from upshot.api.operation import Principal, Role

__all__ = ["UPSHOT"]

UPSHOT = Principal("upshot", Role.OWNER)
"""The server itself: what it does goes through operations, and stands in the audit log under this name."""
