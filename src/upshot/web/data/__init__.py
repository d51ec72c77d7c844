"""What the store holds: events, properties, freshness, rejected rows."""
