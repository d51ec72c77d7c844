"""A metric of units from their exposure on, beside SQL written by hand."""
