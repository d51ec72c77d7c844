"""Declarations as YAML: read with all mistakes at once, written without loss, compared field by field."""
