"""What users say: the score over time, and their words."""
