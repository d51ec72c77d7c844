"""A simulated company, shown through the same doors that everybody uses."""
