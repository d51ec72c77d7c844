"""Real data through the real store: the published numbers, and hand-written SQL over the same files."""
