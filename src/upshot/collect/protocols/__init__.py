"""What clients send, a file for each protocol: bytes and headers in, decoded messages out, no state between."""

from upshot.collect.protocols import native, posthog, segment

__all__ = ["PROTOCOLS"]

PROTOCOLS = (
    segment.PROTOCOL,
    posthog.PROTOCOL,
    native.PROTOCOL,
)
"""Every protocol that is spoken."""
