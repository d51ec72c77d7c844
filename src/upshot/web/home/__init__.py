"""The overview: a card for each metric, the first one drawn, retention, the newest events."""
