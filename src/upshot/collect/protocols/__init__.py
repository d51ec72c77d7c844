"""What clients send, one file for each protocol: bytes and headers in, decoded messages out; no state, no input or output."""
