"""The report of a launch: what was observed, what would have been, and what that says."""
