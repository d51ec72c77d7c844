"""What clients send, a file for each protocol: bytes and headers in, decoded messages out, no state between."""
