"""What shipped work cost, did and was worth: entries, waste, totals, and how well its authors predicted."""
