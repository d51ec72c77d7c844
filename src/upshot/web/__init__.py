"""Pages, the JSON API and live updates: a thin layer over the workspace's operations."""
