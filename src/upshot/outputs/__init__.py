"""What was shipped, when, and what it cost, read from where teams keep it: one file for each source."""
