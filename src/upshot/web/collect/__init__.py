"""Where clients send events: other sites' pages may, with a write key."""
