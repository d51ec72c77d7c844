"""One metric: its series, comparison, breakdown, filters, definition, the SQL that ran, exports; and the list."""
