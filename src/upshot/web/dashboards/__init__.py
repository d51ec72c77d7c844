"""Dashboards: the list, one dashboard, its editor, its pictures."""
