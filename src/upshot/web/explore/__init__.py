"""Free questions: trends, cohorts, spreads and breakdowns of metrics that need not be saved."""
