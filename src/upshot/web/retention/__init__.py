"""Cohorts that came back: the retention grid."""
