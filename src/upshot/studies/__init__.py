"""From a launch to a verdict: one file for each design, the router that chooses among them, and planning."""
